package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// runLive does to a database of the caller's what runSimulated does to a simulated one.
func runLive(ctx context.Context, lines *cli.Printer, in *activitystream.StartInput, yes bool) error {
	if err := in.Validate(); err != nil {
		return &cli.UsageError{Message: wrong(err)}
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		return err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(a.Region))
	if err != nil {
		return err
	}
	client := activitystream.NewFromConfig(cfg)
	stream, err := client.Get(ctx, in.ResourceArn)
	if err != nil {
		return err
	}
	if stream.Status != activitystream.StatusStopped {
		return fmt.Errorf("%s is %s: quickstart would stop it in the end, and leaves it alone", in.ResourceArn, stream.Status)
	}
	fmt.Printf("This starts and stops the activity stream of %s.\n"+
		"Both are applied immediately, which RESTARTS THE DATABASE, twice in all.\n", in.ResourceArn)
	if !yes {
		ok, err := cli.Confirm(ctx, os.Stdin, os.Stdout, "Go on? [y/N] ")
		if err != nil || !ok {
			lines.Printf("nothing was changed")
			return err
		}
	}
	started, err := demo(ctx, lines, client, a.Resource, in, 2*time.Hour)
	if err != nil && started {
		return fmt.Errorf("%w\nThe stream may be left as it is now: look at it, and stop it if you do not want it", err)
	}
	return err
}

// wrong says what is wrong with an input, by the flags that it was made of.
func wrong(err error) string {
	input, ok := errors.AsType[*statemachine.InputError](err)
	if !ok {
		return err.Error()
	}
	flags := map[string]string{"ResourceArn": "-resource-arn", "KmsKeyId": "-kms-key-id", "Mode": "-mode"}
	var said []string
	for _, f := range input.Fields {
		said = append(said, cmp.Or(flags[f.Field], f.Field)+" "+f.Reason)
	}
	return strings.Join(said, "\n")
}
