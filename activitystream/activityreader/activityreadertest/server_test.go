package activityreadertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

const shard = "shardId-000000000000"

// client returns a client of the SDK without retries: a test sees each response.
func client(s *activityreadertest.Server) *kinesis.Client {
	return kinesis.NewFromConfig(s.Config(), func(o *kinesis.Options) { o.Retryer = aws.NopRetryer{} })
}

// read returns the records of a shard from an iterator of a type on, and the last response.
func read(t *testing.T, s *activityreadertest.Server, in kinesis.GetShardIteratorInput) *kinesis.GetRecordsOutput {
	t.Helper()
	it, err := client(s).GetShardIterator(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := client(s).GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func keys(out *kinesis.GetRecordsOutput) (list []string) {
	for _, r := range out.Records {
		list = append(list, *r.PartitionKey)
	}
	return list
}

func codeOf(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

// TestIterators checks where each type of iterator begins.
func TestIterators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat, o.Unlimited = -1, true })
		name := s.AddStream(activityreadertest.Stream{})
		for i := range 4 {
			s.Put(name, fmt.Sprint(i), []byte("x"))
			time.Sleep(time.Second)
		}
		all := read(t, s, kinesis.GetShardIteratorInput{StreamName: &name, ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
		for _, tt := range []struct {
			why  string
			in   kinesis.GetShardIteratorInput
			want []string
		}{
			{"oldest", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon}, []string{"0", "1", "2", "3"}},
			{"at a number", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: all.Records[1].SequenceNumber}, []string{"1", "2", "3"}},
			{"after a number", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: all.Records[1].SequenceNumber}, []string{"2", "3"}},
			{"at a time", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: all.Records[3].ApproximateArrivalTimestamp}, []string{"3"}},
			{"latest", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeLatest}, nil},
		} {
			tt.in.StreamName, tt.in.ShardId = &name, new(shard)
			if diff := cmp.Diff(tt.want, keys(read(t, s, tt.in))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
		}
	})
}

// TestReshard checks that a closed shard ends with its children, and that they cover its keys.
func TestReshard(t *testing.T) {
	s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat, o.Unlimited = -1, true })
	name := s.AddStream(activityreadertest.Stream{Shards: 2})
	s.Put(name, "a", []byte("x"))
	s.Split(name, shard)
	s.Merge(name, "shardId-000000000003", "shardId-000000000001")
	s.Merge(name, "shardId-000000000002", "shardId-000000000002") // not adjacent: nothing happens
	if diff := cmp.Diff([]string{"shardId-000000000002", "shardId-000000000004"}, s.Shards(name)); diff != "" {
		t.Errorf("open shards (-want +got):\n%s", diff)
	}
	out := read(t, s, kinesis.GetShardIteratorInput{StreamName: &name, ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	var children []string
	for _, c := range out.ChildShards {
		children = append(children, *c.ShardId)
	}
	if out.NextShardIterator != nil || !slices.Equal(children, []string{"shardId-000000000002", "shardId-000000000003"}) {
		t.Errorf("the end of a shard: next %v, children %v", out.NextShardIterator, children)
	}
	var listed []string
	var token *string
	for {
		in := &kinesis.ListShardsInput{StreamName: &name, MaxResults: new(int32(2))}
		if token != nil {
			in = &kinesis.ListShardsInput{NextToken: token, MaxResults: new(int32(2))}
		}
		out, err := client(s).ListShards(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, sh := range out.Shards {
			state := "open"
			if sh.SequenceNumberRange.EndingSequenceNumber != nil {
				state = "closed"
			}
			listed = append(listed, strings.TrimPrefix(*sh.ShardId, "shardId-00000000000")+" "+state)
		}
		if token = out.NextToken; token == nil {
			break
		}
	}
	if diff := cmp.Diff([]string{"0 closed", "1 closed", "2 open", "3 closed", "4 open"}, listed); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// TestRefusals checks the codes of requests that Kinesis and KMS refuse.
func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: []string{"db-A"}})
		c, ctx := client(s), t.Context()
		iterator := func(in kinesis.GetShardIteratorInput) error {
			in.StreamName = &name
			_, err := c.GetShardIterator(ctx, &in)
			return err
		}
		it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: &name, ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeLatest})
		if err != nil {
			t.Fatal(err)
		}
		records := func() error {
			_, err := c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
			return err
		}
		list := func(in kinesis.ListShardsInput) error {
			_, err := c.ListShards(ctx, &in)
			return err
		}
		decrypt := func(resourceID string) error {
			k, err := kmskeys.New(kms.NewFromConfig(s.Config(), func(o *kms.Options) { o.Retryer = aws.NopRetryer{} }), resourceID)
			if err != nil {
				return err
			}
			_, err = k.DataKey(ctx, make([]byte, 184))
			return err
		}
		for _, tt := range []struct {
			why  string
			err  error
			want string
		}{
			{"no such stream", list(kinesis.ListShardsInput{StreamName: new("other")}), "ResourceNotFoundException"},
			{"no stream", list(kinesis.ListShardsInput{}), "InvalidArgumentException"},
			{"a token and a name", list(kinesis.ListShardsInput{StreamName: &name, NextToken: new("x")}), "InvalidArgumentException"},
			{"no such shard", iterator(kinesis.GetShardIteratorInput{ShardId: new("x"), ShardIteratorType: types.ShardIteratorTypeLatest}), "ResourceNotFoundException"},
			{"a number of another stream", iterator(kinesis.GetShardIteratorInput{
				ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: new("123"),
			}), "InvalidArgumentException"},
			{"a time to come", iterator(kinesis.GetShardIteratorInput{
				ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: new(time.Now().Add(time.Hour)),
			}), "InvalidArgumentException"},
			{"no data key of the stream", decrypt("cluster-X"), "InvalidCiphertextException"},
		} {
			if got := codeOf(tt.err); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.why, got, tt.want)
			}
		}
		for i := range 6 { // the quota of a shard
			want := ""
			if i == 5 {
				want = "ProvisionedThroughputExceededException"
			}
			if err := records(); (err == nil) != (want == "") || err != nil && codeOf(err) != want {
				t.Errorf("read %d: %v, want %q", i, err, want)
			}
		}
		time.Sleep(6 * time.Minute)
		if got := codeOf(records()); got != "ExpiredIteratorException" {
			t.Errorf("an old iterator: %s", got)
		}
	})
}

