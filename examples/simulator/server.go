package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// limits bound what a client can cost.
type limits struct {
	header      int           // bytes of a request's line and headers
	body        int64         // bytes of its body
	connections int           // at once
	headers     time.Duration // to send the headers in
	read        time.Duration // to send the whole request in
	write       time.Duration // to take the answer in, beside what it takes by itself
	idle        time.Duration // between two requests
	shutdown    time.Duration // for what is under way at the end
}

// defaultLimits are far above what the operations need: the largest requests, with many event selectors, have a few kilobytes.
func defaultLimits() limits {
	return limits{
		header: 32 << 10, body: 256 << 10, connections: 256,
		headers: 5 * time.Second, read: 15 * time.Second, write: 15 * time.Second, idle: time.Minute, shutdown: 5 * time.Second,
	}
}

// server is all that is simulated, behind the limits.
type server struct {
	http   http.Server
	limits limits
}

func newServer(b settings, l limits, log *slog.Logger) *server {
	services := newServices(b, log)
	return &server{limits: l, http: http.Server{
		Handler:           &router{services: services, body: l.body, log: log},
		MaxHeaderBytes:    l.header,
		ReadHeaderTimeout: l.headers,
		ReadTimeout:       l.read,
		WriteTimeout:      l.read + b.latency + l.write, // it counts from the end of the headers
		IdleTimeout:       l.idle,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// serve serves until ctx ends; then it lets what is under way come to its end, if that does not take long.
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
		_ = s.http.Close() // whoever is left was told by the connection
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
