package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// counter is a service that counts. Count adds one, and Get returns a list that is as long as the
// count. Both operations name the counter.
type counter struct {
	*Server
	n int
}

func newCounter(change func(*Config)) *counter {
	c := &counter{}
	names := func(r *Request) []string { return r.Params["Name"] }
	config := Config{
		Protocol: Query{Version: "1", Namespace: "x"},
		Operations: map[statemachine.Operation]Operation{
			"Count": {Resources: names, Run: func(*Request) (Result, *Error) {
				c.n++
				return Result{Body: []byte("<N/>"), Records: 1}, nil
			}},
			"Get": {Group: "reads", Resources: names, Run: func(*Request) (Result, *Error) {
				if c.n == 0 {
					return Result{}, &Error{Code: "Nothing", Status: http.StatusNotFound}
				}
				return Result{Body: []byte("<N/>"), Records: c.n}, nil
			}},
		},
		Throttled: Error{Code: "Throttling", Message: "Rate exceeded"},
		Unknown:   "InvalidAction",
	}
	if change != nil {
		change(&config)
	}
	c.Server = New(config)
	return c
}

func form(ctx context.Context, op string, names ...string) *http.Request {
	v := url.Values{"Action": {op}, "Name": names}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://aws.example/", strings.NewReader(v.Encode()))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// do makes one call and returns its outcome: the status, with the error code if there is one, or
// the error of the connection.
func do(t *testing.T, s *Server, r *http.Request) string {
	t.Helper()
	resp, err := s.Do(r)
	if err != nil {
		if _, ok := errors.AsType[*url.Error](err); !ok {
			t.Errorf("the error %v is no *url.Error", err)
		}
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Header.Get("X-Amzn-Requestid")) != 36 {
		t.Errorf("the request's ID is %q", resp.Header.Get("X-Amzn-Requestid"))
	}
	text := string(body)
	if _, code, ok := strings.Cut(text, "<Code>"); ok {
		text, _, _ = strings.Cut(code, "<")
	} else if strings.Contains(text, "<N/>") {
		text = "N"
	}
	return strings.TrimSpace(resp.Status[:3] + " " + text)
}

func TestFailureOutcomes(t *testing.T) {
	const broken = `Post "http://aws.example/": unexpected EOF`
	tests := []struct {
		name, why string
		fail      []Failure
		ops       []string // calls, each of the counter "a"
		want      []string
		counted   int
		accepted  int
	}{
		{
			name:     "none",
			ops:      []string{"Count", "Get"},
			want:     []string{"200 N", "200 N"},
			counted:  1,
			accepted: 2,
			why:      "nothing fails without a Failure",
		},
		{name: "error response", ops: []string{"Get"}, want: []string{"404 Nothing"}, why: "a call that the service rejects is not accepted"},
		{
			name:     "once",
			fail:     []Failure{{Code: "Busy"}},
			ops:      []string{"Count", "Count"},
			want:     []string{"400 Busy", "200 N"},
			counted:  1,
			accepted: 1,
			why:      "zero times means once",
		},
		{
			name:     "twice",
			fail:     []Failure{{Code: "Busy", Status: 503, Times: 2}},
			ops:      []string{"Count", "Count", "Count"},
			want:     []string{"503 Busy", "503 Busy", "200 N"},
			counted:  1,
			accepted: 1,
			why:      "as often as it says",
		},
		{
			name: "until cleared",
			fail: []Failure{{Status: 503, Times: -1}},
			ops:  []string{"Count", "Count", "Count"},
			want: []string{"503 InternalFailure", "503 InternalFailure", "503 InternalFailure"},
			why:  "a negative number means until cleared, and a status alone has a code",
		},
		{
			name:     "in order",
			fail:     []Failure{{Code: "A"}, {Code: "B"}},
			ops:      []string{"Count", "Count", "Count"},
			want:     []string{"400 A", "400 B", "200 N"},
			counted:  1,
			accepted: 1,
			why:      "in the order given",
		},
		{
			name: "another operation",
			fail: []Failure{{Code: "Busy"}},
			ops:  []string{"Get", "Count"},
			want: []string{"404 Nothing", "400 Busy"},
			why:  "the failure is for Count",
		},
		{
			name:     "another resource",
			fail:     []Failure{{Code: "Busy", Resource: "b"}},
			ops:      []string{"Count"},
			want:     []string{"200 N"},
			counted:  1,
			accepted: 1,
			why:      "the call names a",
		},
		{
			name: "this resource",
			fail: []Failure{{Code: "Busy", Resource: "A"}},
			ops:  []string{"Count"},
			want: []string{"400 Busy"},
			why:  "case is ignored",
		},
		{name: "drop", fail: []Failure{{Drop: true}}, ops: []string{"Count"}, want: []string{broken}, why: "closed before the request is read"},
		{
			name:     "lost",
			fail:     []Failure{{Lost: true}},
			ops:      []string{"Count"},
			want:     []string{broken},
			counted:  1,
			accepted: 1,
			why:      "closed after the operation is executed",
		},
		{
			name:     "lost, with a response",
			fail:     []Failure{{Lost: true, Status: 502, Body: "<html>"}},
			ops:      []string{"Count"},
			want:     []string{"502 <html>"},
			counted:  1,
			accepted: 1,
			why:      "a proxy responds in place of the service",
		},
		{name: "body", fail: []Failure{{Body: "<html>"}}, ops: []string{"Count"}, want: []string{"200 <html>"}, why: "the response of a proxy"},
		{name: "empty", fail: []Failure{{Status: 200}}, ops: []string{"Count"}, want: []string{"200"}, why: "an empty response"},
		{
			name: "bad status",
			fail: []Failure{{Code: "X", Status: 42}},
			ops:  []string{"Count"},
			want: []string{"500 X"},
			why:  "HTTP has no such status",
		},
		{
			name:     "delay",
			fail:     []Failure{{Delay: time.Second}},
			ops:      []string{"Count"},
			want:     []string{"200 N"},
			counted:  1,
			accepted: 1,
			why:      "late, but successful",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter(nil)
				for _, f := range tt.fail {
					c.Fail("Count", f)
				}
				got := make([]string, 0, len(tt.ops))
				for _, op := range tt.ops {
					got = append(got, do(t, c.Server, form(t.Context(), op, "a")))
				}
				assert.Equal(t, tt.why, tt.want, got)
				accepted := 0
				for _, call := range c.Calls() {
					if call.Accepted {
						accepted++
					}
				}
				if c.n != tt.counted || accepted != tt.accepted {
					t.Errorf("%s: counted %d, accepted %d, want %d and %d", tt.why, c.n, accepted, tt.counted, tt.accepted)
				}
			})
		})
	}
}

