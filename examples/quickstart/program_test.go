package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/internal/ptytest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// program is a running quickstart.
type program struct {
	*testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	pipe   io.Reader
	out    strings.Builder // the part of the pipe that was read
	stderr bytes.Buffer
}

// start starts the program with no other environment than env.
func start(t *testing.T, name string, env []string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), ptytest.Timeout)
	t.Cleanup(cancel)
	p := &program{T: t, cmd: exec.CommandContext(ctx, name, args...)}
	p.cmd.Env = append([]string{"HOME=" + t.TempDir()}, env...)
	p.cmd.Stderr = &p.stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if p.pipe, err = p.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// until reads the output until it contains text, which may be in the middle of a line.
func (p *program) until(text string) {
	p.Helper()
	for b := make([]byte, 512); !strings.Contains(p.out.String(), text); {
		n, err := p.pipe.Read(b)
		p.out.Write(b[:n])
		if n == 0 && err != nil {
			_ = p.cmd.Wait()
			p.Fatalf("no %q in the output: %v\n%s\n%s", text, err, &p.out, &p.stderr)
		}
	}
}

// interrupt sends Ctrl-C.
func (p *program) interrupt() {
	p.Helper()
	if runtime.GOOS == "windows" {
		p.Skip("Windows cannot send Ctrl-C to another process")
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.Fatal(err)
	}
}

// end waits for the program, and checks the exit status and the parts of its output.
func (p *program) end(status int, out, stderr []string) {
	p.Helper()
	rest, err := io.ReadAll(p.pipe)
	p.out.Write(rest)
	if err = errors.Join(err, p.cmd.Wait()); p.cmd.ProcessState.ExitCode() != status {
		p.Errorf("exit status %d, want %d: %v", p.cmd.ProcessState.ExitCode(), status, err)
	}
	p.has("stdout", p.out.String(), out)
	p.has("stderr", p.stderr.String(), stderr)
}

// has checks that text contains the parts in order, and that it is empty without parts.
func (p *program) has(what, text string, parts []string) {
	p.Helper()
	if len(parts) == 0 && text != "" {
		p.Errorf("%s is not empty:\n%s", what, text)
	}
	rest := text
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			p.Errorf("%s does not contain %q in order:\n%s", what, part, text)
		}
		rest = after
	}
}

// account is a simulated AWS account on a loopback port.
type account struct {
	*activitystreamtest.Server
	cluster string
	env     []string
}

// newAccount returns an account with a cluster in a status.
func newAccount(t *testing.T, status activitystream.Status, optFns ...func(*activitystreamtest.Options)) *account {
	t.Helper()
	fast := func(o *activitystreamtest.Options) { o.Starting, o.Stopping = 0, 0 } // the next read shows the new state
	a := &account{Server: activitystreamtest.NewServer(append([]func(*activitystreamtest.Options){fast}, optFns...)...)}
	a.cluster = a.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: status})
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	a.env = []string{"AWS_ENDPOINT_URL=" + s.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"}
	return a
}

// live starts the program on the cluster of the account.
func (a *account) live(t *testing.T, name string, more ...string) *program {
	t.Helper()
	return start(t, name, a.env, append([]string{"-live", "-resource-arn", a.cluster, "-kms-key-id", "alias/audit"}, more...)...)
}

// ask starts the program on a terminal and returns once it asks for confirmation.
func (a *account) ask(t *testing.T, name string) *ptytest.Program {
	t.Helper()
	p := ptytest.Start(t, 80, a.env, name, "-live", "-resource-arn", a.cluster, "-kms-key-id", "alias/audit")
	p.Until(warning)
	p.Until(prompt)
	return p
}

// endsWith waits for a program, and checks its exit status and what it shows.
func endsWith(t *testing.T, p *ptytest.Program, status int, parts ...string) {
	t.Helper()
	got, raw := p.End()
	view := ptytest.Render(raw, 80)
	if got != status {
		t.Errorf("exit status %d, want %d:\n%s", got, status, &view)
	}
	rest := view.String()
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Errorf("no %q in:\n%s", part, &view)
		}
		rest = after
	}
	if strings.Contains(view.String(), context.Canceled.Error()) {
		t.Errorf("%q in:\n%s", context.Canceled, &view)
	}
}

// commands returns the commands that the account received.
func (a *account) commands() []string {
	var list []string
	for _, c := range a.Calls() {
		if strings.HasSuffix(string(c.Operation), "ActivityStream") {
			list = append(list, strings.TrimSpace(string(c.Operation)+" "+c.Code))
		}
	}
	return list
}

// Parts of the output.
const (
	warning      = "RESTARTS THE DATABASE"
	prompt       = "Continue? [y/N] "
	stillStarted = "The stream may still be started"
)