// TestFail checks that a failure of any operation is one of Kinesis, and that one of Decrypt has to
// name it.
func TestFail(t *testing.T) {
	s := activityreadertest.NewServer()
	name := s.AddStream(activityreadertest.Stream{})
	decrypter := kms.NewFromConfig(s.Config(), func(o *kms.Options) { o.Retryer = aws.NopRetryer{} })
	list := func() string {
		_, err := client(s).ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: &name})
		return codeOf(err)
	}
	decrypt := func() string {
		_, err := decrypter.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: []byte("x")})
		return codeOf(err)
	}
	s.Fail("", activityreadertest.Failure{Code: "AccessDeniedException", Times: -1})
	s.Fail("Decrypt", activityreadertest.Failure{Code: "DisabledException"})
	want := []string{"AccessDeniedException", "DisabledException", "InvalidCiphertextException"}
	if diff := cmp.Diff(want, []string{list(), decrypt(), decrypt()}); diff != "" {
		t.Errorf("error codes (-want +got):\n%s", diff)
	}
}

// TestHeartbeats checks when heartbeats come, that silence and loss leave them out, and that the
// records decode with the keys that KMS returns.
func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) {
			o.Unlimited = true
			o.Deliver = func(_ string, at time.Time) (time.Duration, bool) { return 0, at.Sub(began) != 8*time.Second }
		})
		name := s.AddStream(activityreadertest.Stream{ResourceId: "cluster-X", Instances: []string{"db-A"}})
		time.AfterFunc(11*time.Second, func() { s.SetSilent("db-A", true) })
		time.AfterFunc(15*time.Second, func() { s.SetSilent("db-A", false) })
		time.AfterFunc(17*time.Second, func() { s.RotateKey(name) })
		time.AfterFunc(17*time.Second, func() { s.Emit(name, "db-A", activityrecordtest.MySQL()) })
		time.Sleep(20 * time.Second)
		k, err := kmskeys.New(kms.NewFromConfig(s.Config()), "cluster-X")
		if err != nil {
			t.Fatal(err)
		}
		decoder := activityrecord.NewDecoder(k)
		var got []string
		for _, r := range read(t, s, kinesis.GetShardIteratorInput{StreamName: &name, ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon}).Records {
			record, err := decoder.Decode(t.Context(), r.Data)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(record.InstanceId, " ", record.Events[0].Type, " ", r.ApproximateArrivalTimestamp.Sub(began)))
		}
		want := []string{
			"db-A heartbeat 2s", "db-A heartbeat 4s", "db-A heartbeat 6s", "db-A heartbeat 10s", "db-A heartbeat 16s",
			"db-A record 17s", "db-A heartbeat 18s", "db-A heartbeat 20s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		decrypts := 0
		for _, c := range s.Calls() {
			if c.Operation == "Decrypt" {
				decrypts++
			}
		}
		if decrypts != 2 {
			t.Errorf("%d calls of KMS, want one for each data key", decrypts)
		}
	})
}

