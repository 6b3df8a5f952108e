package activityreader

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// shard is one shard of the stream, and how far it was read.
type shard struct {
	id      string
	parents []string
	hash    hashRange
	closed  bool // the list says so
	cursor  ShardPosition

	iterator string // of the next read; empty if one has to be requested
	latest   bool   // the next iterator is of the type LATEST, unless a record was read

	busy     bool      // a call is in flight, or its result was not handled yet
	due      time.Time // no call goes out before
	calledAt time.Time // start of the last GetRecords call, or of the last call that failed
	failures int       // in a row
	err      error     // of the last call; nil if it succeeded
	empty    int       // responses in a row that held nothing at all
	lost     bool      // the service did not find the shard

	upTo time.Time // everything that arrived before is read
	tip  time.Time // start of the last read that found nothing behind it

	// delays are by how much the latest records came late: with an arrival time before the last
	// read that found nothing behind it. The service's clock for this shard may be behind ours, and
	// a record takes a moment to be readable.
	delays []time.Duration

	after  time.Time // what was not read yet arrived after this instant, of this machine's clock; zero means not known
	before time.Time // after, before the last read that moved it
}

// newShard returns a shard as the list has it.
func newShard(s *types.Shard) *shard {
	sh := &shard{id: aws.ToString(s.ShardId), hash: rangeOf(s.HashKeyRange)}
	for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
		if aws.ToString(p) != "" {
			sh.parents = append(sh.parents, *p)
		}
	}
	if s.SequenceNumberRange != nil {
		sh.cursor.Start = aws.ToString(s.SequenceNumberRange.StartingSequenceNumber)
		sh.closed = aws.ToString(s.SequenceNumberRange.EndingSequenceNumber) != ""
	}
	return sh
}

// advance moves upTo forward. It never moves back: what arrived with an earlier time is late.
func (s *shard) advance(to time.Time) {
	if to.After(s.upTo) {
		s.upTo, s.cursor.At = to, to
	}
}

// appendLatest appends a duration to the latest ones, and keeps at most n of them.
func appendLatest(latest []time.Duration, d time.Duration, n int) []time.Duration {
	return append(latest[max(0, len(latest)-n+1):], d)
}

// percentile returns the duration that p percent of a list are below, or 0 for an empty list.
func percentile(list []time.Duration, p int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(list))[len(list)*p/100]
}

// compareSequence compares two sequence numbers, which are decimal numbers of up to 128 digits.
func compareSequence(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// inOrder returns the records of a response by sequence number, as Kinesis keeps them, and the size
// of their data. A position after a record must not skip another one.
func inOrder(records []types.Record) (sorted []types.Record, bytes int) {
	compare := func(a, b types.Record) int {
		return compareSequence(aws.ToString(a.SequenceNumber), aws.ToString(b.SequenceNumber))
	}
	if !slices.IsSortedFunc(records, compare) {
		records = slices.Clone(records)
		slices.SortStableFunc(records, compare)
	}
	for i := range records {
		bytes += len(records[i].Data) + len(aws.ToString(records[i].PartitionKey))
	}
	return records, bytes
}

// hashRange is the range of hash keys of a shard. The bounds are nil if the service does not
// report them.
type hashRange struct{ low, high *big.Int }

func rangeOf(r *types.HashKeyRange) hashRange {
	if r == nil {
		return hashRange{}
	}
	low, ok1 := new(big.Int).SetString(aws.ToString(r.StartingHashKey), 10)
	high, ok2 := new(big.Int).SetString(aws.ToString(r.EndingHashKey), 10)
	if !ok1 || !ok2 {
		return hashRange{}
	}
	return hashRange{low, high}
}

// covered reports whether others together cover r: whether all children of a shard are known. One
// is enough if the service does not report the ranges. The order of others may change.
func (r hashRange) covered(others []hashRange) bool {
	if r.low == nil || slices.ContainsFunc(others, func(o hashRange) bool { return o.low == nil }) {
		return len(others) > 0
	}
	slices.SortFunc(others, func(a, b hashRange) int { return a.low.Cmp(b.low) })
	next := r.low
	for _, o := range others {
		if o.low.Cmp(next) <= 0 && o.high.Cmp(next) >= 0 {
			next = new(big.Int).Add(o.high, big.NewInt(1))
		}
	}
	return next.Cmp(r.high) > 0
}
