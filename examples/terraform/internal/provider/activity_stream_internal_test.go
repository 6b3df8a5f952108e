package provider

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

const (
	opStart  = "Start"
	opStop   = "Stop"
	opModify = "Modify"
)

// with returns a configuration with other attributes.
func with(cfg attrs, more attrs) attrs {
	cfg = maps.Clone(cfg)
	maps.Copy(cfg, more)
	return cfg
}

// clusterConfig returns the configuration of most tests.
func clusterConfig() attrs {
	return attrs{"resource_arn": clusterARN, "mode": "async", "kms_key_id": keyID, "apply_immediately": true}
}

func instanceConfig() attrs { return with(clusterConfig(), attrs{"resource_arn": instanceARN}) }

// inBubble runs a test in virtual time, with a world and a core for one activity stream.
func inBubble(t *testing.T, name string, test func(t *testing.T, w *world, c *core)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(2*time.Minute, 24*time.Hour)
			test(t, w, newCore(t, w, "streamwarden_activity_stream"))
		})
	})
}

func TestActivityStreamCreate(t *testing.T) {
	for name, cfg := range map[string]attrs{"cluster": clusterConfig(), "instance": instanceConfig()} {
		inBubble(t, name, func(t *testing.T, w *world, c *core) {
			plan := c.plan(cfg)
			database := map[string]string{"cluster": "das-cluster", "instance": "my-orcl-db"}[name]
			if want := []string{"resource_arn: Applying will restart " + database}; !slices.Equal(plan.warnings, want) {
				t.Errorf("warnings of the plan: %q, want %q", plan.warnings, want)
			}
			c.mustApply(cfg)
			w.wantCommands(t, opStart)
			for attribute, want := range map[string]string{
				"status": "started", "kms_key_id": keyID, "kms_key_id_in_use": keyID, "mode": "async", "engine_native_audit_fields_included": "false",
			} {
				if got := get(c.state, attribute); got != want {
					t.Errorf("%s is %q, want %q", attribute, got, want)
				}
			}
			if got := get(c.state, "kinesis_stream_arn"); !strings.HasPrefix(got, "arn:aws:kinesis:us-east-1:123456789012:stream/aws-rds-das-") {
				t.Errorf("kinesis_stream_arn is %q", got)
			}
			c.wantEmpty(cfg)
			w.wantCommands(t, opStart)
		})
	}
}

func TestActivityStreamStoppedFromOutside(t *testing.T) {
	inBubble(t, "stopped", func(t *testing.T, w *world, c *core) {
		cfg := clusterConfig()
		c.mustApply(cfg)
		w.setStream(clusterARN, activitystream.StatusStopped)
		plan := c.plan(cfg)
		want := []string{"kinesis_stream_arn", "kinesis_stream_name", "kms_key_id_in_use", "status"}
		if got := plan.changed(); plan.replace || !slices.Equal(got, want) {
			t.Errorf("the plan changes %q, replace %v, want %q in place", got, plan.replace, want)
		}
		if want := []string{"resource_arn: Applying will restart das-cluster"}; !slices.Equal(plan.warnings, want) {
			t.Errorf("warnings: %q", plan.warnings)
		}
		c.mustApply(cfg)
		w.wantCommands(t, opStart, opStart)
		c.wantEmpty(cfg)
	})
	inBubble(t, "deleted", func(t *testing.T, w *world, c *core) {
		c.mustApply(clusterConfig())
		w.rds.Remove(clusterARN)
		c.refresh()
		if !c.state.IsNull() {
			t.Errorf("the state of a database that is gone: %s", c.state)
		}
	})
}

