//go:build server

package main

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

// scene is a server and workers, each a process of its own that can be killed. This process
// simulates the accounts.
type scene struct {
	t      *testing.T
	dir    string
	port   int
	url    string // of the simulated accounts
	client client.Client

	mu      sync.Mutex
	server  *exec.Cmd
	workers []*exec.Cmd
	kills   int // of workers
}

// newScene builds the programs, and starts a server and n workers.
func newScene(t *testing.T, world *simulated.World, n int) *scene {
	t.Helper()
	s := &scene{t: t, dir: t.TempDir()}
	for dir, name := range map[string]string{".": "server", "..": "worker"} {
		build := exec.Command("go", "build", "-tags", "server", "-o", filepath.Join(s.dir, name), ".")
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the %s: %v\n%s", name, err, out)
		}
	}
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	s.port = ports[0]
	accounts := httptest.NewServer(world.Handler())
	t.Cleanup(accounts.Close)
	s.url = accounts.URL
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range append(s.workers, s.server) {
			kill(c)
		}
	})
	s.startServer()
	s.dial()
	for range n {
		s.workers = append(s.workers, s.startWorker())
	}
	return s
}

// start starts a program whose errors go to the test's stderr.
func (s *scene) start(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.dir, name), args...)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		s.t.Errorf("start the %s: %v", name, err)
	}
	return c
}

// address returns the address of the server.
func (s *scene) address() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// startServer starts the server.
func (s *scene) startServer() {
	s.server = s.start("server", "-db", filepath.Join(s.dir, "temporal.db"), "-port", strconv.Itoa(s.port))
}

// startWorker starts a worker.
func (s *scene) startWorker() *exec.Cmd {
	return s.start("worker", "worker", "-address", s.address(), "-simulator", s.url)
}

// dial connects the test to the server as soon as it is ready.
func (s *scene) dial() {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(200 * time.Millisecond) { // of a real process
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		c, err := client.DialContext(ctx, client.Options{HostPort: s.address(), Logger: silent{}})
		if err == nil {
			_, err = c.WorkflowService().DescribeNamespace(ctx, describeDefault())
		}
		cancel()
		if err == nil {
			s.client = c
			s.t.Cleanup(c.Close)
			return
		}
		if c != nil {
			c.Close()
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("no server: %v", err)
		}
	}
}

// killWorker kills a worker with SIGKILL, or all of them if i is negative, and replaces them.
func (s *scene) killWorker(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, w := range s.workers {
		if i < 0 || n == i%len(s.workers) {
			kill(w)
			s.kills++
			s.workers[n] = s.startWorker()
		}
	}
}

// restartServer kills the server with SIGKILL, waits, and starts it with the same file.
func (s *scene) restartServer(gone time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kill(s.server)
	<-time.After(gone)
	s.startServer()
}

// kill kills a process and waits for its end.
func kill(c *exec.Cmd) {
	if c == nil || c.Process == nil {
		return
	}
	_ = c.Process.Kill()
	_ = c.Wait()
}
