//go:build live

package activityreader_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
)

// TestLive reads a started activity stream of your account for some minutes and prints what AWS
// does not document: the interval of heartbeats, whether each instance has its own, the algorithm
// suites, and how long a data key is used. It changes nothing.
//
//	STREAMWARDEN_LIVE_CLUSTER=ARN go test -tags live ./activitystream/activityreader -run TestLive -v
//	STREAMWARDEN_LIVE_INSTANCE=ARN STREAMWARDEN_LIVE_FOR=1h go test … -timeout 2h
func TestLive(t *testing.T) {
	name := cmp.Or(os.Getenv("STREAMWARDEN_LIVE_CLUSTER"), os.Getenv("STREAMWARDEN_LIVE_INSTANCE"))
	if name == "" {
		t.Skip("neither STREAMWARDEN_LIVE_CLUSTER nor STREAMWARDEN_LIVE_INSTANCE is set")
	}
	duration, err := time.ParseDuration(cmp.Or(os.Getenv("STREAMWARDEN_LIVE_FOR"), "5m"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := arn.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(a.Region))
	if err != nil {
		t.Fatal(err)
	}
	client := activitystream.NewFromConfig(cfg)
	stream, err := client.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if stream.Status != activitystream.StatusStarted {
		t.Skipf("the activity stream of %s is %s, not started", name, stream.Status)
	}
	ids := []string{stream.ResourceId}
	if strings.HasPrefix(stream.ResourceId, "cluster-") {
		members, err := client.Members(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		ids = nil
		for _, m := range members {
			ids = append(ids, m.ResourceId)
		}
	}
	keys, err := kmskeys.New(kms.NewFromConfig(cfg), stream.ResourceId)
	if err != nil {
		t.Fatal(err)
	}
	reader := activityreader.New(kinesis.NewFromConfig(cfg), activityrecord.NewDecoder(keys), stream.KinesisStreamName)
	proof, err := reader.WaitRecording(t.Context(), ids, duration)
	t.Logf("proof of %d instances: %+v, %v", len(ids), proof, err)

	f := findings{beats: map[string][]time.Time{}, suites: map[uint16]int{}, keys: map[string][2]time.Time{}, versions: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	for d, err := range reader.Read(ctx, activityreader.Position{}) {
		if d == nil {
			t.Log("the end:", err)
			break
		}
		if err != nil {
			t.Errorf("%s: %v", d.SequenceNumber, err)
			continue
		}
		f.add(t, d)
	}
	f.print(t, ids)
}

// findings are what was seen in the records.
type findings struct {
	beats    map[string][]time.Time // arrivals of heartbeats, by instance
	suites   map[uint16]int
	keys     map[string][2]time.Time // first and last use of each encrypted data key
	versions map[string]int
	records  int
	events   int
}

func (f *findings) add(t *testing.T, d *activityreader.Delivery) {
	var envelope struct {
		DatabaseActivityEvents []byte
		Key                    []byte
	}
	if err := json.Unmarshal(d.Data, &envelope); err != nil {
		t.Fatal(err)
	}
	f.records++
	f.events += len(d.Record.Events)
	f.versions[d.Record.Version]++
	message := envelope.DatabaseActivityEvents
	if message[0] == 1 { // version 1 has the message's type before the suite
		message = message[1:]
	}
	f.suites[binary.BigEndian.Uint16(message[1:])]++
	used, ok := f.keys[string(envelope.Key)]
	if !ok {
		used[0] = d.ArrivedAt
	}
	used[1] = d.ArrivedAt
	f.keys[string(envelope.Key)] = used
	for i := range d.Record.Events {
		if d.Record.Events[i].Heartbeat() {
			f.beats[d.Record.InstanceId] = append(f.beats[d.Record.InstanceId], d.ArrivedAt)
		}
	}
}

func (f *findings) print(t *testing.T, ids []string) {
	t.Logf("%d records, %d events, versions %v", f.records, f.events, f.versions)
	for suite, n := range f.suites {
		t.Logf("algorithm suite 0x%04x: %d records", suite, n)
	}
	for _, used := range f.keys {
		t.Logf("a data key was used for at least %s", used[1].Sub(used[0]))
	}
	for _, id := range slices.Sorted(maps.Keys(f.beats)) {
		slices.SortFunc(f.beats[id], time.Time.Compare)
		var intervals []time.Duration
		for i, at := range f.beats[id][1:] {
			intervals = append(intervals, at.Sub(f.beats[id][i]))
		}
		slices.Sort(intervals)
		if n := len(intervals); n > 0 {
			t.Logf("%s: %d heartbeats, interval %s to %s, median %s, 90th percentile %s", id, n+1, intervals[0], intervals[n-1], intervals[n/2], intervals[n*9/10])
		}
	}
	for _, id := range ids {
		if len(f.beats[id]) == 0 {
			t.Logf("%s: no heartbeat of its own", id)
		}
	}
}