func TestActivityStreamChangesInPlace(t *testing.T) {
	for name, test := range map[string]struct {
		before, change attrs
		attribute      string
	}{
		"key":    {clusterConfig(), attrs{"kms_key_id": otherKeyID}, "kms_key_id"},
		"alias":  {with(clusterConfig(), attrs{"kms_key_id": "alias/audit"}), attrs{"kms_key_id": "alias/other"}, "kms_key_id"},
		"mode":   {clusterConfig(), attrs{"mode": "sync"}, "mode"},
		"native": {instanceConfig(), attrs{"engine_native_audit_fields_included": true}, "engine_native_audit_fields_included"},
	} {
		inBubble(t, name, func(t *testing.T, w *world, c *core) {
			c.mustApply(test.before)
			cfg := with(test.before, test.change)
			plan := c.plan(cfg)
			if len(plan.errors) != 1 || !strings.HasPrefix(plan.errors[0], test.attribute+": Changing "+test.attribute+" restarts ") {
				t.Errorf("without allow_restart: %q", plan.errors)
			}
			cfg["allow_restart"] = true
			plan = c.plan(cfg)
			if plan.replace || len(plan.errors) > 0 || !slices.Contains(plan.changed(), test.attribute) {
				t.Errorf("with allow_restart: changes %q, replace %v, errors %q", plan.changed(), plan.replace, plan.errors)
			}
			if !strings.Contains(strings.Join(plan.warnings, "\n"), "Applying will restart ") {
				t.Errorf("warnings of the plan: %q", plan.warnings)
			}
			applied := c.mustApply(cfg)
			w.wantCommands(t, opStart, opStop, opStart)
			if !strings.Contains(strings.Join(applied.warnings, "\n"), "has a gap") || !strings.Contains(applied.details, "may not be recorded") {
				t.Errorf("warnings of the apply: %q", applied.warnings)
			}
			c.wantEmpty(cfg)
		})
	}
	inBubble(t, "from outside", func(t *testing.T, w *world, c *core) {
		c.mustApply(clusterConfig())
		w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, Mode: activitystream.ModeSync, KmsKeyId: keyID})
		plan := c.plan(clusterConfig())
		if len(plan.errors) != 1 || !strings.HasPrefix(plan.errors[0], "mode: ") {
			t.Errorf("another mode was not read back: %q", plan.errors)
		}
		cfg := with(clusterConfig(), attrs{"allow_restart": true})
		c.mustApply(cfg)
		w.wantCommands(t, opStart, opStop, opStart)
		c.wantEmpty(cfg)
	})
}

// TestActivityStreamKeyNames changes the name of the key and not the key.
func TestActivityStreamKeyNames(t *testing.T) {
	names := []string{keyID, keyARN, strings.ToUpper(keyID), "alias/audit", "alias/same", "arn:aws:kms:us-east-1:123456789012:alias/audit"}
	for _, from := range names {
		inBubble(t, from, func(t *testing.T, w *world, c *core) {
			c.mustApply(with(clusterConfig(), attrs{"kms_key_id": from}))
			for _, to := range names {
				c.wantEmpty(with(clusterConfig(), attrs{"kms_key_id": to}))
			}
			w.wantCommands(t, opStart)
		})
	}
}

// TestActivityStreamAliasWithoutPermission changes an alias that cannot be resolved.
func TestActivityStreamAliasWithoutPermission(t *testing.T) {
	inBubble(t, "another alias", func(t *testing.T, w *world, c *core) {
		w.denied = true
		cfg := with(clusterConfig(), attrs{"kms_key_id": "alias/audit"})
		c.mustApply(cfg)
		c.wantEmpty(cfg)
		cfg["kms_key_id"] = "alias/same"
		plan := c.plan(cfg)
		if len(plan.errors) != 1 || !strings.HasPrefix(plan.errors[0], "kms_key_id: ") || !strings.Contains(plan.details, "kms:DescribeKey") {
			t.Errorf("errors: %q\n%s", plan.errors, plan.details)
		}
		cfg["allow_restart"] = true
		applied := c.plan(cfg).apply(t.Context())
		if len(applied.errors) != 1 || !strings.HasPrefix(applied.errors[0], "kms_key_id: ") || !strings.Contains(applied.details, "the restart was not begun") {
			t.Errorf("errors: %q\n%s", applied.errors, applied.details)
		}
		w.denied = false
		c.mustApply(cfg) // it is the same key
		w.wantCommands(t, opStart)
		c.wantEmpty(cfg)
	})
}

