package activityrecord

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzInner compares the JSON pass with encoding/json: both accept the same documents and read
// the same from them.
func FuzzInner(f *testing.F) {
	for _, seed := range innerSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got Record
		d := inner{maxEvents: 1000}
		err := d.decode(&got, data)
		want, ok := reference(data)
		if (err == nil) != ok {
			t.Fatalf("got the error %v, encoding/json says %v", err, ok)
		}
		if !ok {
			if err.Problem != Malformed {
				t.Errorf("got %v, want %v", err, Malformed)
			}
			return
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-encoding/json +decoded\n%s", diff)
		}
	})
}

// innerSeeds are documents with all that JSON allows, and with what it does not.
var innerSeeds = []string{
	`{"type":"DatabaseActivityMonitoringRecord","clusterId":"cluster-A","instanceId":"db-B","databaseActivityEventList":[{"type":"heartbeat"}]}`,
	`{"databaseActivityEventList":[]}`,
	`{"databaseActivityEventList":null}`,
	` { "databaseActivityEventList" : [ null , { } ] } ` + "\n",
	`{"databaseActivityEventList":[{"pid":1,"rowCount":-0,"substatementId":9223372036854775808},{"pid":1.5,"rowCount":1e2,"substatementId":"7"}]}`,
	`{"databaseActivityEventList":[{"statementId":12345678901234567890123,"sessionId":true,"exitCode":{"a":[1]},"dbid":1.50}]}`,
	`{"databaseActivityEventList":[{"command":"a\u0041\ud83d\ude00\ud83d\ud83dx\"\\\/\b\f\n\r\t","command":"plain"}]}`,
	`{"databaseActivityEventList":[{"command":"plain","command":"\u0041"},{"\u0063ommand":"escaped name"}]}`,
	`{"databaseActivityEventList":[{"paramList":["1",null,2,"\n",["x"]],"paramList":"one"},{"paramList":[]},{"paramList":null}]}`,
	`{"databaseActivityEventList":[{"engineNativeAuditFields":{"a":{"b":[]}},"unheardOf":[{"type":"x"}]}]}`,
	"{\"databaseActivityEventList\":[{\"command\":\"caf\xc3\xa9 \xff\xed\xa0\x80\"}]}",
	`{"databaseActivityEventList":[{"type":"a"}],"databaseActivityEventList":[{"type":"b"},{"type":"c"}],"clusterId":"\u0041","clusterId":"B"}`,
	`{"databaseActivityEventList":[{"pid":01}]}`,
	`{"databaseActivityEventList":[{"pid":+1}]}`,
	`{"databaseActivityEventList":[{"pid":1.}]}`,
	`{"databaseActivityEventList":[1]}`,
	`{"databaseActivityEventList":[{}],}`,
	`{"databaseActivityEventList":[{}]}{}`,
	"{\"databaseActivityEventList\":[{\"command\":\"a\nb\"}]}",
	`{"databaseActivityEventList":{}}`,
	`{"clusterId":"x"}`,
	`[]`,
	``,
}

// reference decodes a document with encoding/json.
func reference(data []byte) (Record, bool) {
	var r Record
	var document map[string]json.RawMessage
	if json.Unmarshal(data, &document) != nil || document == nil {
		return r, false
	}
	list, ok := document["databaseActivityEventList"]
	if !ok {
		return r, false
	}
	var events []json.RawMessage
	if json.Unmarshal(list, &events) != nil {
		return r, false
	}
	r.ClusterId, r.InstanceId = referenceText(document["clusterId"]), referenceText(document["instanceId"])
	for _, raw := range events {
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return r, false
		}
		e := Event{Raw: raw}
		for name, value := range members {
			f := fieldsByName[name]
			switch of := fields[f]; {
			case of.text != nil:
				*of.text(&e) = referenceText(value)
			case of.number != nil:
				if n, ok := integer(referenceText(value)); ok {
					*of.number(&e) = &n
				}
			case f == nativeField:
				e.EngineNativeAuditFields = value
			case f == paramListField:
				var items []json.RawMessage
				if json.Unmarshal(value, &items) != nil {
					items = []json.RawMessage{value}
				}
				for _, item := range items {
					e.ParamList = append(e.ParamList, referenceText(item))
				}
			}
		}
		r.Events = append(r.Events, e)
	}
	return r, true
}

