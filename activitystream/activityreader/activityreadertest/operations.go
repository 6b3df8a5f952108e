package activityreadertest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The bounds of a GetRecords response and of a shard, as in Kinesis.
const (
	maxRecords     = 10_000
	maxBytes       = 10 << 20
	maxShards      = 1_000
	callsPerSecond = 5
	bytesPerSecond = 2_000_000
)

// operations returns those of Kinesis, and that of KMS.
func (s *Server) operations() map[statemachine.Operation]simulator.Operation {
	return map[statemachine.Operation]simulator.Operation{
		"ListShards":            {Resources: named, Run: s.current(s.listShards)},
		"GetShardIterator":      {Resources: named, Run: s.current(s.getShardIterator)},
		"GetRecords":            {Resources: named, Run: s.current(s.getRecords)},
		"DescribeStreamSummary": {Resources: named, Run: s.current(s.describeStreamSummary)},
		"Decrypt":               {FailsByName: true, Run: s.current(s.decrypt)},
	}
}

// input has the members of all requests.
type input struct {
	StreamName, StreamARN                     string
	NextToken, ExclusiveStartShardId          string
	MaxResults, Limit                         *int
	ShardFilter                               *struct{ Type string }
	ShardId, ShardIteratorType, ShardIterator string
	StartingSequenceNumber                    string
	Timestamp                                 *float64
	CiphertextBlob                            []byte
	EncryptionContext                         map[string]string
}

// stream returns the name of the stream.
func (in *input) stream() string {
	if _, name, ok := strings.Cut(in.StreamARN, ":stream/"); ok {
		return name
	}
	return in.StreamName
}

// named returns what a request is about, for the log.
func named(r *simulator.Request) []string {
	var in input
	if r.Decode(&in) != nil {
		return nil
	}
	if it, ok := parseIterator(in.ShardIterator); ok {
		return []string{it.Shard}
	}
	if in.ShardId != "" {
		return []string{in.ShardId}
	}
	if t, ok := parseToken(in.NextToken); ok {
		return []string{t.Stream}
	}
	return []string{in.stream()}
}

// current returns an operation that reads its input and runs with everything up to date.
func (s *Server) current(run func(in *input, now time.Time) (any, int, *simulator.Error)) func(*simulator.Request) (simulator.Result, *simulator.Error) {
	return func(r *simulator.Request) (simulator.Result, *simulator.Error) {
		var in input
		if e := r.Decode(&in); e != nil {
			return simulator.Result{}, e
		}
		s.catchUp(r.At)
		out, n, e := run(&in, r.At)
		if e != nil {
			return simulator.Result{}, e
		}
		return simulator.Result{Body: simulator.Encode(out), Records: n}, nil
	}
}

func invalid(format string, args ...any) *simulator.Error {
	return simulator.Errorf("InvalidArgumentException", format, args...)
}

// find returns a stream.
func (s *Server) find(name string) (*stream, *simulator.Error) {
	if name == "" {
		return nil, invalid("Either StreamName or StreamARN should be provided.")
	}
	if st := s.streams[name]; st != nil {
		return st, nil
	}
	return nil, simulator.Errorf("ResourceNotFoundException", "Stream %s under account %s not found.", name, s.opts.Account)
}

func (s *Server) shardNotFound(st *stream, id string) *simulator.Error {
	return simulator.Errorf("ResourceNotFoundException", "Shard %s in stream %s under account %s does not exist", id, st.name, s.opts.Account)
}

// token is a NextToken of ListShards.
type token struct{ Stream, After string }

func parseToken(text string) (t token, ok bool) {
	return t, text != "" && decode(text, &t) && t.Stream != ""
}

// shardItem is a shard in a response of ListShards.
type shardItem struct {
	ShardId               string
	ParentShardId         string `json:",omitempty"`
	AdjacentParentShardId string `json:",omitempty"`
	HashKeyRange          hashKeyRange
	SequenceNumberRange   struct {
		StartingSequenceNumber string
		EndingSequenceNumber   string `json:",omitempty"`
	}
}

// listShards executes ListShards.
func (s *Server) listShards(in *input, _ time.Time) (any, int, *simulator.Error) {
	st, after, e := s.listFrom(in)
	if e != nil {
		return nil, 0, e
	}
	openOnly := false
	if f := in.ShardFilter; f != nil {
		switch f.Type {
		case "AT_LATEST":
			openOnly = true
		case "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON":
		default:
			return nil, 0, invalid("The simulator does not model the shard filter %q. It models AT_LATEST, AT_TRIM_HORIZON and FROM_TRIM_HORIZON.", f.Type)
		}
	}
	limit := maxShards
	if in.MaxResults != nil {
		limit = min(max(*in.MaxResults, 1), limit)
	}
	out := struct {
		Shards    []shardItem
		NextToken string `json:",omitempty"`
	}{Shards: []shardItem{}}
	for _, sh := range st.shards {
		if sh.id <= after || openOnly && sh.closed {
			continue
		}
		if len(out.Shards) == limit {
			out.NextToken = encode(token{st.name, out.Shards[limit-1].ShardId})
			break
		}
		out.Shards = append(out.Shards, st.item(sh))
	}
	return out, len(out.Shards), nil
}

