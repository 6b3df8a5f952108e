package ingestion_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// validation returns valid and invalid values of EventDataStore.
func validation() []struct{ text, why, says string } {
	const head = "arn:aws:cloudtrail:us-east-1:123456789012:"
	return []struct{ text, why, says string }{ // says is a part of the error; empty for a valid value
		{text: storeARN, why: "an ARN"},
		{text: storeID, why: "the ID suffix of one"},
		{text: "EXAMPLE-ee54-4813-92d5-999aeEXAMPLE", why: "an ID of AWS's examples"},
		{text: head + "eventdatastore/EXAMPLE-f852-4e8f-8bd1-bcf6cEXAMPLE", why: "an ARN of AWS's examples"},
		{text: "arn:aws:cloudtrail:us-east-1:12345667890:eventdatastore/abc", why: "an account is any run of digits"},
		{text: "arn:aws-us-gov:cloudtrail:us-east-1:123456789012:eventdatastore/abc", why: "another partition"},
		{text: "abc", why: "3 characters"},
		{text: strings.Repeat("x", 256), why: "256 characters"},
		{text: "a.b_c/d-e:f", why: "every character that the pattern has"},
		{text: "", why: "empty", says: "is required"},
		{text: "ab", why: "2 characters", says: "must have 3 to 256 characters, got 2"},
		{text: strings.Repeat("x", 257), why: "257 characters", says: "got 257"},
		{text: strings.Repeat("é", 256), why: "256 characters, though twice as many bytes", says: `got 'é'`},
		{text: strings.Repeat("é", 2), why: "2 characters, though 4 bytes", says: "got 2"},
		{text: "abé", why: "a letter that is not ASCII", says: `got 'é'`},
		{text: "ab c", why: "a space", says: `got ' '`},
		{text: storeID + "\n", why: "a trailing newline never passes", says: `got '\n'`},
		{text: storeARN + "\n", why: "a trailing newline never passes", says: `got '\n'`},
		{text: "abc\x00", why: "a control character", says: `got`},
		{text: "ab\xff", why: "no UTF-8", says: "got"},
		{text: "abc*", why: "a wildcard", says: `got '*'`},
		{text: "arn:aws:rds:us-east-1:123456789012:eventdatastore/abc", why: "another service", says: `must be an ARN of cloudtrail, got one of "rds"`},
		{text: head + "trail/audit", why: "another resource", says: "must be the ARN of an event data store"},
		{text: head + "eventdatastore", why: "no ID", says: "must be the ARN of an event data store"},
		{text: head + "eventdatastore/", why: "an empty ID", says: "must be the ARN of an event data store"},
		{text: head + "eventdatastore/a/b", why: "more than an ID", says: "must be the ARN of an event data store"},
		{text: head + "eventdatastore/a:b", why: "more than an ID, with another separator", says: "must be the ARN of an event data store"},
		{text: head + "eventdatastore:abc", why: "another separator", says: "must be the ARN of an event data store"},
		{text: "arn:aws:cloudtrail:us-east-1::eventdatastore/abc", why: "no account", says: "must be an ARN with an account number"},
		{text: "arn:aws:cloudtrail:us-east-1:acct:eventdatastore/abc", why: "an account that is no number", says: "must be an ARN with an account number"},
		{text: "arn:aws:cloudtrail::123456789012:eventdatastore/abc", why: "no Region", says: "must be an ARN with a Region"},
		{text: "arn::cloudtrail:us-east-1:123456789012:eventdatastore/abc", why: "no partition", says: "must be an ARN with a partition"},
		{text: "arn:aws", why: "half an ARN", says: "must be an ARN"},
		{text: "ARN:aws:cloudtrail:us-east-1:123456789012:eventdatastore/abc", why: "what looks like an ARN is no ID", says: "must be an ARN"},
	}
}

