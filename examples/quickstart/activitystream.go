package main

import (
	"context"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// demo starts a stream, waits until it is started, and stops it. In between it unlocks and locks
// an instance's audit policy. It returns at the first error, and whether the stream may have been
// started by then.
func demo(ctx context.Context, lines *cli.Screen, client *activitystream.Client, name string, in *activitystream.StartInput,
	maxWait time.Duration,
) (started bool, err error) {
	watch := func(name string) func(*activitystream.Options) {
		return func(o *activitystream.Options) { o.Wait.OnProgress = lines.Follow(name) }
	}
	accepted, err := client.Start(ctx, in)
	if err != nil {
		kind := statemachine.KindOf(err) // without a response, the command may have been executed
		return kind == statemachine.Unavailable || kind == statemachine.Interrupted, err
	}
	lines.Printf("%s  start accepted, records to Kinesis stream %s", name, accepted.KinesisStreamName)
	if _, err := client.Wait(ctx, in.ResourceArn, activitystream.StatusStarted, maxWait, watch(name)); err != nil {
		return true, err
	}
	if strings.Contains(in.ResourceArn, ":db:") {
		for _, state := range []activitystream.AuditPolicyState{activitystream.AuditPolicyUnlocked, activitystream.AuditPolicyLocked} {
			policy := &activitystream.ModifyInput{ResourceArn: in.ResourceArn, AuditPolicyState: state}
			if _, err := client.EnsurePolicy(ctx, policy, maxWait, watch(name+" (audit policy)")); err != nil {
				return true, err
			}
		}
	}
	stop := &activitystream.StopInput{ResourceArn: in.ResourceArn, ApplyImmediately: in.ApplyImmediately}
	out, err := client.EnsureStopped(ctx, stop, maxWait, watch(name))
	if err != nil {
		return true, err
	}
	lines.Printf("%s  done, EnsureStopped ran %v", name, out.Operations)
	return true, nil
}
