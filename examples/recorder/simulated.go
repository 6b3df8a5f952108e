package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// newSimulated returns a simulated cluster of two instances, on which users are at work until end
// is called.
func newSimulated(ctx context.Context) (src *source, end func(), err error) {
	rds := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = time.Second })
	arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Engine: "aurora-postgresql", Members: 2})
	records := activityreadertest.NewServer(func(o *activityreadertest.Options) { o.Heartbeat = time.Second })
	name := records.Attach(rds, arn, 2)
	client := activitystream.NewFromConfig(rds.Config(), func(o *activitystream.Options) {
		o.Wait.MinDelay = 200 * time.Millisecond // 5 s by default
	})
	members, err := client.Members(ctx, arn)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var users sync.WaitGroup
	users.Go(func() { work(ctx, records, name, members) })
	return &source{
		client:  client,
		in:      activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true},
		cfg:     records.Config(),
		maxWait: time.Minute,
	}, func() { cancel(); users.Wait() }, nil
}

// work writes what users do until ctx ends: a statement every second, and a failed one now and
// then.
func work(ctx context.Context, s *activityreadertest.Server, stream string, members []activitystream.Member) {
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		e := activityrecordtest.PostgreSQL()
		e.CommandText = fmt.Sprintf("select total from orders where id = %d", n)
		if n%5 == 4 {
			e.CommandText, e.ExitCode, e.ErrorMessage = "select amount from salaries", "42501", "permission denied for table salaries"
		}
		s.Emit(stream, members[n%len(members)].ResourceId, e)
	}
}