// TestDescribeStreamSummary checks the members that Kinesis always returns.
func TestDescribeStreamSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer()
		created := time.Now()
		name := s.AddStream(activityreadertest.Stream{Name: "audit", Shards: 2})
		time.Sleep(time.Hour)
		s.Split(name, shard)
		out, err := client(s).DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		if err != nil {
			t.Fatal(err)
		}
		want := &types.StreamDescriptionSummary{
			StreamName: &name, StreamARN: new("arn:aws:kinesis:us-east-1:123456789012:stream/audit"), StreamStatus: types.StreamStatusActive,
			StreamCreationTimestamp: new(created.UTC()), RetentionPeriodHours: new(int32(24)), OpenShardCount: new(int32(3)),
			EnhancedMonitoring: []types.EnhancedMetrics{},
		}
		if diff := cmp.Diff(want, out.StreamDescriptionSummary, cmpopts.IgnoreUnexported(types.StreamDescriptionSummary{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestAttach checks that a stream follows the activity stream of its database.
func TestAttach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rds := activitystreamtest.NewServer()
		arn := rds.AddInstance(activitystreamtest.Instance{Identifier: "ora"})
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Unlimited = true })
		name := s.Attach(rds, arn, 1)
		if other := s.Attach(rds, arn+"-2", 1); name == "" || other != "" {
			t.Errorf("attached %q, and %q where there is no database", name, other)
		}
		count := func() string {
			if _, err := client(s).ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: &name}); err != nil {
				return codeOf(err)
			}
			return fmt.Sprint(len(read(t, s, kinesis.GetShardIteratorInput{StreamName: &name, ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon}).Records))
		}
		got := []string{count()}
		rds.Set(arn, activitystream.StatusStarting) // for 2 minutes
		time.Sleep(time.Minute)
		got = append(got, count())
		time.Sleep(time.Minute + 10*time.Second)
		got = append(got, count())
		rds.Set(arn, activitystream.StatusStopping) // for a minute
		time.Sleep(30 * time.Second)
		got = append(got, count())
		time.Sleep(time.Minute)
		got = append(got, count())
		rds.Set(arn, activitystream.StatusStarted)
		time.Sleep(4 * time.Second)
		got = append(got, count())
		want := []string{"ResourceNotFoundException", "0", "5", "5", "ResourceNotFoundException", "2"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records, before the start to after another (-want +got):\n%s", diff)
		}
	})
}

// TestARNs checks the ARNs of a stream and of its key: in the Region of the server or, if it
// is attached, of its database, with the partition of that Region.
func TestARNs(t *testing.T) {
	for region, partition := range map[string]string{"eu-west-1": "aws", "us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn"} {
		for _, attached := range []bool{false, true} {
			s := activityreadertest.NewServer(func(o *activityreadertest.Options) {
				if !attached {
					o.Region, o.Account = region, "210987654321"
				}
			})
			name, id := "", "cluster-X"
			if attached {
				rds := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Region, o.Account = region, "210987654321" })
				arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "db", Status: activitystream.StatusStarted})
				id, _ = rds.Recorded(arn)
				name = s.Attach(rds, arn, 1)
			} else {
				name = s.AddStream(activityreadertest.Stream{ResourceId: id})
			}
			s.Emit(name, "db-A")
			summary, err := client(s).DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})
			if err != nil {
				t.Fatal(err)
			}
			stream := *summary.StreamDescriptionSummary.StreamARN
			it, err := client(s).GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: &name, ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
			if err != nil {
				t.Fatal(err)
			}
			out, err := client(s).GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
			if err != nil {
				t.Fatal(err)
			}
			var sealed struct{ Key []byte }
			if err := json.Unmarshal(out.Records[0].Data, &sealed); err != nil {
				t.Fatal(err)
			}
			context, err := activityrecord.EncryptionContext(id)
			if err != nil {
				t.Fatal(err)
			}
			key, err := kms.NewFromConfig(s.Config()).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.Key, EncryptionContext: context})
			if err != nil {
				t.Fatal(err)
			}
			for service, arn := range map[string]string{"kinesis": stream, "kms": *key.KeyId} {
				if want := "arn:" + partition + ":" + service + ":" + region + ":210987654321:"; !strings.HasPrefix(arn, want) {
					t.Errorf("attached %t: %s, want %s…", attached, arn, want)
				}
			}
		}
	}
}

// TestRetention checks that old records are dropped, and that a server that is not called for long
// does not write what it would drop at once.
func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = time.Hour })
		name := s.AddStream(activityreadertest.Stream{Instances: []string{"db-A"}})
		ctx, cancel := context.WithTimeout(t.Context(), 100*24*time.Hour+30*time.Minute)
		defer cancel()
		<-ctx.Done()
		out := read(t, s, kinesis.GetShardIteratorInput{StreamName: &name, ShardId: new(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
		if n := len(out.Records); n != 24 {
			t.Errorf("%d records of the last 24 hours", n)
		}
	})
}
