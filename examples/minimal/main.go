package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/streamwarden/streamwarden-go/activitystream"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	out, err := activitystream.NewFromConfig(cfg).EnsureStarted(context.Background(), &activitystream.StartInput{
		ResourceArn: "arn:aws:rds:us-east-1:123456789012:cluster:orders", Mode: activitystream.ModeAsync,
		KmsKeyId: "alias/audit", ApplyImmediately: true,
	}, 30*time.Minute, func(o *activitystream.Options) { o.DryRun = true }) // false RESTARTS the database
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("stream is %s; would run %v; ran %v", out.Stream.Status, out.Planned, out.Operations)
}
