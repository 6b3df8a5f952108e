// Simulator serves simulations of the three services that the library covers, and of the Kinesis
// and KMS behind an activity stream, on one port of this machine. Any AWS client can use it: the
// AWS CLI, the SDKs of any language, your own programs. It needs no AWS account and forgets
// everything when it ends.
//
//	go run ./examples/simulator -addr 127.0.0.1:4566 -transition 2s
//
// The first line of its output is "listening on http://127.0.0.1:4566". Port 0 is a free port. An
// address without a host is 127.0.0.1, unless -allow-remote is set. It logs each call on standard
// error. SIGINT (Ctrl-C) and SIGTERM end it with status 0, invalid flags with status 2.
//
// It starts with these resources, in us-east-1 and the account 123456789012:
//
//   - the Aurora PostgreSQL cluster das-cluster, whose activity stream is stopped:
//     arn:aws:rds:us-east-1:123456789012:cluster:das-cluster
//   - the Oracle instance my-orcl-db, whose activity stream is stopped:
//     arn:aws:rds:us-east-1:123456789012:db:my-orcl-db
//   - an event data store of Management events, STOPPED_INGESTION:
//     arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e-1111-4222-8333-123456789abc
//   - an event data store of ActivityAuditLog events, ENABLED:
//     arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/5e3b2a1f-2222-4333-8444-23456789abcd
//   - the Customer Profiles domain example-domain with the event stream example-stream, RUNNING and
//     HEALTHY, to arn:aws:kinesis:us-east-1:123456789012:stream/profile-events
//
// An activity stream that is started has its Kinesis stream, with heartbeats of each instance,
// and a KMS that decrypts its data keys. Stopping it deletes the Kinesis stream.
//
// # The AWS CLI
//
// Signatures are not checked, so any credentials work. Pass the endpoint with each command. The CLI
// ignores AWS_ENDPOINT_URL for RDS in us-east-1 and would send the command to AWS.
//
//	export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
//	alias awssim="aws --endpoint-url http://127.0.0.1:4566"
//	arn=arn:aws:rds:us-east-1:123456789012:cluster:das-cluster
//	awssim rds start-activity-stream --resource-arn $arn --mode async \
//		--kms-key-id alias/audit --apply-immediately
//	awssim rds describe-db-clusters --db-cluster-identifier das-cluster
//	stream=$(awssim rds describe-db-clusters --db-cluster-identifier das-cluster \
//		--query 'DBClusters[0].ActivityStreamKinesisStreamName' --output text)
//	awssim kinesis list-shards --stream-name $stream
//	awssim cloudtrail start-event-data-store-ingestion \
//		--event-data-store 4d2a1f0e-1111-4222-8333-123456789abc
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
//	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"),
//		config.WithBaseEndpoint("http://127.0.0.1:4566"),
//		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
//	…
//	client := activitystream.NewFromConfig(cfg)
//
// With AWS_ENDPOINT_URL=http://127.0.0.1:4566 in the environment, LoadDefaultConfig needs no
// options. In Go tests, use the packages activitystreamtest, ingestiontest and eventstreamtest
// instead. They need no socket, run in virtual time and inject rare faults on demand.
//
// # Failures
//
// A POST to /simulator/ACTION with a JSON object makes things go wrong, for clients in any
// language:
//
//	curl -d '{"arn":"'$arn'"}' http://127.0.0.1:4566/simulator/lapse
//	curl -d '{"kms_key_id":"alias/audit"}' http://127.0.0.1:4566/simulator/set-key
//	curl -d '{"arn":"'$arn'","database_status":"stopped"}' \
//		http://127.0.0.1:4566/simulator/set-database
//	curl -d '{"operation":"StartActivityStream","code":"Throttling","times":3}' \
//		http://127.0.0.1:4566/simulator/fail
//
// The actions are:
//
//   - add-cluster and add-instance (identifier, engine, status, mode, kms_key_id, database_status,
//     members, policy_status), which return the ARN
//   - remove, lapse (the next start or stop is rolled back) and open-window (the maintenance window
//     begins now), with an arn
//   - set-stream (arn, status), set-policy (arn, policy_status), set-database (arn,
//     database_status)
//   - set-key (kms_key_id, accessible) and set-alias (alias, kms_key_id)
//   - stale (arn, stale: a duration): reads show the state of a while ago
//   - fail (operation, and arn, code, message, http_status, times, lost or drop) and
//     clear-failures (operation)
//
// A request with an unknown action, member, operation or database gets status 400 and an error.
//
// # Limits
//
// It listens on a loopback address unless -allow-remote is set. The size and duration of requests
// and the number of connections are limited. It keeps no history beyond the existing resources. It
// rejects an operation that it does not support, with an error that lists those that it does.
package main

import (
	"context"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string) error {
	flags := cli.Flags("simulator", about)
	var b settings
	addr := flags.String("addr", "127.0.0.1:4566", "the `host:port` to listen on, a loopback address; :0 is a free port")
	remote := flags.Bool("allow-remote", false, "allow other addresses than loopback addresses")
	flags.DurationVar(&b.transition, "transition", 2*time.Second, "how long each transition takes, such as from starting to started")
	flags.DurationVar(&b.window, "maintenance-window", 24*time.Hour, "how long a command without ApplyImmediately waits")
	flags.DurationVar(&b.heartbeat, "heartbeat", 2*time.Second, "the interval of the heartbeats in an activity stream that is started")
	flags.DurationVar(&b.latency, "latency", 0, "how long each response takes")
	flags.IntVar(&b.clusters, "clusters", 0, "the `number` of further clusters, cluster-1, cluster-2, …")
	flags.IntVar(&b.instances, "instances", 0, "the `number` of further instances, instance-1, instance-2, …")
	flags.BoolVar(&b.throttle, "throttle", false, "apply the quotas of the real services")
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
	log := cli.NewLogger(cli.NewScreen(os.Stderr))
	introduce(os.Stdout, "http://"+listener.Addr().String())
	return newServer(b, log).serve(ctx, listener)
}
