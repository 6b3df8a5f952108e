// Package corrupttest makes corrupt HTTP responses for fuzz tests of the services' clients:
// responses as a broken network, a proxy or a faulty service could send them.
package corrupttest

import (
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The correct response bodies of the three services. Each describes another resource, so that a
// test can also send one service's response to a client of another.
const (
	XML = `<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><DBClusterArn>` +
		`arn:aws:rds:us-east-1:123456789012:cluster:das-cluster</DBClusterArn><ActivityStreamStatus>started</ActivityStreamStatus>` +
		`</DBCluster></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>`
	JSON                     = `{"EventDataStoreArn":"arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e-1111-4222-8333-123456789abc","Status":"ENABLED"}`
	CustomerProfilesResponse = `{"DomainName":"example-domain","EventStreamArn":"arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream",` +
		`"CreatedAt":1.7E9,"State":"RUNNING","DestinationDetails":{"Uri":"arn:aws:kinesis:us-east-1:123456789012:stream/profile-events","Status":"HEALTHY"}}`
)

// maxFlips is the maximum number of flipped bits: too few to turn one state into another.
const maxFlips = 3

// Corrupt returns the first cut bytes of a body, with bits flipped. Each three bytes of flips
// select one bit: the first two the byte, the third the bit. A cut beyond the end keeps the whole
// body.
func Corrupt(good string, cut uint16, flips []byte) string {
	b := []byte(good)
	b = b[:min(int(cut), len(b))]
	for i := 0; i+2 < len(flips) && i < 3*maxFlips && len(b) > 0; i += 3 {
		at := (int(flips[i])<<8 | int(flips[i+1])) % len(b)
		b[at] ^= 1 << (flips[i+2] % 8)
	}
	return string(b)
}

// EachCorruption calls yield with each prefix of a body and with each single bit of it flipped.
func EachCorruption(good string, yield func(body string)) {
	for i := range len(good) {
		yield(good[:i])
		for bit := range 8 {
			yield(good[:i] + string([]byte{good[i] ^ 1<<bit}) + good[i+1:])
		}
	}
}

// StaticResponse returns a config whose HTTP client returns the same response for each request. SDK
// retries are off.
func StaticResponse(status int, contentType, body string) aws.Config {
	return aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"Content-Type": {contentType}}, ContentLength: int64(len(body)),
				Body: io.NopCloser(strings.NewReader(body)), Request: r,
			}, nil
		}),
	}
}

// StaticHeader returns a copy of a config whose responses have these headers as well.
func StaticHeader(cfg aws.Config, header http.Header) aws.Config {
	under := cfg.HTTPClient
	cfg.HTTPClient = smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
		resp, err := under.Do(r)
		if err == nil {
			maps.Copy(resp.Header, header)
		}
		return resp, err
	})
	return cfg
}
