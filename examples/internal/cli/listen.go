package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Listen listens on the address of a flag -addr, such as 127.0.0.1:4566 or 127.0.0.1:0. It returns
// a UsageError for an invalid address.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &UsageError{Message: "-addr: " + err.Error()}
	}
	if _, err := net.DefaultResolver.LookupPort(ctx, "tcp", port); err != nil || port == "" {
		return nil, &UsageError{Message: fmt.Sprintf("-addr: %q is not a port", port)}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: another program listens there; use -addr :0 for a free port", err)
	}
	return l, err
}

// Serve serves until ctx ends. Then it waits up to 5 s for the requests in flight, and closes the
// connections that are left.
func Serve(ctx context.Context, s *http.Server, l net.Listener) error {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			_ = s.Close()
		}
	})
	err := s.Serve(l)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended
	return nil
}
