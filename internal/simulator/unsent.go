package simulator

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/streamwarden/streamwarden-go/awstest"
)

// unsentError returns the error that net/http's Transport returns for a request that it could not
// send.
func unsentError(u awstest.Unsent, region string) error {
	host := "service." + region + ".amazonaws.com"
	address := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443} // for documentation
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	switch u {
	case awstest.DialTimeout:
		return &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: os.ErrDeadlineExceeded}
	case awstest.HostNotFound:
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	case awstest.ProxyUnreachable:
		dial := &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: refused}
		return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: dial}
	case awstest.ProxyDenied:
		return errors.New("Forbidden") // the Transport returns nothing but the text of the status
	case awstest.TLSTimeout:
		return tlsTimeoutError{}
	case awstest.UntrustedCertificate:
		return &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	case awstest.DialRefused:
	}
	return &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: refused}
}

// tlsTimeoutError is like the unexported error type of net/http.
type tlsTimeoutError struct{}

func (tlsTimeoutError) Error() string   { return "net/http: TLS handshake timeout" }
func (tlsTimeoutError) Timeout() bool   { return true }
func (tlsTimeoutError) Temporary() bool { return true }
