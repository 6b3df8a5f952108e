package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The exit statuses of tofu plan -detailed-exitcode.
const (
	planEmpty   = 0
	planError   = 1
	planChanges = 2
)

// TestMain turns off the logs of providers in this process, which no test reads.
func TestMain(m *testing.M) {
	for _, name := range []string{"TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_STREAMWARDEN"} {
		if err := os.Setenv(name, "OFF"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	status := m.Run()
	if programDir != "" {
		_ = os.RemoveAll(programDir)
	}
	os.Exit(status)
}

// programDir is the directory of the provider, once a test has built it.
var programDir string

// tofuPath returns the path of OpenTofu, which the module tools pins. The first call compiles it,
// unless it is in the build cache.
var tofuPath = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "tool", "-n", "tofu")
	cmd.Dir = filepath.Join("..", "..", "tools")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
})

// tofu runs OpenTofu in a directory of its own, against a world.
type tofu struct {
	t     *testing.T
	path  string
	dir   string
	world *world
	url   string   // of the world
	env   []string // in addition to that of the test

	providers map[string]reattach // that run in this process
}

// acceptance skips a test without TF_ACC. With it, it returns an OpenTofu whose provider runs in
// this process, so that its delays are short.
func acceptance(t *testing.T, w *world) *tofu {
	t.Helper()
	tf := newTofu(t, w)
	tf.serve(Address, &streamwarden{version: "test", hooks: hooks{wait: func(o *statemachine.WaitOptions) {
		o.MinDelay, o.MaxDelay, o.Grace = 20*time.Millisecond, 100*time.Millisecond, 300*time.Millisecond
	}}})
	return tf
}

// address is the socket of a provider.
type address struct{ Network, String string }

// reattach says where a provider is served.
type reattach struct {
	Protocol        string
	ProtocolVersion int
	Pid             int
	Test            bool
	Addr            address
}

// serve serves a provider in this process until the test ends.
func (tf *tofu) serve(name string, p provider.Provider) {
	tf.t.Helper()
	config := make(chan *plugin.ReattachConfig, 1)
	closed := make(chan struct{})
	ctx, stop := context.WithCancel(context.WithoutCancel(tf.t.Context()))
	go func() {
		err := tf6server.Serve(name, providerserver.NewProtocol6(p), tf6server.WithDebug(ctx, config, closed),
			tf6server.WithoutLogStderrOverride(), tf6server.WithGoPluginLogger(hclog.NewNullLogger()))
		if err != nil {
			tf.t.Error(err)
		}
	}()
	tf.t.Cleanup(func() { stop(); <-closed })
	r := <-config
	tf.providers[name] = reattach{string(r.Protocol), r.ProtocolVersion, r.Pid, true, address{r.Addr.Network(), r.Addr.String()}}
	served, err := json.Marshal(tf.providers)
	if err != nil {
		tf.t.Fatal(err)
	}
	tf.env = append(tf.env, "TF_REATTACH_PROVIDERS="+string(served))
}

// newTofu skips a test without TF_ACC. With it, it returns an OpenTofu without a provider.
func newTofu(t *testing.T, w *world) *tofu {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set")
	}
	path, err := tofuPath()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	return &tofu{t: t, path: path, dir: dir, world: w, url: server.URL, providers: map[string]reattach{}, env: []string{
		"TF_CLI_CONFIG_FILE=" + os.DevNull, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}}
}

// secrets of the configuration, which no log may have.
const (
	secretKey    = "SECRET+ACCESS+KEY/wJalrXUtnFEMI"
	sessionToken = "SESSION+TOKEN/IQoJb3JpZ2luX2Vj"
)

// write writes the configuration: that of the provider and the given resources.
func (tf *tofu) write(resources string) {
	tf.t.Helper()
	text := fmt.Sprintf(`terraform {
  required_providers {
    streamwarden = { source = %q }
  }
}

provider "streamwarden" {
  region     = "us-east-1"
  access_key = "AKIDEXAMPLE"
  secret_key = %q
  token      = %q
  endpoints {
    rds              = %q
    cloudtrail       = %q
    customerprofiles = %q
    kms              = %q
  }
}

`, Address, secretKey, sessionToken, tf.url, tf.url, tf.url, tf.url) + resources
	if err := os.WriteFile(filepath.Join(tf.dir, "main.tf"), []byte(text), 0o600); err != nil {
		tf.t.Fatal(err)
	}
}

// run runs a command of OpenTofu and returns its output and its exit status.
func (tf *tofu) run(args ...string) (output string, status int) {
	tf.t.Helper()
	cmd, out := tf.command(args...)
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), exit.ExitCode()
	} else if err != nil {
		tf.t.Fatal(err)
	}
	return out.String(), 0
}

// command returns a command of OpenTofu and its output.
func (tf *tofu) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(tf.t.Context(), tf.path, args...)
	cmd.Dir = tf.dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TF_") || strings.HasPrefix(v, "AWS_") }), tf.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// plan plans, reports a failure unless the exit status is as wanted, and returns the output.
func (tf *tofu) plan(want int, args ...string) string {
	tf.t.Helper()
	out, status := tf.run(append([]string{"plan", "-no-color", "-input=false", "-detailed-exitcode"}, args...)...)
	if status != want {
		tf.t.Fatalf("plan: exit status %d, want %d\n%s", status, want, out)
	}
	return out
}

// apply applies, and ends the test if that fails.
func (tf *tofu) apply(args ...string) string {
	tf.t.Helper()
	out, status := tf.run(append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, args...)...)
	if status != 0 {
		tf.t.Fatalf("apply: exit status %d\n%s", status, out)
	}
	return out
}

// failApply applies, and ends the test if that succeeds.
func (tf *tofu) failApply() string {
	tf.t.Helper()
	out, status := tf.run("apply", "-no-color", "-input=false", "-auto-approve")
	if status == 0 {
		tf.t.Fatalf("apply succeeded\n%s", out)
	}
	return out
}

// says reports a failure for each text that an output lacks. It ignores how lines are broken.
func (tf *tofu) says(output string, texts ...string) {
	tf.t.Helper()
	flat := strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " ")
	for _, text := range texts {
		if !strings.Contains(flat, text) {
			tf.t.Errorf("the output lacks %q:\n%s", text, output)
		}
	}
}
