package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// server serves all services. It limits what clients can use, with limits far above what the
// operations need.
type server struct {
	http  http.Server
	slots chan struct{} // one for each open connection; more connections wait
}

func newServer(b settings, log *slog.Logger) *server {
	services, control := newServices(b, log)
	s := &server{slots: make(chan struct{}, 256)}
	s.http = http.Server{
		Handler:           &router{services: services, control: control, log: log},
		MaxHeaderBytes:    32 << 10,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30*time.Second + b.latency, // from the end of the headers
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed || state == http.StateHijacked {
				<-s.slots
			}
		},
	}
	return s
}

// serve serves until ctx ends.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	return cli.Serve(ctx, &s.http, limitListener{l, s.slots})
}

// limitListener accepts a connection when there is a slot.
type limitListener struct {
	net.Listener

	slots chan struct{}
}

// Accept waits for a slot and then for a connection.
func (l limitListener) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
	}
	return c, err
}

// listen listens on an address. Unless remote is set, it must be a loopback address.
func listen(ctx context.Context, addr string, remote bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && !remote {
		host, err = loopback(ctx, cmp.Or(host, "127.0.0.1"))
	}
	if err != nil {
		return nil, &cli.UsageError{Message: "-addr: " + err.Error()}
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