func TestClearFailures(t *testing.T) {
	c := newCounter(nil)
	c.Fail("", Failure{Code: "All", Times: -1})
	c.Fail("Count", Failure{Code: "Count", Times: -1})
	c.ClearFailures("Count")
	got := []string{do(t, c.Server, form(t.Context(), "Count"))}
	c.ClearFailures("")
	got = append(got, do(t, c.Server, form(t.Context(), "Count")))
	assert.Equal(t, "result", []string{"400 All", "200 N"}, got)
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(func(c *Config) {
			c.Options.Latency = func(c Call) time.Duration { return 300*time.Millisecond + time.Duration(c.Records)*2*time.Millisecond }
		})
		c.n = 49
		start := time.Now()
		do(t, c.Server, form(t.Context(), "Count"))
		do(t, c.Server, form(t.Context(), "Get"))
		if d, want := time.Since(start), 302*time.Millisecond+400*time.Millisecond; d != want {
			t.Errorf("two calls took %s, want %s", d, want)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start = time.Now()
		_, err := c.Do(form(ctx, "Count"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("the end of the context does not end the latency: %v after %s", err, time.Since(start))
		}
		if c.n != 51 {
			t.Errorf("the count is %d: the request had arrived before the context ended", c.n)
		}
		if _, err := c.Do(form(ctx, "Count")); !errors.Is(err, context.DeadlineExceeded) || c.n != 51 {
			t.Errorf("a request with a canceled context was executed: %v, %d", err, c.n)
		}
	})
}

