package sdkcall_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// questions is a cache that records what was asked. A question takes a second.
type questions struct {
	sdkcall.Cache[string, int]

	asked []string
	err   error
}

func (q *questions) get(ctx context.Context, key string) (int, error) {
	keys := []string{key}
	if key != "z" {
		keys = append(keys, "a", "b", "c")
	}
	return q.Get(ctx, keys, 2, func(ctx context.Context, keys []string) (map[string]int, error) {
		q.asked = append(q.asked, fmt.Sprint(keys))
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, &statemachine.Fault{Kind: statemachine.Interrupted, Err: ctx.Err()}
		}
		found := map[string]int{}
		for _, k := range keys {
			found[k] = int(k[0])
		}
		return found, q.err
	})
}

func TestCacheAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &questions{Cache: sdkcall.Cache[string, int]{MaxAge: time.Minute}}
		begin := time.Now()
		var wg sync.WaitGroup
		for _, key := range []string{"a", "a", "b", "a"} {
			wg.Go(func() {
				if v, err := q.get(t.Context(), key); v != int(key[0]) || err != nil {
					t.Errorf("%s: %d, %v", key, v, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if took := time.Since(begin); took != time.Second {
			t.Errorf("took %s", took)
		}
		// A question under way delays no other one, and no result that is known.
		canceled, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := q.get(canceled, "z"); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		wg.Go(func() { // takes over from the caller that gives up
			if v, err := q.get(t.Context(), "z"); v != 'z' || err != nil {
				t.Errorf("z: %d, %v", v, err)
			}
		})
		synctest.Wait()
		now := time.Now()
		if _, err := q.get(t.Context(), "b"); err != nil || !time.Now().Equal(now) {
			t.Errorf("b took %s, %v", time.Since(now), err)
		}
		cancel()
		wg.Wait()
		// A failure is kept, too, until it is too old.
		q.err = errors.New("broken")
		for range 3 {
			if _, err := q.get(t.Context(), "c"); err == nil {
				t.Error("no error")
			}
		}
		q.err = nil
		time.Sleep(time.Minute)
		if v, err := q.get(t.Context(), "c"); v != 'c' || err != nil {
			t.Errorf("c: %d, %v", v, err)
		}
		want := []string{"[a b]", "[z]", "[z]", "[c]", "[c a]"}
		if diff := cmp.Diff(want, q.asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCacheSurvivesPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &questions{Cache: sdkcall.Cache[string, int]{MaxAge: time.Minute}}
		func() {
			defer func() { _ = recover() }()
			_, _ = q.Get(t.Context(), []string{"a"}, 1, func(context.Context, []string) (map[string]int, error) { panic("a mock's") })
		}()
		if v, err := q.get(t.Context(), "a"); v != 'a' || err != nil {
			t.Errorf("a: %d, %v", v, err)
		}
	})
}
