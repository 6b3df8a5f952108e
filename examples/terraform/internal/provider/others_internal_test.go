package provider

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

// storeConfig returns the configuration of most tests of ingestion.
func storeConfig() attrs { return attrs{"event_data_store": storeARN, "on_destroy": "stop"} }

// eventConfig returns the configuration of most tests of event streams.
func eventConfig() attrs {
	return attrs{"domain_name": "example-domain", "event_stream_name": "example-stream", "uri": kinesisARN}
}

// bubble runs a test in virtual time, with a world and a core for one resource of a type.
func bubble(t *testing.T, typ, name string, test func(t *testing.T, w *world, c *core)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(2*time.Minute, 24*time.Hour)
			test(t, w, newCore(t, w, typ))
		})
	})
}

func TestIngestion(t *testing.T) {
	const typ = "streamwarden_event_data_store_ingestion"
	bubble(t, typ, "stopped and started from outside", func(t *testing.T, w *world, c *core) {
		c.mustApply(storeConfig())
		c.wantEmpty(storeConfig())
		w.wantCommands(t)
		w.trail.Set(storeARN, ingestion.StatusStoppedIngestion)
		plan := c.plan(storeConfig())
		if got := plan.changed(); plan.replace || !slices.Equal(got, []string{"enabled", "status"}) {
			t.Errorf("the plan changes %q, replace %v", got, plan.replace)
		}
		c.mustApply(storeConfig())
		c.wantEmpty(storeConfig())
		w.wantCommands(t, opStart)
		off := with(storeConfig(), attrs{"enabled": false})
		c.mustApply(off)
		w.trail.Set(storeARN, ingestion.StatusEnabled)
		c.mustApply(off)
		c.wantEmpty(off)
		w.wantCommands(t, opStart, opStop, opStop)
	})
	for onDestroy, want := range map[string][]string{"keep": {opStop}, "start": {opStop, opStart}, "stop": {opStop}} {
		bubble(t, typ, "destroy: "+onDestroy, func(t *testing.T, w *world, c *core) {
			c.mustApply(with(storeConfig(), attrs{"enabled": false, "on_destroy": onDestroy}))
			if applied := c.plan(nil).apply(t.Context()); len(applied.errors) > 0 || !c.state.IsNull() {
				t.Errorf("errors %q", applied.errors)
			}
			w.wantCommands(t, want...)
		})
	}
	bubble(t, typ, "import", func(t *testing.T, w *world, c *core) {
		c.importState(storeARN)
		c.wantEmpty(attrs{"event_data_store": storeARN})
	})
	bubble(t, typ, "deleted", func(t *testing.T, w *world, c *core) {
		c.mustApply(storeConfig())
		w.trail.Set(storeARN, ingestion.StatusPendingDeletion)
		if c.refresh(); !c.state.IsNull() {
			t.Errorf("the state of a deleted store: %s", c.state)
		}
	})
	bubble(t, typ, "invalid", func(t *testing.T, w *world, c *core) {
		if plan := c.plan(with(storeConfig(), attrs{"on_destroy": "delete"})); !slices.Equal(plan.errors, []string{"on_destroy: Invalid on_destroy"}) {
			t.Errorf("errors: %q", plan.errors)
		}
	})
}

func TestEventStream(t *testing.T) {
	const typ = "streamwarden_event_stream"
	tagged := func(value string) attrs { return with(eventConfig(), attrs{"tags": map[string]string{"team": value}}) }
	bubble(t, typ, "tags change in place", func(t *testing.T, w *world, c *core) {
		c.mustApply(tagged("a"))
		c.wantEmpty(tagged("a"))
		plan := c.plan(tagged("b"))
		if got := plan.changed(); plan.replace || !slices.Equal(got, []string{"tags"}) {
			t.Errorf("the plan changes %q, replace %v", got, plan.replace)
		}
		c.mustApply(tagged("b"))
		c.wantEmpty(tagged("b"))
		c.mustApply(eventConfig())
		c.wantEmpty(eventConfig())
		w.wantCommands(t, "CreateEventStream", "TagResource", "UntagResource")
	})
	bubble(t, typ, "stopped", func(t *testing.T, w *world, c *core) {
		c.mustApply(eventConfig())
		w.profiles.Set(streamARN, eventstream.StateStopped)
		if plan := c.plan(eventConfig()); !plan.replace || !strings.Contains(strings.Join(plan.warnings, "\n"), "is stopped") {
			t.Errorf("replace %v, warnings %q", plan.replace, plan.warnings)
		}
	})
	bubble(t, typ, "unhealthy", func(t *testing.T, w *world, c *core) {
		c.mustApply(eventConfig())
		w.profiles.SetDestination(streamARN, eventstream.DestinationUnhealthy, "being throttled")
		c.refresh()
		for range 2 {
			plan := c.plan(eventConfig())
			if want := []string{"uri: The destination of example-domain/example-stream is unhealthy"}; !plan.empty() || !slices.Equal(plan.warnings, want) {
				t.Errorf("empty %v, warnings %q, want %q", plan.empty(), plan.warnings, want)
			}
		}
	})
	bubble(t, typ, "gone", func(t *testing.T, w *world, c *core) {
		c.mustApply(eventConfig())
		w.profiles.Remove(streamARN)
		if c.refresh(); !c.state.IsNull() {
			t.Errorf("the state of a stream that is gone: %s", c.state)
		}
	})
	bubble(t, typ, "import", func(t *testing.T, w *world, c *core) {
		c.mustApply(tagged("a"))
		c.importState("example-domain/example-stream")
		c.wantEmpty(tagged("a"))
		if o := c.importState("example-stream"); len(o.errors) != 1 {
			t.Errorf("errors: %q", o.errors)
		}
	})
	bubble(t, typ, "destroy", func(t *testing.T, w *world, c *core) {
		c.mustApply(eventConfig())
		c.plan(nil).apply(t.Context())
		w.wantCommands(t, "CreateEventStream", "DeleteEventStream")
	})
}
