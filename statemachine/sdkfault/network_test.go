package sdkfault_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log" //nolint:depguard // httptest takes no other logger
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// callThrough returns the error of a request to an endpoint through a transport.
func callThrough(t *testing.T, endpoint string, transport *http.Transport) *statemachine.Fault {
	t.Helper()
	t.Cleanup(transport.CloseIdleConnections)
	client := rds.New(rds.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, Retryer: aws.NopRetryer{}, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	_, err := client.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{}, func(o *rds.Options) {
		o.APIOptions = append(o.APIOptions, sdkfault.RecordErrorBody)
	})
	f, ok := errors.AsType[*statemachine.Fault](sdkfault.Table{}.Fault(t.Context(), op, "thing-1", err))
	if !ok {
		t.Fatalf("%v", err)
	}
	return f
}

// serve starts a server without TLS and returns its URL.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// TestConnectionFailures breaks real connections. NotSent has to be true exactly if the request
// cannot have arrived.
func TestConnectionFailures(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "127.0.0.1:" + portOf(listener)
	listener.Close()

	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)

	hangUp := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	})
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and sends nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })

	// proxy returns a transport with a proxy that sends a status to CONNECT.
	proxy := func(status int) *http.Transport {
		u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		parsed, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Transport{Proxy: http.ProxyURL(parsed)}
	}
	noProxy := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: closed})}
	resolve := func(dnsErr *net.DNSError) *http.Transport {
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: dnsErr}
		}}
	}
	const rdsURL = "https://rds.us-east-1.amazonaws.com"
	for _, test := range []struct {
		why, endpoint string
		transport     *http.Transport
		kind          statemachine.Kind
		notSent       bool
		says          string
	}{
		{"the port is closed", "http://" + closed, &http.Transport{}, statemachine.Unavailable, true, "connection refused"},
		{"the port is closed, with TLS", "https://" + closed, &http.Transport{}, statemachine.Unavailable, true, "connection refused"},
		{"the server hangs up", hangUp, &http.Transport{}, statemachine.Unavailable, false, ""},
		{"the certificate is unknown", untrusted.URL, &http.Transport{}, statemachine.Unknown, true, "cannot verify the certificate of 127.0.0.1"},
		{
			"the certificate is for another host", untrusted.URL,
			&http.Transport{TLSClientConfig: &tls.Config{RootCAs: untrusted.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "elsewhere"}},
			statemachine.Unknown, true, "cannot verify the certificate of 127.0.0.1",
		},
		{"the server has no TLS", strings.Replace(hangUp, "http:", "https:", 1), &http.Transport{}, statemachine.Unavailable, true, ""},
		{"TLS takes too long", "https://" + silent.Addr().String(), &http.Transport{TLSHandshakeTimeout: 20 * time.Millisecond}, statemachine.Unavailable, true, "TLS handshake timeout"},
		{"the response takes too long", "http://" + silent.Addr().String(), &http.Transport{ResponseHeaderTimeout: 20 * time.Millisecond}, statemachine.Unavailable, false, "timeout awaiting response headers"},
		{"the host does not exist", rdsURL, resolve(&net.DNSError{Err: "no such host", Name: "rds.us-east-1.amazonaws.com", IsNotFound: true}), statemachine.Unknown, true, "no such host: rds.us-east-1.amazonaws.com"},
		{"the resolver fails", rdsURL, resolve(&net.DNSError{Err: "server misbehaving", Name: "rds.us-east-1.amazonaws.com", IsTemporary: true}), statemachine.Unavailable, true, "server misbehaving"},
		{"the proxy is down", rdsURL, noProxy, statemachine.Unavailable, true, "proxyconnect"},
		{"the proxy wants credentials", rdsURL, proxy(407), statemachine.Unauthenticated, true, "the proxy refused to connect to rds.us-east-1.amazonaws.com: HTTP 407"},
		{"the proxy forbids the host", rdsURL, proxy(403), statemachine.AccessDenied, true, "HTTP 403 Forbidden"},
		{"the proxy cannot reach the host", rdsURL, proxy(502), statemachine.Unavailable, true, "HTTP 502"},
		{"the proxy is overloaded", rdsURL, proxy(429), statemachine.Throttled, true, "HTTP 429"},
	} {
		t.Run(test.why, func(t *testing.T) {
			f := callThrough(t, test.endpoint, test.transport)
			if f.Kind != test.kind || f.NotSent != test.notSent || f.Code != "" || !strings.Contains(f.Error(), test.says) {
				t.Errorf("%+v\n%v", *f, f)
			}
			if strings.ContainsAny(f.Error(), "\n\r") || strings.Contains(f.Error(), "StatusCode: 0") {
				t.Errorf("not one line, or with a response that does not exist: %q", f.Error())
			}
		})
	}
}

// portOf returns the port of a listener.
func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestProxyPageOverConnection sends a proxy's page, which RecordErrorBody keeps while the SDK reads
// it.
func TestProxyPageOverConnection(t *testing.T) {
	page := "<html><head><TITLE lang=en>Blocked\r\n by &quot;policy&quot; \u202e</TITLE></head><body>" + strings.Repeat("x", 100_000) + "</body></html>"
	endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, page)
	})
	f := callThrough(t, endpoint, &http.Transport{})
	want := `HTTP 503 Service Unavailable without an error code, an HTML page titled "Blocked by \"policy\" \u202e"`
	if f.Kind != statemachine.Unavailable || f.Message != want || f.RetryAfter != 7*time.Second {
		t.Errorf("%+v, want the message %q", *f, want)
	}
}

// TestRetryAfter checks what each form of the header asks for.
func TestRetryAfter(t *testing.T) {
	for _, test := range []struct {
		why    string
		header map[string]string
		want   time.Duration
	}{
		{"AWS's header, in milliseconds", map[string]string{"x-amz-retry-after": "1500"}, 1500 * time.Millisecond},
		{"AWS's header takes precedence", map[string]string{"x-amz-retry-after": "1500", "Retry-After": "3"}, 1500 * time.Millisecond},
		{"AWS's header is no number", map[string]string{"x-amz-retry-after": "soon", "Retry-After": "3"}, 3 * time.Second},
		{"seconds", map[string]string{"Retry-After": "3"}, 3 * time.Second},
		{"a date, by the server's clock", map[string]string{"Retry-After": "Thu, 01 Jan 2026 00:00:20 GMT", "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 20 * time.Second},
		{"a date in the past", map[string]string{"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT", "Date": "Thu, 01 Jan 2026 00:01:00 GMT"}, 0},
		{"an hour is too much", map[string]string{"Retry-After": "3600"}, time.Minute},
		{"a number that overflows", map[string]string{"x-amz-retry-after": "9223372036854775807"}, time.Minute},
		{"a negative number", map[string]string{"Retry-After": "-5"}, 0},
		{"garbage", map[string]string{"Retry-After": "later"}, 0},
		{"none", nil, 0},
	} {
		t.Run(test.why, func(t *testing.T) {
			endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range test.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			})
			f := callThrough(t, endpoint, &http.Transport{})
			if f.RetryAfter != test.want || f.Kind != statemachine.Throttled {
				t.Errorf("%v, want %v: %v", f.RetryAfter, test.want, f)
			}
		})
	}
}
