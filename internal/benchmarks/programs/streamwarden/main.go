// Command streamwarden uses package activitystream for what the program sdk does with the SDK, and
// for waiting, ensuring and many resources at once. It is only built, to measure its size.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	println(err)
	client := activitystream.NewFromConfig(cfg)
	_, err1 := client.EnsureStarted(ctx, &activitystream.StartInput{}, time.Hour)
	_, err2 := client.EnsureStopped(ctx, &activitystream.StopInput{}, time.Hour)
	_, err3 := client.EnsurePolicy(ctx, &activitystream.ModifyInput{}, time.Hour)
	_, err4 := client.Wait(ctx, "", activitystream.StatusStarted, time.Hour)
	_, err5 := client.Supported(ctx, "")
	println(err1, err2, err3, err4, err5)
	for _, r := range client.WaitEach(ctx, nil, activitystream.StatusStarted, time.Hour) {
		println(r.Err)
	}
	for _, err := range client.Watch(ctx, "") {
		println(err)
	}
}