func TestActivityStreamPolicy(t *testing.T) {
	inBubble(t, "unlocked and locked", func(t *testing.T, w *world, c *core) {
		cfg := with(instanceConfig(), attrs{"audit_policy_state": "unlocked"})
		c.mustApply(cfg)
		w.wantCommands(t, opStart, opModify)
		c.wantEmpty(cfg)
		w.rds.SetPolicy(instanceARN, activitystream.PolicyLocked)
		plan := c.plan(cfg)
		if got := plan.changed(); !slices.Equal(got, []string{"audit_policy_state"}) || len(plan.warnings) > 0 {
			t.Errorf("the plan changes %q, warnings %q", got, plan.warnings)
		}
		c.mustApply(cfg)
		w.wantCommands(t, opStart, opModify, opModify)
		delete(cfg, "audit_policy_state")
		c.wantEmpty(cfg)
	})
	inBubble(t, "of a cluster", func(t *testing.T, w *world, c *core) {
		plan := c.plan(with(clusterConfig(), attrs{"audit_policy_state": "locked"}))
		if want := []string{"audit_policy_state: Invalid activity stream"}; !slices.Equal(plan.errors, want) {
			t.Errorf("errors: %q, want %q", plan.errors, want)
		}
	})
}

func TestActivityStreamImport(t *testing.T) {
	for name, test := range map[string]struct {
		id, key string
	}{
		"key ID":         {clusterARN, keyID},
		"key ARN":        {clusterARN, keyARN},
		"alias":          {clusterARN, "alias/audit"},
		"upper-case ARN": {"arn:aws:rds:us-east-1:123456789012:cluster:DAS-Cluster", keyID},
	} {
		inBubble(t, name, func(t *testing.T, w *world, c *core) {
			w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
			if o := c.importState(test.id); len(o.errors) > 0 {
				t.Fatal(o.errors)
			}
			c.wantEmpty(attrs{"resource_arn": clusterARN, "mode": "async", "kms_key_id": test.key})
			// A flag that the import cannot know changes only the state.
			c.mustApply(attrs{"resource_arn": test.id, "mode": "async", "kms_key_id": test.key, "apply_immediately": true})
			w.wantCommands(t)
		})
	}
	inBubble(t, "stopped", func(t *testing.T, w *world, c *core) {
		if o := c.importState(clusterARN); len(o.errors) != 1 || !strings.Contains(o.details, "is stopped") {
			t.Errorf("errors: %q %s", o.errors, o.details)
		}
	})
}

func TestActivityStreamFailedCreateLeavesNoState(t *testing.T) {
	inBubble(t, "lapse", func(t *testing.T, w *world, c *core) {
		w.rds.Lapse(clusterARN)
		failed := c.plan(clusterConfig()).apply(t.Context())
		if len(failed.errors) != 1 || !c.state.IsNull() {
			t.Errorf("errors %q, state %s", failed.errors, c.state)
		}
		for _, want := range []string{"lapsed", "Seen:", "starting", "stopped", "call again"} {
			if !strings.Contains(failed.details, want) {
				t.Errorf("the error lacks %q:\n%s", want, failed.details)
			}
		}
		c.mustApply(clusterConfig())
		w.wantCommands(t, opStart, opStart)
		c.wantEmpty(clusterConfig())
	})
	inBubble(t, "key", func(t *testing.T, w *world, c *core) {
		w.rds.SetKeyAccessible(keyID, false)
		failed := c.plan(clusterConfig()).apply(t.Context())
		if len(failed.errors) != 1 || !strings.HasPrefix(failed.errors[0], "kms_key_id: ") || !c.state.IsNull() {
			t.Errorf("errors %q, state %s", failed.errors, c.state)
		}
		if !strings.Contains(failed.details, "KMSKeyNotAccessibleFault") || !strings.Contains(failed.details, "request ") {
			t.Errorf("the error lacks the code or the request: %s", failed.details)
		}
	})
	inBubble(t, "timeout", func(t *testing.T, w *world, c *core) {
		cfg := with(clusterConfig(), attrs{"timeouts": attrs{"create": "1m"}})
		failed := c.plan(cfg).apply(t.Context())
		if len(failed.errors) != 1 || !strings.Contains(failed.details, "timed out") || !c.state.IsNull() {
			t.Errorf("errors %q %s, state %s", failed.errors, failed.details, c.state)
		}
		c.mustApply(cfg) // joins the start
		w.wantCommands(t, opStart)
	})
	inBubble(t, "interrupted", func(t *testing.T, w *world, c *core) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		failed := c.plan(clusterConfig()).apply(ctx)
		if len(failed.errors) != 1 || !c.state.IsNull() {
			t.Errorf("errors %q, state %s", failed.errors, c.state)
		}
		c.mustApply(clusterConfig())
		w.wantCommands(t, opStart)
	})
}

