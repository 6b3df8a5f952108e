package awstest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// server is one of the simulated services.
type server interface {
	awstest.Engine
	Config() aws.Config
}

// service is a simulated service with one resource, and SDK calls that read it.
type service struct {
	name   string
	server server
	read   func(ctx context.Context, cfg aws.Config) error
	list   func(ctx context.Context, cfg aws.Config, token string) (next string, err error)
}

// services returns the simulated services. The change is applied to the options that they share.
func services(change func(*awstest.Options)) []service {
	if change == nil {
		change = func(*awstest.Options) {}
	}
	databases := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { change(&o.Options) })
	cluster := databases.AddCluster(activitystreamtest.Cluster{})
	stores := ingestiontest.NewServer(func(o *ingestiontest.Options) { change(&o.Options) })
	store := stores.AddEventDataStore(ingestiontest.EventDataStore{})
	streams := eventstreamtest.NewServer(func(o *eventstreamtest.Options) { change(&o.Options) })
	streams.AddEventStream(eventstreamtest.EventStream{})
	domain, stream := "domain-1", "event-stream-1"
	return []service{
		{
			name: "rds", server: databases,
			read: func(ctx context.Context, cfg aws.Config) error {
				_, err := rds.NewFromConfig(cfg).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &cluster})
				return err
			},
			list: func(ctx context.Context, cfg aws.Config, token string) (string, error) {
				out, err := rds.NewFromConfig(cfg).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{Marker: optional(token)})
				if err != nil {
					return "", err
				}
				return aws.ToString(out.Marker), nil
			},
		},
		{
			name: "cloudtrail", server: stores,
			read: func(ctx context.Context, cfg aws.Config) error {
				_, err := cloudtrail.NewFromConfig(cfg).GetEventDataStore(ctx, &cloudtrail.GetEventDataStoreInput{EventDataStore: &store})
				return err
			},
			list: func(ctx context.Context, cfg aws.Config, token string) (string, error) {
				out, err := cloudtrail.NewFromConfig(cfg).ListEventDataStores(ctx, &cloudtrail.ListEventDataStoresInput{NextToken: optional(token)})
				if err != nil {
					return "", err
				}
				return aws.ToString(out.NextToken), nil
			},
		},
		{
			name: "profile", server: streams,
			read: func(ctx context.Context, cfg aws.Config) error {
				_, err := customerprofiles.NewFromConfig(cfg).GetEventStream(ctx, &customerprofiles.GetEventStreamInput{DomainName: &domain, EventStreamName: &stream})
				return err
			},
			list: func(ctx context.Context, cfg aws.Config, token string) (string, error) {
				out, err := customerprofiles.NewFromConfig(cfg).ListEventStreams(ctx, &customerprofiles.ListEventStreamsInput{DomainName: &domain, NextToken: optional(token)})
				if err != nil {
					return "", err
				}
				return aws.ToString(out.NextToken), nil
			},
		},
	}
}

// optional returns a pointer to s, or nil if it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// eachService runs a test for each service in virtual time. The SDK does not retry.
func eachService(t *testing.T, test func(t *testing.T, s service, cfg aws.Config)) {
	t.Helper()
	for i, s := range services(nil) {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := services(nil)[i] // made in the bubble
				cfg := s.server.Config()
				cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
				test(t, s, cfg)
			})
		})
	}
}

// recorder is an HTTP client that keeps the last response.
type recorder struct {
	aws.HTTPClient

	status int
	header http.Header
	body   string
}

func (c *recorder) Do(r *http.Request) (*http.Response, error) {
	resp, err := c.HTTPClient.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	c.status, c.header, c.body = resp.StatusCode, resp.Header, string(body)
	resp.Body = io.NopCloser(strings.NewReader(c.body))
	return resp, nil
}

// Users compare these types with ==.
var (
	_ = isComparable[awstest.Failure]
	_ = isComparable[awstest.Call]
)

func isComparable[T comparable](T) {}

