package activityrecord_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestFields shows how the members of an event become fields, and that Raw has the rest.
func TestFields(t *testing.T) {
	type event = activityrecord.Event
	for _, c := range []struct {
		why, json string
		want      event
	}{
		{"an empty event", `{}`, event{}},
		{"null in place of an event", `null`, event{}},
		{"null everywhere", `{"type":null,"pid":null,"paramList":null,"exitCode":null,"commandText":null}`, event{}},
		{"a null object is not an absent one", `{"engineNativeAuditFields":null}`, event{EngineNativeAuditFields: json.RawMessage("null")}},
		{"SQL Server's statement ID has hexadecimal digits", `{"statementId":"0x38eaf4"}`, event{StatementId: "0x38eaf4"}},
		{"numbers keep their digits", `{"statementId":123456789012345678901,"sessionId":84,"transactionId":1.50}`,
			event{StatementId: "123456789012345678901", SessionId: "84", TransactionId: "1.50"}},
		{"an exit code as number, string and null", `{"exitCode":942}`, event{ExitCode: "942"}},
		{"an exit code as string", `{"exitCode":"42P01"}`, event{ExitCode: "42P01"}},
		{"booleans and objects in a text", `{"command":true,"objectName":{"a":[1, 2]}}`, event{Command: "true", ObjectName: `{"a":[1, 2]}`}},
		{"integers in odd forms", `{"pid":1e2,"rowCount":-0,"substatementId":"3"}`,
			event{Pid: new(int64(100)), RowCount: new(int64(0)), SubstatementId: new(int64(3))}},
		{"what is no integer stays in Raw", `{"pid":9223372036854775808,"rowCount":1.5,"substatementId":"x"}`, event{}},
		{"the greatest integer", `{"pid":9223372036854775807}`, event{Pid: new(int64(9223372036854775807))}},
		{"lists", `{"paramList":["a",null,1,["x"],"\n"]}`, event{ParamList: []string{"a", "", "1", `["x"]`, "\n"}}},
		{"a list that is a string, as the user guide has it", `{"paramList":"a"}`, event{ParamList: []string{"a"}}},
		{"an empty list", `{"paramList":[]}`, event{ParamList: []string{}}},
		{"the last of several members", `{"command":"\u0041","command":"B","pid":1,"pid":null}`, event{Command: "B"}},
		{"names are exact", `{"Command":"A","DBUSERNAME":"B"}`, event{}},
		{"escapes", `{"commandText":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83d!"}`, event{CommandText: "\"\\/\b\f\n\r\té😀\ufffd!"}},
		{"bytes that are not UTF-8", "{\"commandText\":\"a\xffb\"}", event{CommandText: "a\ufffdb"}},
		{"unknown members", `{"type":"new","heard":[{"type":"x"}],"x":{}}`, event{Type: "new"}},
	} {
		s := activityrecordtest.NewSealer()
		r, err := activityrecord.NewDecoder(s).Decode(t.Context(), s.SealJSON("7.0", []byte(`{"databaseActivityEventList":[{"command":"first"}, `+c.json+` ]}`)))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		c.want.Raw = json.RawMessage(c.json)
		if diff := cmp.Diff(c.want, r.Events[1]); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.why, diff)
		}
	}
}