func TestActivityStreamAdoption(t *testing.T) {
	inBubble(t, "identical", func(t *testing.T, w *world, c *core) {
		w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
		applied := c.mustApply(clusterConfig())
		if want := []string{"resource_arn: The activity stream of das-cluster was started already"}; !slices.Equal(applied.warnings, want) {
			t.Errorf("warnings: %q, want %q", applied.warnings, want)
		}
		w.wantCommands(t)
		c.wantEmpty(clusterConfig())
	})
	inBubble(t, "another mode", func(t *testing.T, w *world, c *core) {
		w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, Mode: activitystream.ModeSync, KmsKeyId: keyID})
		cfg := with(clusterConfig(), attrs{"allow_restart": true})
		if plan := c.plan(cfg); len(plan.errors) != 1 || !strings.HasPrefix(plan.errors[0], "mode: ") {
			t.Errorf("errors %q", plan.errors)
		}
		w.rds.Set(clusterARN, activitystream.StatusStopped)
		plan := c.plan(cfg)
		w.rds.Set(clusterARN, activitystream.StatusStarted) // with another mode, after the plan
		w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, Mode: activitystream.ModeSync, KmsKeyId: keyID})
		failed := plan.apply(t.Context())
		if len(failed.errors) != 1 || !strings.HasPrefix(failed.errors[0], "mode: ") || !c.state.IsNull() {
			t.Errorf("errors %q, state %s", failed.errors, c.state)
		}
		w.wantCommands(t)
	})
}

func TestActivityStreamMaintenanceWindow(t *testing.T) {
	inBubble(t, "create", func(t *testing.T, w *world, c *core) {
		cfg := clusterConfig()
		delete(cfg, "apply_immediately")
		began := time.Now()
		applied := c.mustApply(cfg)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("the create took %s", took)
		}
		if !strings.Contains(strings.Join(applied.warnings, "\n"), "waits for the maintenance window") {
			t.Errorf("warnings: %q", applied.warnings)
		}
		c.wantEmpty(cfg)
		c.mustApply(cfg)
		c.wantEmpty(cfg)
		time.Sleep(24*time.Hour + 3*time.Minute)
		c.refresh()
		if got := get(c.state, "status"); got != "started" {
			t.Errorf("status after the window: %s", got)
		}
		c.wantEmpty(cfg)
		w.wantCommands(t, opStart)
		w.setStream(clusterARN, activitystream.StatusStopped) // by another actor: not pending anymore
		if c.plan(cfg).empty() {
			t.Error("the plan of a stream that was stopped after the window is empty")
		}
	})
	inBubble(t, "a window that does not come", func(t *testing.T, w *world, c *core) {
		w.rds = activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MaintenanceWindow = 100 * 24 * time.Hour })
		w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		cfg := clusterConfig()
		delete(cfg, "apply_immediately")
		c.mustApply(cfg)
		time.Sleep(maxPending + time.Hour)
		if c.plan(cfg).empty() {
			t.Error("the plan is empty for longer than a window can take")
		}
	})
	inBubble(t, "destroy", func(t *testing.T, w *world, c *core) {
		cfg := clusterConfig()
		delete(cfg, "apply_immediately")
		w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
		c.importState(clusterARN)
		began := time.Now()
		applied := c.plan(nil).apply(t.Context())
		if len(applied.errors) > 0 || !c.state.IsNull() || time.Since(began) > time.Minute {
			t.Errorf("errors %q, state %s, took %s", applied.errors, c.state, time.Since(began))
		}
		w.wantCommands(t, opStop)
	})
}

