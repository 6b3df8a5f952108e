package activitystream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestValidateResourceArn(t *testing.T) {
	for _, test := range []struct {
		arn  string
		ok   bool
		why  string
		says string
	}{
		{arn: "arn:aws:rds:us-east-1:12345667890:cluster:das-cluster", ok: true, why: "the reference's own example, whose account has eleven digits"},
		{arn: "arn:aws:rds:us-east-1:12345667890:db:my-orcl-db", ok: true, why: "the reference's own example"},
		{arn: "arn:aws-cn:rds:cn-north-1:123456789012:cluster:c", ok: true, why: "another partition"},
		{arn: "arn:aws-us-gov:rds:us-gov-west-1:123456789012:db:d", ok: true, why: "another partition"},
		{arn: "arn:aws-iso-b:rds:us-isob-east-1:123456789012:db:d", ok: true, why: "a partition that this library never heard of"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:DAS-Cluster-1", ok: true, why: "identifiers are not case-sensitive"},
		{arn: "arn:aws:rds:us-east-1:1:db:1", ok: true, why: "an account is any run of digits"},
		{arn: "arn:aws:rds:us-east-1:1:db:azAZ09-", ok: true, why: "the bounds of what an identifier can hold"},
		{arn: "arn:aws:rds:us-east-1:1:db:a.b", why: "a dot", says: "must contain only"},
		{arn: "arn:aws:rds:us-east-1:1:db:a,b", why: "a comma", says: "must contain only"},
		{arn: "", why: "empty", says: "is required"},
		{arn: "das-cluster", why: "an identifier, no ARN", says: "must be an ARN"},
		{arn: "arn:aws:rds:us-east-1:123456789012", why: "too few parts", says: "must be an ARN"},
		{arn: "arn:aws:rds", why: "cut off", says: "must be an ARN"},
		{arn: "arn:aws:dynamodb:us-east-1:123456789012:table/t", why: "another service", says: "must be an ARN of rds"},
		{arn: "arn:aws:RDS:us-east-1:123456789012:cluster:c", why: "the service is written small", says: "must be an ARN of rds"},
		{arn: "arn:aws:rds:us-east-1:123456789012:snapshot:x", why: "another sort", says: "must be the ARN of a cluster"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:x", why: "another sort that begins alike", says: "must be the ARN of a cluster"},
		{arn: "arn:aws:rds:us-east-1:123456789012:CLUSTER:x", why: "the sort is written small", says: "must be the ARN of a cluster"},
		{arn: "arn:aws:rds:us-east-1:123456789012:", why: "no resource", says: "must be an ARN with a resource"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster", why: "no identifier", says: "must be an ARN that ends with a name (…:cluster:name)"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:", why: "empty identifier", says: "must be an ARN that ends with a name (…:cluster:name)"},
		{arn: "arn:aws:rds:us-east-1:123456789012:db:", why: "empty identifier", says: "must be an ARN that ends with a name (…:db:name)"},
		{arn: "arn:aws:rds::123456789012:cluster:c", why: "empty Region", says: "must be an ARN with a Region"},
		{arn: "arn:aws:rds:us-east-1::cluster:c", why: "empty account", says: "must be an ARN with an account number"},
		{arn: "arn:aws:rds:us-east-1:my-account:cluster:c", why: "an account that is no number", says: "must be an ARN with an account number"},
		{arn: "arn::rds:us-east-1:123456789012:cluster:c", why: "empty partition", says: "must be an ARN with a partition"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:*", why: "a wildcard", says: "must contain only"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:a:b", why: "more after the identifier", says: "must contain only"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:a b", why: "a space", says: "must contain only printable ASCII characters"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:c\n", why: "a trailing newline, as from a shell", says: "must contain only printable ASCII characters"},
		{arn: " arn:aws:rds:us-east-1:123456789012:cluster:c", why: "a leading space", says: "must be an ARN"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:dàs", why: "not ASCII", says: "must contain only printable ASCII characters"},
		{arn: "arn:aws:rds:us-east-1:123456789012:cluster:\xff", why: "not even UTF-8", says: "must contain only printable ASCII characters"},
		{arn: "arn:aws:rds:us-east-1:١٢٣:cluster:c", why: "digits of another script", says: "must contain only printable ASCII characters"},
		{arn: "arn:aws:rds:us-east-1\x00:1:cluster:c", why: "a control character", says: "must contain only printable ASCII characters"},
	} {
		t.Run(test.why, func(t *testing.T) {
			in := start(test.arn)
			err := in.Validate()
			if test.ok {
				if err != nil {
					t.Errorf("%q: %v", test.arn, err)
				}
				return
			}
			assert.Equal(t, "fields", []string{"ResourceArn"}, assert.InputFields(err))
			assert.ErrorContains(t, err, "StartActivityStream", test.says)
			assert.ErrorOneLine(t, err)
			if statemachine.KindOf(err) != statemachine.InvalidInput {
				t.Errorf("kind %v", statemachine.KindOf(err))
			}
			assert.Equal(t, "fields of Stop", []string{"ResourceArn"}, assert.InputFields(stop(test.arn).Validate()))
			assert.Equal(t, "fields of Modify", []string{"ResourceArn"}, assert.InputFields((&activitystream.ModifyInput{ResourceArn: test.arn}).Validate()))
		})
	}
}

func TestMissingFieldsSayWhatToUse(t *testing.T) {
	err := (&activitystream.StartInput{ResourceArn: clusterARN, KmsKeyId: keyID}).Validate()
	assert.Equal(t, "text", `StartActivityStream: invalid input: Mode is required: use "sync" or "async"`, err.Error())
}

func TestValidateOtherMembers(t *testing.T) {
	for _, test := range []struct {
		why   string
		in    interface{ Validate() error }
		wrong []string
	}{
		{why: "all is well", in: start(clusterARN)},
		{why: "sync", in: &activitystream.StartInput{ResourceArn: clusterARN, Mode: activitystream.ModeSync, KmsKeyId: keyID}},
		{why: "no mode", in: &activitystream.StartInput{ResourceArn: clusterARN, KmsKeyId: keyID}, wrong: []string{"Mode"}},
		{why: "a mode that RDS has not", in: &activitystream.StartInput{ResourceArn: clusterARN, Mode: "Sync", KmsKeyId: keyID}, wrong: []string{"Mode"}},
		{
			why:   "native fields are for instances",
			in:    &activitystream.StartInput{ResourceArn: clusterARN, Mode: "async", KmsKeyId: keyID, EngineNativeAuditFieldsIncluded: true},
			wrong: []string{"EngineNativeAuditFieldsIncluded"},
		},
		{
			why: "native fields of an instance",
			in:  &activitystream.StartInput{ResourceArn: instanceARN, Mode: "async", KmsKeyId: keyID, EngineNativeAuditFieldsIncluded: true},
		},
		{
			why:   "every field is invalid, and the type of the resource is not known",
			in:    &activitystream.StartInput{EngineNativeAuditFieldsIncluded: true},
			wrong: []string{"ResourceArn", "Mode", "KmsKeyId"},
		},
		{
			why:   "everything is wrong",
			in:    &activitystream.StartInput{ResourceArn: clusterARN, Mode: "x", KmsKeyId: "x", EngineNativeAuditFieldsIncluded: true},
			wrong: []string{"Mode", "KmsKeyId", "EngineNativeAuditFieldsIncluded"},
		},
		{why: "no input", in: (*activitystream.StartInput)(nil), wrong: []string{"input"}},
		{why: "stop", in: stop(instanceARN)},
		{why: "nothing to stop", in: &activitystream.StopInput{}, wrong: []string{"ResourceArn"}},
		{why: "no stop", in: (*activitystream.StopInput)(nil), wrong: []string{"input"}},
		{why: "the service's default is locked", in: &activitystream.ModifyInput{ResourceArn: instanceARN}},
		{why: "locked", in: &activitystream.ModifyInput{ResourceArn: instanceARN, AuditPolicyState: activitystream.AuditPolicyLocked}},
		{why: "unlocked", in: &activitystream.ModifyInput{ResourceArn: instanceARN, AuditPolicyState: activitystream.AuditPolicyUnlocked}},
		{
			why:   "a status is no state to ask for",
			in:    &activitystream.ModifyInput{ResourceArn: instanceARN, AuditPolicyState: "locking-policy"},
			wrong: []string{"AuditPolicyState"},
		},
		{why: "a cluster has no policy", in: &activitystream.ModifyInput{ResourceArn: clusterARN}, wrong: []string{"ResourceArn"}},
		{
			why:   "all of a modification",
			in:    &activitystream.ModifyInput{ResourceArn: clusterARN, AuditPolicyState: "LOCKED"},
			wrong: []string{"ResourceArn", "AuditPolicyState"},
		},
		{why: "no modification", in: (*activitystream.ModifyInput)(nil), wrong: []string{"input"}},
	} {
		t.Run(test.why, func(t *testing.T) {
			err := test.in.Validate()
			if len(test.wrong) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			assert.Equal(t, "fields", test.wrong, assert.InputFields(err))
			assert.ErrorOneLine(t, err)
		})
	}
}

func TestValidateKmsKeyId(t *testing.T) {
	for _, test := range []struct {
		key  string
		ok   bool
		why  string
		says string
	}{
		{key: keyARN, ok: true, why: "a key ARN"},
		{key: "arn:aws:kms:us-east-1:1234567890123:key/a12c345d-6ef7-890g-h123-456i789jk0l1", ok: true, why: "the reference's own example, whose ID is none"},
		{key: keyID, ok: true, why: "a key ID"},
		{key: strings.ToUpper(keyID), ok: true, why: "a key ID in capitals"},
		{key: "mrk-1234abcd12ab34cd56ef1234567890ab", ok: true, why: "the ID of a multi-Region key"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab", ok: true, why: "the ARN of a multi-Region key"},
		{key: "arn:aws:kms:us-east-1:123456789012:alias/audit", ok: true, why: "an alias ARN"},
		{key: "arn:aws-cn:kms:cn-north-1:123456789012:key/" + keyID, ok: true, why: "another partition"},
		{key: "arn:aws:kms:eu-west-1:210987654321:key/" + keyID, ok: true, why: "another Region and account: KMS knows whether that can be"},
		{key: "alias/audit", ok: true, why: "an alias name"},
		{key: "alias/team/audit_1-x", ok: true, why: "all that an alias can hold"},
		{key: "alias/awsome", ok: true, why: "an alias that only begins like one of AWS's"},
		{key: "00000000-1111-2222-3333-999999999999", ok: true, why: "a key ID of digits alone"},
		{key: "aaaaaaaa-bbbb-cccc-dddd-ffffffffffff", ok: true, why: "a key ID of small letters alone"},
		{key: "AAAAAAAA-BBBB-CCCC-DDDD-FFFFFFFFFFFF", ok: true, why: "a key ID of capitals alone"},
		{key: "mrk-zZ9", ok: true, why: "the ID of a multi-Region key, of any letters and digits"},
		{key: "alias/a", ok: true, why: "the shortest alias"},
		{key: "alias/" + strings.Repeat("a", 250), ok: true, why: "the longest alias"},
		{key: "alias/azAZ09/_-", ok: true, why: "the bounds of what an alias can hold"},
		{key: "arn:aws:kms:us-east-1:123456789012:alias/azAZ09/_-", ok: true, why: "the bounds of what an alias can hold, by ARN"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/azAZ09-", ok: true, why: "the bounds of what a key's ID can hold, by ARN"},
		{key: "x" + keyID, why: "more before a key ID", says: "must be a key ARN"},
		{key: keyID + "0", why: "more after a key ID", says: "must be a key ARN"},
		{key: keyID[:8] + "-0000" + keyID[8:], why: "a group too many in a key ID", says: "must be a key ARN"},
		{key: strings.Replace(keyID, "-", "-0", 1), why: "a digit too many in a key ID's second group", says: "must be a key ARN"},
		{key: "gggggggg-bbbb-cccc-dddd-eeeeeeeeeeee", why: "letters that are no digits of a key ID", says: "must be a key ARN"},
		{key: "mrk-", why: "a multi-Region key without an ID", says: "must be a key ARN"},
		{key: "mrk-1_2", why: "a multi-Region key with another character", says: "must be a key ARN"},
		{key: "xalias/audit", why: "more before an alias", says: "must be a key ARN"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/_a", why: "another character at the beginning of a key's ID, by ARN", says: "must be a key ARN"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/a_", why: "another character at its end", says: "must be a key ARN"},
		{key: "", why: "empty", says: "is required"},
		{key: "alias/aws/rds", why: "a key that AWS manages", says: "must be a customer managed key"},
		{key: "arn:aws:kms:us-east-1:123456789012:alias/aws/rds", why: "a key that AWS manages, by ARN", says: "must be a customer managed key"},
		{key: "alias/", why: "an alias without a name", says: "must be a key ARN"},
		{key: "alias/a b", why: "a space", says: "must be a key ARN"},
		{key: "alias/audit\n", why: "a trailing newline", says: "must be a key ARN"},
		{key: keyID + "\n", why: "a trailing newline", says: "must be a key ARN"},
		{key: keyARN + "\n", why: "a trailing newline", says: "must contain only printable ASCII characters"},
		{key: "alias/" + strings.Repeat("a", 251), why: "an alias that is too long", says: "must be a key ARN"},
		{key: "my-key", why: "none of the four", says: "must be a key ARN"},
		{key: "key/" + keyID, why: "half an ARN", says: "must be a key ARN"},
		{key: keyID[1:], why: "a key ID that lacks a digit", says: "must be a key ARN"},
		{key: "arn:aws:s3:::bucket", why: "another service", says: "must be an ARN of kms"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/", why: "a key ARN without an ID", says: "must be a key ARN"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/", why: "a key ARN without an ID", says: "must be a key ARN"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/a b", why: "a key ARN with a space", says: "must contain only printable ASCII"},
		{key: "arn:aws:kms:us-east-1:123456789012:key/alias/audit", why: "a key ARN that is no alias ARN", says: "must be a key ARN"},
		{key: "arn:aws:kms:us-east-1:123456789012:" + keyID, why: "a key ARN without key/", says: "must be the ARN of a key"},
		{key: "arn:aws:kms", why: "cut off", says: "must be an ARN"},
	} {
		t.Run(test.why, func(t *testing.T) {
			err := (&activitystream.StartInput{ResourceArn: instanceARN, Mode: activitystream.ModeAsync, KmsKeyId: test.key}).Validate()
			if test.ok {
				if err != nil {
					t.Error(err)
				}
				return
			}
			assert.Equal(t, "fields", []string{"KmsKeyId"}, assert.InputFields(err))
			assert.ErrorContains(t, err, test.says)
			assert.ErrorOneLine(t, err)
		})
	}
}

// wrongCalls returns all methods that take a resource, with wrong input where they have an input of
// their own.
func wrongCalls(c *activitystream.Client, arn string, optFns ...func(*activitystream.Options)) map[string]func() error {
	ctx := background()
	return map[string]func() error{
		"Start": func() error { _, err := c.Start(ctx, start(arn), optFns...); return err },
		"Stop":  func() error { _, err := c.Stop(ctx, stop(arn), optFns...); return err },
		"Modify": func() error {
			_, err := c.Modify(ctx, &activitystream.ModifyInput{ResourceArn: arn}, optFns...)
			return err
		},
		"Get":       func() error { _, err := c.Get(ctx, arn, optFns...); return err },
		"Supported": func() error { _, err := c.Supported(ctx, arn, optFns...); return err },
		"Wait": func() error {
			_, err := c.Wait(ctx, arn, activitystream.StatusStarted, time.Minute, optFns...)
			return err
		},
		"WaitPolicy": func() error {
			_, err := c.WaitPolicy(ctx, arn, activitystream.PolicyLocked, time.Minute, optFns...)
			return err
		},
		"Watch": func() error {
			for s, err := range c.Watch(ctx, arn, optFns...) {
				if s != nil {
					return nil
				}
				return err
			}
			return nil
		},
		"EnsureStarted": func() error { _, err := c.EnsureStarted(ctx, start(arn), time.Minute, optFns...); return err },
		"EnsureStopped": func() error { _, err := c.EnsureStopped(ctx, stop(arn), time.Minute, optFns...); return err },
		"EnsurePolicy": func() error {
			_, err := c.EnsurePolicy(ctx, &activitystream.ModifyInput{ResourceArn: arn}, time.Minute, optFns...)
			return err
		},
		"GetEach": func() error {
			for _, r := range c.GetEach(ctx, []string{arn}, optFns...) {
				return r.Err
			}
			return nil
		},
		"WaitEach": func() error {
			for _, r := range c.WaitEach(ctx, []string{arn}, activitystream.StatusStarted, time.Minute, optFns...) {
				return r.Err
			}
			return nil
		},
		"WatchEach": func() error {
			for _, r := range c.WatchEach(ctx, []string{arn}, optFns...) {
				return r.Err
			}
			return nil
		},
		"EnsureStartedEach": func() error {
			for _, r := range c.EnsureStartedEach(ctx, []*activitystream.StartInput{start(arn)}, time.Minute, optFns...) {
				return r.Err
			}
			return nil
		},
		"EnsureStoppedEach": func() error {
			for _, r := range c.EnsureStoppedEach(ctx, []*activitystream.StopInput{stop(arn)}, time.Minute, optFns...) {
				return r.Err
			}
			return nil
		},
	}
}

func TestInvalidInputSendsNothing(t *testing.T) {
	const elsewhere = "arn:aws:rds:eu-west-1:123456789012:db:my-orcl-db"
	for _, test := range []struct {
		why  string
		arn  string
		opts []func(*activitystream.Options)
		says string
	}{
		{why: "no ARN", arn: "", says: "is required"},
		{why: "not an ARN", arn: "my-orcl-db", says: "must be an ARN"},
		{why: "the client's Region is another", arn: elsewhere, says: "must be in the client's Region us-east-1, got an ARN in eu-west-1"},
		{
			why: "the call's Region is another", arn: instanceARN, says: "must be in the client's Region eu-central-1, got an ARN in us-east-1",
			opts: []func(*activitystream.Options){func(o *activitystream.Options) {
				o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.Region = "eu-central-1" })
			}},
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			for name, call := range wrongCalls(client(s), test.arn, test.opts...) {
				err := call()
				if err == nil {
					t.Errorf("%s: no error", name)
					continue
				}
				assert.Equal(t, name, []string{"ResourceArn"}, assert.InputFields(err))
				assert.ErrorContains(t, err, test.says)
				assert.ErrorOneLine(t, err)
			}
			assert.Equal(t, "calls", 0, len(s.Calls()))
		})
	}
}

func TestRegionComesFromClientOptions(t *testing.T) {
	const frankfurt = "arn:aws:rds:eu-central-1:123456789012:cluster:c"
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Region = "eu-central-1" })
	s.AddCluster(activitystreamtest.Cluster{Identifier: "c"})
	cfg := s.Config()
	cfg.Region = "us-east-1"
	c := activitystream.NewFromConfig(cfg, func(o *activitystream.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.Region = "eu-central-1" })
	})
	if _, err := c.Get(background(), frankfurt); err != nil {
		t.Errorf("the Region that ClientOptions sets is the one that counts: %v", err)
	}
	if _, err := c.Get(background(), clusterARN); err == nil {
		t.Error("the configuration's Region was taken in place of the one that ClientOptions sets")
	}
}

