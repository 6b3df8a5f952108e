package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// control sends an order and returns the response.
func (s *testServer) control(action, body string) (status int, response map[string]string) {
	s.Helper()
	status, text := s.send(post(controlPath+action, "application/json", "", body))
	if err := json.Unmarshal([]byte(text), &response); err != nil {
		s.Fatalf("%s: %v: %s", action, err, text)
	}
	return status, response
}

// must sends an order that succeeds, and returns the ARN in the response.
func (s *testServer) must(action, body string, args ...any) string {
	s.Helper()
	status, response := s.control(action, fmt.Sprintf(body, args...))
	if status != http.StatusOK {
		s.Fatalf("%s: %d %v", action, status, response)
	}
	return response["arn"]
}

// client returns a client whose reads follow each other quickly.
func (s *testServer) client() *activitystream.Client {
	return activitystream.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: new("http://" + s.addr), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}, func(o *activitystream.Options) {
		quick(&o.Wait)
		o.Wait.Grace = 200 * time.Millisecond // a transition is shorter than the delay between two reads
	})
}

func TestControl(t *testing.T) {
	s := newTestServer(t, nil)
	const key = "1234abcd-12ab-34cd-56ef-1234567890ab"
	c := s.client()
	for action, arn := range map[string]string{
		"add-cluster": "arn:aws:rds:us-east-1:123456789012:cluster:more", "add-instance": "arn:aws:rds:us-east-1:123456789012:db:more",
	} {
		if got := s.must(action, `{"identifier":"more"}`); got != arn {
			t.Errorf("%s: %s, want %s", action, got, arn)
		}
		in := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true}
		start := func(want string) *activitystream.EnsureOutput {
			t.Helper()
			out, err := c.EnsureStarted(t.Context(), in, 5*time.Second)
			switch {
			case want == "" && err != nil:
				t.Errorf("%s: %v", arn, err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%s: %v, want %q", arn, err, want)
			}
			return out
		}
		s.must("set-database", `{"arn":%q,"database_status":"stopped"}`, arn)
		start(string(statemachine.InvalidState))
		s.must("set-database", `{"arn":%q,"database_status":"available"}`, arn)
		s.must("set-key", `{"kms_key_id":%q}`, key)
		start(string(statemachine.KeyNotAccessible))
		s.must("set-key", `{"kms_key_id":%q,"accessible":true}`, key)
		s.must("lapse", `{"arn":%q}`, arn)
		start("unreachable") // the lapse is over before a read shows the start
		s.must("fail", `{"operation":"StartActivityStream","arn":%q,"code":"AccessDenied","http_status":403,"times":-1}`, arn)
		start(string(statemachine.AccessDenied))
		s.must("clear-failures", `{"operation":"StartActivityStream"}`)
		in.ApplyImmediately = false
		out, err := c.EnsureStarted(t.Context(), in, time.Second, func(o *activitystream.Options) { o.LeavePending = true })
		if err != nil || out.Pending == "" {
			t.Errorf("pending %q, %v", out.Pending, err)
		}
		s.must("open-window", `{"arn":%q}`, arn)
		if _, err := c.Wait(t.Context(), arn, activitystream.StatusStarted, 5*time.Second); err != nil {
			t.Error(err)
		}
		s.must("set-stream", `{"arn":%q,"status":"stopped"}`, arn)
		s.must("remove", `{"arn":%q}`, arn)
		if _, err := c.Get(t.Context(), arn); statemachine.KindOf(err) != statemachine.NotFound {
			t.Errorf("removed: %v", err)
		}
	}
	for _, target := range []string{"CloudTrail_20131101.GetEventDataStore", "Kinesis_20131202.ListShards", "TrentService.Decrypt"} {
		_, operation, _ := strings.Cut(target, ".")
		s.must("fail", `{"operation":%q,"code":"AccessDeniedException","http_status":400}`, operation)
		status, body := s.send(post("/", "application/x-amz-json-1.1", "X-Amz-Target: "+target+"\r\n", "{}"))
		if status != http.StatusBadRequest || !strings.Contains(body, "AccessDeniedException") {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
	s.must("set-alias", `{"alias":"alias/audit","kms_key_id":%q}`, key)
	s.must("stale", `{"stale":"1s"}`)
	s.must("stale", `{"stale":"0s"}`)
	for why, test := range map[string][2]string{
		"no such action": {"explode", "{}"}, "no such member": {"lapse", `{"resource":"x"}`}, "no object": {"lapse", "["},
		"no duration": {"stale", `{"stale":"soon"}`}, "no operation": {"fail", "{}"},
		"part of the name of an operation": {"fail", `{"operation":"StartActivity"}`}, "no operation to clear": {"clear-failures", "{}"},
		"no ARN": {"remove", "{}"}, "no such database to read": {"stale", `{"stale":"1s","arn":"x"}`}, "no such database": {"lapse", `{"arn":"arn:aws:rds:us-east-1:123456789012:cluster:none"}`},
	} {
		if status, response := s.control(test[0], test[1]); status != http.StatusBadRequest || response["error"] == "" {
			t.Errorf("%s: %d %v", why, status, response)
		}
	}
	s.checkHealthy("the orders")
}

func TestFurtherDatabases(t *testing.T) {
	b := settings{clusters: 3, instances: 200}
	if err := b.check(); err != nil {
		t.Fatal(err)
	}
	_, c := newServices(b, slog.New(slog.DiscardHandler))
	for _, arn := range []string{"cluster:cluster-1", "cluster:cluster-3", "db:instance-1", "db:instance-200"} {
		if got := c.rds.Status("arn:aws:rds:us-east-1:123456789012:" + arn); got != activitystream.StatusStopped {
			t.Errorf("%s is %q", arn, got)
		}
	}
	for _, b := range []settings{{clusters: -1}, {instances: maxDatabases + 1}} {
		if b.check() == nil {
			t.Errorf("%+v is valid", b)
		}
	}
}