// TestInner shows which documents are records, and which are malformed.
func TestInner(t *testing.T) {
	for _, c := range []struct {
		why, json string
		events    int // -1 if malformed
	}{
		{"no events", `{"databaseActivityEventList":[]}`, 0},
		{"a null list", `{"databaseActivityEventList":null}`, 0},
		{"an unknown type", `{"type":"New","databaseActivityEventList":[{},{}]}`, 2},
		{"white space around it", " \r\n\t{\"databaseActivityEventList\" : [ {} ] }\n", 1},
		{"unknown members, null identifiers", `{"clusterId":null,"instanceId":null,"new":{"x":[]},"databaseActivityEventList":[{}]}`, 1},
		{"the last of several lists", `{"databaseActivityEventList":[{}],"databaseActivityEventList":[{},{}]}`, 2},
		{"nothing", ``, -1},
		{"no list", `{"clusterId":"cluster-A"}`, -1},
		{"a list of another kind", `{"databaseActivityEventList":{}}`, -1},
		{"an event of another kind", `{"databaseActivityEventList":[{},"x"]}`, -1},
		{"a list alone", `[{}]`, -1},
		{"a comma too many", `{"databaseActivityEventList":[{},]}`, -1},
		{"cut off", `{"databaseActivityEventList":[{"command":"a`, -1},
		{"something after it", `{"databaseActivityEventList":[]}x`, -1},
		{"a second document", `{"databaseActivityEventList":[]}{"databaseActivityEventList":[]}`, -1},
		{"a control character in a string", "{\"databaseActivityEventList\":[{\"command\":\"a\nb\"}]}", -1},
		{"a byte order mark", "\ufeff{\"databaseActivityEventList\":[]}", -1},
	} {
		s := activityrecordtest.NewSealer()
		r, err := activityrecord.NewDecoder(s).Decode(t.Context(), s.SealJSON("1.1", []byte(c.json)))
		switch {
		case c.events < 0 && (r != nil || !errors.Is(err, activityrecord.Malformed)):
			t.Errorf("%s: got %v, %v, want %v", c.why, r, err, activityrecord.Malformed)
		case c.events >= 0 && (err != nil || len(r.Events) != c.events):
			t.Errorf("%s: got %v, %v, want %d events", c.why, r, err, c.events)
		}
	}
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestCompression shows which plaintexts are whole gzip data, also at the limit of its length.
func TestCompression(t *testing.T) {
	document := []byte(`{"databaseActivityEventList":[{"type":"heartbeat"}]}`)
	whole := gzipped(t, document)
	half := len(document) / 2
	changed := func(i int) []byte { b := bytes.Clone(whole); b[(i+len(b))%len(b)] ^= 1; return b }
	for _, c := range []struct {
		why   string
		bytes []byte
		limit int
		want  error // nil if the record decodes
	}{
		{"one member", whole, 0, nil},
		{"at the limit", whole, len(document), nil},
		{"a byte more than the limit", whole, len(document) - 1, activityrecord.TooLarge},
		{"two members, as gzip files may have", append(gzipped(t, document[:half]), gzipped(t, document[half:])...), 0, nil},
		{"two members at the limit", append(gzipped(t, document[:half]), gzipped(t, document[half:])...), len(document), nil},
		{"two members above the limit", append(gzipped(t, document[:half]), gzipped(t, document[half:])...), len(document) - 1, activityrecord.TooLarge},
		{"an empty member at the end", append(bytes.Clone(whole), gzipped(t, nil)...), 0, nil},
		{"nothing", nil, 0, activityrecord.Damaged},
		{"no JSON in it", gzipped(t, nil), 0, activityrecord.Malformed},
		{"JSON without compression", document, 0, activityrecord.Damaged},
		{"bytes after it", append(bytes.Clone(whole), "xyz"...), 0, activityrecord.Damaged},
		{"zeros after it", append(bytes.Clone(whole), 0, 0, 0, 0), 0, activityrecord.Damaged},
		{"cut off", whole[:len(whole)-1], 0, activityrecord.Damaged},
		{"its header alone", whole[:10], 0, activityrecord.Damaged},
		{"another checksum", changed(-5), 0, activityrecord.Damaged},
		{"another length", changed(-4), 0, activityrecord.Damaged},
		{"a length above the limit", changed(-1), 0, activityrecord.Damaged},
	} {
		for _, frame := range []int{-1, 0, max(len(c.bytes), 1)} { // the last: exactly one frame
			s := activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.FrameLength = frame })
			decoder := activityrecord.NewDecoder(s, func(o *activityrecord.Options) { o.MaxInflated = c.limit })
			r, err := decoder.Decode(t.Context(), s.SealBytes("1.1", c.bytes))
			if c.want == nil && (err != nil || len(r.Events) != 1) || c.want != nil && (r != nil || !errors.Is(err, c.want)) {
				t.Errorf("%s, frames of %d: got %v, %v, want %v", c.why, frame, r, err, c.want)
			}
		}
	}
}