func TestProgram(t *testing.T) {
	t.Parallel()
	name := ptytest.Build(t, ".")
	one, both := []string{"StartActivityStream"}, []string{"StartActivityStream", "StopActivityStream"}

	t.Run("flags", func(t *testing.T) {
		t.Parallel()
		const cluster = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
		for _, tt := range []struct {
			args string
			want []string
		}{
			{"-nonsense", []string{"-nonsense"}},
			{"stray", []string{`unexpected argument: "stray"`}},
			{"-yes", []string{"-yes needs -live"}},
			{"-mode sync", []string{"-mode needs -live"}},
			{"-kms-key-id alias/audit", []string{"-kms-key-id needs -live"}},
			{"-resource-arn " + cluster, []string{"-resource-arn needs -live"}},
			{"-live=perhaps", []string{"perhaps"}},
			{"-live", []string{"-resource-arn is required", "-kms-key-id is required"}},
			{"-live -resource-arn das-cluster -kms-key-id alias/audit", []string{"-resource-arn must be an ARN"}},
			{"-live -resource-arn " + cluster + " -kms-key-id alias/aws/rds", []string{"-kms-key-id "}},
			{"-live -resource-arn " + cluster + " -kms-key-id alias/audit -mode both", []string{"-mode must be \"sync\" or \"async\""}},
		} {
			start(t, name, nil, strings.Fields(tt.args)...).end(2, nil, append(tt.want, "Run with -h for the flags.\n"))
		}
	})
	t.Run("help", func(t *testing.T) {
		t.Parallel()
		start(t, name, nil, "-h").end(0, []string{"Quickstart brings three resources", "needs no AWS account", "go run ./examples/quickstart", "-live", "RESTARTS the database"}, nil)
	})
	t.Run("simulated", func(t *testing.T) {
		t.Parallel()
		start(t, name, nil).end(0, []string{
			"no AWS account",
			"das-cluster  start accepted", "das-cluster  is starting, waiting for started", "starting → started",
			"StopActivityStream accepted", "started → stopping, waiting for stopped", "stopping → stopped", "das-cluster  done, EnsureStopped ran [StopActivityStream]",
			"my-orcl-db  start accepted", "locked → unlocking-policy, waiting for unlocked", "unlocking-policy → unlocked",
			"unlocked → locking-policy", "locking-policy → locked", "my-orcl-db  done",
			"STOPPED_INGESTION → STARTING_INGESTION", "audit  done",
			"profile-events  done, ran [CreateEventStream DeleteEventStream]\n",
		}, nil)
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		t.Parallel()
		p := start(t, name, nil)
		p.until("das-cluster  is starting")
		p.interrupt()
		p.end(130, []string{"is starting"}, []string{"interrupted:"})
	})
	t.Run("-live without a terminal", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, activitystream.StatusStopped)
		a.live(t, name).end(2, nil, []string{"standard input is not a terminal: add -yes"})
		assert.Equal(t, "commands", nil, a.commands())
	})
	for what, input := range map[string]string{"no": "n\n", "an empty line": "\n", "the end of the input": "\x04"} {
		t.Run("the input is "+what, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, activitystream.StatusStopped)
			p := a.ask(t, name)
			p.Type(input)
			endsWith(t, p, 0, "nothing was changed")
			assert.Equal(t, "commands", nil, a.commands())
		})
	}
	t.Run("Ctrl-C at the prompt", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, activitystream.StatusStopped)
		p := a.ask(t, name)
		p.Type("\x03")
		endsWith(t, p, 130, "nothing was changed", "interrupted")
		assert.Equal(t, "commands", nil, a.commands())
	})
	t.Run("the input is yes, then Ctrl-C", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, activitystream.StatusStopped, func(o *activitystreamtest.Options) { o.Starting = time.Hour })
		p := a.ask(t, name)
		p.Type("y\n")
		p.Until("is starting")
		p.Until("next read in") // the heartbeat
		p.Type("\x03")
		endsWith(t, p, 130, "start accepted", "is starting", "interrupted:", stillStarted)
		assert.Equal(t, "commands", one, a.commands())
	})
	t.Run("-yes", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, activitystream.StatusStopped)
		a.live(t, name, "-yes").end(0, []string{warning, "start accepted", "is started", "stopped", "done, EnsureStopped ran [StopActivityStream]\n"}, nil)
		assert.Equal(t, "commands", both, a.commands())
		if got := a.Status(a.cluster); got != activitystream.StatusStopped {
			t.Errorf("stream is %s, want stopped", got)
		}
	})
	t.Run("the start is rejected", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, activitystream.StatusStopped)
		a.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "KMSKeyNotAccessibleFault"})
		p := a.live(t, name, "-yes")
		p.end(1, []string{warning}, []string{a.cluster, "key not accessible"})
		if strings.Contains(p.stderr.String(), stillStarted) {
			t.Errorf("unexpected %q: %s", stillStarted, &p.stderr)
		}
		assert.Equal(t, "commands", []string{"StartActivityStream KMSKeyNotAccessibleFault"}, a.commands())
	})
	t.Run("reads are denied after the start", func(t *testing.T) {
		t.Parallel()
		var started atomic.Bool
		a := newAccount(t, activitystream.StatusStopped, func(o *activitystreamtest.Options) {
			o.Intercept = func(c activitystreamtest.Call) *activitystreamtest.Failure {
				if c.Operation == activitystream.StartActivityStream {
					started.Store(true)
				} else if started.Load() {
					return &activitystreamtest.Failure{Code: "AccessDenied", Status: 403}
				}
				return nil
			}
		})
		a.live(t, name, "-yes").end(1, []string{warning, "start accepted"}, []string{"access denied", stillStarted})
		assert.Equal(t, "commands", one, a.commands())
	})
	t.Run("the stream is already started", func(t *testing.T) {
		t.Parallel()
		a := newAccount(t, activitystream.StatusStarted)
		a.live(t, name, "-yes").end(1, nil, []string{a.cluster + " is already started", "won't touch it"})
		assert.Equal(t, "commands", nil, a.commands())
	})
}
