package eventstreamtest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
)

// TestRequestSnapshots sends the recorded requests of the SDK's modules, which have every member
// set. The values are placeholders, so the server must reject them, with an error of the
// operation.
func TestRequestSnapshots(t *testing.T) {
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/customerprofiles").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir = append(bytes.TrimSpace(dir), "/request_snapshot"...)
	if _, err := os.Stat(string(dir)); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this version of the SDK's module has none; the tests with its client have to do")
	}
	for _, op := range []string{"CreateEventStream", "DeleteEventStream", "GetEventStream", "ListEventStreams"} {
		snapshot, err := os.ReadFile(filepath.Join(string(dir), op+".request.snap"))
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.SplitN(string(snapshot), "\n\n", 3) // method and path, headers, body
		method, path, ok := strings.Cut(parts[0], " ")
		if !ok || len(parts) < 2 {
			t.Fatalf("%s: the snapshot is %q", op, snapshot)
		}
		body := ""
		if len(parts) == 3 {
			body = parts[2]
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "https://profile.us-east-1.amazonaws.com"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(parts[1]) {
			if name, value, ok := strings.Cut(line, ":"); ok {
				r.Header.Set(name, strings.TrimSpace(value))
			}
		}
		s := eventstreamtest.NewServer()
		resp, err := s.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		calls := s.Calls()
		if len(calls) != 1 || string(calls[0].Operation) != op || calls[0].Code != "BadRequestException" && calls[0].Code != "ResourceNotFoundException" {
			t.Errorf("%s: %+v", op, calls)
		}
	}
}

// FuzzCreate looks for a request that makes the server panic, or that creates a stream that the
// client would reject.
func FuzzCreate(f *testing.F) {
	f.Add("example-domain", "example-stream", `{"Uri":"`+uri+`","Tags":{"k":"v"}}`)
	f.Add("example-domain", "a%2Fb", `{"Uri":null}`)
	f.Add("..", "", `{"Tags":{"aws:x":1}}`)
	f.Fuzz(func(t *testing.T, domain, name, body string) {
		s := eventstreamtest.NewServer()
		if utf8.ValidString(domain) {
			s.AddDomain(domain)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"https://profile.us-east-1.amazonaws.com/domains/"+domain+"/event-streams/"+name, strings.NewReader(body))
		if err != nil {
			t.Skip(err)
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := s.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return
		}
		for _, c := range s.Calls() {
			parts := strings.Split(c.Resource, "/")
			if len(parts) != 4 {
				t.Fatalf("it created %q", c.Resource)
			}
			if err := (eventstream.Ref{DomainName: parts[1], EventStreamName: parts[3]}).Validate(); err != nil {
				t.Errorf("it created %q: %v", c.Resource, err)
			}
			if s.State(c.Resource) != eventstream.StateRunning {
				t.Errorf("%s is %s", c.Resource, s.State(c.Resource))
			}
		}
	})
}
