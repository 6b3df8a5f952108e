package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// patience ends a test whose program hangs. Nothing else depends on it.
const patience = time.Minute

// build builds the program as a user would have it.
func build(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "simulator.exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", name, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name
}

// program is the simulator while it runs.
type program struct {
	*testing.T
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	url    string
}

// start starts the program, and returns when it says where it listens.
func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	p := &program{T: t, cmd: exec.CommandContext(ctx, name, args...), stderr: new(bytes.Buffer)}
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("no first line: %v\n%s", err, p.stderr)
	}
	if !regexp.MustCompile(`\Alistening on http://127\.0\.0\.1:[1-9][0-9]*\n\z`).MatchString(line) {
		t.Errorf("the first line is %q", line)
	}
	p.url = strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	return p
}

// secrets are what must be in no line of the log.
var secrets = []string{"AKIDOFTHETEST", "secretofthetest", "Signature", "AWS4-HMAC"}

// config returns the configuration of an SDK client of the program.
func (p *program) config() aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &p.url,
		Credentials: credentials.NewStaticCredentialsProvider(secrets[0], secrets[1], ""),
	}
}

// end ends the program by a signal, and returns what it logged.
func (p *program) end() string {
	p.Helper()
	if runtime.GOOS == "windows" {
		p.Skip("there is no SIGTERM there")
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.Errorf("after SIGTERM: %v\n%s", err, p.stderr)
	}
	return p.stderr.String()
}

func TestProgram(t *testing.T) {
	name := build(t)
	t.Run("operations", func(t *testing.T) {
		p := start(t, name, "-addr", "127.0.0.1:0", "-transition", "30ms", "-heartbeat", "20ms")
		p.rds()
		p.records()
		p.cloudTrail()
		p.customerProfiles()
		log := p.end()
		for _, operation := range []string{
			"StartActivityStream", "StopActivityStream", "ModifyActivityStream", "DescribeDBClusters", "DescribeDBInstances",
			"DescribeOrderableDBInstanceOptions", "StartEventDataStoreIngestion", "StopEventDataStoreIngestion", "CreateEventDataStore",
			"UpdateEventDataStore", "DeleteEventDataStore", "RestoreEventDataStore", "GetEventDataStore", "ListEventDataStores", "ListTags", "DescribeEvents",
			"CreateEventStream", "GetEventStream", "ListEventStreams", "DeleteEventStream",
			"ListShards", "GetShardIterator", "GetRecords", "Decrypt",
		} {
			if !strings.Contains(log, " operation="+operation+" ") {
				t.Errorf("the log lacks %s", operation)
			}
		}
		line := regexp.MustCompile(`(?m)^time=\S+ level=INFO msg=call service=rds operation=StartActivityStream ` +
			`resource=arn:aws:rds:us-east-1:123456789012:cluster:das-cluster status=200 code="" duration=\S+$`)
		if !line.MatchString(log) {
			t.Errorf("the log lacks a line like %s:\n%s", line, log)
		}
		for _, secret := range secrets {
			if strings.Contains(log, secret) {
				t.Errorf("the log has %q in it", secret)
			}
		}
	})
	t.Run("throttle", func(t *testing.T) {
		p := start(t, name, "-addr", "localhost:0", "-throttle", "-latency", "1ms")
		p.throttled()
		p.end()
	})
	t.Run("flags", func(t *testing.T) {
		for _, args := range []string{
			"-nonsense", "stray", "-transition=-1s", "-transition=soon", "-maintenance-window=-1h", "-latency=-1s", "-latency=2m",
			"-addr=127.0.0.1", "-addr=127.0.0.1:nonsense", "-addr=127.0.0.1:65536", "-addr=127.0.0.1:",
			"-addr=0.0.0.0:0", "-addr=[::]:0", "-addr=192.0.2.1:0", "-addr=[2001:db8::1]:0",
		} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			out, err := exec.CommandContext(ctx, name, args).Output()
			cancel()
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != 2 || len(exit.Stderr) == 0 || len(out) > 0 {
				t.Errorf("%s: %v, out %q", args, err, out)
			}
		}
	})
	t.Run("any port", func(t *testing.T) { // a loopback address, as start checks
		start(t, name, "-addr", ":0").end()
	})
	t.Run("taken", func(t *testing.T) {
		p := start(t, name, "-addr", "127.0.0.1:0")
		_, err := exec.CommandContext(t.Context(), name, "-addr", strings.TrimPrefix(p.url, "http://")).Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !strings.Contains(string(exit.Stderr), "use -addr :0") {
			t.Errorf("on a port that is taken: %v", err)
		}
		p.end()
	})
}