// mute is an API that does not report its Region.
type mute struct{ activitystream.API }

func TestRegionIsNotCheckedForMock(t *testing.T) {
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Region = "ap-south-1" })
	arn := s.AddCluster(activitystreamtest.Cluster{})
	c := activitystream.New(mute{rds.NewFromConfig(s.Config())})
	if _, err := c.Get(background(), arn); err != nil {
		t.Error(err)
	}
}

func TestNilInputIsInputError(t *testing.T) {
	s := activitystreamtest.NewServer()
	c := client(s)
	ctx := background()
	for name, call := range map[string]func() error{
		"Start":         func() error { _, err := c.Start(ctx, nil); return err },
		"Stop":          func() error { _, err := c.Stop(ctx, nil); return err },
		"Modify":        func() error { _, err := c.Modify(ctx, nil); return err },
		"EnsureStarted": func() error { _, err := c.EnsureStarted(ctx, nil, time.Minute); return err },
		"EnsureStopped": func() error { _, err := c.EnsureStopped(ctx, nil, time.Minute); return err },
		"EnsurePolicy":  func() error { _, err := c.EnsurePolicy(ctx, nil, time.Minute); return err },
		"EnsureStartedEach": func() error {
			for _, r := range c.EnsureStartedEach(ctx, []*activitystream.StartInput{nil}, time.Minute) {
				return r.Err
			}
			return nil
		},
		"EnsureStoppedEach": func() error {
			for _, r := range c.EnsureStoppedEach(ctx, []*activitystream.StopInput{nil}, time.Minute) {
				return r.Err
			}
			return nil
		},
	} {
		err := call()
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		assert.Equal(t, name, []string{"input"}, assert.InputFields(err))
	}
	assert.Equal(t, "calls", 0, len(s.Calls()))
}