func TestFailureStatusAndBody(t *testing.T) {
	bodies := []struct{ contentType, body string }{
		{"", ""},
		{"text/html", "<html><head><title>Forbidden</title></head></html>"},
		{"text/plain", "upstream connect error"},
		{"application/json", `{"message":"no"}`},
		{"text/xml", "<ErrorResponse><Error><Code>Nonsense</Code></Error></ErrorResponse>"},
		{"text/xml", "<ErrorResponse><Error><Co"},
	}
	eachService(t, func(t *testing.T, s service, cfg aws.Config) {
		client := &recorder{HTTPClient: cfg.HTTPClient}
		cfg.HTTPClient = client
		for status := 400; status <= 599; status++ {
			for _, b := range bodies {
				s.server.Fail("", awstest.Failure{Raw: true, Status: status, Body: b.body, ContentType: b.contentType})
				if err := s.read(t.Context(), cfg); err == nil {
					t.Errorf("status %d, body %q: no error", status, b.body)
				}
				got := []any{client.status, client.header.Get("Content-Type"), client.body}
				assert.Equal(t, "response", []any{status, b.contentType, b.body}, got)
			}
		}
		for _, call := range s.server.Calls() {
			if call.Accepted {
				t.Fatalf("the operation was executed: %+v", call)
			}
		}
	})
}

func TestEditHeader(t *testing.T) {
	eachService(t, func(t *testing.T, s service, cfg aws.Config) {
		client := &recorder{HTTPClient: cfg.HTTPClient}
		cfg.HTTPClient = client
		s.server.Fail("", awstest.Failure{Code: "Throttling", Status: 429, Edit: &awstest.Edit{Header: http.Header{
			"x-amz-retry-after": {"1500"}, "Retry-After": {"2"}, "x-amzn-requestid": nil,
		}}})
		err := s.read(t.Context(), cfg)
		assert.Equal(t, "code", "Throttling", assert.ErrorAs[smithy.APIError](t, err).ErrorCode())
		got := []string{client.header.Get("X-Amz-Retry-After"), client.header.Get("Retry-After"), client.header.Get("X-Amzn-Requestid")}
		assert.Equal(t, "headers", []string{"1500", "2", ""}, got)
		inBody := strings.Contains(client.body, "<RequestId>0")
		assert.Equal(t, "request ID in the body", s.name == "rds", inBody)

		s.server.Fail("", awstest.Failure{Edit: &awstest.Edit{Header: http.Header{"X-Extra": {"a", "b"}}}})
		if err := s.read(t.Context(), cfg); err != nil {
			t.Errorf("headers alone make the call fail: %v", err)
		}
		assert.Equal(t, "header of a success", []string{"a", "b"}, client.header["X-Extra"])
	})
}

