package records

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// Database is a database of the user's account.
type Database struct {
	Config aws.Config // for its Region
	Client *activitystream.Client
	Stream *activitystream.Stream // as it is before the program changes anything
}

// OpenDatabase reads the database of an input that comes from flags. Unless yes is set, there has
// to be a terminal on which the user can confirm a change.
func OpenDatabase(ctx context.Context, in *activitystream.StartInput, yes bool) (*Database, error) {
	if err := in.Validate(); err != nil {
		return nil, cli.InvalidFlags(err)
	}
	if err := cli.CanConfirm(os.Stdin); err != nil && !yes {
		return nil, err
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(a.Region))
	if err != nil {
		return nil, err
	}
	client := activitystream.NewFromConfig(cfg)
	stream, err := client.Get(ctx, in.ResourceArn)
	return &Database{cfg, client, stream}, err
}
