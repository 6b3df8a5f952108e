package activityrecord_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

var every = flag.Bool("every", false, "change every byte of the large vectors, too, in several ways: it takes minutes")

// allProblems are the values of Problem.
var allProblems = []activityrecord.Problem{activityrecord.NotARecord, activityrecord.KeyRefused, activityrecord.Damaged,
	activityrecord.Unsupported, activityrecord.TooLarge, activityrecord.Malformed}

// refused reports an error unless the record is refused, with a problem and without any part of it.
func refused(t *testing.T, what string, r *activityrecord.Record, err error) {
	t.Helper()
	e, ok := errors.AsType[*activityrecord.DecodeError](err)
	if r != nil || !ok || !slices.Contains(allProblems, e.Problem) {
		t.Errorf("%s: got %v, %v, want a DecodeError with a problem and no record", what, r, err)
	}
}

// split returns the message of a vector and a function that puts another into its place.
func split(t testing.TB, data []byte) (message []byte, join func(message []byte) []byte) {
	t.Helper()
	var e struct {
		Type    string `json:"type"`
		Version string `json:"version"`
		Events  []byte `json:"databaseActivityEvents"`
		Key     []byte `json:"key"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e.Events, func(message []byte) []byte {
		e.Events = message
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// TestEveryChangeIsRefused changes each byte of each vector, and cuts each off after each byte:
// as the data arrives, and inside the message.
//
//	go test ./activitystream/activityrecord -run EveryChange -every
func TestEveryChangeIsRefused(t *testing.T) {
	changed, cut := 0, 0
	for _, v := range activityrecord.ReadVectors(t) {
		if v.Error == "damaged" {
			continue // one of the changes would undo the damage
		}
		decoder := activityrecord.NewDecoder(keysOfVector(v))
		decode := func(what string, data []byte) {
			r, err := decoder.Decode(t.Context(), data)
			refused(t, v.Name+": "+what, r, err)
		}
		message, join := split(t, v.Data)
		step := 1
		if large := len(v.Data) > 10_000; large && !(*every && v.Error == "") {
			step = len(v.Data) / 100
		}
		for i := 0; i < len(message); i += step {
			for _, x := range masks(i, 0x01, 0x80, 0xff) {
				message[i] ^= x
				decode(fmt.Sprintf("byte %d of the message changed by %#x", i, x), join(message))
				message[i] ^= x
			}
			decode(fmt.Sprintf("message cut off after %d bytes", i), join(message[:i]))
			changed, cut = changed+1, cut+1
		}
		versionStart := bytes.Index(v.Data, []byte(`"version":"`)) + len(`"version":"`)
		for i := 0; i < len(v.Data); i += step {
			decode(fmt.Sprintf("data cut off after %d bytes", i), v.Data[:i])
			cut++
			if i >= versionStart && i < versionStart+3 {
				continue // the version is not authenticated, and any is accepted
			}
			data := bytes.Clone(v.Data)
			for _, x := range masks(i, 0x01, 0x20, 0x80, data[i]^'\n') {
				data[i] ^= x
				decode(fmt.Sprintf("byte %d of the data changed by %#x", i, x), data)
				data[i] ^= x
			}
			changed++
		}
	}
	t.Logf("%d bytes were changed, %d truncations made", changed, cut)
	if changed < 10_000 || cut < 10_000 {
		t.Errorf("only %d changes and %d truncations", changed, cut)
	}
}

// masks returns how to change a byte: one way for each byte, or all with -every.
func masks(i int, all ...byte) []byte {
	if *every {
		return all
	}
	return all[i%len(all):][:1]
}

// TestStructure changes what a message or an envelope consists of.
func TestStructure(t *testing.T) {
	s := activityrecordtest.NewSealer()
	signed := activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.Suite = activityrecordtest.Suite0578 })
	whole := s.Seal(activityrecord.Record{Events: []activityrecord.Event{activityrecordtest.Heartbeat()}})
	message, join := split(t, whole)
	signedMessage, joinSigned := split(t, signed.SealJSON("1.1", []byte(`{"databaseActivityEventList":[]}`)))
	at := func(offset int, b ...byte) []byte { // the message with other bytes at an offset
		m := bytes.Clone(message)
		copy(m[offset:], b)
		return join(m)
	}
	replace := func(old, by string) []byte {
		out := bytes.Replace(whole, []byte(old), []byte(by), 1)
		if bytes.Equal(out, whole) {
			t.Fatalf("no %s in the data", old)
		}
		return out
	}
	const edk = 1 + 1 + 2 + 16 + 2 // where the number of encrypted keys is, without a context
	text := base64.StdEncoding.EncodeToString(message)
	for _, c := range []struct {
		why  string
		data []byte
		want activityrecord.Problem
	}{
		{"nothing", nil, activityrecord.NotARecord},
		{"base64 that the caller did not decode", []byte(base64.StdEncoding.EncodeToString(whole)), activityrecord.NotARecord},
		{"another JSON value", []byte("null"), activityrecord.NotARecord},
		{"a list of records", []byte("[" + string(whole) + "]"), activityrecord.NotARecord},
		{"another type", replace("MonitoringRecords", "MonitoringRecord"), activityrecord.NotARecord},
		{"a name in another case", replace(`"type"`, `"Type"`), activityrecord.NotARecord},
		{"no version", replace(`"version"`, `"versions"`), activityrecord.NotARecord},
		{"no key", replace(`"key"`, `"keys"`), activityrecord.NotARecord},
		{"a message that is already decrypted, as the samples of the user guide show it",
			[]byte(`{"type":"DatabaseActivityMonitoringRecords","version":"1.1","databaseActivityEvents":{"type":"x"},"key":"AA=="}`), activityrecord.NotARecord},
		{"two records joined", slices.Concat(whole, whole), activityrecord.Damaged},
		{"not base64", replace(text[:10], "!"), activityrecord.Damaged},
		{"base64 with line breaks", replace(text[:40], text[:40]+`\n`), activityrecord.Damaged},
		{"an empty encrypted key", replace(`"key":"`, `"key":"=`), activityrecord.Damaged},
		{"version 0", at(0, 0), activityrecord.Unsupported},
		{"version 3", at(0, 3), activityrecord.Unsupported},
		{"another type of message", at(1, 0x81), activityrecord.Damaged},
		{"a suite without HKDF", at(2, 0x00, 0x78), activityrecord.Unsupported},
		{"AES-128", at(2, 0x01, 0x14), activityrecord.Unsupported},
		{"a suite of version 2 in version 1", at(2, 0x04, 0x78), activityrecord.Unsupported},
		{"no encrypted keys", at(edk, 0, 0), activityrecord.Damaged},
		{"more encrypted keys than there are", at(edk, 0xff, 0xff), activityrecord.Damaged},
		{"another provider", at(edk+4, []byte("bc")...), activityrecord.Unsupported},
		{"another key name", at(edk+8, []byte("datakey")...), activityrecord.Unsupported},
		{"bytes after the message", join(append(bytes.Clone(message), 0)), activityrecord.Damaged},
		{"a footer where there is no signature", join(append(bytes.Clone(message), 0, 0)), activityrecord.Damaged},
		{"bytes after the signature", joinSigned(append(bytes.Clone(signedMessage), 0)), activityrecord.Damaged},
		{"no signature", joinSigned(signedMessage[:len(signedMessage)-100]), activityrecord.Damaged},
	} {
		keys := activityrecordtest.Keys(s, signed)
		r, err := activityrecord.NewDecoder(keys).Decode(t.Context(), c.data)
		if r != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, %v, want %v", c.why, r, err, c.want)
		}
	}
}

// TestEnvelopeIsRead decodes the forms that an envelope may have.
func TestEnvelopeIsRead(t *testing.T) {
	s := activityrecordtest.NewSealer()
	whole := string(s.SealJSON("9.9", []byte(`{"databaseActivityEventList":[]}`)))
	message, _ := split(t, []byte(whole))
	text := base64.StdEncoding.EncodeToString(message)
	key := base64.StdEncoding.EncodeToString(s.EncryptedKey())
	for why, data := range map[string]string{
		"as it is":            whole,
		"a line of a file":    whole + "\r\n",
		"white space":         fmt.Sprintf("\t{ \"key\" : %q , \"type\" :\"DatabaseActivityMonitoringRecords\",\n\"version\":\"9.9\",\"databaseActivityEvents\":%q}", key, text),
		"escapes":             fmt.Sprintf(`{"k\u0065y":"%s","type":"\u0044atabaseActivityMonitoringRecords","version":"9.9","databaseActivityEvents":"\u%04x%s"}`, key, text[0], text[1:]),
		"unknown members":     fmt.Sprintf(`{"new":{"a":[1,{}]},"key":%q,"type":"DatabaseActivityMonitoringRecords","version":"9.9","databaseActivityEvents":%q,"x":null}`, key, text),
		"a name twice":        fmt.Sprintf(`{"key":"AA==","type":"x","type":"DatabaseActivityMonitoringRecords","version":"9.9","databaseActivityEvents":%q,"key":%q}`, text, key),
		"a number as version": fmt.Sprintf(`{"key":%q,"type":"DatabaseActivityMonitoringRecords","version":9.9,"databaseActivityEvents":%q}`, key, text),
	} {
		r, err := activityrecord.NewDecoder(s).Decode(t.Context(), []byte(data))
		if err != nil || r.Version != "9.9" {
			t.Errorf("%s: got %v, %v", why, r, err)
		}
	}
}

// TestKeys checks what Decode does with what Keys returns, and when it calls Keys.
func TestKeys(t *testing.T) {
	s := activityrecordtest.NewSealer()
	data := s.Seal(activityrecord.Record{})
	cause := errors.New("no permission")
	for _, c := range []struct {
		why  string
		keys activityrecord.Keys
	}{
		{"an error", keysOf(nil, cause)},
		{"no key", keysOf(nil, nil)},
		{"a short key", keysOf(s.PlaintextKey()[:16], nil)},
		{"a long key", keysOf(append(s.PlaintextKey(), 0), nil)},
		{"another key", keysOf(make([]byte, 32), nil)},
		{"no Keys", nil},
		{"a nil function", activityrecord.KeysFunc(nil)},
	} {
		r, err := activityrecord.NewDecoder(c.keys).Decode(t.Context(), data)
		if r != nil || !errors.Is(err, activityrecord.KeyRefused) || errors.Is(err, cause) != (c.why == "an error") {
			t.Errorf("%s: got %v, %v, want %v", c.why, r, err, activityrecord.KeyRefused)
		}
	}
	calls := 0
	counting := activityrecord.KeysFunc(func(context.Context, []byte) ([]byte, error) { calls++; return nil, cause })
	for i := range data { // a record that is cut off costs no call
		_, _ = activityrecord.NewDecoder(counting).Decode(t.Context(), data[:i])
	}
	if calls != 0 {
		t.Errorf("got %d calls of Keys for what is no record", calls)
	}
}

func keysOf(key []byte, err error) activityrecord.Keys {
	return activityrecord.KeysFunc(func(context.Context, []byte) ([]byte, error) { return key, err })
}
