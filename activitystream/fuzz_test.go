package activitystream_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/corrupttest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// What the members may be, as AWS documents it, in patterns of their own. A partition and a Region
// are whatever may stand in an ARN, and so is the ID of a key in its ARN: the one in AWS's own
// example is no UUID.
var (
	anyRDS      = regexp.MustCompile(`\Aarn:[!-9;-~]+:rds:[!-9;-~]+:[0-9]+:(cluster|db):[0-9A-Za-z-]+\z`)
	instanceRDS = regexp.MustCompile(`\Aarn:[!-9;-~]+:rds:[!-9;-~]+:[0-9]+:db:[0-9A-Za-z-]+\z`)
	anyKey      = regexp.MustCompile(`\A(arn:[!-9;-~]+:kms:[!-9;-~]+:[0-9]+:(key/[0-9A-Za-z-]+|` + aliases + `)|` + keyIDs + `|` + aliases + `)\z`)
	awsAlias    = regexp.MustCompile(`\A(arn:[^:]*:kms:[^:]*:[^:]*:)?alias/aws/`)
	anyMode     = regexp.MustCompile(`\A(sync|async)\z`)
	anyPolicy   = regexp.MustCompile(`\A(locked|unlocked)?\z`)
)

const (
	keyIDs  = `([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|mrk-[0-9a-zA-Z]+)`
	aliases = `alias/[a-zA-Z0-9/_-]{1,250}`
)

// refuses fails the test unless err refuses just the fields that stand under true.
func refuses(t *testing.T, err error, wrong map[string]bool) {
	t.Helper()
	var want, got []string
	for field, is := range wrong {
		if is {
			want = append(want, field)
		}
	}
	if input, ok := errors.AsType[*statemachine.InputError](err); ok {
		for _, f := range input.Fields {
			got = append(got, f.Field)
		}
	} else if err != nil {
		t.Fatalf("no *InputError: %v", err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("refused are %v, want %v: %v", got, want, err)
	}
	if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("several lines: %q", err)
	}
}

func FuzzInput(f *testing.F) {
	f.Add(clusterARN, "sync", keyID, true, "locked")
	f.Add(instanceARN, "async", keyARN, true, "unlocked")
	f.Add("arn:aws:rds:us-east-1:12345667890:cluster:das-cluster", "", "alias/aws/rds", false, "")
	f.Add("arn:aws-cn:rds:cn-north-1:1:db:x\n", "SYNC", "arn:aws:kms:us-east-1:123456789012:alias/mine", false, "LOCKED")
	f.Add("arn:aws:rds:us-east-1:123456789012:snapshot:x", "sync\x00", "mrk-1234abcd12ab34cd56ef1234567890ab", true, "unlocked ")
	f.Add("0", "0", "arn:0:kms:0:0:key/0", true, "0")
	f.Add("arn:aws:rds::123456789012:cluster:é", "async", "arn:aws:s3:::alias/x", true, "unlocking-policy")
	f.Fuzz(func(t *testing.T, arn, mode, key string, native bool, policy string) {
		start := activitystream.StartInput{ResourceArn: arn, Mode: activitystream.Mode(mode), KmsKeyId: key, EngineNativeAuditFieldsIncluded: native}
		refuses(t, start.Validate(), map[string]bool{
			"ResourceArn": !anyRDS.MatchString(arn), "Mode": !anyMode.MatchString(mode), "KmsKeyId": !anyKey.MatchString(key) || awsAlias.MatchString(key),
			"EngineNativeAuditFieldsIncluded": native && anyRDS.MatchString(arn) && !instanceRDS.MatchString(arn),
		})
		stop := activitystream.StopInput{ResourceArn: arn}
		refuses(t, stop.Validate(), map[string]bool{"ResourceArn": !anyRDS.MatchString(arn)})
		modify := activitystream.ModifyInput{ResourceArn: arn, AuditPolicyState: activitystream.AuditPolicyState(policy)}
		refuses(t, modify.Validate(), map[string]bool{"ResourceArn": !instanceRDS.MatchString(arn), "AuditPolicyState": !anyPolicy.MatchString(policy)})
	})
}

// FuzzResponse corrupts a valid response. A read of it returns an error or the true values.
func FuzzResponse(f *testing.F) {
	goods := []string{
		wrap(describeClusters, started(describeClusters, clusterARN)),
		wrap(describeInstances, started(describeInstances, instanceARN)),
		corrupttest.JSON, corrupttest.CustomerProfilesResponse,
		"<ErrorResponse><Error><Code>DBClusterNotFoundFault</Code><Message>DBCluster das-cluster not found.</Message></Error></ErrorResponse>",
		"<StartActivityStreamResponse><StartActivityStreamResult><Status>starting</Status></StartActivityStreamResult></StartActivityStreamResponse>",
		"",
	}
	for which := range goods {
		f.Add(which, 0, uint16(1<<15), []byte{})
		f.Add(which, 0, uint16(100), []byte{})
		f.Add(which, 1, uint16(1<<15), []byte{0, 3, 1, 0, 90, 5})
	}
	f.Fuzz(func(t *testing.T, which, code int, cut uint16, flips []byte) {
		readAll(t, []int{200, 400, 404, 500, 503, 204, 302}[uint(code)%7], corrupttest.Corrupt(goods[uint(which)%uint(len(goods))], cut, flips))
	})
}

// TestResponseWithEveryFlip does what FuzzResponse does, for each flipped bit and each shorter
// length of a response.
func TestResponseWithEveryFlip(t *testing.T) {
	t.Parallel()
	corrupttest.EachCorruption(wrap(describeClusters, started(describeClusters, clusterARN)), func(body string) {
		got, err := activitystream.NewFromConfig(corrupttest.StaticResponse(200, "text/xml", body)).Get(t.Context(), clusterARN)
		truthful(t, clusterARN, got, err)
	})
}

// readAll runs every operation against one response.
func readAll(t *testing.T, status int, body string) {
	t.Helper()
	c := activitystream.NewFromConfig(corrupttest.StaticResponse(status, "text/xml", body))
	for _, arn := range []string{clusterARN, instanceARN} {
		got, err := c.Get(t.Context(), arn)
		truthful(t, arn, got, err)
		if err == nil && status != 200 && status != 204 {
			t.Errorf("status %d is taken for a success: %+v", status, got)
		}
		_, err = c.Start(t.Context(), start(arn))
		isClear(t, err)
		_, err = c.Stop(t.Context(), stop(arn))
		isClear(t, err)
	}
	for got, err := range c.List(t.Context()) {
		isClear(t, err)
		if err == nil && got == nil {
			t.Error("neither a stream nor an error")
		}
	}
}

// truthful fails the test unless a read is correct or returns an error with a kind.
func truthful(t *testing.T, arn string, got *stream, err error) {
	t.Helper()
	isClear(t, err)
	switch {
	case err != nil && got != nil:
		t.Errorf("an error, and %+v", got)
	case err != nil:
	case !strings.EqualFold(got.ResourceArn, arn):
		t.Errorf("read %s instead of %s", got.ResourceArn, arn)
	case got.Status != activitystream.StatusStarted && activitystream.Machine().Known(got.Status):
		t.Errorf("it is %s, not %s", activitystream.StatusStarted, got.Status)
	}
}

// isClear fails the test unless an error, if it is one, is a Fault on one line.
func isClear(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if fault, ok := errors.AsType[*statemachine.Fault](err); !ok || fault.Kind == "" {
		t.Errorf("no *Fault: %v", err)
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("several lines: %q", err)
	}
}
