package sdkfault_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// reply is the response, or the failure, of a credentials provider's server to each request.
type reply struct {
	status      int
	contentType string
	errorType   string // the header X-Amzn-ErrorType
	body        string
	err         error
}

func (r reply) Do(req *http.Request) (*http.Response, error) {
	if r.err != nil {
		return nil, r.err
	}
	h := http.Header{"Content-Type": {r.contentType}}
	if r.errorType != "" {
		h.Set("X-Amzn-ErrorType", r.errorType)
	}
	return &http.Response{StatusCode: r.status, Header: h, Body: io.NopCloser(strings.NewReader(r.body)), Request: req}, nil
}

// jsonError returns the error response of a service with the protocol restJson1.
func jsonError(status int, code, message string) reply {
	return reply{status: status, contentType: "application/json", errorType: code, body: `{"message":"` + message + `"}`}
}

// stsError returns an error response of STS.
func stsError(status int, code, message string) reply {
	return reply{status: status, contentType: "text/xml", body: "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + message +
		"</Message></Error><RequestId>sts-request</RequestId></ErrorResponse>"}
}

// roleCredentials returns the provider that assumes a role.
func roleCredentials(r reply) aws.CredentialsProvider {
	return stscreds.NewAssumeRoleProvider(sts.New(sts.Options{
		Region: "us-east-1", Retryer: aws.NopRetryer{}, HTTPClient: r,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}), "arn:aws:iam::123456789012:role/auditor")
}

// webIdentity returns the provider that exchanges a token for a role, as in a pod.
func webIdentity(r reply) aws.CredentialsProvider {
	return stscreds.NewWebIdentityRoleProvider(sts.New(sts.Options{Region: "us-east-1", Retryer: aws.NopRetryer{}, HTTPClient: r}),
		"arn:aws:iam::123456789012:role/auditor", token("jwt"))
}

// token is an identity token.
type token string

func (t token) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

// ssoSession returns the provider of an SSO session whose token expires after left.
func ssoSession(t *testing.T, left time.Duration, r reply) aws.CredentialsProvider {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token.json")
	cached := `{"accessToken":"x","expiresAt":"` + time.Now().Add(left).UTC().Format(time.RFC3339) + `","refreshToken":"y","clientId":"c","clientSecret":"s"}`
	if err := os.WriteFile(path, []byte(cached), 0o600); err != nil {
		t.Fatal(err)
	}
	client := sso.New(sso.Options{Region: "us-east-1", HTTPClient: r, Retryer: aws.NopRetryer{}})
	return ssocreds.New(client, "123456789012", "auditor", "https://example.awsapps.com/start", func(o *ssocreds.Options) {
		o.CachedTokenFilepath = path
		if left <= 0 {
			oidc := ssooidc.New(ssooidc.Options{Region: "us-east-1", HTTPClient: r, Retryer: aws.NopRetryer{}})
			o.SSOTokenProvider = ssocreds.NewSSOTokenProvider(oidc, path)
		}
	})
}

// agent returns the provider of the agent of a container or pod.
func agent(r reply) aws.CredentialsProvider {
	return endpointcreds.New("http://169.254.170.2/role", func(o *endpointcreds.Options) {
		o.HTTPClient, o.Retryer = r, aws.NopRetryer{}
	})
}

// instanceRole returns the provider of the role of an EC2 instance.
func instanceRole(r reply) aws.CredentialsProvider {
	return ec2rolecreds.New(func(o *ec2rolecreds.Options) {
		o.Client = imds.New(imds.Options{HTTPClient: r, Retryer: aws.NopRetryer{}, EnableFallback: aws.TrueTernary, ClientEnableState: imds.ClientEnabled})
	})
}

// process returns the provider that runs a program.
func process(timeout time.Duration, command string) aws.CredentialsProvider {
	return processcreds.NewProvider(command, func(o *processcreds.Options) { o.Timeout = timeout })
}

