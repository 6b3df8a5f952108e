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
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

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

// throughputs are ways to go through the same records of a stream of 20 shards, batches of 100
// events: the complete reader, and its two largest parts.
type throughputs struct {
	t       *testing.T
	cfg     aws.Config
	decoder *activityrecord.Decoder
	data    [][]byte // of one response
	size    int      // of data
}

func newThroughputs(t *testing.T) *throughputs {
	s := activityrecordtest.NewSealer()
	batch := activityrecord.Record{InstanceId: "db-A", Events: recordedEvents(t, 100)}
	p := &throughputs{t: t, decoder: activityrecord.NewDecoder(s)}
	for p.size < 500_000 { // what a shard has after a read every 250 ms
		p.data = append(p.data, s.Seal(batch))
		p.size += len(p.data[len(p.data)-1])
	}
	p.cfg = aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""), HTTPClient: newKinesis(20, p.data)}
	return p
}

// reader reads and decodes n responses.
func (p *throughputs) reader(n int) {
	synctest.Test(p.t, func(t *testing.T) { // the pauses between two reads of a shard take no time
		left := n * len(p.data)
		for d, err := range activityreader.NewFromConfig(p.cfg, p.decoder, "stream").Read(t.Context(), activityreader.Position{}) {
			if err != nil || len(d.Record.Events) != 100 {
				t.Fatal(err)
			}
			if left--; left == 0 {
				break
			}
		}
	})
}

// client gets n responses.
func (p *throughputs) client(n int) {
	c := kinesis.NewFromConfig(p.cfg)
	for range n {
		if out, err := c.GetRecords(p.t.Context(), &kinesis.GetRecordsInput{ShardIterator: new("i")}); err != nil || len(out.Records) != len(p.data) {
			p.t.Fatal(err)
		}
	}
}

// decode decodes the records of n responses.
func (p *throughputs) decode(n int) {
	for range n {
		for _, d := range p.data {
			if r, err := p.decoder.Decode(p.t.Context(), d); err != nil || len(r.Events) != 100 {
				p.t.Fatal(err)
			}
		}
	}
}

// rate returns how many megabytes of data a second of one core's time go through n responses.
func (p *throughputs) rate(run func(n int), n int) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	began := cpu()
	run(n)
	return float64(n*p.size) / 1e6 / (cpu() - began).Seconds()
}

// reader measures the throughput of a reader, in place of what r has of it. It returns that of the
// SDK's client alone and of the decoder alone. The three take turns. The first round only brings
// the heap to its size.
func (r *Results) reader(t *testing.T, e effort) (client, decoder Spread) {
	const measure = "Read and decode a stream of 20 shards over the SDK's client, batches of 100 events"
	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return row.Measure == measure })
	p := newThroughputs(t)
	var rates [3][]float64
	for range 2 + e.rounds/30 {
		for i, run := range []func(int){p.reader, p.client, p.decode} {
			rates[i] = append(rates[i], p.rate(run, 2+e.rounds/6))
		}
	}
	spread := func(i int) Spread { return spreadOf(rates[i][1:]) }
	r.Rows = append(r.Rows, Row{Measure: measure, Unit: "MB of records a second of one core's time", Goal: 40, AtLeast: true, Got: spread(0)})
	return spread(1), spread(2)
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
	client, decoder := r.reader(t, full)
	row := r.Rows[len(r.Rows)-1]
	t.Logf("MB a second of the SDK's client alone: %.3g (%.3g to %.3g)", client.Median, client.Low, client.High)
	t.Logf("MB a second of the decoder alone: %.3g (%.3g to %.3g)", decoder.Median, decoder.Low, decoder.High)
	t.Logf("%-5t %s: %.3g (%.3g to %.3g) %s, goal %g", row.Met(), row.Measure, row.Got.Median, row.Got.Low, row.Got.High, row.Unit, row.Goal)
	if err := r.Save(resultsFile); err != nil {
		t.Fatal(err)
	}
	if err := Publish(r); err != nil {
		t.Fatal(err)
	}
}
