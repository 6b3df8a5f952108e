package kmsalias_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/activitystream/kmsalias"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const (
	alias    = "alias/audit"
	keyID    = "1234abcd-12ab-34cd-56ef-1234567890ab"
	otherID  = "0987dcba-09fe-87dc-65ba-ab0987654321"
	keyARN   = "arn:aws:kms:us-east-1:123456789012:key/" + keyID
	otherARN = "arn:aws:kms:us-east-1:123456789012:key/" + otherID
)

// keys is a KMS: the ARNs of keys by alias.
type keys map[string]string

func (k keys) DescribeKey(_ context.Context, in *kms.DescribeKeyInput, _ ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	switch arn, ok := k[*in.KeyId]; {
	case !ok:
		return nil, &types.NotFoundException{}
	case arn == "":
		return &kms.DescribeKeyOutput{}, nil
	default:
		return &kms.DescribeKeyOutput{KeyMetadata: &types.KeyMetadata{Arn: &arn}}, nil
	}
}

func TestResolver(t *testing.T) {
	resolve := kmsalias.Resolver(keys{alias: keyARN, "alias/empty": ""})
	got, err := resolve(t.Context(), alias)
	if got != keyARN || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	_, err = resolve(t.Context(), "alias/none")
	if _, ok := errors.AsType[*types.NotFoundException](err); !ok {
		t.Errorf("no such alias: %v", err)
	}
	assert.ErrorContains(t, err, "alias/none")
	_, err = resolve(t.Context(), "alias/empty")
	assert.ErrorContains(t, err, "alias/empty", "returned no key")
}

// TestEnsureStartedComparesAlias starts nothing: the stream is started with a key, and the alias
// names this key or another.
func TestEnsureStartedComparesAlias(t *testing.T) {
	for _, test := range []struct {
		why     string
		resolve func(context.Context, string) (string, error)
		want    error
		note    string // of what the output says about the key
	}{
		{why: "the alias names the key", resolve: kmsalias.Resolver(keys{alias: keyARN})},
		{why: "the alias names another key", resolve: kmsalias.Resolver(keys{alias: otherARN}), want: statemachine.Drifted},
		{why: "no resolver", note: "alias/audit is an alias: set Options.ResolveKey to compare it"},
		{why: "there is no such alias", resolve: kmsalias.Resolver(keys{}), note: "resolving alias/audit: NotFoundException: "},
		{why: "the resolver returns an alias", resolve: func(context.Context, string) (string, error) { return alias, nil }, note: "resolving alias/audit: got \"alias/audit\", which is no key ID or key ARN"},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted, KmsKeyId: keyID})
			other := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted, KmsKeyId: keyID})
			c := activitystream.NewFromConfig(s.Config(), func(o *activitystream.Options) { o.ResolveKey = test.resolve })
			in := func(arn string) *activitystream.StartInput {
				return &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: alias, ApplyImmediately: true}
			}
			check := func(out *activitystream.EnsureOutput, err error) {
				t.Helper()
				assert.Equal(t, "note", test.note, out.KeyNotCompared)
				if !errors.Is(err, test.want) {
					t.Errorf("error: %v, want %v", err, test.want)
				}
			}
			check(c.EnsureStarted(t.Context(), in(arn), time.Hour))
			for _, r := range c.EnsureStartedEach(t.Context(), []*activitystream.StartInput{in(arn), in(other)}, time.Hour) {
				check(r.Value, r.Err)
			}
		})
	}
}
