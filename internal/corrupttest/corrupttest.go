// Package garbletest answers the SDK's clients with what a broken network, a proxy or a confused service makes of a good answer, for fuzz tests.
package corrupttest

import (
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Good answers of the three services, each about a resource of its own: what one of them is answered with another's.
const (
	XML = `<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><DBClusterArn>` +
		`arn:aws:rds:us-east-1:123456789012:cluster:das-cluster</DBClusterArn><ActivityStreamStatus>started</ActivityStreamStatus>` +
		`</DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>`
	JSON                     = `{"EventDataStoreArn":"arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e-1111-4222-8333-123456789abc","Status":"ENABLED"}`
	CustomerProfilesResponse = `{"DomainName":"example-domain","EventStreamArn":"arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream",` +
		`"CreatedAt":1.7E9,"State":"RUNNING","DestinationDetails":{"Uri":"arn:aws:kinesis:us-east-1:123456789012:stream/profile-events","Status":"HEALTHY"}}`
)

// maxFlips is how many bits are flipped at most: too few to make one state of another.
const maxFlips = 3

// Corrupt is a body after the first cut bytes of it arrived, with bits flipped: of each three bytes of flips, two say where and one which bit. A cut
// beyond its end leaves it whole.
func Corrupt(good string, cut uint16, flips []byte) string {
	b := []byte(good)
	b = b[:min(int(cut), len(b))]
	for i := 0; i+2 < len(flips) && i < 3*maxFlips && len(b) > 0; i += 3 {
		at := (int(flips[i])<<8 | int(flips[i+1])) % len(b)
		b[at] ^= 1 << (flips[i+2] % 8)
	}
	return string(b)
}

// EachCorruption tells of a good body with each of its bits flipped, and cut after each of its bytes.
func EachCorruption(good string, yield func(body string)) {
	for i := range len(good) {
		yield(good[:i])
		for bit := range 8 {
			yield(good[:i] + string([]byte{good[i] ^ 1<<bit}) + good[i+1:])
		}
	}
}

// StaticResponse answers every request with this body, once.
func StaticResponse(status int, contentType, body string) aws.Config {
	return aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: client(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"Content-Type": {contentType}}, ContentLength: int64(len(body)),
				Body: io.NopCloser(strings.NewReader(body)), Request: r,
			}, nil
		}),
	}
}

type client func(*http.Request) (*http.Response, error)

func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }
