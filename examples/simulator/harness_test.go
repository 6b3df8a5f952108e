package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// testServer is a server in this process, with limits short enough to wait for, and the requests
// of a hostile client.
type testServer struct {
	*testing.T
	*server
	addr string
	log  *lockedBuffer
}

// newTestServer starts a server that runs until the test ends.
func newTestServer(t *testing.T, change func(*server)) *testServer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{T: t, log: new(lockedBuffer), addr: listener.Addr().String()}
	s.server = newServer(settings{transition: time.Millisecond}, slog.New(slog.NewTextHandler(s.log, nil)))
	if change != nil {
		change(s.server)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

// dial opens a connection. The end of the test closes it.
func (s *testServer) dial() net.Conn {
	s.Helper()
	c, err := new(net.Dialer).DialContext(s.Context(), "tcp", s.addr)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// send writes a request unchanged and reads the response. The server may close the connection
// before it has read everything.
func (s *testServer) send(request string) (status int, body string) {
	s.Helper()
	c := s.dial()
	go func() { _, _ = io.WriteString(c, request) }()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// checkHealthy checks that the server still works.
func (s *testServer) checkHealthy(after string) {
	s.Helper()
	form := "Action=DescribeDBClusters&Version=2014-10-31"
	status, body := s.send(post("/", "application/x-www-form-urlencoded", "", form))
	if status != http.StatusOK || !strings.Contains(body, "<DBClusterIdentifier>das-cluster</DBClusterIdentifier>") {
		s.Fatalf("after %s: %d %s", after, status, truncate(body))
	}
}

// post returns a POST request. The argument more has additional headers.
func post(path, contentType, more, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s", path, contentType, len(body), more, body)
}

// lockedBuffer is a buffer for concurrent writers.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