func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(nil)
		c.Fail("Count", Failure{Hang: true})
		c.Fail("Count", Failure{Hang: true, Lost: true})
		for i, counted := range []int{0, 1} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			start := time.Now()
			_, err := c.Do(form(ctx, "Count"))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour || c.n != counted {
				t.Errorf("call %d: %v after %s, counted %d", i, err, time.Since(start), c.n)
			}
			cancel()
		}
	})
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(nil)
		c.Throttle("", 2, 10)
		call := func(op string) string { return do(t, c.Server, form(t.Context(), op)) }
		got := []string{call("Count"), call("Count"), call("Count")}
		time.Sleep(99 * time.Millisecond)
		got = append(got, call("Count"))
		time.Sleep(time.Millisecond)
		got = append(got, call("Count"), call("Count"), call("Get"))
		c.Throttle("", 0, 0)
		got = append(got, call("Count"))
		want := []string{"200 N", "200 N", "400 Throttling", "400 Throttling", "200 N", "400 Throttling", "200 N", "200 N"}
		assert.Equal(t, "two at once, one each 100 ms, another group apart, none at last", want, got)
	})
}

func TestBucketKeepsItsRate(t *testing.T) {
	b := &bucket{burst: 1, perSecond: 3, tokens: 1, at: epoch}
	taken := 0
	for i := range 30_000 { // 10 s in steps of a third of a millisecond
		if b.take(epoch.Add(time.Duration(i) * time.Second / 3000)) {
			taken++
		}
	}
	if taken != 30 {
		t.Errorf("%d taken in 10 s, want 30", taken)
	}
}

func TestIntercept(t *testing.T) {
	var c *counter
	c = newCounter(func(cfg *Config) {
		cfg.Options.Intercept = func(call Call) *Failure {
			if call.Operation != "Get" {
				return nil
			}
			c.Update(func(time.Time) { c.n = 7 }) // Intercept may use the server
			return &Failure{Code: "Intercepted"}
		}
	})
	got := []string{do(t, c.Server, form(t.Context(), "Get", "a")), do(t, c.Server, form(t.Context(), "Count", "a"))}
	if diff := cmp.Diff([]string{"400 Intercepted", "200 N"}, got); diff != "" || c.n != 8 {
		t.Errorf("counted %d (-want +got)\n%s", c.n, diff)
	}
}

func TestCallsLogsEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(nil)
		start := time.Now()
		do(t, c.Server, form(t.Context(), "Count", "a"))
		time.Sleep(time.Second)
		do(t, c.Server, form(t.Context(), "Get", "a", "b"))
		do(t, c.Server, form(t.Context(), "Nonsense"))
		r := form(t.Context(), "Count")
		r.Header.Set("Content-Type", "text/plain")
		do(t, c.Server, r)
		c.Fail("", Failure{Drop: true})
		do(t, c.Server, form(t.Context(), "Count"))
		later := start.Add(time.Second)
		want := []Call{
			{At: start, Operation: "Count", Resource: "a", ResourceCount: 1, Accepted: true, Records: 1, Status: 200},
			{At: later, Operation: "Get", ResourceCount: 2, Accepted: true, Records: 1, Status: 200},
			{At: later, Operation: "Nonsense", Status: 400, Code: "InvalidAction"},
			{At: later, Status: 400, Code: "MalformedInput"},
			{At: later, Operation: "Count"},
		}
		assert.Equal(t, "result", want, c.Calls())
	})
}

func TestUnsupportedOperationListsSupported(t *testing.T) {
	c := newCounter(nil)
	resp, err := c.Do(form(t.Context(), "CreateDBInstance"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"InvalidAction", "CreateDBInstance", "It supports Count, Get."} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the error lacks %q: %s", want, body)
		}
	}
}

// badBody fails when it is read.
type badBody struct{ io.Reader }

func (badBody) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (badBody) Close() error             { return nil }

