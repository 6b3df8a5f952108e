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

// guest is a server in this process, with limits that a test can wait for, and what a client without manners does to it.
type guest struct {
	*testing.T
	*server
	addr string
	log  *lockedBuffer
}

// serving serves until the test ends.
func serving(t *testing.T, change func(*limits)) *guest {
	t.Helper()
	l := defaultLimits()
	if change != nil {
		change(&l)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{T: t, log: new(lockedBuffer), addr: listener.Addr().String()}
	g.server = newServer(settings{transition: time.Millisecond}, l, slog.New(slog.NewTextHandler(g.log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return g
}

// dial opens a connection that the test's end closes.
func (g *guest) dial() net.Conn {
	g.Helper()
	c, err := new(net.Dialer).DialContext(g.Context(), "tcp", g.addr)
	if err != nil {
		g.Fatal(err)
	}
	g.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// send writes a request as it stands, and reads what is answered. A server that had enough of it may not read all.
func (g *guest) send(request string) (status int, body string) {
	g.Helper()
	c := g.dial()
	go func() { _, _ = io.WriteString(c, request) }()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// well checks that the server still answers as it should.
func (g *guest) well(after string) {
	g.Helper()
	form := "Action=DescribeDBClusters&Version=2014-10-31"
	status, body := g.send(post("/", "application/x-www-form-urlencoded", "", form))
	if status != http.StatusOK || !strings.Contains(body, "<DBClusterIdentifier>das-cluster</DBClusterIdentifier>") {
		g.Fatalf("after %s: %d %s", after, status, truncate(body))
	}
}

// post is a request; more are further headers.
func post(path, contentType, more, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s", path, contentType, len(body), more, body)
}

// lockedBuffer is a buffer that many may write to.
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
