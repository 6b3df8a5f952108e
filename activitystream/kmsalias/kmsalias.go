// Package kmsalias resolves the aliases of KMS keys for package activitystream, so that
// [activitystream.Client.EnsureStarted] can compare the key of a stream with an alias. RDS reports
// the key by its ID, and only KMS knows which key an alias names.
//
//	client := activitystream.NewFromConfig(cfg, func(o *activitystream.Options) {
//		o.ResolveKey = kmsalias.Resolver(kms.NewFromConfig(cfg))
//	})
//
// It is a package of its own, so that a program that does not use it does not link the SDK's KMS
// package. The caller needs kms:DescribeKey on the key, which StartActivityStream requires, too.
//
// [activitystream.Client.EnsureStarted]: https://pkg.go.dev/github.com/streamwarden/streamwarden-go/activitystream#Client.EnsureStarted
package kmsalias

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// API is the part of a [kms.Client] that a resolver calls.
type API interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
}

var _ API = (*kms.Client)(nil)

// Resolver returns a function for the option ResolveKey of package activitystream. The function
// calls DescribeKey with an alias name or alias ARN and returns the ARN of the key. It is as safe
// for concurrent use as api. It caches nothing, because an alias can be changed at any time.
func Resolver(api API) func(ctx context.Context, alias string) (keyID string, err error) {
	return func(ctx context.Context, alias string) (string, error) {
		out, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &alias})
		if err != nil {
			return "", fmt.Errorf("resolving %s: %w", alias, err)
		}
		if out == nil || out.KeyMetadata == nil || aws.ToString(out.KeyMetadata.Arn) == "" {
			return "", fmt.Errorf("resolving %s: DescribeKey returned no key", alias)
		}
		return *out.KeyMetadata.Arn, nil
	}
}
