package activitystream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// keysTimeout is the limit of one call of Options.ResolveKey.
const keysTimeout = 30 * time.Second

// SameKey reports whether a and b name the same KMS key. Each is a key ID, a key ARN, an alias name
// or an alias ARN. The result known is false if only KMS can decide, because one of them is an
// alias or empty. An ID and an ARN are compared by the ID. Two ARNs are compared as a whole,
// because a multi-Region key has one ID in all its Regions.
func SameKey(a, b string) (same, known bool) {
	idA, idB := keyID(a), keyID(b)
	switch {
	case a != "" && a == b:
		return true, true
	case idA == "" || idB == "":
		return false, false
	case arn.IsARN(a) && arn.IsARN(b):
		return strings.EqualFold(a, b), true
	}
	return idA == idB, true
}

// keyID returns the ID of a KMS key, or "" for an alias, which only KMS can resolve.
func keyID(s string) string {
	if a, err := arn.Parse(s); err == nil {
		s = a.Resource
	}
	if strings.HasPrefix(s, "alias/") {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(s, "key/"))
}

// keyResolver resolves the aliases of one call, each once. It is not safe for concurrent use.
type keyResolver struct {
	call *call
	keys map[string]resolvedKey // by alias
	hung string                 // the first alias that took keysTimeout; no other is resolved after it
}

// resolvedKey is the key of an alias, or the reason why the key is not compared.
type resolvedKey struct{ key, notCompared string }

// newKeyResolver returns the resolver of a call.
func newKeyResolver(c *call) *keyResolver {
	return &keyResolver{call: c, keys: map[string]resolvedKey{}}
}

// drift returns the Drift of an EnsureStarted, which compares the key of an alias.
func (r *keyResolver) drift(ctx context.Context, in *StartInput) func(*Stream) error {
	if keyID(in.KmsKeyId) != "" {
		return in.Drift
	}
	found, ok := r.keys[in.KmsKeyId]
	if !ok {
		found = r.resolve(ctx, in.KmsKeyId)
		r.keys[in.KmsKeyId] = found
	}
	resolved := *in
	if found.key != "" {
		resolved.KmsKeyId = found.key
	}
	return resolved.Drift
}

// resolve returns the key of an alias.
func (r *keyResolver) resolve(ctx context.Context, alias string) resolvedKey {
	if r.call.options.ResolveKey == nil {
		return resolvedKey{notCompared: alias + " is an alias: set Options.ResolveKey to compare it"}
	}
	if r.hung != "" {
		return resolvedKey{notCompared: fmt.Sprintf("%s was not resolved, because %s took %s", alias, r.hung, keysTimeout)}
	}
	limited, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	key, err := r.call.options.ResolveKey(limited, alias)
	if limited.Err() != nil && ctx.Err() == nil {
		r.hung = alias
	}
	switch {
	case err != nil && key == "":
		return resolvedKey{notCompared: err.Error()}
	case keyID(key) == "" || checkKey(key) != "":
		return resolvedKey{notCompared: fmt.Sprintf("resolving %s: got %q, which is no key ID or key ARN", alias, key)}
	default:
		return resolvedKey{key: key}
	}
}

// check returns an error if the key of a restart cannot be used, or if that is not known for now.
// Unlike the rest of a keyResolver, it is safe for concurrent use.
func (r *keyResolver) check(ctx context.Context, in *StartInput, limit time.Duration) error {
	resolve := r.call.options.ResolveKey
	if resolve == nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := resolve(limited, in.KmsKeyId)
	if err == nil {
		return nil
	}
	f := statemachine.Fault{Kind: statemachine.KindOf(err)}
	if of, ok := errors.AsType[*statemachine.Fault](faults.Fault(ctx, "", "", err)); ok && f.Kind == statemachine.Unknown {
		f = *of
	}
	switch {
	case f.Kind == statemachine.Unsupported: // what is asked knows no keys
		return nil
	case f.Kind == statemachine.Unknown && f.Code == "" && keyID(in.KmsKeyId) != "": // or only aliases
		return nil
	case !f.Kind.Retryable() && f.Kind != statemachine.Interrupted && f.Kind != statemachine.Unauthenticated:
		f.Kind = statemachine.KeyNotAccessible
	}
	f.Operation, f.Resource, f.NotSent, f.Err = StartActivityStream, in.ResourceArn, true, err
	f.Message = fmt.Sprintf("the restart was not begun, and nothing was changed: KMS key %s: %s", in.KmsKeyId, cmp.Or(f.Message, err.Error()))
	return &f
}

// note records in o why the key of in is not compared, if the stream is started.
func (r *keyResolver) note(o *EnsureOutput, in *StartInput) *EnsureOutput {
	if o.Stream != nil && o.Stream.Status == StatusStarted {
		o.KeyNotCompared = r.keys[in.KmsKeyId].notCompared
	}
	return o
}