// listFrom returns the stream of a ListShards request, and the shard after which its response
// begins.
func (s *Server) listFrom(in *input) (st *stream, after string, e *simulator.Error) {
	name, after := in.stream(), in.ExclusiveStartShardId
	if in.NextToken != "" {
		if name != "" || after != "" {
			return nil, "", invalid("NextToken and StreamName cannot be provided together.")
		}
		t, ok := parseToken(in.NextToken)
		if !ok {
			return nil, "", invalid("NextToken is invalid.")
		}
		name, after = t.Stream, t.After
	}
	st, e = s.find(name)
	return st, after, e
}

// item returns what ListShards shows of a shard.
func (st *stream) item(sh *shard) shardItem {
	i := shardItem{ShardId: sh.id, ParentShardId: sh.parent, AdjacentParentShardId: sh.adjacent, HashKeyRange: sh.hashKeyRange()}
	i.SequenceNumberRange.StartingSequenceNumber = st.sequence(sh, sh.start)
	if sh.closed {
		i.SequenceNumberRange.EndingSequenceNumber = st.sequence(sh, sh.end)
	}
	return i
}

// iterator is what a ShardIterator holds.
type iterator struct {
	Stream, Prefix, Shard string
	Next                  uint64 // the least record that it has not passed
	Issued                int64  // nanoseconds
	Epoch                 int
}

func parseIterator(text string) (it iterator, ok bool) {
	return it, text != "" && decode(text, &it) && it.Shard != ""
}

func encode(v any) string {
	return base64.StdEncoding.EncodeToString(simulator.Encode(v))
}

func decode(text string, into any) bool {
	b, err := base64.StdEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(b, into) == nil
}

// getShardIterator executes GetShardIterator.
func (s *Server) getShardIterator(in *input, now time.Time) (any, int, *simulator.Error) {
	st, e := s.find(in.stream())
	if e != nil {
		return nil, 0, e
	}
	sh := st.shard(in.ShardId)
	if sh == nil {
		return nil, 0, s.shardNotFound(st, in.ShardId)
	}
	it := iterator{Stream: st.name, Prefix: st.prefix, Shard: sh.id, Issued: now.UnixNano(), Epoch: s.epoch}
	switch in.ShardIteratorType {
	case "TRIM_HORIZON":
	case "LATEST":
		it.Next = st.count + 1
	case "AT_TIMESTAMP":
		if in.Timestamp == nil {
			return nil, 0, invalid("Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
		}
		from := time.UnixMicro(int64(*in.Timestamp * 1e6))
		if from.After(now) {
			return nil, 0, invalid("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis.")
		}
		it.Next = st.count + 1
		if i := slices.IndexFunc(sh.records, func(r record) bool { return !r.at.Before(from.Truncate(time.Millisecond)) }); i >= 0 {
			it.Next = sh.records[i].n
		}
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		var n uint64
		suffix, ok := strings.CutPrefix(in.StartingSequenceNumber, fmt.Sprintf("%s%04d", st.prefix, sh.index))
		if _, err := fmt.Sscanf(suffix, "%d", &n); !ok || err != nil {
			return nil, 0, invalid("StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid because it did not come from this stream.",
				in.StartingSequenceNumber, sh.id, st.name, s.opts.Account)
		}
		it.Next = n
		if in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" {
			it.Next++
		}
	default:
		return nil, 0, invalid("Invalid ShardIteratorType %q.", in.ShardIteratorType)
	}
	return struct{ ShardIterator string }{encode(it)}, 0, nil
}

// recordItem is a record in a response of GetRecords.
type recordItem struct {
	SequenceNumber              string
	ApproximateArrivalTimestamp float64
	Data                        []byte
	PartitionKey                string
}

// getRecords executes GetRecords.
func (s *Server) getRecords(in *input, now time.Time) (any, int, *simulator.Error) {
	it, st, sh, e := s.resolve(in.ShardIterator, now)
	if e != nil {
		return nil, 0, e
	}
	if e := s.admit(st, sh, now); e != nil {
		return nil, 0, e
	}
	limit := maxRecords
	if in.Limit != nil {
		if *in.Limit < 1 || *in.Limit > maxRecords {
			return nil, 0, invalid("Limit must be from 1 to %d.", maxRecords)
		}
		limit = *in.Limit
	}
	out := struct {
		Records            []recordItem
		NextShardIterator  string `json:",omitempty"`
		MillisBehindLatest int64
		ChildShards        []childShard `json:",omitempty"`
	}{Records: []recordItem{}}
	i, _ := slices.BinarySearchFunc(sh.records, it.Next, func(r record, n uint64) int { return cmp.Compare(r.n, n) })
	if s.empty > 0 {
		s.empty--
		limit = 0
	}
	bytes := 0
	for ; i < len(sh.records) && len(out.Records) < limit && bytes+len(sh.records[i].data) <= maxBytes; i++ {
		r := &sh.records[i]
		bytes += len(r.data) + len(r.key)
		out.Records = append(out.Records, recordItem{st.sequence(sh, r.n), float64(r.at.UnixMilli()) / 1e3, r.data, r.key})
		it.Next = r.n + 1
	}
	sh.free = now.Add(time.Duration(bytes)*time.Second/bytesPerSecond - time.Second)
	if i < len(sh.records) {
		out.MillisBehindLatest = max(now.Sub(sh.records[i].at).Milliseconds(), 1)
	}
	if i == len(sh.records) && sh.closed {
		out.ChildShards = st.children(sh)
		return out, len(out.Records), nil
	}
	it.Issued = now.UnixNano()
	out.NextShardIterator = encode(it)
	return out, len(out.Records), nil
}

