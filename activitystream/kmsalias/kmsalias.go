// Package kmsalias asks KMS about keys for package activitystream, so that
// [activitystream.Client.EnsureStarted] can compare the key of a stream with an alias, and check
// the key before a restart. RDS reports the key by its ID, and only KMS knows which key an alias
// names, and whether it is enabled.
//
//	client := activitystream.NewFromConfig(cfg, func(o *activitystream.Options) {
//		o.ResolveKey = kmsalias.Resolver(kms.NewFromConfig(cfg))
//	})
//
// It is a package of its own, so that a program that does not use it does not link the SDK's KMS
// package. The caller needs kms:DescribeKey on the key, which StartActivityStream requires, too. If
// the policy allows it only with the condition kms:ViaService, StartActivityStream works, but the
// call of this package is denied.
//
// [activitystream.Client.EnsureStarted]: https://pkg.go.dev/github.com/streamwarden/streamwarden-go/activitystream#Client.EnsureStarted
package kmsalias

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is the part of a [kms.Client] that a resolver calls.
type API interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
}

var _ API = (*kms.Client)(nil)

// Resolver returns a function for the option ResolveKey of package activitystream. The function
// calls DescribeKey with a key ID, key ARN, alias name or alias ARN and returns the ARN of the key.
// If the key exists and an activity stream cannot use it, it also returns an error of the kind
// KeyNotAccessible. Then the key is not enabled, AWS manages it, or it is not a symmetric key for
// encryption. The function is as safe for concurrent use as api. It caches nothing, because an
// alias and the state of a key can change at any time. If api is nil, it returns an error.
func Resolver(api API) func(ctx context.Context, key string) (keyID string, err error) {
	return func(ctx context.Context, key string) (string, error) {
		if api == nil {
			return "", fmt.Errorf("resolving %s: the API must not be nil", key)
		}
		out, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
		if err != nil {
			return "", fmt.Errorf("resolving %s: %w", key, err)
		}
		if out == nil || out.KeyMetadata == nil || aws.ToString(out.KeyMetadata.Arn) == "" {
			return "", fmt.Errorf("resolving %s: DescribeKey returned no key", key)
		}
		return *out.KeyMetadata.Arn, usable(out.KeyMetadata)
	}
}

// usable returns an error if an activity stream cannot use a key. A member that DescribeKey leaves
// out says nothing.
func usable(k *types.KeyMetadata) error {
	var why string
	switch {
	case k.KeyState != "" && k.KeyState != types.KeyStateEnabled && k.KeyState != types.KeyStateUpdating:
		why = fmt.Sprintf("is in the state %s: it must be Enabled", k.KeyState)
	case k.KeyManager == types.KeyManagerTypeAws:
		why = "is managed by AWS: an activity stream requires a customer managed key"
	case k.KeySpec != "" && k.KeySpec != types.KeySpecSymmetricDefault:
		why = fmt.Sprintf("has the spec %s: an activity stream requires a symmetric key for encryption", k.KeySpec)
	default:
		return nil
	}
	return fmt.Errorf("%w: %s %s", statemachine.KeyNotAccessible, *k.Arn, why)
}
