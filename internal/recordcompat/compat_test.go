package recordcompat

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

var suites = []activityrecordtest.Suite{activityrecordtest.Suite0178, activityrecordtest.Suite0378,
	activityrecordtest.Suite0478, activityrecordtest.Suite0578}

// document returns the inner JSON of a record with a text of n bytes.
func document(n int) []byte {
	return []byte(`{"databaseActivityEventList":[{"type":"record","commandText":"` + strings.Repeat("x", n) + `"}]}`)
}

// compress returns gzip data of exactly the given length, if that is long enough: its header
// has an extra field.
func compress(t *testing.T, data []byte, length int) []byte {
	t.Helper()
	write := func(extra int) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Extra = make([]byte, extra)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	shortest := write(1)
	if length <= len(shortest) {
		return shortest
	}
	return write(1 + length - len(shortest))
}

func official(t testing.TB, s *activityrecordtest.Sealer) *Official {
	t.Helper()
	o, err := NewOfficial(s.PlaintextKey())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// envelope puts a message that is sealed under the key of s into a record.
func envelope(t testing.TB, s *activityrecordtest.Sealer, message []byte) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{"type": "DatabaseActivityMonitoringRecords", "version": "1.1",
		"databaseActivityEvents": message, "key": s.EncryptedKey()})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// message returns the message in a record.
func message(t testing.TB, data []byte) []byte {
	t.Helper()
	var e struct {
		Message []byte `json:"databaseActivityEvents"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e.Message
}

// TestOfficialSeals decodes what the official SDK seals, with lengths around the boundaries of
// frames.
func TestOfficialSeals(t *testing.T) {
	for _, suite := range suites {
		s := activityrecordtest.NewSealer()
		o, decoder := official(t, s), activityrecord.NewDecoder(s)
		for _, frame := range []int{1, 100, 1024, 4096} {
			for _, length := range []int{0, 1023, 1024, 1025, 2048, 4095, 4096, 4097, 8192, 8193} {
				if frame == 1 && length > 0 {
					continue // the official SDK takes a second for a thousand frames
				}
				for _, encryptionContext := range []map[string]string{nil, {"purpose": "test", "empty": ""}} {
					sealed, err := o.Seal(compress(t, document(10), length), fmt.Sprintf("0x%04x", uint16(suite)), frame, encryptionContext)
					if err != nil {
						t.Fatal(err)
					}
					r, err := decoder.Decode(t.Context(), envelope(t, s, sealed))
					if err != nil || r.Events[0].CommandText != strings.Repeat("x", 10) {
						t.Errorf("suite %#04x, frames of %d, %d bytes, context %v: got %v, %v", suite, frame, length, encryptionContext, r, err)
					}
				}
			}
		}
	}
}

// TestOfficialOpens opens with the official SDK what activityrecordtest seals.
func TestOfficialOpens(t *testing.T) {
	for _, suite := range suites {
		for _, frame := range []int{-1, 1, 100, 4096} {
			s := activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.Suite, o.FrameLength = suite, frame })
			for _, n := range []int{0, 99, 100, 101, 4096, 8192} {
				plaintext := bytes.Repeat([]byte("p"), n)
				if frame == 1 {
					plaintext = plaintext[:min(n, 20)]
				}
				got, err := official(t, s).Open(message(t, s.SealBytes("1.1", plaintext)))
				if err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("suite %#04x, frames of %d, %d bytes: got %d bytes, %v", suite, frame, n, len(got), err)
				}
			}
		}
	}
}

// TestBothRefuse changes bytes of messages and cuts them off. Neither may open any of them.
func TestBothRefuse(t *testing.T) {
	for _, suite := range suites {
		s := activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.Suite, o.FrameLength = suite, 64 })
		o, decoder := official(t, s), activityrecord.NewDecoder(s)
		whole := message(t, s.SealJSON("1.1", document(10)))
		refused := func(what string, m []byte) {
			t.Helper()
			_, theirs := o.Open(m)
			_, ours := decoder.Decode(t.Context(), envelope(t, s, m))
			if theirs == nil || ours == nil {
				t.Errorf("suite %#04x, %s: the official SDK says %v, we say %v", suite, what, theirs, ours)
			}
		}
		for i := range whole {
			changed := bytes.Clone(whole)
			changed[i] ^= 1 << (i % 8)
			refused(fmt.Sprintf("byte %d changed", i), changed)
			refused(fmt.Sprintf("cut off after %d bytes", i), whole[:i])
		}
		refused("one byte more", append(bytes.Clone(whole), 0))
	}
}

// TestNodeOpens opens with the SDK for JavaScript what activityrecordtest seals. The other
// direction is that of the vectors of activityrecord, which that SDK has sealed.
func TestNodeOpens(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil || os.Getenv("NODE_PATH") == "" {
		t.Skip("needs node, and NODE_PATH with @aws-crypto/client-node")
	}
	type item struct{ Key, Message, Plaintext []byte }
	var items []item
	for _, suite := range suites {
		for _, frame := range []int{-1, 1, 100, 4096} {
			s := activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.Suite, o.FrameLength = suite, frame })
			for _, n := range []int{0, 99, 100, 101, 4096, 8192} {
				plaintext := bytes.Repeat([]byte("p"), n)
				items = append(items, item{s.PlaintextKey(), message(t, s.SealBytes("1.1", plaintext)), plaintext})
			}
		}
	}
	text, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "testdata/open.js")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	if want := fmt.Sprintf("opened %d\n", len(items)); err != nil || string(out) != want {
		t.Errorf("got %v, %s, want %s", err, out, want)
	}
}
