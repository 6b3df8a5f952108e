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
		KmsKeyId: "alias/audit", ApplyImmediately: true, // restarts the database
	}, 30*time.Minute)
	if err != nil {
		log.Fatal(err) // says what happened to which resource
	}
	log.Printf("recording to %s; ran %v", out.Stream.KinesisStreamName, out.Operations)
}
