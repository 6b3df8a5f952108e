package benchmarks

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

var measureOfReader = flag.Bool("measure-reader", false, "measure the throughput of a reader only, and update results.json and README.md")

// kinesisOf is an HTTP client that serves one stream whose shards always have more of the same
// records. It costs next to nothing, so that the processor's time is the reader's.
type kinesisOf struct {
	list, records []byte
}

func newKinesis(shards int, data [][]byte) *kinesisOf {
	k := &kinesisOf{}
	var list []map[string]any
	for i := range shards {
		list = append(list, map[string]any{
			"ShardId": fmt.Sprintf("shardId-%012d", i), "SequenceNumberRange": map[string]any{"StartingSequenceNumber": "1"},
			"HashKeyRange": map[string]any{"StartingHashKey": "0", "EndingHashKey": "1"},
		})
	}
	var records []map[string]any
	for i, d := range data {
		records = append(records, map[string]any{
			"SequenceNumber": fmt.Sprint(1000 + i), "ApproximateArrivalTimestamp": 1.7e9, "Data": d, "PartitionKey": "p",
		})
	}
	k.list, _ = json.Marshal(map[string]any{"Shards": list})
	k.records, _ = json.Marshal(map[string]any{"Records": records, "MillisBehindLatest": 1000, "NextShardIterator": "i"})
	return k
}

func (k *kinesisOf) Do(r *http.Request) (*http.Response, error) {
	body := k.records
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasSuffix(target, "ListShards"):
		body = k.list
	case strings.HasSuffix(target, "GetShardIterator"):
		body = []byte(`{"ShardIterator":"i"}`)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}

// cpu returns the time that this process has used of its processors.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// throughput returns how many megabytes a second of data one core reads and decodes: of a stream of
// 20 shards whose records are batches of 100 events, through the SDK's client.
func throughput(t *testing.T, megabytes int) float64 {
	s := activityrecordtest.NewSealer()
	batch := activityrecord.Record{InstanceId: "db-A", Events: recordedEvents(t, 100)}
	var data [][]byte
	size := 0
	for size < 500_000 { // of one response: what a shard has after a read every 250 ms
		data = append(data, s.Seal(batch))
		size += len(data[len(data)-1])
	}
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""), HTTPClient: newKinesis(20, data)}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var rate float64
	synctest.Test(t, func(t *testing.T) { // the pauses between two reads of a shard take no time
		reader := activityreader.NewFromConfig(cfg, activityrecord.NewDecoder(s), "stream")
		read, began := 0, cpu()
		for d, err := range reader.Read(t.Context(), activityreader.Position{}) {
			if err != nil || len(d.Record.Events) != 100 {
				t.Fatal(err)
			}
			if read += len(d.Data); read > megabytes<<20 {
				break
			}
		}
		rate = float64(read) / 1e6 / (cpu() - began).Seconds()
	})
	return rate
}

// reader measures the throughput of a reader, in place of what r has of it.
func (r *Results) reader(t *testing.T, e effort) {
	const measure = "Read and decode a stream of 20 shards over the SDK's client, batches of 100 events"
	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return row.Measure == measure })
	rates := make([]float64, 1+e.rounds/50)
	for i := range rates {
		rates[i] = throughput(t, 1+e.rounds/25)
	}
	r.Rows = append(r.Rows, Row{Measure: measure, Unit: "MB of records a second of one core's time", Goal: 40, AtLeast: true, Got: spreadOf(rates)})
}

// TestMeasureReader measures the throughput of a reader only. With -measure-reader it updates the
// results.
func TestMeasureReader(t *testing.T) {
	if !*measureOfReader {
		new(Results).reader(t, quick)
		return
	}
	r, err := Load(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	r.reader(t, full)
	row := r.Rows[len(r.Rows)-1]
	t.Logf("%-5t %s: %.3g (%.3g to %.3g) %s, goal %g", row.Met(), row.Measure, row.Got.Median, row.Got.Low, row.Got.High, row.Unit, row.Goal)
	if err := r.Save(resultsFile); err != nil {
		t.Fatal(err)
	}
	if err := Publish(r); err != nil {
		t.Fatal(err)
	}
}
