package kmsalias_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

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
	_, err = kmsalias.Resolver(nil)(t.Context(), alias)
	assert.ErrorContains(t, err, alias, "the API must not be nil")
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

// TestHangingKMSDelaysManyOnce ensures three streams with an alias each. KMS does not respond.
func TestHangingKMSDelaysManyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := activitystreamtest.NewServer()
		c := activitystream.NewFromConfig(s.Config(), func(o *activitystream.Options) {
			o.ResolveKey = func(ctx context.Context, _ string) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}
		})
		var ins []*activitystream.StartInput
		for i := range 3 {
			ins = append(ins, &activitystream.StartInput{
				ResourceArn: s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted, KmsKeyId: keyID}),
				Mode:        activitystream.ModeAsync, KmsKeyId: fmt.Sprintf("alias/audit-%d", i), ApplyImmediately: true,
			})
		}
		began := time.Now()
		notes := map[string]string{}
		for _, r := range c.EnsureStartedEach(t.Context(), ins, time.Hour) {
			assert.Equal(t, "error", nil, r.Err)
			notes[ins[r.Index].KmsKeyId] = r.Value.KeyNotCompared
		}
		assert.Equal(t, "time", 30*time.Second, time.Since(began))
		assert.Equal(t, "notes", map[string]string{
			"alias/audit-0": "context deadline exceeded",
			"alias/audit-1": "alias/audit-1 was not resolved, because alias/audit-0 took 30s",
			"alias/audit-2": "alias/audit-2 was not resolved, because alias/audit-0 took 30s",
		}, notes)
	})
}

// describedKeys implements DescribeKey: its keys by what names them.
type describedKeys map[string]types.KeyMetadata

func (k describedKeys) DescribeKey(_ context.Context, in *kms.DescribeKeyInput, _ ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	key, ok := k[*in.KeyId]
	if !ok {
		return nil, &types.NotFoundException{Message: in.KeyId}
	}
	return &kms.DescribeKeyOutput{KeyMetadata: &key}, nil
}

func TestResolverReportsUnusableKeys(t *testing.T) {
	arn := keyARN
	for _, test := range []struct {
		why  string
		key  types.KeyMetadata
		says string // empty: the key can be used
	}{
		{"a mock without a state", types.KeyMetadata{}, ""},
		{"enabled", types.KeyMetadata{KeyState: types.KeyStateEnabled, KeyManager: types.KeyManagerTypeCustomer, KeySpec: types.KeySpecSymmetricDefault}, ""},
		{"a primary key that moves can be used", types.KeyMetadata{KeyState: types.KeyStateUpdating}, ""},
		{"disabled", types.KeyMetadata{KeyState: types.KeyStateDisabled}, "is in the state Disabled: it must be Enabled"},
		{"to be deleted", types.KeyMetadata{KeyState: types.KeyStatePendingDeletion}, "PendingDeletion"},
		{"without key material", types.KeyMetadata{KeyState: types.KeyStatePendingImport}, "PendingImport"},
		{"the key store is disconnected", types.KeyMetadata{KeyState: types.KeyStateUnavailable}, "Unavailable"},
		{"AWS's own", types.KeyMetadata{KeyManager: types.KeyManagerTypeAws}, "is managed by AWS"},
		{"for signatures", types.KeyMetadata{KeySpec: types.KeySpecRsa2048}, "symmetric"},
	} {
		test.key.Arn = &arn
		got, err := kmsalias.Resolver(describedKeys{keyID: test.key})(t.Context(), keyID)
		assert.Equal(t, test.why, keyARN, got)
		if test.says == "" {
			assert.Equal(t, test.why, nil, err)
			continue
		}
		assert.ErrorIs(t, err, statemachine.KeyNotAccessible)
		assert.ErrorContains(t, err, keyARN, test.says)
	}
}

// refusal returns an error response of KMS.
func refusal(code string) error {
	return &smithy.GenericAPIError{Code: code, Message: "a message of KMS"}
}

