package benchmarks

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// waitsOfOneRead are waits for a resource that is there already: one read, and no sleep.
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

// manyReads is how many reads a wait has whose first one does not count.
const manyReads = 200

// waitsOfManyReads are waits whose resource is there at the last of many reads, each after a second: of a bubble's time, which passes at once. What remains of
// the sleep is what the scheduler does, and is the same for all; "sleep" is that alone, and taken off.
func waitsOfManyReads(t *testing.T) []contender {
	bubble := func(once func(context.Context) error) func(int) {
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
	cs := []contender{{name: "sleep", per: manyReads, run: bubble(sleeps)}}
	for _, w := range waiters() {
		reads := 0
		cs = append(cs, contender{name: w.name, per: manyReads, run: bubble(w.prepare(func(context.Context) (*rds.DescribeDBClustersOutput, error) {
			if reads++; reads%manyReads == 0 {
				return arrived, nil
			}
			return pending, nil
		}, delays{min: time.Second, max: time.Second}))})
	}
	return cs
}

// sleeps sleeps between as many reads, for as long as the context lasts, and does nothing else.
func sleeps(ctx context.Context) error {
	timer := time.NewTimer(time.Second)
	for range manyReads - 1 {
		timer.Reset(time.Second)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	return nil
}
