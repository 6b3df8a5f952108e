package provider

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
)

// The resources and keys of the tests.
const (
	clusterARN  = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
	instanceARN = "arn:aws:rds:us-east-1:123456789012:db:my-orcl-db"
	storeARN    = "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e-1111-4222-8333-123456789abc"
	streamARN   = "arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream"
	kinesisARN  = "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"

	keyID      = "1234abcd-12ab-34cd-56ef-1234567890ab"
	keyARN     = "arn:aws:kms:us-east-1:123456789012:key/" + keyID
	otherKeyID = "0987dcba-09fe-87dc-65ba-ab0987654321"
)

// world is an AWS: it takes the place of the SDK's HTTP client, and it is an http.Handler.
type world struct {
	rds      *activitystreamtest.Server
	trail    *ingestiontest.Server
	profiles *eventstreamtest.Server

	mu      sync.Mutex
	aliases map[string]string // key IDs by alias name
	denied  bool              // kms:DescribeKey
	seen    []string          // the hosts of requests to services, except STS
	signers []string          // and their access keys
	assumed []url.Values      // the requests of AssumeRole
}

// newWorld returns a world whose transitions take this long.
func newWorld(transition, window time.Duration) *world {
	w := &world{aliases: map[string]string{"alias/audit": keyID, "alias/same": keyID, "alias/other": otherKeyID}}
	w.rds = activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Starting, o.Stopping, o.PolicyChange, o.MaintenanceWindow = transition, transition, transition, window
	})
	w.trail = ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Starting, o.Stopping = transition, transition })
	w.profiles = eventstreamtest.NewServer()
	for alias, key := range w.aliases {
		w.rds.SetAlias(alias, key)
	}
	w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
	w.rds.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db"})
	w.trail.AddEventDataStore(ingestiontest.EventDataStore{Id: "4d2a1f0e-1111-4222-8333-123456789abc", Status: ingestion.StatusEnabled})
	w.profiles.AddDomain("example-domain")
	return w
}

// Do serves a request of an SDK client.
func (w *world) Do(r *http.Request) (*http.Response, error) {
	name := service(r)
	if name == "sts" {
		return w.assumeRole(r)
	}
	w.mu.Lock()
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	signer, _, _ := strings.Cut(credential, "/")
	w.seen, w.signers = append(w.seen, r.URL.Host), append(w.signers, signer)
	w.mu.Unlock()
	switch name {
	case "rds":
		return w.rds.Do(r)
	case "cloudtrail":
		return w.trail.Do(r)
	case "profile":
		return w.profiles.Do(r)
	case "kms":
		status, body := w.describeKey(r)
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
			Body: io.NopCloser(strings.NewReader(body)), Request: r,
		}, nil
	}
	return nil, fmt.Errorf("unexpected request to %s", r.URL)
}

// hosts lists the hosts of the requests, each once.
func (w *world) hosts() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(w.seen)))
}

// assumeRole responds to AssumeRole of STS.
func (w *world) assumeRole(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.assumed = append(w.assumed, form)
	w.mu.Unlock()
	text := "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>" +
		"<SessionToken>token</SessionToken><Expiration>" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) +
		"</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r,
	}, nil
}

// ServeHTTP serves a request from a socket.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	switch service(r) {
	case "rds":
		w.rds.ServeHTTP(out, r)
	case "cloudtrail":
		w.trail.ServeHTTP(out, r)
	case "profile":
		w.profiles.ServeHTTP(out, r)
	case "kms":
		status, body := w.describeKey(r)
		out.Header().Set("Content-Type", "application/x-amz-json-1.1")
		out.WriteHeader(status)
		_, _ = io.WriteString(out, body)
	default:
		out.WriteHeader(http.StatusNotFound)
	}
}

// service returns the service in the scope of the signature.
func service(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	parts := strings.Split(strings.SplitN(rest, ",", 2)[0], "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[len(parts)-2]
}

// describeKey responds to DescribeKey of KMS.
func (w *world) describeKey(r *http.Request) (status int, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in struct{ KeyId string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return http.StatusBadRequest, `{"__type":"SerializationException"}`
	}
	id := strings.TrimPrefix(in.KeyId[strings.LastIndex(in.KeyId, ":")+1:], "key/")
	if of, ok := w.aliases[id]; ok {
		id = of
	}
	switch {
	case w.denied:
		return http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"not authorized to perform: kms:DescribeKey"}`
	case id != keyID && id != otherKeyID:
		return http.StatusBadRequest, `{"__type":"NotFoundException","message":"The key is not found."}`
	default:
		return http.StatusOK, fmt.Sprintf(`{"KeyMetadata":{"KeyId":%q,"Arn":"arn:aws:kms:us-east-1:123456789012:key/%s"}}`, id, id)
	}
}

// commands lists the accepted commands of all services.
func (w *world) commands() []string {
	var list []string
	for _, calls := range [][]awstest.Call{w.rds.Calls(), w.trail.Calls(), w.profiles.Calls()} {
		for _, c := range calls {
			reads := strings.HasPrefix(string(c.Operation), "Describe") || strings.HasPrefix(string(c.Operation), "Get") ||
				strings.HasPrefix(string(c.Operation), "List")
			if c.Accepted && !reads {
				list = append(list, strings.TrimSuffix(strings.TrimSuffix(string(c.Operation), "ActivityStream"), "EventDataStoreIngestion"))
			}
		}
	}
	return list
}

// wantCommands reports a failure unless these commands were accepted, and no others.
func (w *world) wantCommands(t *testing.T, want ...string) {
	t.Helper()
	if got := w.commands(); !slices.Equal(got, want) {
		t.Errorf("accepted commands: %q, want %q", got, want)
	}
}

// waitStarted waits until the stream of the cluster is started, in real time.
func (w *world) waitStarted(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); w.rds.Status(clusterARN) != activitystream.StatusStarted; {
		if time.Now().After(deadline) {
			t.Fatal("the stream is not started")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// setStream changes the status of a stream, as another actor does.
func (w *world) setStream(arn string, status activitystream.Status) { w.rds.Set(arn, status) }
