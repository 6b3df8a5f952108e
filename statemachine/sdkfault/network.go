package sdkfault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// setKindWithoutResponse sets what is known about a request that got no response.
func setKindWithoutResponse(ctx context.Context, f *statemachine.Fault) {
	err := f.Err
	proxyStatus := refusedByProxy(err)
	f.Kind, f.NotSent = statemachine.Unknown, proxyStatus != 0 || neverSent(err)
	switch {
	case ctx.Err() != nil:
		f.Kind = statemachine.Interrupted
	case isInvalidRequest(err):
		f.Kind, f.NotSent = statemachine.InvalidInput, true
	case isCertificateError(err):
		f.Message = fmt.Sprintf("cannot verify the certificate of %s; check the root certificates, and whether a proxy intercepts the connection: %s",
			hostOf(err), oneLine(innermost(err).Error(), maxText))
	case isNoSuchHost(err):
		f.Message = "no such host: " + hostOf(err) + "; check the Region, the endpoint and the DNS resolver"
	case proxyStatus != 0:
		f.Kind = kindOfStatus(proxyStatus)
		f.Message = fmt.Sprintf("the proxy refused to connect to %s: HTTP %d %s", hostOf(err), proxyStatus, http.StatusText(proxyStatus))
	case isRetryable(err), isUnreadable(err),
		// Not the caller's context, but for example an HTTP client's timeout.
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f.Kind = statemachine.Unavailable
	}
	if f.Message == "" {
		f.Message = oneLine(redact(connectionText(ctx, err)), maxText)
	}
}

// connectionText returns the error of the HTTP client or of the context, without what the SDK says
// about a response that does not exist. It is empty for another error of the SDK.
func connectionText(ctx context.Context, err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Error()
	}
	if ctx.Err() != nil {
		return innermost(err).Error()
	}
	return ""
}

// isInvalidRequest reports whether the SDK refused to send an input.
func isInvalidRequest(err error) bool {
	return has[*smithy.SerializationError](err) || has[smithy.InvalidParamsError](err)
}

// isCertificateError reports whether the server's certificate could not be verified.
func isCertificateError(err error) bool {
	return has[*tls.CertificateVerificationError](err) || has[x509.UnknownAuthorityError](err) ||
		has[x509.HostnameError](err) || has[x509.CertificateInvalidError](err) || has[x509.SystemRootsError](err)
}

// isNoSuchHost reports whether the name of the host does not exist.
func isNoSuchHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

// neverSent reports whether err proves that no connection was established, so that the request
// cannot have been sent.
func neverSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect" || op.Op == "socks connect") {
		return true
	}
	return has[*net.DNSError](err) ||
		has[tls.RecordHeaderError](err) || // the first bytes were not those of TLS
		isCertificateError(err) || errors.Is(err, http.ErrSchemeMismatch) ||
		strings.HasSuffix(err.Error(), "net/http: TLS handshake timeout") // an error without an exported type
}

// refusedByProxy returns the HTTP status with which a proxy refused the CONNECT request, or 0.
// net/http reports only the text of the status.
func refusedByProxy(err error) int {
	u, ok := errors.AsType[*url.Error](err)
	if !ok || u.Err == nil || errors.Unwrap(u.Err) != nil {
		return 0
	}
	for status := http.StatusMultipleChoices; status < 600; status++ {
		if text := http.StatusText(status); text != "" && strings.EqualFold(u.Err.Error(), text) {
			return status
		}
	}
	return 0
}

// hostOf returns the host that a request was for, or "the endpoint".
func hostOf(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.Name != "" {
		return dns.Name
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		if parsed, parseErr := url.Parse(u.URL); parseErr == nil && parsed.Hostname() != "" {
			return parsed.Hostname()
		}
	}
	return "the endpoint"
}

// innermost returns the last error of a chain.
func innermost(err error) error {
	for next := err; next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