// TestRestartChecksKey checks that a restart whose key cannot be used is not begun: nothing is
// sent, and the error names the key.
func TestRestartChecksKey(t *testing.T) {
	const minute = time.Minute
	disabled := describedKeys{keyARN: {Arn: aws.String(keyARN), KeyState: types.KeyStateDisabled}}
	type resolver = func(context.Context, string) (string, error)
	with := func(keys describedKeys) func() resolver {
		return func() resolver { return kmsalias.Resolver(keys) }
	}
	fails := func(times int, err error) func() resolver {
		return func() resolver {
			n := 0
			return func(context.Context, string) (string, error) {
				if n++; n <= times {
					return "", err
				}
				return keyARN, nil
			}
		}
	}
	const always = 1 << 30
	for _, test := range []struct {
		why     string
		key     string // keyARN by default
		resolve func() resolver
		dryRun  bool
		force   bool
		want    error // nil: the restart is made
		says    string
		took    time.Duration // 1 minute to confirm the drift, 1 to stop, and 2 to start
	}{
		{why: "disabled", resolve: with(disabled), want: statemachine.KeyNotAccessible, says: "is in the state Disabled", took: minute},
		{why: "a dry run", resolve: with(disabled), dryRun: true, want: statemachine.KeyNotAccessible, says: "is in the state Disabled"},
		{why: "forced", resolve: with(disabled), force: true, want: statemachine.KeyNotAccessible, says: "is in the state Disabled", took: minute},
		{why: "no such key", resolve: with(describedKeys{}), want: statemachine.KeyNotAccessible, says: "NotFoundException", took: minute},
		{
			why: "no such alias", key: alias, resolve: with(describedKeys{}), force: true,
			want: statemachine.KeyNotAccessible, says: alias, took: minute,
		},
		{
			why: "an alias of a disabled key is compared", key: alias, want: statemachine.KeyNotAccessible, says: "PendingDeletion", took: minute,
			resolve: with(describedKeys{alias: {Arn: aws.String(keyARN), KeyState: types.KeyStatePendingDeletion}}),
		},
		{why: "the caller may not ask", resolve: fails(always, refusal("AccessDeniedException")), want: statemachine.KeyNotAccessible, says: "AccessDeniedException: the restart was not begun", took: minute},
		{why: "an error without a code, for an alias", key: alias, force: true, resolve: fails(always, errors.New("no key")), want: statemachine.KeyNotAccessible, says: "no key", took: minute},
		{why: "no credentials for KMS", resolve: fails(always, refusal("ExpiredTokenException")), want: statemachine.Unauthenticated, took: minute},
		{why: "throttled at first", resolve: fails(2, refusal("ThrottlingException")), took: 4*minute + 10*time.Second},
		{why: "unavailable at first", resolve: fails(1, &smithy.GenericAPIError{Code: "KMSInternalException", Fault: smithy.FaultServer}), took: 4*minute + 5*time.Second},
		{why: "throttled until the end", resolve: fails(always, refusal("ThrottlingException")), want: statemachine.Drifted, says: "; the last command failed: StartActivityStream", took: time.Hour},
		{why: "KMS hangs at first", took: 4*minute + 15*time.Second, resolve: func() resolver {
			n := 0
			return func(ctx context.Context, _ string) (string, error) {
				if n++; n == 1 {
					<-ctx.Done()
					return "", ctx.Err()
				}
				return keyARN, nil
			}
		}},
		{why: "an emulator without DescribeKey", resolve: fails(always, refusal("UnknownOperationException")), took: 4 * minute},
		{why: "a resolver that knows aliases only", resolve: func() resolver {
			return func(context.Context, string) (string, error) { return "", nil }
		}, took: 4 * minute},
		{why: "a resolver that fails for a key ID", resolve: fails(always, errors.New("not an alias")), took: 4 * minute},
		{why: "the key can be used", resolve: fails(0, nil), took: 4 * minute},
		{why: "no resolver", took: 4 * minute},
	} {
		for _, each := range []bool{false, true} {
			assert.RunSynctest(t, fmt.Sprintf("%s, each %v", test.why, each), func(t *testing.T) {
				s := activitystreamtest.NewServer()
				arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted, KmsKeyId: otherID})
				c := activitystream.NewFromConfig(s.Config(), func(o *activitystream.Options) {
					o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
					if test.resolve != nil {
						o.ResolveKey = test.resolve()
					}
					o.AllowRestart, o.DryRun, o.ForceRestart = true, test.dryRun, test.force
				})
				in := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: cmp.Or(test.key, keyARN), ApplyImmediately: true}
				began := time.Now()
				var out *activitystream.EnsureOutput
				var err error
				if each {
					for _, r := range c.EnsureStartedEach(t.Context(), []*activitystream.StartInput{in}, time.Hour) {
						out, err = r.Value, r.Err
					}
				} else {
					out, err = c.EnsureStarted(t.Context(), in, time.Hour)
				}
				assert.Equal(t, "time", test.took, time.Since(began))
				if test.want == nil {
					assert.Equal(t, "error", nil, err)
					assert.Equal(t, "operations", 2, len(out.Operations))
					return
				}
				assert.ErrorIs(t, err, test.want)
				assert.ErrorContains(t, err, test.says, in.KmsKeyId, "nothing was changed")
				assert.Equal(t, "operations", 0, len(out.Operations))
				assert.Equal(t, "status", activitystream.StatusStarted, s.Status(arn))
				for _, call := range s.Calls() {
					if call.Operation == activitystream.StopActivityStream || call.Operation == activitystream.StartActivityStream {
						t.Errorf("%s was sent", call.Operation)
					}
				}
			})
		}
	}
}
