package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHostileRequestsAreRejected sends requests that no client should send. The server must
// reject each with an explanation, and keep working.
func TestHostileRequestsAreRejected(t *testing.T) {
	const (
		form   = "application/x-www-form-urlencoded"
		target = "X-Amz-Target: CloudTrail_20131101.GetEventDataStore\r\n"
		json11 = "application/x-amz-json-1.1"
		get    = "/domains/example-domain/event-streams/example-stream"
		bomb   = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>`
	)
	scope := func(s string) string {
		return "Authorization: AWS4-HMAC-SHA256 Credential=AKIDOFTHETEST/20260101/us-east-1/" + s + "/aws4_request, SignedHeaders=host, Signature=00\r\n"
	}
	deep := func(n int) string {
		return `{"EventDataStore":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}"
	}
	tests := []struct {
		name, request string
		status        int
		says          string
	}{
		{"oversized body", post("/", form, "", "Action=DescribeDBClusters&x="+strings.Repeat("a", 1<<20)), 413, "larger than 262144 bytes"},
		{"oversized JSON", post("/", json11, target, deep(1<<20)), 413, "larger than 262144 bytes"},
		{"oversized by its own account", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999\r\n\r\nx", 413, "larger than"},
		{"endless chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("400\r\n"+strings.Repeat("a", 1024)+"\r\n", 400), 413, "larger than"},
		{"broken chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400, "could not be read"},
		{"header flood", "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 20000) + "\r\n", 431, ""},
		{"long header", "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", 100000) + "\r\n\r\n", 431, ""},
		{"long path", "GET /" + strings.Repeat("b", 100000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, ""},
		{"no HTTP", "nonsense\r\n\r\n", 400, ""},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400, ""},
		{"path traversal", "GET /domains/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404, "does not support"},
		{"path traversal in a label", "GET /domains/../event-streams/x HTTP/1.1\r\nHost: x\r\n\r\n", 400, "DomainName"},
		{"escaped path traversal", "GET /domains/..%2f..%2fetc/event-streams/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n", 400, "DomainName"},
		{"invalid path", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
		{"XML entity bomb", post("/", "text/xml", "", bomb), 404, "does not support"},
		{"XML entity bomb, signed", post("/", "text/xml", scope("rds"), bomb), 400, "Content-Type"},
		{"XML entity bomb for JSON", post("/", json11, target, bomb), 400, "not a JSON object"},
		{"deep JSON", post("/", json11, target, deep(100_000)), 400, "not a JSON object"},
		{"JSON as deep as is read", post("/", json11, target, deep(9_000)), 400, "cannot be parsed"},
		{"deep JSON for REST", post(get, "application/json", "", deep(100_000)), 400, "not a JSON object"},
		{"cut JSON", post("/", json11, target, `{"EventDataStore":"`), 400, "not a JSON object"},
		{"a million form fields", post("/", form, "", "Action=DescribeDBClusters"+strings.Repeat("&a", 1_000_000)), 413, "larger than"},
		{"as many form fields as fit", post("/", form, "", "Action=DescribeDBClusters"+strings.Repeat("&a", 100_000)), 404, "MalformedQueryString"},
		{"many filters", post("/", form, "", filters(4_000)), 400, "Unrecognized filter"},
		{"invalid form", post("/", form, "", "Action=%zz"), 404, "MalformedQueryString"},
		{"service that is not there", post("/", form, scope("sts"), "Action=GetCallerIdentity"), 400, `GetCallerIdentity&#34; of the service &#34;sts&#34;. It supports StartActivityStream`},
		{"another target", post("/", json11, "X-Amz-Target: DynamoDB_20120810.ListTables\r\n", "{}"), 400, "ListEventStreams"},
		{"nothing to go by", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404, "StopEventDataStoreIngestion"},
		{"log forging", post("/", form, scope("x\x0by\"%0a"), "Action=a%0atime=1 level=ERROR&msg="), 400, ""},
	}
	g := newTestServer(t, nil)
	for _, tt := range tests {
		status, body := g.send(tt.request)
		if status != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, status, truncate(body), tt.status, tt.says)
		}
		if len(body) > 4096 {
			t.Errorf("%s: response of %d bytes", tt.name, len(body))
		}
		g.checkHealthy(tt.name)
	}
	for line := range strings.Lines(g.log.String()) {
		if !strings.HasPrefix(line, "time=2") || len(line) > 1024 || strings.Contains(line, "AKID") || strings.Contains(line, "Signature") {
			t.Errorf("logged: %q", line)
		}
	}
}

func filters(n int) string {
	var b strings.Builder
	b.WriteString("Action=DescribeDBClusters")
	for i := range n {
		fmt.Fprintf(&b, "&Filters.Filter.%d.Name=x&Filters.Filter.%d.Values.Value.1=y", i+1, i+1)
	}
	return b.String()
}

// TestSlowClientsAreDisconnected checks that the server disconnects slow clients and that other
// clients do not notice.
func TestSlowClientsAreDisconnected(t *testing.T) {
	g := newTestServer(t, func(s *server) {
		s.http.ReadHeaderTimeout, s.http.ReadTimeout = 50*time.Millisecond, 100*time.Millisecond
		s.http.WriteTimeout, s.http.IdleTimeout = 1100*time.Millisecond, 50*time.Millisecond
	})
	if status, body := g.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nslow"); status != http.StatusRequestTimeout {
		t.Errorf("a body that does not come: %d %s", status, body)
	}
	for name, begun := range map[string]string{"nothing": "", "half a header": "GET / HTTP/1.1\r\nHost:"} {
		c := g.dial()
		if _, err := io.WriteString(c, begun); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil { // the server closes it
			t.Errorf("%s: %v", name, err)
		}
	}
	g.checkHealthy("slow requests")
}

// TestConnectionLimit checks that connections above the limit wait, and are served once idle ones
// are closed.
func TestConnectionLimit(t *testing.T) {
	g := newTestServer(t, func(s *server) {
		s.slots = make(chan struct{}, 4)
		s.http.ReadHeaderTimeout, s.http.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond
	})
	before := runtime.NumGoroutine()
	for range 100 {
		g.dial()
	}
	g.checkHealthy("a hundred connections")
	if n := runtime.NumGoroutine() - before; n > 4*4 {
		t.Errorf("%d goroutines for 4 connections", n)
	}
}

// TestMemoryIsBounded checks that clients cannot make the services keep more and more data.
func TestMemoryIsBounded(t *testing.T) {
	g := newTestServer(t, nil)
	call := func(method, path, target, body string) {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if target != "" {
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", "CloudTrail_20131101."+target)
		}
		w := httptest.NewRecorder()
		g.http.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s %s%s: %d %s", method, path, target, w.Code, w.Body)
		}
	}
	const keep = "/domains/example-domain/event-streams/"
	uri := `"Uri":"` + kinesis + `"`
	var tags []string
	for i := range 50 {
		tags = append(tags, fmt.Sprintf(`"tag%d":%q`, i, strings.Repeat("x", 250)))
	}
	values := strings.Repeat(`"`+strings.Repeat("y", 2000)+`",`, 99) + `"y"`
	selector := `{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventName","Equals":[` + values + `]}]}`
	call(http.MethodDelete, keep+"example-stream", "", "")
	before := heap()
	for i := range 60 {
		name := keep + fmt.Sprint("stream-", i)
		call(http.MethodPost, name, "", "{"+uri+`,"Tags":{`+strings.Join(tags, ",")+"}}")
		call(http.MethodDelete, name, "", "")
		call(http.MethodPost, "/", "UpdateEventDataStore", `{"EventDataStore":"`+management+`","AdvancedEventSelectors":[`+selector+"]}")
	}
	if grown := heap() - before; grown > 6<<20 { // what was sent are 13 MB
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
	g.checkHealthy("many changes")
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
