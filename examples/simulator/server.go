package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// limits limit the resources that clients can use.
type limits struct {
	header      int           // bytes of a request's line and headers
	body        int64         // bytes of its body
	connections int           // open at the same time
	headers     time.Duration // for the client to send the headers
	read        time.Duration // for the client to send the whole request
	write       time.Duration // for the client to read the response, in addition to its latency
	idle        time.Duration // between two requests of a connection
	shutdown    time.Duration // for requests in flight at the end
}

// defaultLimits returns limits far above what the operations need. The largest requests have many
// event selectors and a few kilobytes.
func defaultLimits() limits {
	return limits{
		header: 32 << 10, body: 256 << 10, connections: 256,
		headers: 5 * time.Second, read: 15 * time.Second, write: 15 * time.Second, idle: time.Minute, shutdown: 5 * time.Second,
	}
}

// server serves all services, within the limits.
type server struct {
	http   http.Server
	limits limits
}

func newServer(b settings, l limits, log *slog.Logger) *server {
	services, control := newServices(b, log)
	return &server{limits: l, http: http.Server{
		Handler:           &router{services: services, control: control, body: l.body, log: log},
		MaxHeaderBytes:    l.header,
		ReadHeaderTimeout: l.headers,
		ReadTimeout:       l.read,
		WriteTimeout:      l.read + b.latency + l.write, // from the end of the headers
		IdleTimeout:       l.idle,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// serve serves until ctx ends. Then it waits for the requests in flight, up to the shutdown limit.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(limit(l, s.limits.connections)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.shutdown)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close() // the remaining clients see the connection close
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