func TestInvalidArgumentsAreReportedTogether(t *testing.T) {
	s := activitystreamtest.NewServer()
	c := client(s)
	ctx := background()
	bad := func(o *activitystream.Options) {
		o.Wait.MinDelay, o.Wait.MaxDelay, o.Wait.ReadTimeout, o.Wait.Consecutive = -1, time.Second, -2, -3
		o.AllowRestart = true
	}
	waits := []string{"maxWait", "MinDelay", "ReadTimeout", "Consecutive"}
	for _, test := range []struct {
		name string
		call func() error
		want []string
	}{
		{"Wait", func() error { _, err := c.Wait(ctx, "x", "on", 0, bad); return err }, append([]string{"ResourceArn", "target"}, waits...)},
		{"WaitPolicy", func() error { _, err := c.WaitPolicy(ctx, clusterARN, "", -1, bad); return err }, append([]string{"ResourceArn", "target"}, waits...)},
		{
			"EnsureStarted", func() error { _, err := c.EnsureStarted(ctx, &activitystream.StartInput{}, 0, bad); return err },
			append([]string{"ResourceArn", "Mode", "KmsKeyId", "ApplyImmediately"}, waits...),
		},
		{"EnsureStopped", func() error { _, err := c.EnsureStopped(ctx, &activitystream.StopInput{}, 0, bad); return err }, append([]string{"ResourceArn"}, waits...)},
		{
			"EnsurePolicy", func() error {
				_, err := c.EnsurePolicy(ctx, &activitystream.ModifyInput{AuditPolicyState: "x"}, 0, bad)
				return err
			},
			append([]string{"ResourceArn", "AuditPolicyState"}, waits...),
		},
		{
			"WaitEach", func() error {
				for _, r := range c.WaitEach(ctx, []string{"x"}, "on", 0, bad) {
					return r.Err
				}
				return nil
			}, append([]string{"ResourceArn", "target"}, waits...),
		},
		{
			"EnsureStartedEach", func() error {
				for _, r := range c.EnsureStartedEach(ctx, []*activitystream.StartInput{{}}, 0, bad) {
					return r.Err
				}
				return nil
			}, append([]string{"ResourceArn", "Mode", "KmsKeyId", "ApplyImmediately"}, waits...),
		},
	} {
		err := test.call()
		if err == nil {
			t.Errorf("%s: no error", test.name)
			continue
		}
		assert.Equal(t, test.name, test.want, assert.InputFields(err))
		assert.ErrorOneLine(t, err)
	}
	assert.Equal(t, "calls", 0, len(s.Calls()))
}

