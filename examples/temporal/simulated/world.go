// Package simulated simulates RDS for many accounts and Regions behind one HTTP handler. Each path
// /ACCOUNT/REGION/ has its own server of activitystreamtest, created by the first request. So a
// program for a whole estate can be tried without an AWS account.
package simulated

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// World simulates many accounts and Regions. It is safe for concurrent use. Populate creates the
// server of one.
type World struct {
	Populate func(account, region string) *activitystreamtest.Server

	mu      sync.Mutex
	servers map[string]*activitystreamtest.Server
}

// Server returns the server of an account in a Region.
func (w *World) Server(account, region string) *activitystreamtest.Server {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := account + "/" + region
	s, ok := w.servers[key]
	if !ok {
		if w.servers == nil {
			w.servers = map[string]*activitystreamtest.Server{}
		}
		s = w.Populate(account, region)
		w.servers[key] = s
	}
	return s
}

// Handler returns a handler that serves all of them.
func (w *World) Handler() http.Handler {
	serve := func(rw http.ResponseWriter, r *http.Request) {
		own := r.Clone(r.Context())
		own.URL.Path, own.URL.RawPath = "/", ""
		w.Server(r.PathValue("account"), r.PathValue("region")).ServeHTTP(rw, own)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{account}/{region}", serve)
	mux.HandleFunc("/{account}/{region}/{$}", serve)
	return mux
}

// Clusters returns a Populate function that adds n clusters with a stopped stream.
func Clusters(n int, optFns ...func(*activitystreamtest.Options)) func(account, region string) *activitystreamtest.Server {
	return func(account, region string) *activitystreamtest.Server {
		own := func(o *activitystreamtest.Options) { o.Account, o.Region = account, region }
		s := activitystreamtest.NewServer(append(slices.Clip(optFns), own)...)
		for i := range n {
			s.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("cluster-%d", i+1)})
		}
		return s
	}
}

// Config returns a configuration that sends the SDK's requests to a World at url.
func Config(url, account, region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: new(url + "/" + account + "/" + region),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDSIMULATED", "secret", ""),
	}
}
