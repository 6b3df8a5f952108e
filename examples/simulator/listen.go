package main

import (
	"cmp"
	"context"
	"fmt"
	"net"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

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