func TestActivityStreamDestroy(t *testing.T) {
	inBubble(t, "started", func(t *testing.T, w *world, c *core) {
		c.mustApply(clusterConfig())
		plan := c.plan(nil)
		if want := []string{"Applying will restart das-cluster"}; !slices.Equal(plan.warnings, want) {
			t.Errorf("warnings: %q, want %q", plan.warnings, want)
		}
		if applied := plan.apply(t.Context()); len(applied.errors) > 0 || !c.state.IsNull() {
			t.Errorf("errors %q, state %s", applied.errors, c.state)
		}
		w.wantCommands(t, opStart, opStop)
	})
	inBubble(t, "gone", func(t *testing.T, w *world, c *core) {
		c.mustApply(clusterConfig())
		plan := c.plan(nil)
		w.rds.Remove(clusterARN)
		if applied := plan.apply(t.Context()); len(applied.errors) > 0 {
			t.Errorf("errors %q", applied.errors)
		}
	})
}

func TestActivityStreamInvalid(t *testing.T) {
	for name, test := range map[string]struct {
		change    attrs
		attribute string
	}{
		"ARN":                        {attrs{"resource_arn": "das-cluster"}, "resource_arn"},
		"mode":                       {attrs{"mode": "fast"}, "mode"},
		"key of AWS":                 {attrs{"kms_key_id": "alias/aws/rds"}, "kms_key_id"},
		"native fields of a cluster": {attrs{"engine_native_audit_fields_included": true}, "engine_native_audit_fields_included"},
		"a restart in two windows":   {attrs{"apply_immediately": false, "allow_restart": true}, "allow_restart"},
		"policy":                     {attrs{"resource_arn": instanceARN, "audit_policy_state": "open"}, "audit_policy_state"},
		"mode of the engine":         {attrs{"resource_arn": instanceARN, "mode": "sync"}, "mode"},
	} {
		inBubble(t, name, func(t *testing.T, w *world, c *core) {
			plan := c.plan(with(clusterConfig(), test.change))
			if len(plan.errors) != 1 || !strings.HasPrefix(plan.errors[0], test.attribute+": ") {
				t.Errorf("errors: %q, want one at %s", plan.errors, test.attribute)
			}
			w.wantCommands(t)
		})
	}
}

func TestActivityStreamPermissions(t *testing.T) {
	denied := activitystreamtest.Failure{Code: "AccessDenied", Status: 403, Message: "not authorized", Times: -1}
	inBubble(t, "preflight", func(t *testing.T, w *world, c *core) {
		w.rds.Fail("DescribeOrderableDBInstanceOptions", denied)
		plan := c.plan(clusterConfig())
		if len(plan.errors) > 0 || !strings.Contains(strings.Join(plan.warnings, "\n"), "Cannot check") ||
			!strings.Contains(plan.details, "rds:DescribeOrderableDBInstanceOptions") {
			t.Errorf("errors %q, warnings %q\n%s", plan.errors, plan.warnings, plan.details)
		}
		c.mustApply(clusterConfig())
		w.wantCommands(t, opStart)
	})
	inBubble(t, "describe", func(t *testing.T, w *world, c *core) {
		w.rds.Fail("DescribeDBClusters", denied)
		plan := c.plan(clusterConfig())
		if len(plan.errors) != 1 || !strings.Contains(plan.details, "rds:DescribeDBClusters") {
			t.Errorf("errors %q\n%s", plan.errors, plan.details)
		}
	})
}
