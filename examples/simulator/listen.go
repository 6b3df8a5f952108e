package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// listen listens on an address, which has to be one that only this machine reaches, unless remote.
func listen(ctx context.Context, addr string, remote bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &cli.UsageError{Message: "-addr: " + err.Error()}
	}
	if _, err := net.DefaultResolver.LookupPort(ctx, "tcp", port); err != nil || port == "" {
		return nil, &cli.UsageError{Message: fmt.Sprintf("-addr: %q is no port", port)}
	}
	if !remote {
		if host, err = loopback(ctx, host); err != nil {
			return nil, &cli.UsageError{Message: "-addr: " + err.Error()}
		}
	}
	var c net.ListenConfig
	return c.Listen(ctx, "tcp", net.JoinHostPort(host, port))
}

// loopback is the address of a host by which only this machine reaches it. No name is trusted for what it says: what it stands for counts.
func loopback(ctx context.Context, host string) (string, error) {
	if host == "" {
		return "", fmt.Errorf("no host means every address of this machine: 127.0.0.1 is only for itself, and -allow-remote takes all")
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", err
	}
	found := ""
	for _, a := range addrs {
		a = a.Unmap()
		if !a.IsLoopback() {
			return "", fmt.Errorf("others reach %s (%s), too: 127.0.0.1 is only for this machine, and -allow-remote takes all", host, a)
		}
		if found == "" || a.Is4() {
			found = a.String()
		}
	}
	return found, nil
}

// limitListener is a listener with so many connections at once. The next ones wait, as they do for a busy server.
type limitListener struct {
	net.Listener

	free  chan struct{}
	ended chan struct{}
	end   func()
}

func limit(l net.Listener, connections int) *limitListener {
	ended := make(chan struct{})
	return &limitListener{
		Listener: l, free: make(chan struct{}, connections),
		ended: ended, end: sync.OnceFunc(func() { close(ended) }),
	}
}

// Accept waits for a free place, and then for a connection.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.ended:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &conn{Conn: c, release: sync.OnceFunc(func() { <-l.free })}, nil
}

// Close ends an Accept that waits, too.
func (l *limitListener) Close() error {
	l.end()
	return l.Listener.Close()
}

// conn gives its place back.
type conn struct {
	net.Conn

	release func()
}

// Close closes the connection.
func (c *conn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
