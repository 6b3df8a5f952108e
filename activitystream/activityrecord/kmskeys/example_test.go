package kmskeys_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
)

// countingKMS takes the place of a kms.Client in this example.
type countingKMS struct {
	sealer *activityrecordtest.Sealer
	calls  int
}

func (c *countingKMS) Decrypt(_ context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	c.calls++
	return &kms.DecryptOutput{Plaintext: c.sealer.PlaintextKey()}, nil
}

// A thousand records under one data key cost one KMS call.
func ExampleNew() {
	sealer := activityrecordtest.NewSealer()
	api := &countingKMS{sealer: sealer} // in production, kms.NewFromConfig(cfg)

	keys, err := kmskeys.New(api, "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if err != nil {
		fmt.Println(err)
		return
	}
	decoder := activityrecord.NewDecoder(keys)
	for range 1000 {
		data := sealer.Seal(activityrecord.Record{Events: []activityrecord.Event{activityrecordtest.Heartbeat()}})
		if _, err := decoder.Decode(context.Background(), data); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("KMS calls:", api.calls)
	// Output: KMS calls: 1
}
