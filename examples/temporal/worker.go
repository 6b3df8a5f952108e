package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

// dial adds the flags for the Temporal server, parses args, and connects.
func dial(ctx context.Context, flags *flag.FlagSet, args []string) (client.Client, error) { //nolint:ireturn // it is the SDK's
	address := flags.String("address", "127.0.0.1:7233", "address of the Temporal server")
	namespace := flags.String("namespace", "default", "namespace on the server")
	if err := cli.Parse(flags, args); err != nil {
		return nil, err
	}
	c, err := client.DialContext(ctx, client.Options{HostPort: *address, Namespace: *namespace, Logger: warnLogger{}})
	if err != nil {
		return nil, fmt.Errorf("connect to the Temporal server at %s: %w", *address, err)
	}
	return c, nil
}

// runWorker runs workflows and activities until it is interrupted.
func runWorker(ctx context.Context, flags *flag.FlagSet, args []string) error {
	simulator := flags.String("simulator", "", "URL of a simulator to use instead of AWS")
	role := flags.String("role", "", "name of the role to assume in each account (default: the credentials of the environment, for one account)")
	activities := flags.Int("activities", 200, "maximum number of activities at once")
	c, err := dial(ctx, flags, args)
	if err != nil {
		return err
	}
	defer c.Close()
	connect := func(ctx context.Context, p durable.AccountRegion) (aws.Config, error) {
		return connectAWS(ctx, p, *role)
	}
	if *simulator != "" {
		connect = func(_ context.Context, p durable.AccountRegion) (aws.Config, error) {
			return simulated.Config(*simulator, p.Account, p.Region), nil
		}
	}
	w := worker.New(c, durable.TaskQueue, worker.Options{MaxConcurrentActivityExecutionSize: *activities})
	durable.Register(w, &durable.Activities{Connect: cachedConnect(connect)})
	if err := w.Start(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	log.Print("worker started")
	<-ctx.Done()
	w.Stop()
	return nil
}

// cachedConnect returns a connect that caches the configuration of each account and Region, with
// its credentials. All share one HTTP client, so an activity does not begin with a TLS handshake.
func cachedConnect(connect func(context.Context, durable.AccountRegion) (aws.Config, error)) func(context.Context, durable.AccountRegion) (aws.Config, error) {
	var mu sync.Mutex
	known, shared := map[durable.AccountRegion]aws.Config{}, awshttp.NewBuildableClient()
	return func(ctx context.Context, p durable.AccountRegion) (aws.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		if cfg, ok := known[p]; ok {
			return cfg, nil
		}
		cfg, err := connect(ctx, p)
		if err != nil {
			return cfg, err
		}
		cfg.HTTPClient = shared
		known[p] = cfg
		return cfg, nil
	}
}

// connectAWS returns the configuration for an account in a Region.
func connectAWS(ctx context.Context, p durable.AccountRegion, role string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(p.Region))
	if err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	if role != "" {
		arn := fmt.Sprintf("arn:aws:iam::%s:role/%s", p.Account, role)
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), arn))
	}
	return cfg, nil
}
