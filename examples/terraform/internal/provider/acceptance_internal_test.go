package provider

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

// quick returns a world whose transitions take a moment.
func quick() *world { return newWorld(100*time.Millisecond, time.Second) }

// hcl returns the resource of an activity stream, with more arguments.
func hcl(arn, key string, more ...string) string {
	return fmt.Sprintf(`resource "streamwarden_activity_stream" "test" {
  resource_arn = %q
  mode         = "async"
  kms_key_id   = %q
  %s
}
`, arn, key, strings.Join(more, "\n  "))
}

const immediately, restartAllowed = "apply_immediately = true", "allow_restart = true"

func TestAccCreateAndDestroy(t *testing.T) {
	t.Parallel()
	w := quick()
	tf := acceptance(t, w)
	tf.write(hcl(clusterARN, keyARN, immediately))
	tf.says(tf.plan(planChanges), "Warning: Applying will restart das-cluster", "1 to add")
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart)

	w.setStream(clusterARN, activitystream.StatusStopped)
	tf.says(tf.plan(planChanges), "will be updated in-place", "1 to change", `"stopped"`, "Applying will restart das-cluster")
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart, opStart)

	out, status := tf.run("destroy", "-no-color", "-auto-approve")
	if status != 0 {
		t.Fatal(out)
	}
	tf.says(out, "Applying will restart das-cluster")
	w.wantCommands(t, opStart, opStart, opStop)
}

func TestAccModeChange(t *testing.T) {
	t.Parallel()
	w := quick()
	tf := acceptance(t, w)
	tf.write(hcl(clusterARN, keyID, immediately))
	tf.apply()
	changed := strings.Replace(hcl(clusterARN, keyID, immediately), "async", "sync", 1)
	tf.write(changed)
	tf.says(tf.plan(planError), "Changing mode restarts das-cluster", `mode = "sync"`, "Set allow_restart")
	w.wantCommands(t, opStart)
	tf.write(strings.Replace(hcl(clusterARN, keyID, immediately, restartAllowed), "async", "sync", 1))
	tf.says(tf.plan(planChanges), "will be updated in-place", "Applying will restart das-cluster")
	tf.says(tf.apply(), "Warning: The activity of das-cluster has a gap", "may not be recorded")
	w.wantCommands(t, opStart, opStop, opStart)
	tf.plan(planEmpty)
}

func TestAccInstancePolicy(t *testing.T) {
	t.Parallel()
	w := quick()
	tf := acceptance(t, w)
	tf.write(hcl(instanceARN, keyID, immediately, `audit_policy_state = "unlocked"`))
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart, opModify)
	w.rds.SetPolicy(instanceARN, activitystream.PolicyLocked)
	tf.says(tf.plan(planChanges), `"locked" -> "unlocked"`)
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart, opModify, opModify)
}

func TestAccImport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ id, key string }{
		"key ID":         {clusterARN, keyID},
		"key ARN":        {clusterARN, keyARN},
		"alias":          {clusterARN, "alias/audit"},
		"upper-case ARN": {"arn:aws:rds:us-east-1:123456789012:cluster:DAS-CLUSTER", keyID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := quick()
			w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
			tf := acceptance(t, w)
			tf.write(hcl(clusterARN, test.key))
			if out, status := tf.run("import", "-no-color", "streamwarden_activity_stream.test", test.id); status != 0 {
				t.Fatal(out)
			}
			tf.plan(planEmpty)
			w.wantCommands(t)
		})
	}
	t.Run("block", func(t *testing.T) {
		t.Parallel()
		w := quick()
		w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
		tf := acceptance(t, w)
		block := fmt.Sprintf("import {\n  to = streamwarden_activity_stream.test\n  id = %q\n}\n", clusterARN)
		tf.write(block + hcl(clusterARN, "alias/audit"))
		tf.says(tf.apply(), "1 imported, 0 added, 0 changed, 0 destroyed")
		tf.plan(planEmpty)
		w.wantCommands(t)
	})
	t.Run("generated configuration", func(t *testing.T) {
		t.Parallel()
		w := quick()
		w.rds.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: activitystream.StatusStarted, KmsKeyId: keyID})
		tf := acceptance(t, w)
		tf.write(fmt.Sprintf("import {\n  to = streamwarden_activity_stream.test\n  id = %q\n}\n", instanceARN))
		out, status := tf.run("plan", "-no-color", "-generate-config-out="+filepath.Join(tf.dir, "generated.tf"))
		if status != 0 {
			t.Fatal(out)
		}
		tf.says(tf.apply(), "1 imported, 0 added, 0 changed, 0 destroyed")
		tf.plan(planEmpty)
		w.wantCommands(t)
	})
}