func TestRequestBodyLimits(t *testing.T) {
	c := newCounter(nil)
	r := form(t.Context(), "Count")
	r.Body = io.NopCloser(io.LimitReader(zeros{}, 10*MaxBody))
	if got := do(t, c.Server, r); got != "413 RequestEntityTooLarge" {
		t.Errorf("too large: %s", got)
	}
	r = form(t.Context(), "Count")
	r.Body = badBody{}
	if _, err := c.Do(r); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a body that breaks: %v", err)
	}
	r = form(t.Context(), "Count")
	r.Body = nil
	if got := do(t, c.Server, r); got != "400 MissingAction" {
		t.Errorf("no body: %s", got)
	}
}

func TestRequestWithoutURLFails(t *testing.T) {
	if _, err := newCounter(nil).Do(&http.Request{}); err == nil {
		t.Error("a request without a URL succeeds")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestServeHTTP(t *testing.T) {
	c := newCounter(nil)
	socket := httptest.NewServer(c)
	defer socket.Close()
	post := func() (*http.Response, error) {
		return socket.Client().Post(socket.URL, "application/x-www-form-urlencoded", strings.NewReader("Action=Count"))
	}
	resp, err := post()
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/xml" {
		t.Fatalf("got %v, %v", resp, err)
	}
	_ = resp.Body.Close()
	for _, f := range []Failure{{Drop: true}, {Lost: true}} {
		c.Fail("Count", f)
		if resp, err := post(); err == nil {
			t.Errorf("%+v: the connection stays open, status %s", f, resp.Status)
			_ = resp.Body.Close()
		}
	}
	c.Update(func(time.Time) {
		if c.n != 2 {
			t.Errorf("counted %d, want 2: the first and the lost one", c.n)
		}
	})
	c.Fail("Count", Failure{Drop: true})
	rec := httptest.NewRecorder() // it has no connection to break
	c.ServeHTTP(rec, form(t.Context(), "Count"))
	if rec.Code != http.StatusBadGateway {
		t.Errorf("the status is %d", rec.Code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.ServeHTTP(httptest.NewRecorder(), form(ctx, "Count"))
	if calls := c.Calls(); len(calls) != 4 {
		t.Errorf("a request whose caller had left was executed: %v", calls)
	}
}

func TestConcurrent(t *testing.T) {
	c := newCounter(nil)
	c.Fail("Count", Failure{Code: "Busy", Times: 10})
	c.Throttle("reads", 5, 0)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			do(t, c.Server, form(t.Context(), "Count", "a"))
			do(t, c.Server, form(t.Context(), "Get", "a"))
			c.Calls()
		})
	}
	wg.Wait()
	throttled := 0
	for _, call := range c.Calls() {
		if call.Code == "Throttling" {
			throttled++
		}
	}
	if c.n != 40 || throttled != 45 || len(c.Calls()) != 100 {
		t.Errorf("counted %d, throttled %d of %d calls", c.n, throttled, len(c.Calls()))
	}
}

func TestRequestIDs(t *testing.T) {
	known := make(map[string]bool)
	for _, n := range []uint64{0, 1, 2, 1 << 32, 1<<48 + 1, 1<<49 + 1, 1<<64 - 1} {
		id := requestID(n)
		if known[id] || len(id) != 36 {
			t.Errorf("the ID of request %d is %s", n, id)
		}
		known[id] = true
	}
}

// TestLogIsBounded checks that neither many calls nor long names make the log grow without limit.
func TestLogIsBounded(t *testing.T) {
	c := newCounter(func(c *Config) { c.Options.HistoryLimit = 3 })
	long := strings.Repeat("é", MaxBody/8)
	for range 100 {
		for _, r := range []*http.Request{form(t.Context(), "Count", long), form(t.Context(), long)} {
			res, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
		}
	}
	calls := c.Calls()
	if len(calls) == 0 || len(calls) > 3 {
		t.Fatalf("%d calls are kept", len(calls))
	}
	for _, call := range calls {
		if n := len(call.Resource) + len(call.Operation); n > 2*MaxName {
			t.Errorf("%d bytes of names are kept", n)
		}
	}
}
