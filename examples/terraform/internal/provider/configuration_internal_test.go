package provider

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// configure configures a provider of the world, and returns a core for an activity stream.
func configure(t *testing.T, w *world, cfg attrs) (*core, *outcome) {
	t.Helper()
	c := newCore(t, w, "streamwarden_activity_stream")
	typ := c.schema.Provider.ValueType()
	resp, err := c.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: c.dynamic(typ, object(typ, cfg, nil))})
	if err != nil {
		t.Fatal(err)
	}
	o := &outcome{c: c}
	o.diagnose(resp.Diagnostics)
	return c, o
}

// inCloud runs a test in virtual time, with a world and without the environment of this machine.
func inCloud(t *testing.T, name string, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Setenv("AWS_REGION", "")
		t.Setenv("AWS_CONFIG_FILE", "/dev/null")
		t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
		synctest.Test(t, func(t *testing.T) { test(t, newWorld(time.Minute, time.Hour)) })
	})
}

func TestProviderChoosesTheRegion(t *testing.T) {
	keys := attrs{"region": "us-east-1", "access_key": "AKIDEXAMPLE", "secret_key": "secret"}
	inCloud(t, "by the ARN", func(t *testing.T, w *world) {
		c, _ := configure(t, w, keys)
		c.plan(with(clusterConfig(), attrs{"resource_arn": strings.Replace(clusterARN, "us-east-1", "eu-west-1", 1)}))
		if hosts := w.hosts(); !slices.Contains(hosts, "rds.eu-west-1.amazonaws.com") || slices.Contains(hosts, "rds.us-east-1.amazonaws.com") {
			t.Errorf("hosts: %q", hosts)
		}
	})
	inCloud(t, "of the provider, for an ID", func(t *testing.T, w *world) {
		c, _ := configure(t, w, keys)
		c.typ = "streamwarden_event_data_store_ingestion"
		c.importState("4d2a1f0e-1111-4222-8333-123456789abc")
		c.refresh()
		if hosts := w.hosts(); !slices.Equal(hosts, []string{"cloudtrail.us-east-1.amazonaws.com"}) {
			t.Errorf("hosts: %q", hosts)
		}
	})
	inCloud(t, "none", func(t *testing.T, w *world) {
		c, _ := configure(t, w, attrs{"access_key": "AKIDEXAMPLE", "secret_key": "secret"})
		c.typ = "streamwarden_event_stream"
		if plan := c.plan(eventConfig()); len(plan.errors) > 0 {
			t.Errorf("the Region of the destination: %q", plan.errors)
		}
	})
	inCloud(t, "an endpoint", func(t *testing.T, w *world) {
		c, _ := configure(t, w, with(keys, attrs{"endpoints": attrs{"rds": "https://rds.example.com"}}))
		c.plan(clusterConfig())
		if hosts := w.hosts(); !slices.Equal(hosts, []string{"rds.example.com"}) {
			t.Errorf("hosts: %q", hosts)
		}
	})
}

func TestProviderAssumesRole(t *testing.T) {
	inCloud(t, "with the credentials", func(t *testing.T, w *world) {
		c, _ := configure(t, w, attrs{"region": "us-east-1", "access_key": "AKIDEXAMPLE", "secret_key": "secret", "assume_role": attrs{
			"role_arn": "arn:aws:iam::123456789012:role/audit", "session_name": "plan", "external_id": "x-1", "duration": "1h",
		}})
		c.mustApply(clusterConfig())
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.assumed) != 1 {
			t.Fatalf("%d calls of AssumeRole", len(w.assumed))
		}
		for name, want := range map[string]string{
			"RoleArn": "arn:aws:iam::123456789012:role/audit", "RoleSessionName": "plan", "ExternalId": "x-1", "DurationSeconds": "3600",
		} {
			if got := w.assumed[0].Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		for _, signer := range w.signers {
			if signer != "ASIAROLE" {
				t.Errorf("a request is signed by %q", signer)
			}
		}
	})
}

func TestProviderRejectsConfiguration(t *testing.T) {
	for name, cfg := range map[string]attrs{
		"access_key":          {"access_key": "AKIDEXAMPLE"},
		"requests_per_second": {"requests_per_second": -1.0},
		"assume_role":         {"assume_role": attrs{"role_arn": "arn:aws:iam::123456789012:role/audit", "duration": "soon"}},
		"endpoints":           {"endpoints": attrs{"kms": "localhost"}},
	} {
		inCloud(t, name, func(t *testing.T, w *world) {
			if _, o := configure(t, w, cfg); len(o.errors) != 1 || !strings.Contains(o.errors[0], name) {
				t.Errorf("errors: %q", o.errors)
			}
		})
	}
}