// TestBombs decodes records that are small and hold far too much, and measures the memory that
// it takes.
func TestBombs(t *testing.T) {
	const limit = 8 << 20
	list := func(event string, n int) []byte {
		return []byte(`{"databaseActivityEventList":[` + strings.Repeat(event+",", n-1) + event + `]}`)
	}
	for _, c := range []struct {
		why  string
		data []byte
		most uint64 // bytes that may be allocated
	}{
		{"blanks", bytes.Repeat([]byte(" "), 100<<20), 2 * limit},
		{"one byte more than the limit, in three members", nil, 2 * limit},
		{"a great many parameters", list(`{"paramList":[`+strings.Repeat(`"",`, 1<<20)+`""]}`, 3), 2 * limit},
		{"a great many events", list("{}", 2<<20), 4 * limit}, // within the limit of JSON, which exists twice then
	} {
		s := activityrecordtest.NewSealer()
		data := s.SealJSON("1.1", c.data)
		if c.data == nil {
			half := gzipped(t, bytes.Repeat([]byte(" "), limit/2))
			data = s.SealBytes("1.1", append(append(half, half...), gzipped(t, []byte(" "))...))
		}
		decoder := activityrecord.NewDecoder(s, func(o *activityrecord.Options) { o.MaxInflated, o.MaxEvents = limit, 10_000 })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := decoder.Decode(t.Context(), data)
		runtime.ReadMemStats(&after)
		if r != nil || !errors.Is(err, activityrecord.TooLarge) {
			t.Errorf("%s: got %v, %v, want %v", c.why, r, err, activityrecord.TooLarge)
		}
		// The message is in memory as well: sealed, and compressed. So are the tables that
		// decompress.
		if got, most := after.TotalAlloc-before.TotalAlloc, c.most+3*uint64(len(data))+100_000; got > most {
			t.Errorf("%s: allocated %d bytes, want at most %d", c.why, got, most)
		}
	}
}

// TestEventsShareNothingWithOthers uses a Decoder again, and checks that this changes neither the
// record that it returned before nor the data.
func TestEventsShareNothingWithOthers(t *testing.T) {
	s := activityrecordtest.NewSealer()
	decoder := activityrecord.NewDecoder(s)
	seal := func(i int) []byte {
		e := activityrecordtest.PostgreSQL()
		e.CommandText = fmt.Sprintf("quoted %q", strings.Repeat("x", i))
		e.ParamList = []string{fmt.Sprint(i), "\n"}
		e.RowCount = new(int64(i))
		return s.Seal(activityrecord.Record{InstanceId: "db-A", Events: []activityrecord.Event{e}})
	}
	first := seal(1)
	kept := bytes.Clone(first)
	r, err := decoder.Decode(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	want, err := activityrecord.NewDecoder(s).Decode(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	clear(first)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 50 {
				if got, err := decoder.Decode(t.Context(), seal(100*g+i)); err != nil || *got.Events[0].RowCount != int64(100*g+i) {
					t.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
	if text := append(r.Events[0].Raw, '!'); &text[0] == &r.Events[0].Raw[0] {
		t.Error("append to Raw writes into the memory of the record")
	}
}

// TestAllocations checks that a record takes at most 30 allocations, and each of its events 2.
func TestAllocations(t *testing.T) {
	if assert.Race {
		t.Skip("a sync.Pool drops some of its values under the race detector")
	}
	for _, n := range []int{0, 1, 100} {
		s := activityrecordtest.NewSealer()
		decoder := activityrecord.NewDecoder(s)
		e := activityrecordtest.PostgreSQL()
		e.CommandText, e.ParamList = `"quoted"`, []string{"a", "\n", "c"}
		data := s.Seal(activityrecord.Record{Events: append(make([]activityrecord.Event, 0, n), repeat(e, n)...)})
		got := testing.AllocsPerRun(20, func() {
			if _, err := decoder.Decode(t.Context(), data); err != nil {
				t.Error(err)
			}
		})
		if most := float64(30 + 2*n); got > most {
			t.Errorf("%d events: got %v allocations, want at most %v", n, got, most)
		}
	}
}

func repeat(e activityrecord.Event, n int) []activityrecord.Event {
	events := make([]activityrecord.Event, n)
	for i := range events {
		events[i] = e
	}
	return events
}

func TestEncryptionContext(t *testing.T) {
	for _, c := range []struct {
		id   string
		want map[string]string
	}{
		{"cluster-ABC", map[string]string{"aws:rds:dbc-id": "cluster-ABC"}},
		{"db-ABC", map[string]string{"aws:rds:db-id": "db-ABC"}},
		{"cluster-", nil}, {"db-", nil}, {"", nil}, {"orders", nil}, {"CLUSTER-ABC", nil},
		{"arn:aws:rds:us-east-1:123456789012:cluster:orders", nil},
	} {
		got, err := activityrecord.EncryptionContext(c.id)
		if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != (c.want != nil) {
			t.Errorf("%q: got %v, %v, want %v", c.id, got, err, c.want)
		}
	}
}