// TestCredentialsFailures checks each failure of the SDK's providers, in front of canned responses.
// No code of them means anything for RDS, although RDS's table has the same ones.
func TestCredentialsFailures(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}
	noHost := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "sts.us-east-1.amazonaws.com", IsNotFound: true}}
	plain := func(status int, body string) reply {
		return reply{status: status, contentType: "text/plain; charset=utf-8", body: body}
	}
	// Rules that would be wrong for each of the codes below.
	table := sdkfault.Table{}
	for _, code := range []string{"UnauthorizedException", "ResourceNotFoundException", "ValidationError", "InvalidGrantException", "AccessDenied", "InternalFailure", "Throttling"} {
		table = append(table, sdkfault.Rule{Code: code, Kind: statemachine.NotFound})
	}
	for _, test := range []struct {
		why      string
		provider aws.CredentialsProvider
		kind     statemachine.Kind
		says     string
	}{
		{"the SSO session ended", ssoSession(t, time.Hour, jsonError(401, "UnauthorizedException", "Session token not found or invalid")), statemachine.Unauthenticated, "UnauthorizedException: Session token not found or invalid"},
		{"the SSO role does not exist", ssoSession(t, time.Hour, jsonError(404, "ResourceNotFoundException", "No such role")), statemachine.Unauthenticated, "ResourceNotFoundException"},
		{"the SSO token cannot be refreshed", ssoSession(t, -time.Hour, jsonError(400, "InvalidGrantException", "expired")), statemachine.Unauthenticated, "InvalidGrantException"},
		{"SSO throttles", ssoSession(t, time.Hour, jsonError(429, "TooManyRequestsException", "slow down")), statemachine.Throttled, "TooManyRequestsException"},
		{"SSO fails", ssoSession(t, time.Hour, jsonError(500, "InternalServerException", "")), statemachine.Unavailable, "500"},
		{"no SSO token was cached", ssocreds.New(sso.New(sso.Options{}), "1", "r", "u", func(o *ssocreds.Options) { o.CachedTokenFilepath = "/nonexistent" }), statemachine.Unauthenticated, "SSO session"},

		{"the role's sessions are shorter", roleCredentials(stsError(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration")), statemachine.Unauthenticated, "ValidationError: The requested DurationSeconds"},
		{"the caller must not assume the role", roleCredentials(stsError(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")), statemachine.Unauthenticated, "sts:AssumeRole"},
		{"STS throttles", roleCredentials(stsError(400, "Throttling", "Rate exceeded")), statemachine.Throttled, "Throttling"},
		{"STS fails", roleCredentials(stsError(503, "ServiceUnavailable", "")), statemachine.Unavailable, "ServiceUnavailable"},
		{"STS cannot be reached", roleCredentials(reply{err: refused}), statemachine.Unavailable, "connection refused"},
		{"STS has no address", roleCredentials(reply{err: noHost}), statemachine.Unavailable, "no such host"},
		{"STS sends half a document", roleCredentials(reply{status: 200, contentType: "text/xml", body: "<AssumeRoleResponse><AssumeRoleRes"}), statemachine.Unavailable, "STS"},
		{"the token of the pod expired", webIdentity(stsError(400, "ExpiredTokenException", "Token expired")), statemachine.Unauthenticated, "ExpiredTokenException"},
		{"the token of the pod is for another audience", webIdentity(stsError(400, "InvalidIdentityToken", "Incorrect token audience")), statemachine.Unauthenticated, "InvalidIdentityToken"},
		{"STS cannot reach the identity provider", webIdentity(stsError(400, "IDPCommunicationError", "timeout")), statemachine.Unavailable, "IDPCommunicationError"},

		{"the agent throttles", agent(plain(429, "Too many requests")), statemachine.Throttled, "Too many requests"},
		{"the agent fails", agent(plain(500, "credentials not available")), statemachine.Unavailable, "credentials not available"},
		{"the agent fails as JSON", agent(reply{status: 503, contentType: "application/json", body: `{"code":"InternalFailure","message":"m"}`}), statemachine.Unavailable, "InternalFailure"},
		{"the agent refuses", agent(plain(403, "unauthorized")), statemachine.Unauthenticated, "unauthorized"},
		{"the pod has no association", agent(reply{status: 404, contentType: "application/json", body: `{"code":"ResourceNotFoundException","message":"no association"}`}), statemachine.Unauthenticated, "no association"},
		{"the agent sends garbage", agent(reply{status: 200, contentType: "application/json", body: `{"Acc`}), statemachine.Unavailable, "json"},
		{"the agent is restarting", agent(reply{err: refused}), statemachine.Unavailable, "connection refused"},

		{"the instance has no role", instanceRole(plain(404, "")), statemachine.Unauthenticated, "IMDS"},
		{"the metadata service fails", instanceRole(plain(503, "")), statemachine.Unavailable, "IMDS"},
		{"the metadata service cannot be reached", instanceRole(reply{err: refused}), statemachine.Unavailable, "connection refused"},

		{"the program fails", process(time.Minute, "exit 3"), statemachine.Unauthenticated, "exit status 3"},
		{"the program is too slow", process(200*time.Millisecond, "exec sleep 60"), statemachine.Unavailable, "credential process timed out"},
		{"the program prints secrets, but no JSON", process(time.Minute, "echo AccessKeyId=s3cret"), statemachine.Unauthenticated, "the output of credential_process is not valid JSON"},

		{"a static key is empty", credentials.NewStaticCredentialsProvider("", "", ""), statemachine.Unauthenticated, "static credentials are empty"},
	} {
		t.Run(test.why, func(t *testing.T) {
			for name, retryer := range map[string]aws.Retryer{"no retries": aws.NopRetryer{}, "retries": nil} {
				if name == "retries" && test.kind.Retryable() {
					continue // the SDK would sleep
				}
				o := rds.Options{Region: "us-east-1", Retryer: retryer, HTTPClient: reply{err: errors.New("the request was sent")}}
				o.Credentials = aws.NewCredentialsCache(test.provider)
				_, sdkErr := rds.New(o).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{})
				err := table.Fault(t.Context(), op, "thing-1", sdkErr)
				f, ok := errors.AsType[*statemachine.Fault](err)
				if !ok {
					t.Fatalf("%v", err)
				}
				if f.Kind != test.kind || f.Code != "" || f.RequestID != "" || !f.NotSent {
					t.Errorf("%s: %+v", name, f)
				}
				if !strings.Contains(f.Message, test.says) || !strings.HasPrefix(f.Message, "cannot get credentials: ") {
					t.Errorf("%s: message %q, want one that contains %q", name, f.Message, test.says)
				}
				if text := err.Error(); strings.Contains(text, "s3cret") || strings.Contains(text, "\n") || len(text) > 700 {
					t.Errorf("%s: text %q", name, text)
				}
				if !errors.Is(err, sdkErr) {
					t.Errorf("%s: the SDK's error is lost", name)
				}
			}
		})
	}
}

// TestCredentialsOfEndedContext ends the caller's context while credentials are fetched.
func TestCredentialsOfEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := rds.Options{Region: "us-east-1", Retryer: aws.NopRetryer{}, Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		cancel()
		return aws.Credentials{}, ctx.Err()
	})}
	_, err := rds.New(o).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	err = sdkfault.Table{}.Fault(ctx, op, "thing-1", err)
	if f, ok := errors.AsType[*statemachine.Fault](err); !ok || f.Kind != statemachine.Interrupted || !f.NotSent {
		t.Errorf("%v", err)
	}
}
