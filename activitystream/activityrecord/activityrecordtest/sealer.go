package activityrecordtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// Suite is an algorithm suite of the AWS Encryption SDK, by its number there.
type Suite uint16

const (
	// Suite0178 is the suite of the records that were captured: message format version 1,
	// without a signature.
	Suite0178 Suite = 0x0178
	// Suite0378 is Suite0178 with a signature.
	Suite0378 Suite = 0x0378
	// Suite0478 commits to the key, in message format version 2, without a signature.
	Suite0478 Suite = 0x0478
	// Suite0578 is Suite0478 with a signature.
	Suite0578 Suite = 0x0578
)

// Options configures a [Sealer].
type Options struct {
	// Suite is the algorithm suite. Zero, or a value that is none of the constants, means
	// Suite0178.
	Suite Suite
	// FrameLength is the length of the message's frames in bytes. Zero means 4096, as RDS does.
	// Negative values mean that the message is not framed.
	FrameLength int
}

// Sealer seals records under one data key. It implements [activityrecord.Keys] for its own
// records. It is safe for concurrent use.
type Sealer struct {
	options   Options
	key       []byte // the data key, which wraps the keys of messages
	encrypted []byte // what records carry as its ciphertext
}

var _ activityrecord.Keys = (*Sealer)(nil)

var errOther = errors.New("activityrecordtest: the record is sealed under the key of another Sealer")

// NewSealer returns a Sealer with a new data key.
func NewSealer(optFns ...func(*Options)) *Sealer {
	var o Options
	for _, f := range optFns {
		f(&o)
	}
	if _, ok := suites[o.Suite]; !ok {
		o.Suite = Suite0178
	}
	if o.FrameLength == 0 {
		o.FrameLength = 4096
	}
	return &Sealer{options: o, key: random(keyLength), encrypted: random(184)}
}

// Seal returns the data of a Kinesis record that decodes to r. An empty Version means the version
// of the last event's engine: "1.1" for Aurora PostgreSQL, "1.2" for Aurora MySQL, "1.3" for Oracle
// and "1.4" for SQL Server.
//
// An event with [activityrecord.Event.Raw] is sealed as that JSON. Any other event is sealed as
// JSON of its fields, in the types that its engine writes. ServerType names the engine.
func (s *Sealer) Seal(r activityrecord.Record) []byte {
	events := make([][]byte, len(r.Events))
	version := "1.1"
	for i := range r.Events {
		e := &r.Events[i]
		events[i] = marshal(e)
		if v, ok := versions[engineOf(e)]; ok {
			version = v
		}
	}
	inner := []byte(`{"type":"DatabaseActivityMonitoringRecord","clusterId":` + encode(r.ClusterId) + `,"instanceId":` + encode(r.InstanceId) +
		`,"databaseActivityEventList":[`)
	inner = append(inner, bytes.Join(events, []byte(","))...)
	inner = append(inner, "]}"...)
	if r.Version != "" {
		version = r.Version
	}
	return s.SealJSON(version, inner)
}

// SealJSON returns the data of a Kinesis record that holds the given JSON, which need not be valid.
func (s *Sealer) SealJSON(version string, inner []byte) []byte {
	return s.envelope(version, s.message(compress(inner)))
}

// SealBytes returns the data of a Kinesis record whose message has the given plaintext, in
// place of gzip data.
func (s *Sealer) SealBytes(version string, plaintext []byte) []byte {
	return s.envelope(version, s.message(plaintext))
}

// SealBroken returns data that a Decoder with default options and the Keys of s rejects with
// the given problem. It returns nil for a problem that it does not know.
func (s *Sealer) SealBroken(p activityrecord.Problem) []byte {
	heartbeat := []byte(`{"databaseActivityEventList":[{"type":"heartbeat"}]}`)
	switch p {
	case activityrecord.NotARecord:
		return []byte(`{"type":"SomethingElse"}`)
	case activityrecord.KeyRefused:
		other := &Sealer{options: s.options, key: random(keyLength), encrypted: s.encrypted}
		return other.SealJSON("1.1", heartbeat)
	case activityrecord.Damaged:
		message := s.message(compress(heartbeat))
		message[len(message)-1] ^= 1
		return s.envelope("1.1", message)
	case activityrecord.Unsupported:
		message := s.message(compress(heartbeat))
		message[0] = 3
		return s.envelope("1.1", message)
	case activityrecord.TooLarge:
		return s.SealJSON("1.1", bytes.Repeat([]byte(" "), 64<<20+1))
	case activityrecord.Malformed:
		return s.SealJSON("1.1", []byte(`{"databaseActivityEventList":"none"}`))
	}
	return nil
}

// DataKey returns the data key of s if encrypted is its ciphertext.
func (s *Sealer) DataKey(_ context.Context, encrypted []byte) ([]byte, error) {
	if !bytes.Equal(encrypted, s.encrypted) {
		return nil, errOther
	}
	return bytes.Clone(s.key), nil
}

// Keys returns the Keys of records of several Sealers, such as those of a stream whose data key
// changes.
func Keys(sealers ...*Sealer) activityrecord.KeysFunc {
	return func(ctx context.Context, encrypted []byte) ([]byte, error) {
		for _, s := range sealers {
			if key, err := s.DataKey(ctx, encrypted); err == nil {
				return key, nil
			}
		}
		return nil, errOther
	}
}

// PlaintextKey returns the data key. A simulated KMS decrypts EncryptedKey to it.
func (s *Sealer) PlaintextKey() []byte { return bytes.Clone(s.key) }

// EncryptedKey returns the ciphertext of the data key that is in each record. It is random.
func (s *Sealer) EncryptedKey() []byte { return bytes.Clone(s.encrypted) }

func (s *Sealer) envelope(version string, message []byte) []byte {
	text, _ := json.Marshal(struct { //nolint:errchkjson // strings and bytes can always be marshaled
		Type    string `json:"type"`
		Version string `json:"version"`
		Events  []byte `json:"databaseActivityEvents"`
		Key     []byte `json:"key"`
	}{"DatabaseActivityMonitoringRecords", version, message, s.encrypted})
	return text
}

func compress(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a Buffer accepts everything
	_ = w.Close()
	return b.Bytes()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never returns an error
	return b
}