func TestValidateChecksStore(t *testing.T) {
	for _, test := range validation() {
		for op, err := range map[statemachine.Operation]error{
			ingestion.StartEventDataStoreIngestion: (&ingestion.StartInput{EventDataStore: test.text}).Validate(),
			ingestion.StopEventDataStoreIngestion:  (&ingestion.StopInput{EventDataStore: test.text}).Validate(),
		} {
			if test.says == "" {
				if err != nil {
					t.Errorf("%q is rejected: %v: %s", test.text, err, test.why)
				}
				continue
			}
			if err == nil {
				t.Errorf("%q is accepted: %s", test.text, test.why)
				continue
			}
			assert.ErrorContains(t, err, test.says)
			assert.Equal(t, test.why, []string{"EventDataStore"}, assert.InputFields(err))
			assert.Equal(t, test.why, op, assert.ErrorAs[*statemachine.InputError](t, err).Operation)
		}
	}
}

// everyCall calls every method that takes a store.
func everyCall(t *testing.T, c *ingestion.Client, store string, maxWait time.Duration, optFns ...func(*ingestion.Options)) map[string]error {
	t.Helper()
	ctx := t.Context()
	errs := map[string]error{}
	_, errs["Start"] = c.Start(ctx, &ingestion.StartInput{EventDataStore: store}, optFns...)
	_, errs["Stop"] = c.Stop(ctx, &ingestion.StopInput{EventDataStore: store}, optFns...)
	_, errs["Get"] = c.Get(ctx, store, optFns...)
	_, errs["Wait"] = c.Wait(ctx, store, ingestion.StatusEnabled, maxWait, optFns...)
	_, errs["EnsureStarted"] = c.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: store}, maxWait, optFns...)
	_, errs["EnsureStopped"] = c.EnsureStopped(ctx, &ingestion.StopInput{EventDataStore: store}, maxWait, optFns...)
	for _, err := range c.Watch(ctx, store, optFns...) {
		errs["Watch"] = err
		break
	}
	return errs
}

func TestInvalidInputSendsNothing(t *testing.T) {
	s := newServer(ingestion.StatusEnabled)
	for _, store := range []string{"", "ab", "a b c", "arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/" + storeID} {
		for method, err := range everyCall(t, client(s), store, time.Minute) {
			assert.Equal(t, method+" of "+store, []string{"EventDataStore"}, assert.InputFields(err))
		}
	}
	_, err := client(s).Start(t.Context(), nil)
	assert.Equal(t, "a nil input", []string{"input"}, assert.InputFields(err))
	_, err = client(s).Stop(t.Context(), nil)
	assert.Equal(t, "a nil input", []string{"input"}, assert.InputFields(err))
	out, err := client(s).EnsureStarted(t.Context(), nil, 0)
	assert.Equal(t, "a nil input, and no time", []string{"input", "maxWait"}, assert.InputFields(err))
	assert.Equal(t, "output", &ingestion.EnsureOutput{}, out)
	_, err = client(s).EnsureStopped(t.Context(), nil, 0)
	assert.Equal(t, "a nil input, and no time", []string{"input", "maxWait"}, assert.InputFields(err))
	_, err = client(s, func(o *ingestion.Options) { o.Wait.Consecutive = -1 }).Wait(t.Context(), "x", "RUNNING", -1)
	assert.Equal(t, "everything at once", []string{"EventDataStore", "target", "maxWait", "Consecutive"}, assert.InputFields(err))
	assert.Equal(t, "sent", []string{}, calls(s, time.Now(), get, list, ingestion.StartEventDataStoreIngestion, ingestion.StopEventDataStoreIngestion))
}

func TestRegionOfARNIsChecked(t *testing.T) {
	other := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Region = "eu-west-1" })
	arn := other.AddEventDataStore(store{})
	c := client(newServer(ingestion.StatusEnabled))
	_, err := c.Get(t.Context(), arn)
	assert.ErrorContains(t, err, "must be in the client's Region us-east-1, got an ARN in eu-west-1")

	_, err = c.Get(t.Context(), arn, func(o *ingestion.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.Region, o.HTTPClient = "eu-west-1", other })
	})
	if err != nil {
		t.Errorf("Region of the call: %v", err)
	}
	if _, err := c.Get(t.Context(), storeARN); err != nil {
		t.Errorf("Region of the client: %v", err)
	}

	mock := struct{ ingestion.API }{cloudtrail.NewFromConfig(other.Config())} // has no Region
	if _, err := ingestion.New(mock).Get(t.Context(), arn); err != nil {
		t.Errorf("unknown Region: %v", err)
	}
}
