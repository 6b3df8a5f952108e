//go:build unix

package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// program returns the directory of the built provider.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "provider")
	if err != nil {
		return "", err
	}
	programDir = dir
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "terraform-provider-streamwarden"), "../../cmd/terraform-provider-streamwarden")
	cmd.Stderr = os.Stderr
	return dir, cmd.Run()
})

// processes skips a test without TF_ACC. With it, it returns an OpenTofu that runs the provider as
// a process of its own.
func processes(t *testing.T, w *world) *tofu {
	t.Helper()
	tf := newTofu(t, w)
	dir, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cli := filepath.Join(tf.dir, "cli.tfrc")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", Address, dir)
	if err := os.WriteFile(cli, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tf.env = append(tf.env, "TF_CLI_CONFIG_FILE="+cli)
	return tf
}

// signalAfter applies, sends a signal once the n-th command was accepted, and returns the output.
// SIGKILL is sent to OpenTofu and the provider, and others to OpenTofu alone.
func (tf *tofu) signalAfter(n int, signal syscall.Signal) string {
	tf.t.Helper()
	cmd, out := tf.command("apply", "-no-color", "-input=false", "-auto-approve")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		tf.t.Fatal(err)
	}
	pid := cmd.Process.Pid
	deadline := time.Now().Add(3 * time.Minute)
	for len(tf.world.commands()) < n && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if signal == syscall.SIGKILL {
		pid = -pid // the process group
	}
	if err := syscall.Kill(pid, signal); err != nil {
		tf.t.Fatal(err)
	}
	if cmd.Wait() == nil {
		tf.t.Fatalf("the apply succeeded before the signal:\n%s", out)
	}
	return out.String()
}

func TestAccKilledDuringCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(4*time.Second, time.Second)
	tf := processes(t, w)
	tf.write(hcl(clusterARN, keyID, immediately))
	tf.signalAfter(1, syscall.SIGKILL)
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart)
}

func TestAccInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(8*time.Second, time.Second)
	tf := processes(t, w)
	tf.write(hcl(clusterARN, keyID, immediately))
	tf.says(tf.signalAfter(1, syscall.SIGINT), "Cannot start the activity stream of das-cluster", "Call again: nothing was lost.")
	tf.says(tf.plan(planChanges), "1 to add", "0 to destroy")
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStart)
}

func TestAccKilledBetweenStopAndStart(t *testing.T) {
	t.Parallel()
	w := newWorld(4*time.Second, time.Second)
	w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
	tf := processes(t, w)
	tf.write(hcl(clusterARN, keyID, immediately))
	tf.apply()
	tf.write(strings.Replace(hcl(clusterARN, keyID, immediately, restartAllowed), "async", "sync", 1))
	tf.signalAfter(1, syscall.SIGKILL)
	w.wantCommands(t, opStop)
	tf.apply()
	tf.plan(planEmpty)
	w.wantCommands(t, opStop, opStart)
}

// TestAccNoSecretsInLogs looks for the credentials in the most detailed log of OpenTofu and the
// provider.
func TestAccNoSecretsInLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(time.Second, time.Second)
	tf := processes(t, w)
	log := filepath.Join(tf.dir, "trace.log")
	tf.env = append(tf.env, "TF_LOG=TRACE", "TF_LOG_PATH="+log)
	tf.write(hcl(clusterARN, keyID, immediately))
	tf.apply()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{secretKey, sessionToken, "Signature="} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	for _, line := range []string{"command accepted", "state changed"} { // the log is that of the provider, too
		if !strings.Contains(string(text), line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}
