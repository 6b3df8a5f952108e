package main

import (
	"time"

	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
)

// records starts both activity streams, and proves that they record.
func (p *program) records() {
	ctx := p.Context()
	client := activitystream.NewFromConfig(p.config(), func(o *activitystream.Options) { quick(&o.Wait) })
	for _, arn := range []string{cluster, instance} {
		started, err := client.EnsureStarted(ctx, &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		}, patience)
		p.must("EnsureStarted", err)
		ids := []string{started.Stream.ResourceId}
		if arn == cluster {
			members, err := client.Members(ctx, arn)
			p.must("Members", err)
			ids = []string{members[0].ResourceId}
		}
		keys, err := kmskeys.New(kms.NewFromConfig(p.config()), started.Stream.ResourceId)
		p.must("kmskeys.New", err)
		reader := activityreader.New(awskinesis.NewFromConfig(p.config()), activityrecord.NewDecoder(keys), started.Stream.KinesisStreamName,
			func(o *activityreader.Options) { o.Heartbeat = 20 * time.Millisecond })
		proof, err := reader.WaitRecording(ctx, ids, patience)
		if err != nil || proof.Instances[ids[0]].IsZero() {
			p.Errorf("%s: no proof of recording: %+v, %v", arn, proof, err)
		}
		_, err = client.EnsureStopped(ctx, &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true}, patience)
		p.must("EnsureStopped", err)
	}
}
