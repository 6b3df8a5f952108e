package kinesalite

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

const (
	stream  = "aws-rds-das-cluster-X"
	records = 10_000
)

// start starts kinesalite and returns a client of it.
func start(t *testing.T) *kinesis.Client {
	t.Helper()
	program := os.Getenv("KINESALITE")
	if program == "" {
		t.Skip("KINESALITE is not set: see the package comment")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.CommandContext(t.Context(), "node", program, "--port", port, "--createStreamMs", "50", "--updateStreamMs", "50", "--deleteStreamMs", "50", "--shardLimit", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	client := kinesis.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		BaseEndpoint: new("http://127.0.0.1:" + port),
	})
	for range 100 {
		if _, err = client.ListStreams(t.Context(), &kinesis.ListStreamsInput{}); err == nil {
			return client
		}
		pause(100 * time.Millisecond)
	}
	t.Fatalf("kinesalite did not start: %v", err)
	return nil
}

// create creates the stream and waits until it is active.
func create(t *testing.T, c *kinesis.Client, shards int32) {
	t.Helper()
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: new(stream), ShardCount: &shards}); err != nil {
		t.Fatal(err)
	}
	active(t.Context(), t, c)
}

// active waits until the stream is active, and returns its open shards.
func active(ctx context.Context, t *testing.T, c *kinesis.Client) []types.Shard {
	t.Helper()
	for range 200 {
		out, err := c.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: new(stream)})
		if err != nil {
			t.Error(err)
			return nil
		}
		if out.StreamDescription.StreamStatus == types.StreamStatusActive {
			return slices.DeleteFunc(out.StreamDescription.Shards, func(s types.Shard) bool {
				return s.SequenceNumberRange.EndingSequenceNumber != nil
			})
		}
		pause(20 * time.Millisecond)
	}
	t.Error("the stream is not active")
	return nil
}

// lasting is a client for a reader that is killed at each delivery: it gets a few records at once,
// and does not break off its calls, because a request that is broken off ends kinesalite.
type lasting struct{ client *kinesis.Client }

func (l lasting) ListShards(ctx context.Context, in *kinesis.ListShardsInput, optFns ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	return l.client.ListShards(context.WithoutCancel(ctx), in, optFns...)
}

func (l lasting) GetShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput, optFns ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	return l.client.GetShardIterator(context.WithoutCancel(ctx), in, optFns...)
}

func (l lasting) GetRecords(ctx context.Context, in *kinesis.GetRecordsInput, optFns ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	few := *in
	few.Limit = new(int32(3))
	return l.client.GetRecords(context.WithoutCancel(ctx), &few, optFns...)
}

func newReader(c activityreader.API, optFns ...func(*activityreader.Options)) *activityreader.Reader {
	keys := activityrecord.KeysFunc(func(context.Context, []byte) ([]byte, error) { return nil, errors.New("none") })
	return activityreader.New(c, activityrecord.NewDecoder(keys), stream, append([]func(*activityreader.Options){
		func(o *activityreader.Options) { o.PollDelay = 250 * time.Millisecond },
	}, optFns...)...)
}

// write writes the records, and splits and merges shards meanwhile.
func write(ctx context.Context, t *testing.T, c *kinesis.Client) {
	reshards := 0
	for n := 0; n < records; {
		in := &kinesis.PutRecordsInput{StreamName: new(stream)}
		for range 200 {
			key := fmt.Sprintf("record-%05d", n)
			in.Records = append(in.Records, types.PutRecordsRequestEntry{Data: []byte("{}"), PartitionKey: &key})
			n++
		}
		out, err := c.PutRecords(ctx, in)
		if err != nil || *out.FailedRecordCount > 0 {
			t.Errorf("PutRecords: %v", err)
			return
		}
		if n%1000 != 0 {
			continue
		}
		open := active(ctx, t, c)
		if len(open) == 0 {
			return
		}
		slices.SortFunc(open, func(a, b types.Shard) int {
			return hashKey(a.HashKeyRange.StartingHashKey).Cmp(hashKey(b.HashKeyRange.StartingHashKey))
		})
		if reshards++; reshards%3 == 0 {
			_, err = c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: new(stream), ShardToMerge: open[0].ShardId, AdjacentShardToMerge: open[1].ShardId})
		} else {
			s := open[rand.IntN(len(open))]
			_, err = c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: new(stream), ShardToSplit: s.ShardId, NewStartingHashKey: middle(s.HashKeyRange)})
		}
		if err != nil {
			t.Errorf("reshard: %v", err)
			return
		}
		active(ctx, t, c)
	}
}

