// Simulator serves the three services that the library is about, simulated, on one port of this machine, for any AWS client: the AWS CLI, the
// SDKs of any language, your own programs. It needs no AWS account, and keeps nothing when it ends.
//
//	go run ./examples/simulator -addr 127.0.0.1:4566 -transition 2s
//
// The first line of its output is "listening on http://127.0.0.1:4566". With port 0 it picks a free one. Each call is a line of the log, on
// standard error. SIGINT (Ctrl-C) and SIGTERM end it, with status 0; wrong flags do with 2.
//
// In us-east-1 and the account 123456789012 there are at first:
//
//   - the Aurora PostgreSQL cluster das-cluster, its activity stream stopped: arn:aws:rds:us-east-1:123456789012:cluster:das-cluster
//   - the Oracle instance my-orcl-db, its activity stream stopped: arn:aws:rds:us-east-1:123456789012:db:my-orcl-db
//   - an event data store of Management events, STOPPED_INGESTION:
//     arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e-1111-4222-8333-123456789abc
//   - an event data store of ActivityAuditLog events, ENABLED:
//     arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/5e3b2a1f-2222-4333-8444-23456789abcd
//   - the Customer Profiles domain example-domain with the event stream example-stream, RUNNING and HEALTHY, to
//     arn:aws:kinesis:us-east-1:123456789012:stream/profile-events
//
// # The AWS CLI
//
// Any credentials will do, as long as there are some: signatures are not checked. Give the endpoint with each command: the CLI
// does not take AWS_ENDPOINT_URL for RDS in us-east-1, and would send the command to AWS.
//
//	export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
//	alias awssim="aws --endpoint-url http://127.0.0.1:4566"
//	arn=arn:aws:rds:us-east-1:123456789012:cluster:das-cluster
//	awssim rds start-activity-stream --resource-arn $arn --mode async --kms-key-id alias/audit --apply-immediately
//	awssim rds describe-db-clusters --db-cluster-identifier das-cluster
//	awssim cloudtrail start-event-data-store-ingestion --event-data-store 4d2a1f0e-1111-4222-8333-123456789abc
//	awssim customer-profiles list-event-streams --domain-name example-domain
//
// # Python
//
//	import boto3
//	rds = boto3.client("rds", region_name="us-east-1", endpoint_url="http://127.0.0.1:4566",
//	                   aws_access_key_id="test", aws_secret_access_key="test")
//	rds.describe_db_clusters()["DBClusters"][0]["ActivityStreamStatus"]
//
// # Go
//
//	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"), config.WithBaseEndpoint("http://127.0.0.1:4566"),
//		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
//	…
//	client := activitystream.NewFromConfig(cfg)
//
// or AWS_ENDPOINT_URL=http://127.0.0.1:4566 in the environment, and LoadDefaultConfig alone. In Go tests the packages activitystreamtest,
// ingestiontest and eventstreamtest are closer at hand: they need no socket, run in virtual time, and do on demand what AWS does once in a
// while.
//
// # What it keeps out
//
// It listens on this machine alone, unless -allow-remote is given. Requests are bounded in size and time, connections in number, and what
// it remembers by the resources that there are. An operation that it does not model is refused with an error that lists those it does.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	var b settings
	addr := flags.String("addr", "127.0.0.1:4566", "the `host:port` to listen on, of this machine alone; port 0 is a free one")
	remote := flags.Bool("allow-remote", false, "listen on other addresses than those of this machine alone, too")
	flags.DurationVar(&b.transition, "transition", 2*time.Second, "how long each transition takes, such as from starting to started")
	flags.DurationVar(&b.window, "maintenance-window", 24*time.Hour, "how long a command without ApplyImmediately waits")
	flags.DurationVar(&b.latency, "latency", 0, "how long each answer takes")
	flags.BoolVar(&b.throttle, "throttle", false, "keep to the quotas of the real services")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return &cli.UsageError{Message: err.Error()}
	}
	listener, err := listen(ctx, *addr, *remote)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	s := newServer(b, defaultLimits(), log)
	fmt.Printf("listening on http://%s\n", listener.Addr())
	return s.serve(ctx, listener)
}
