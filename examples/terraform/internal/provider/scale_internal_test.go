package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// estate is how many streams the test of scale has.
const estate = 200

// estateOf returns a world with many clusters under the quota of RDS, and their ARNs.
func estateOf() (*world, []string) {
	w := newWorld(5*time.Second, time.Second)
	var arns []string
	for n := range estate {
		arns = append(arns, w.rds.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("cluster-%03d", n)}))
	}
	w.rds.Throttle(300, 12)
	return w, arns
}

// TestAccEstate applies 200 streams, and compares the time with that of EnsureStartedEach. It does
// not run in parallel with other tests, because it measures.
func TestAccEstate(t *testing.T) {
	w, arns := estateOf()
	tf := processes(t, w)
	tf.write(fmt.Sprintf(`locals {
  arns = ["%s"]
}

resource "streamwarden_activity_stream" "test" {
  for_each          = toset(local.arns)
  resource_arn      = each.value
  mode              = "async"
  kms_key_id        = %q
  apply_immediately = true
}
`, strings.Join(arns, `", "`), keyID))
	began := time.Now()
	tf.apply(fmt.Sprintf("-parallelism=%d", estate))
	took := time.Since(began)
	if starts := len(w.commands()); starts != estate {
		t.Errorf("%d accepted commands, want %d", starts, estate)
	}
	plans := make([]time.Duration, 3)
	for n := range plans {
		began := time.Now()
		tf.plan(planEmpty)
		plans[n] = time.Since(began)
	}
	throttled, calls := 0, map[string]int{}
	for _, c := range w.rds.Calls() {
		calls[string(c.Operation)]++
		if c.Code == "Throttling" {
			throttled++
		}
	}

	w2, arns := estateOf()
	other := newTofu(t, w2) // for its URL
	client := activitystream.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &other.url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	var ins []*activitystream.StartInput
	for _, arn := range arns {
		ins = append(ins, &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: keyID, ApplyImmediately: true})
	}
	began = time.Now()
	for _, r := range client.EnsureStartedEach(t.Context(), ins, time.Hour) {
		if r.Err != nil {
			t.Error(r.Err)
		}
	}
	each := time.Since(began)
	t.Logf("%d streams: apply %s, EnsureStartedEach %s, plans %s, %v, %d throttled", estate, took, each, plans, calls, throttled)
	if took > 2*each {
		t.Errorf("apply took %s, more than twice EnsureStartedEach: %s", took, each)
	}
}