func TestOptionsOutOfBoundsAreInputErrors(t *testing.T) {
	s := activitystreamtest.NewServer()
	s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
	c := client(s, func(o *activitystream.Options) { o.Wait.WatchDelay = -1 })
	for s, err := range c.Watch(background(), clusterARN) {
		assert.Equal(t, "Watch", []string{"WatchDelay"}, assert.InputFields(err))
		assert.Equal(t, "stream", nil, s)
	}
	for arn, r := range c.GetEach(background(), []string{clusterARN}, func(o *activitystream.Options) { o.Concurrency = -1 }) {
		assert.Equal(t, "GetEach", []string{"Concurrency", "WatchDelay"}, sorted(assert.InputFields(r.Err)))
		assert.Equal(t, "key", clusterARN, arn)
	}
	assert.Equal(t, "calls", 0, len(s.Calls()))
}

// TestWaitAdjustsDefaultOfOtherDelay sets only a MinDelay above the default MaxDelay, or only a
// MaxDelay below the default MinDelay. Both are valid.
func TestWaitAdjustsDefaultOfOtherDelay(t *testing.T) {
	for _, test := range []struct {
		why      string
		min, max time.Duration
		want     []time.Duration
	}{
		{why: "defaults", want: every(0, 5*time.Second, 10*time.Second)},
		{why: "a short MaxDelay", max: time.Second, want: every(0, time.Second, 10*time.Second)},
		{why: "a long MinDelay", min: 3 * time.Minute, want: []time.Duration{0, 10 * time.Second}},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			began := time.Now()
			c := client(s, func(o *activitystream.Options) { o.Wait.MinDelay, o.Wait.MaxDelay = test.min, test.max })
			_, err := c.Wait(background(), clusterARN, activitystream.StatusStarted, 10*time.Second)
			assert.Equal(t, "verdict", "timed out", assert.ErrorSummary(err))
			assert.Equal(t, "reads", test.want, reads(s, describeClusters, began))
		})
	}
}