// TestKilled reads a stream that is resharded while it is written, with a reader that is killed at
// each delivery and resumed from its position. Nothing is lost, nothing is repeated behind the
// stored position, and a shard is read after its parents.
func TestKilled(t *testing.T) {
	c := start(t)
	create(t, c, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var writer sync.WaitGroup
	writer.Go(func() { write(ctx, t, c) })
	defer writer.Wait()

	r := newReader(lasting{c})
	seen := make(map[string]int)
	first, last := make(map[string]int), make(map[string]int) // delivery, by shard
	var position activityreader.Position
	deliveries, kills := 0, 0
	for len(seen) < records && ctx.Err() == nil {
		for d, err := range r.Read(ctx, position) {
			if d == nil {
				t.Fatalf("after %d records: %v", len(seen), err)
			}
			seen[d.PartitionKey]++
			if _, ok := first[d.ShardId]; !ok {
				first[d.ShardId] = deliveries
			}
			last[d.ShardId] = deliveries
			deliveries++
			position = d.Position() // a reader that is killed before this repeats the record, as at least once permits
			break
		}
		kills++
	}
	writer.Wait()
	if len(seen) != records || deliveries != records || kills != records {
		t.Errorf("%d records in %d deliveries and %d kills, want %d", len(seen), deliveries, kills, records)
	}
	out, err := c.ListShards(ctx, &kinesis.ListShardsInput{StreamName: new(stream)})
	if err != nil {
		t.Fatal(err)
	}
	children := 0
	for _, s := range out.Shards {
		for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
			if p == nil {
				continue
			}
			children++
			f, ok := first[*s.ShardId]
			if l, read := last[*p]; ok && read && f < l {
				t.Errorf("%s was read before the end of its parent %s", *s.ShardId, *p)
			}
		}
	}
	if children == 0 {
		t.Error("the stream was not resharded")
	}
	t.Logf("%d records of %d shards, %d kills, %d shards in the last position", len(seen), len(out.Shards), kills, len(position.Shards))
}

// TestDeleted ends the read of a stream that is deleted, and of one that is created again, with
// that verdict.
func TestDeleted(t *testing.T) {
	c := start(t)
	for _, again := range []bool{false, true} {
		create(t, c, 2)
		if _, err := c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: new(stream), Data: []byte("{}"), PartitionKey: new("a")}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var got *activityreader.ReadError
		for d, err := range newReader(c, func(o *activityreader.Options) { o.Grace = 2 * time.Second }).Read(ctx, activityreader.Position{}) {
			if d == nil {
				errors.As(err, &got)
				continue
			}
			if _, err := c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: new(stream)}); err != nil {
				t.Fatal(err)
			}
			pause(1500 * time.Millisecond) // a stream of the same second has the same sequence numbers
			if again {
				create(t, c, 2)
			}
		}
		cancel()
		want := activityreader.StreamDeleted
		if again {
			want = activityreader.StreamRecreated
		}
		if got == nil || got.Verdict != want || len(got.Position.Shards) != 2 {
			t.Errorf("created again: %t: %v, want %v", again, got, want)
		}
	}
}

func hashKey(decimal *string) *big.Int {
	n, _ := new(big.Int).SetString(*decimal, 10)
	return n
}

// middle returns the hash key in the middle of a range.
func middle(r *types.HashKeyRange) *string {
	return new(new(big.Int).Rsh(new(big.Int).Add(hashKey(r.StartingHashKey), hashKey(r.EndingHashKey)), 1).String())
}

// pause lets kinesalite work, which takes real time.
func pause(d time.Duration) { <-time.After(d) }