func TestEditOmitAndTruncate(t *testing.T) {
	members := map[string]string{"rds": "ActivityStreamStatus", "cloudtrail": "Status", "profile": "State"}
	eachService(t, func(t *testing.T, s service, cfg aws.Config) {
		client := &recorder{HTTPClient: cfg.HTTPClient}
		cfg.HTTPClient = client
		if err := s.read(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		whole, member := client.body, members[s.name]
		s.server.Fail("", awstest.Failure{Edit: &awstest.Edit{Omit: []string{member}}})
		if err := s.read(t.Context(), cfg); err != nil {
			t.Errorf("a response without %s: %v", member, err)
		}
		for _, quoted := range []string{"<" + member + ">", `"` + member + `"`} {
			if strings.Contains(client.body, quoted) {
				t.Errorf("the response has the member %s: %s", member, client.body)
			}
		}
		s.server.Fail("", awstest.Failure{Edit: &awstest.Edit{Truncate: 60}})
		if err := s.read(t.Context(), cfg); err == nil {
			t.Error("a truncated response: no error")
		}
		assert.Equal(t, "truncated body", whole[:60], client.body)
	})
}

func TestEditTokens(t *testing.T) {
	eachService(t, func(t *testing.T, s service, cfg aws.Config) {
		s.server.Fail("", awstest.Failure{Times: -1, Edit: &awstest.Edit{Tokens: []string{"aaaa", "bbbb"}}})
		var got []string
		token := ""
		for range 5 {
			var err error
			if token, err = s.list(t.Context(), cfg, token); err != nil {
				t.Fatal(err)
			}
			got = append(got, token)
		}
		assert.Equal(t, "tokens", []string{"aaaa", "bbbb", "aaaa", "bbbb", "aaaa"}, got)
		s.server.ClearFailures("")
		if _, err := s.list(t.Context(), cfg, token); err == nil {
			t.Error("a token that the service did not return: no error")
		}
	})
}

func TestFailureUnsent(t *testing.T) {
	opError := func(op string) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*net.OpError](err)
			return ok && e.Op == op
		}
	}
	tests := []struct {
		unsent awstest.Unsent
		is     func(error) bool
		text   string
	}{
		{awstest.DialRefused, opError("dial"), "connection refused"},
		{awstest.DialTimeout, opError("dial"), "i/o timeout"},
		{awstest.HostNotFound, func(err error) bool {
			e, ok := errors.AsType[*net.DNSError](err)
			return ok && e.IsNotFound
		}, "no such host"},
		{awstest.ProxyUnreachable, opError("proxyconnect"), "connection refused"},
		{awstest.ProxyDenied, func(error) bool { return true }, "Forbidden"},
		{awstest.TLSTimeout, func(err error) bool {
			e, ok := errors.AsType[net.Error](err)
			return ok && e.Timeout()
		}, "TLS handshake timeout"},
		{awstest.UntrustedCertificate, func(err error) bool {
			_, ok := errors.AsType[*tls.CertificateVerificationError](err)
			return ok
		}, "x509: certificate signed by unknown authority"},
	}
	eachService(t, func(t *testing.T, s service, cfg aws.Config) {
		for _, tt := range tests {
			s.server.Fail("", awstest.Failure{Unsent: tt.unsent, Delay: time.Second})
			start, wrote := time.Now(), false
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				WroteRequest: func(httptrace.WroteRequestInfo) { wrote = true },
			})
			err := s.read(ctx, cfg)
			assert.ErrorContains(t, err, tt.text)
			if !tt.is(err) || wrote {
				t.Errorf("%s: request written: %t, error %v", tt.unsent, wrote, err)
			}
			assert.Equal(t, "delay", time.Second, time.Since(start))
		}
		assert.Equal(t, "calls", 0, len(s.server.Calls()))
		s.server.Fail("", awstest.Failure{Drop: true})
		wrote := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { wrote = true },
		})
		if err := s.read(ctx, cfg); err == nil || !wrote {
			t.Errorf("a dropped connection: request written: %t, error %v", wrote, err)
		}
	})
}

func TestSkewClock(t *testing.T) {
	codes := map[string]string{"rds": "SignatureDoesNotMatch 403", "cloudtrail": "InvalidSignatureException 400", "profile": "InvalidSignatureException 403"}
	eachService(t, func(t *testing.T, s service, cfg aws.Config) {
		for _, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
			s.server.SkewClock(skew)
			err := s.read(t.Context(), cfg)
			e := assert.ErrorAs[*awshttp.ResponseError](t, err)
			got := fmt.Sprintf("%s %d", assert.ErrorAs[smithy.APIError](t, err).ErrorCode(), e.HTTPStatusCode())
			assert.Equal(t, "error", codes[s.name], got)
			want := time.Now().Add(skew).UTC().Format(http.TimeFormat)
			assert.Equal(t, "Date", want, e.HTTPResponse().Header.Get("Date"))
			if err := s.read(t.Context(), s.server.Config()); err != nil {
				t.Errorf("the SDK's retry does not correct the clock: %v", err)
			}
		}
		s.server.SkewClock(4 * time.Minute)
		if err := s.read(t.Context(), cfg); err != nil {
			t.Errorf("within 5 minutes: %v", err)
		}
		s.server.SkewClock(0)
		if err := s.read(t.Context(), cfg); err != nil {
			t.Errorf("without skew: %v", err)
		}
	})
}

func TestRequestOfAnotherRegion(t *testing.T) {
	codes := map[string]string{"rds": "DBClusterNotFoundFault", "cloudtrail": "EventDataStoreNotFoundException", "profile": "ResourceNotFoundException"}
	eachService(t, func(t *testing.T, s service, cfg aws.Config) {
		cfg.Region = "eu-west-1"
		err := s.read(t.Context(), cfg)
		assert.Equal(t, "code", codes[s.name], assert.ErrorAs[smithy.APIError](t, err).ErrorCode())
		cfg.Region = "us-east-1"
		if err := s.read(t.Context(), cfg); err != nil {
			t.Errorf("the server's Region: %v", err)
		}
	})
}