func TestAccLapse(t *testing.T) {
	t.Parallel()
	w := quick()
	tf := acceptance(t, w)
	tf.write(hcl(clusterARN, keyID, immediately))
	w.rds.Lapse(clusterARN)
	tf.says(tf.failApply(), "Cannot start the activity stream of das-cluster", "lapsed", "Seen:", "then call again")
	tf.says(tf.plan(planChanges), "1 to add", "0 to destroy")
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart, opStart)
}

func TestAccTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(3*time.Second, time.Second)
	tf := acceptance(t, w)
	tf.write(hcl(clusterARN, keyID, immediately, "timeouts {\n create = \"1s\"\n }"))
	tf.says(tf.failApply(), "timed out")
	w.waitStarted(t)
	tf.says(tf.apply(), "was started already")
	tf.plan(planEmpty)
	w.wantCommands(t, opStart)
}

func TestAccMaintenanceWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(100*time.Millisecond, time.Hour)
	tf := acceptance(t, w)
	tf.write(hcl(clusterARN, keyID))
	tf.says(tf.plan(planChanges), "in its next maintenance window")
	tf.says(tf.apply(), "waits for the maintenance window")
	tf.plan(planEmpty)
	tf.apply()
	w.rds.OpenMaintenanceWindow(clusterARN)
	w.waitStarted(t)
	tf.plan(planEmpty)
	tf.apply()
	w.wantCommands(t, opStart)
}

func TestAccAdoption(t *testing.T) {
	t.Parallel()
	w := quick()
	w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
	tf := acceptance(t, w)
	tf.write(hcl(clusterARN, keyID, immediately))
	tf.says(tf.apply(), "Warning: The activity stream of das-cluster was started already")
	tf.plan(planEmpty)
	w.wantCommands(t)
}

func TestAccIngestion(t *testing.T) {
	t.Parallel()
	w := quick()
	tf := acceptance(t, w)
	tf.write(fmt.Sprintf("resource \"streamwarden_event_data_store_ingestion\" \"test\" {\n  event_data_store = %q\n  on_destroy = \"stop\"\n}\n", storeARN))
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t)
	w.trail.Set(storeARN, ingestion.StatusStoppedIngestion)
	tf.says(tf.plan(planChanges), "enabled = false -> true", "1 to change")
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart)
	if out, status := tf.run("destroy", "-no-color", "-auto-approve"); status != 0 {
		t.Fatal(out)
	}
	w.wantCommands(t, opStart, opStop)
}

func TestAccEventStream(t *testing.T) {
	t.Parallel()
	w := quick()
	tf := acceptance(t, w)
	resource := `resource "streamwarden_event_stream" "test" {
  domain_name       = "example-domain"
  event_stream_name = "example-stream"
  uri               = "` + kinesisARN + `"
  wait_healthy      = true
  tags              = { team = "audit" }
}
`
	tf.write(resource)
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, "CreateEventStream")

	w.profiles.SetDestination(streamARN, eventstream.DestinationUnhealthy, "The Kinesis Data Stream is being throttled.")
	tf.plan(planChanges, "-refresh-only")
	tf.apply("-refresh-only")
	tf.says(tf.plan(planEmpty), "Warning: The destination of example-domain/example-stream is unhealthy", "being throttled")
	w.profiles.SetDestination(streamARN, eventstream.DestinationHealthy, "")

	tf.write(strings.Replace(resource, "audit", "security", 1))
	tf.says(tf.plan(planChanges), `"audit" -> "security"`, "1 to change")
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, "CreateEventStream", "TagResource")

	w.profiles.Set(streamARN, eventstream.StateStopped)
	tf.says(tf.plan(planChanges), "must be replaced", "is stopped")
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, "CreateEventStream", "TagResource", "DeleteEventStream", "CreateEventStream")

	w.profiles.Remove(streamARN)
	tf.says(tf.plan(planChanges), "1 to add")
}

func TestAccData(t *testing.T) {
	t.Parallel()
	w := quick()
	tf := acceptance(t, w)
	tf.write(fmt.Sprintf("data \"streamwarden_activity_stream\" \"test\" {\n  resource_arn = %q\n}\n", clusterARN) + `
output "text" {
  value = join(" ", concat([data.streamwarden_activity_stream.test.status, data.streamwarden_activity_stream.test.database_status],
    data.streamwarden_activity_stream.test.supported_modes, data.streamwarden_activity_stream.test.members[*].instance_arn))
}
`)
	tf.says(tf.apply(), "stopped available", "async", "sync", "db:das-cluster-instance-1")
	w.wantCommands(t)
}
