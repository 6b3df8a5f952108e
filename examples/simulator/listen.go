package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// listen listens on an address. Unless remote is set, it must be a loopback address, and an empty
// host means 127.0.0.1.
func listen(ctx context.Context, addr string, remote bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &cli.UsageError{Message: "-addr: " + err.Error()}
	}
	if !remote && host == "" {
		host = "127.0.0.1"
	}
	if !remote {
		if host, err = loopback(ctx, host); err != nil {
			return nil, &cli.UsageError{Message: "-addr: " + err.Error()}
		}
	}
	return cli.Listen(ctx, net.JoinHostPort(host, port))
}

// loopback returns the loopback address of a host. It resolves names, because a name alone proves
// nothing.
func loopback(ctx context.Context, host string) (string, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", err
	}
	found := ""
	for _, a := range addrs {
		a = a.Unmap()
		if !a.IsLoopback() {
			return "", fmt.Errorf("%s (%s) is not a loopback address; use 127.0.0.1 or -allow-remote", host, a)
		}
		if found == "" || a.Is4() {
			found = a.String()
		}
	}
	return found, nil
}

// limitListener is a listener that limits the number of open connections. More connections wait.
type limitListener struct {
	net.Listener

	slots  chan struct{}
	closed chan struct{}
	close  func()
}

// limit returns a listener with a maximum number of open connections.
func limit(l net.Listener, connections int) *limitListener {
	closed := make(chan struct{})
	return &limitListener{
		Listener: l, slots: make(chan struct{}, connections),
		closed: closed, close: sync.OnceFunc(func() { close(closed) }),
	}
}

// Accept waits for a slot and then for a connection.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &conn{Conn: c, release: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close closes the listener and ends a waiting Accept.
func (l *limitListener) Close() error {
	l.close()
	return l.Listener.Close()
}

// conn is a connection that occupies a slot.
type conn struct {
	net.Conn

	release func()
}

// Close closes the connection and releases its slot.
func (c *conn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