func referenceText(value json.RawMessage) string {
	if len(value) == 0 || bytes.Equal(value, []byte("null")) {
		return ""
	}
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// TestMembersHaveFields checks that every member name sets a field, and every field has a name.
func TestMembersHaveFields(t *testing.T) {
	document := `{"databaseActivityEventList":[{`
	for i, f := range fields[1:] {
		if i > 0 {
			document += ","
		}
		document += `"` + f.name + `":` + map[bool]string{true: `[1]`, false: `1`}[field(i+1) == paramListField]
	}
	document += `}]}`
	var r Record
	d := inner{maxEvents: 1}
	if err := d.decode(&r, []byte(document)); err != nil {
		t.Fatal(err)
	}
	one := int64(1)
	want := Event{
		Type: "1", Class: "1", Command: "1", CommandText: "1", ClientApplication: "1", DatabaseName: "1", DBId: "1", DBProtocol: "1",
		DBUserName: "1", StartTime: "1", EndTime: "1", LogTime: "1", ErrorMessage: "1", ExitCode: "1", NetProtocol: "1",
		ObjectName: "1", ObjectType: "1", ParamList: []string{"1"}, Pid: &one, RemoteHost: "1", RemotePort: "1", RowCount: &one,
		ServerHost: "1", ServerType: "1", ServerVersion: "1", ServiceName: "1", SessionId: "1", StatementId: "1",
		SubstatementId: &one, TransactionId: "1", EngineNativeAuditFields: json.RawMessage("1"), Raw: r.Events[0].Raw,
	}
	if diff := cmp.Diff(want, r.Events[0]); diff != "" {
		t.Error(diff)
	}
}

// TestDepth decodes the deepest document that encoding/json accepts, and one that is deeper.
func TestDepth(t *testing.T) {
	for _, c := range []struct {
		depth int
		ok    bool
	}{{maxDepth - 3, true}, {maxDepth - 2, false}} {
		data := []byte(`{"databaseActivityEventList":[{"x":` + string(bytes.Repeat([]byte("["), c.depth)) + string(bytes.Repeat([]byte("]"), c.depth)) + `}]}`)
		var r Record
		d := inner{maxEvents: 1}
		if err := d.decode(&r, data); (err == nil) != c.ok || json.Valid(data) != c.ok {
			t.Errorf("%d levels: got %v, encoding/json says %v", c.depth+3, err, json.Valid(data))
		}
	}
}

// FuzzInflate compares the decompression with compress/gzip: both accept the same data, and
// read the same from it.
func FuzzInflate(f *testing.F) {
	const limit = 1 << 20
	texts := [][]byte{nil, []byte("a"), []byte(innerSeeds[0]), bytes.Repeat([]byte("abcdefghi"), 10_000), bytes.Repeat([]byte{0}, limit), nil}
	for i := range 70_000 { // literals only, in a stored block
		texts[5] = append(texts[5], byte(i*i>>8))
	}
	for _, text := range texts {
		for level := gzip.HuffmanOnly; level <= gzip.BestCompression; level++ {
			f.Add(compressed(f, text, level))
		}
	}
	f.Add(append(compressed(f, texts[2], 9), compressed(f, texts[3], 1)...))
	whole := compressed(f, texts[2], 9)
	for _, flags := range []byte{1, 2, 4, 8, 16, 31} { // with bytes that are the fields, or not
		header := append([]byte{0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0}, 2, 0, 'x', 'y', 'n', 0, 'c', 0)
		f.Add(append(header, whole[10:]...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var want []byte
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err == nil {
			want, err = io.ReadAll(io.LimitReader(r, limit+1))
		}
		var d deflate
		got, problem := d.inflate(data, limit)
		switch {
		case len(want) > limit:
			if problem == nil || got != nil { // either: what is damaged behind the limit is not looked for
				t.Errorf("got %d bytes, %v, compress/gzip has more than %d", len(got), problem, limit)
			}
		case err != nil && (problem == nil || problem.Problem != Damaged || got != nil):
			t.Errorf("got %d bytes, %v, compress/gzip says %v", len(got), problem, err)
		case err == nil && (problem != nil || !bytes.Equal(got, want)):
			t.Errorf("got %d bytes, %v, compress/gzip has %d", len(got), problem, len(want))
		}
	})
}

func compressed(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzDeflate compares the decoder of a deflate stream with compress/flate, as far as the same
// limit.
func FuzzDeflate(f *testing.F) {
	const limit = 1 << 16
	for _, text := range [][]byte{nil, []byte("a"), []byte(innerSeeds[0]), bytes.Repeat([]byte("abcdefghi"), 1000), bytes.Repeat([]byte{0}, 1000)} {
		for level := gzip.HuffmanOnly; level <= gzip.BestCompression; level++ {
			whole := compressed(f, text, level)
			f.Add(whole[gzipHeader : len(whole)-gzipTrailer])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		source := bytes.NewReader(data)
		want, err := io.ReadAll(io.LimitReader(flate.NewReader(source), limit+1))
		d := deflate{in: data, limit: limit, out: make([]byte, slack)}
		problem := d.stream()
		switch got := d.out[:d.end]; {
		case len(want) > limit:
			if problem == nil {
				t.Errorf("got %d bytes, compress/flate has more than %d", len(got), limit)
			}
		case (err == nil) != (problem == nil):
			t.Errorf("got %v, compress/flate says %v", problem, err)
		case err == nil && (!bytes.Equal(got, want) || d.at != len(data)-source.Len()):
			t.Errorf("got %d bytes of %d, compress/flate has %d of %d", len(got), d.at, len(want), len(data)-source.Len())
		}
	})
}
