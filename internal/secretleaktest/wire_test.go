package secretleaktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The credentials that must not appear in any output.
const (
	accessKey = "AKIAKNOWNTOTHETESTS0"
	secretKey = "wJalrKnownToTheTests/K7MDENG+bPxRfiCYEXAMPLE"
	token     = "IQoJb3JpZ2luX2VjKnownToTheTests////wEaCXVzLWVhc3QtMSJHMEUC"
)

// wire is an HTTP client in front of a simulator. It records the signatures of the requests, and
// responds to some of them itself.
type wire struct {
	aws.HTTPClient

	failure failure

	mu       sync.Mutex
	requests int
	signed   map[string]bool
}

// config returns a simulator's config with the credentials and the wire.
func (w *wire) config(cfg aws.Config) aws.Config {
	w.HTTPClient, cfg.HTTPClient = cfg.HTTPClient, w
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: token, Source: "tests"}, nil
	})
	return cfg
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.requests++
	n := w.requests
	authorization := r.Header.Get("Authorization")
	_, signature, ok := strings.Cut(authorization, "Signature=")
	if ok && r.Header.Get("X-Amz-Security-Token") == token {
		w.signed[authorization], w.signed[signature] = true, true
	}
	w.mu.Unlock()
	if w.failure.respond == nil || n <= w.failure.after {
		return w.HTTPClient.Do(r)
	}
	return w.failure.respond(r)
}

// secrets returns the texts that must not appear in any output.
func (w *wire) secrets() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Concat([]string{accessKey, secretKey, token, "AWS4-", "aws4_request"}, slices.Collect(maps.Keys(w.signed)))
}

// failure is a response that wire sends in place of the simulator.
type failure struct {
	name    string
	after   int  // the number of requests that the simulator serves first
	quotes  bool // the response quotes the request, so the SDK's own error contains it
	respond func(*http.Request) (*http.Response, error)
}

// failures returns failures of AWS, of the network and of a proxy, and responses that quote the
// request. Each occurs from the first request on, and from the second on.
func failures() []failure {
	all := []failure{{name: "none"}}
	for _, f := range []failure{
		{name: "denied", respond: refuse(403, "AccessDenied", func(*http.Request) string { return "Access denied" })},
		{name: "expired", respond: refuse(403, "ExpiredToken", func(*http.Request) string { return "The security token is expired" })},
		{name: "throttled", respond: refuse(400, "Throttling", func(*http.Request) string { return "Rate exceeded" })},
		{name: "broken", respond: refuse(500, "InternalFailure", func(*http.Request) string { return "" })},
		{name: "dropped", respond: func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset by peer") }},
		{name: "hangs", respond: func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}},
		{name: "a proxy's page", respond: func(r *http.Request) (*http.Response, error) {
			return response(r, 502, "text/html", "<html><body>Bad gateway for "+html.EscapeString(headers(r))+"</body></html>"), nil
		}},
		{name: "incomplete signature", quotes: true, respond: refuse(400, "IncompleteSignature", func(r *http.Request) string {
			return fmt.Sprintf("'%s/20260101/us-east-1/rds/aws4_request' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.",
				accessKey, r.Header.Get("Authorization"))
		})},
		{name: "wrong signature", quotes: true, respond: refuse(403, "SignatureDoesNotMatch", func(r *http.Request) string {
			return "The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request " +
				"should have been\n'POST\n/\n\n" + headers(r) + "'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n…'"
		})},
		{name: "an unknown code that quotes the token", quotes: true, respond: refuse(418, "Teapot", func(r *http.Request) string {
			return "x-amz-security-token:" + r.Header.Get("X-Amz-Security-Token")
		})},
	} {
		for _, f.after = range []int{0, 1} {
			all = append(all, f)
		}
	}
	return all
}

func headers(r *http.Request) string {
	var b strings.Builder
	for name, values := range r.Header {
		fmt.Fprintf(&b, "%s:%s\n", strings.ToLower(name), strings.Join(values, ","))
	}
	return b.String()
}

// refuse returns a function that responds with an error in the service's protocol: XML for RDS,
// JSON for the others.
func refuse(status int, code string, message func(*http.Request) string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		text := message(r)
		if strings.HasPrefix(r.URL.Host, "rds.") {
			return response(r, status, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>"+code+"</Code><Message>"+html.EscapeString(text)+
				"</Message></Error><RequestId>req-1</RequestId></ErrorResponse>"), nil
		}
		body, err := json.Marshal(map[string]string{"__type": code, "message": text})
		if err != nil {
			return nil, err
		}
		resp := response(r, status, "application/json", string(body))
		resp.Header.Set("X-Amzn-Errortype", code)
		return resp, nil
	}
}

func response(r *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
