package benchmarks

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// waitsOfOneRead returns contenders that wait for a resource that shows the target: one read,
// without a sleep.
func waitsOfOneRead() []contender {
	var cs []contender
	for _, w := range waiters() {
		once := w.prepare(func(context.Context) (*rds.DescribeDBClustersOutput, error) { return arrived, nil }, delays{min: time.Second, max: time.Second})
		cs = append(cs, contender{name: w.name, run: func(n int) {
			for range n {
				if err := once(context.Background()); err != nil {
					panic(err)
				}
			}
		}})
	}
	return cs
}

// manyReads is the number of reads of a wait in waitsOfManyReads.
const manyReads = 200

// waitsOfManyReads returns contenders that wait for a resource that shows the target at the last of
// manyReads reads, one second apart. The second is virtual, so it costs only the scheduler's work,
// which is the same for all. The contender "sleep" measures that work, to subtract it.
func waitsOfManyReads(t *testing.T) []contender {
	cs := []contender{{name: "sleep", per: manyReads, run: bubbled(t, func(ctx context.Context) error { return sleeps(ctx, manyReads) })}}
	for _, w := range waiters() {
		reads := 0
		cs = append(cs, contender{name: w.name, per: manyReads, run: bubbled(t, w.prepare(func(context.Context) (*rds.DescribeDBClustersOutput, error) {
			if reads++; reads%manyReads == 0 {
				return arrived, nil
			}
			return pending, nil
		}, delays{min: time.Second, max: time.Second}))})
	}
	return cs
}

// bubbled returns a function that calls once n times in a synctest bubble.
func bubbled(t *testing.T, once func(context.Context) error) func(n int) {
	return func(n int) {
		synctest.Test(t, func(*testing.T) {
			for range n {
				if err := once(context.Background()); err != nil {
					panic(err)
				}
			}
		})
	}
}

// sleeps sleeps as a wait of n reads does, until the context ends, and does nothing else.
func sleeps(ctx context.Context, n int) error {
	timer := time.NewTimer(time.Second)
	for range n - 1 {
		timer.Reset(time.Second)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	return nil
}
