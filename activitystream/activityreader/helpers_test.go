package activityreader_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// newReader returns a reader of a stream of a server, through the SDK's own client.
func newReader(s *activityreadertest.Server, stream string, optFns ...func(*activityreader.Options)) *activityreader.Reader {
	return activityreader.NewFromConfig(s.Config(), activityrecord.NewDecoder(s.Keys()), stream, optFns...)
}

// instances returns the IDs of n instances.
func instances(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("db-%c", 'A'+i)
	}
	return ids
}

// watch collects the changes of a duration, without the first state of each instance.
func watch(t *testing.T, r *activityreader.Reader, from activityreader.Position, ids []string, d time.Duration) []activityreader.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var list []activityreader.Change
	for c, err := range r.Watch(ctx, from, ids) {
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("watch: %v", err)
			}
			break
		}
		list = append(list, *c)
	}
	return list
}