// resolve returns what a ShardIterator holds, with its stream and its shard. It returns an error if
// the iterator has expired, or if one of them does not exist.
func (s *Server) resolve(text string, now time.Time) (it iterator, st *stream, sh *shard, e *simulator.Error) {
	it, ok := parseIterator(text)
	if !ok {
		return it, nil, nil, invalid("Invalid ShardIterator.")
	}
	if st, e = s.find(it.Stream); e != nil {
		return it, nil, nil, e
	}
	sh = st.shard(it.Shard)
	if sh == nil || st.prefix != it.Prefix {
		return it, nil, nil, s.shardNotFound(st, it.Shard)
	}
	if issued := time.Unix(0, it.Issued); it.Epoch != s.epoch || now.Sub(issued) > s.opts.IteratorLife {
		return it, nil, nil, simulator.Errorf("ExpiredIteratorException",
			"Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future than the tolerated delay of %d milliseconds.",
			issued.UTC().Format(time.UnixDate), now.UTC().Format(time.UnixDate), s.opts.IteratorLife.Milliseconds())
	}
	return it, st, sh, nil
}

// childShard is a child of a closed shard, in the GetRecords response that ends the shard.
type childShard struct {
	ShardId      string
	ParentShards []string
	HashKeyRange hashKeyRange
}

// children returns the shards into which a shard was split or merged.
func (st *stream) children(sh *shard) (list []childShard) {
	for _, c := range st.shards {
		if c.parent != sh.id && c.adjacent != sh.id {
			continue
		}
		k := childShard{c.id, []string{c.parent}, c.hashKeyRange()}
		if c.adjacent != "" {
			k.ParentShards = append(k.ParentShards, c.adjacent)
		}
		list = append(list, k)
	}
	return list
}

// admit keeps to the quotas of a shard.
func (s *Server) admit(st *stream, sh *shard, now time.Time) *simulator.Error {
	if s.opts.Unlimited {
		return nil
	}
	sh.calls = slices.DeleteFunc(sh.calls, func(at time.Time) bool { return now.Sub(at) >= time.Second })
	if len(sh.calls) >= callsPerSecond || now.Before(sh.free) {
		return simulator.Errorf("ProvisionedThroughputExceededException",
			"Rate exceeded for shard %s in stream %s under account %s.", sh.id, st.name, s.opts.Account)
	}
	sh.calls = append(sh.calls, now)
	return nil
}

// describeStreamSummary executes DescribeStreamSummary.
func (s *Server) describeStreamSummary(in *input, _ time.Time) (any, int, *simulator.Error) {
	st, e := s.find(in.stream())
	if e != nil {
		return nil, 0, e
	}
	open := 0
	for _, sh := range st.shards {
		if !sh.closed {
			open++
		}
	}
	type summary struct {
		StreamName, StreamARN, StreamStatus  string
		StreamCreationTimestamp              float64
		RetentionPeriodHours, OpenShardCount int
		EnhancedMonitoring                   []struct{}
	}
	return struct{ StreamDescriptionSummary summary }{summary{
		StreamName: st.name, StreamARN: st.arn("kinesis", "stream/"+st.name), StreamStatus: "ACTIVE",
		StreamCreationTimestamp: float64(st.created.UnixMilli()) / 1e3,
		RetentionPeriodHours:    int(s.opts.Retention / time.Hour), OpenShardCount: open, EnhancedMonitoring: []struct{}{},
	}}, 0, nil
}

// decrypt executes Decrypt of KMS.
func (s *Server) decrypt(in *input, _ time.Time) (any, int, *simulator.Error) {
	for _, k := range s.keys {
		context, err := activityrecord.EncryptionContext(k.stream.resourceID)
		if err != nil || !maps.Equal(context, in.EncryptionContext) || string(k.encrypted) != string(in.CiphertextBlob) {
			continue
		}
		return struct {
			KeyId, EncryptionAlgorithm string
			Plaintext                  []byte
		}{
			KeyId:               k.stream.arn("kms", "key/3f2a8c1d-5b6e-4f70-8a91-b2c3d4e5f607"),
			EncryptionAlgorithm: "SYMMETRIC_DEFAULT", Plaintext: k.sealer.PlaintextKey(),
		}, 0, nil
	}
	return nil, 0, &simulator.Error{Code: "InvalidCiphertextException"}
}
