package activityrecord

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

const (
	defaultMaxInflated = 64 << 20
	mostInflated       = 1 << 30 // within an int of 32 bits
	defaultMaxEvents   = 128 << 10

	// maxKept is the size of a buffer that a Decoder keeps for the next record. A few records
	// are larger.
	maxKept = 1 << 20
)

// Options configures a [Decoder].
type Options struct {
	// MaxInflated is the maximum size of the JSON of a record, in bytes. Zero or less means 64 MiB.
	// More than 1 GiB means 1 GiB.
	MaxInflated int
	// MaxEvents is the maximum number of events of a record. Zero or less means 131,072.
	MaxEvents int
}

// Decoder decodes records. It is safe for concurrent use. It keeps buffers between records, but
// no keys.
type Decoder struct {
	keys    Keys
	options Options
	kept    sync.Pool // of *workspace
}

// workspace is memory that decoding one record after another can use again.
type workspace struct {
	envelope  envelope
	message   message
	plaintext []byte
	inflater  deflate
	inner     inner
}

// NewDecoder returns a Decoder that gets the data keys of records from keys.
func NewDecoder(keys Keys, optFns ...func(*Options)) *Decoder {
	var o Options
	for _, f := range optFns {
		f(&o)
	}
	if o.MaxInflated <= 0 {
		o.MaxInflated = defaultMaxInflated
	}
	if o.MaxEvents <= 0 {
		o.MaxEvents = defaultMaxEvents
	}
	o.MaxInflated = min(o.MaxInflated, mostInflated)
	return &Decoder{keys: keys, options: o}
}

// Decode decodes the data of one Kinesis record. It does not change or keep data. It calls
// [Keys] once, and only for data that has the structure of a record; ctx is for that call.
//
// The error is a [*DecodeError]. With an error, the Record is nil: Decode returns no part of a
// record.
func (d *Decoder) Decode(ctx context.Context, data []byte) (*Record, error) {
	w, ok := d.kept.Get().(*workspace)
	if !ok {
		w = new(workspace)
	}
	r, err := d.decode(ctx, data, w)
	if cap(w.envelope.message) <= maxKept && cap(w.plaintext) <= maxKept {
		d.kept.Put(w)
	}
	return r, err
}

// decode does what Decode does, in the memory of w. Its error is a DecodeError.
func (d *Decoder) decode(ctx context.Context, data []byte, w *workspace) (*Record, error) {
	e := &w.envelope
	if problem := e.parse(data); problem != nil {
		return nil, problem
	}
	if problem := w.message.parse(e.message); problem != nil {
		return nil, problem
	}
	if d.keys == nil {
		return nil, &DecodeError{KeyRefused, errors.New("the Decoder has no Keys")}
	}
	key, err := d.keys.DataKey(ctx, e.key)
	if err != nil {
		return nil, &DecodeError{KeyRefused, fmt.Errorf("cannot get the data key: %w", err)}
	}
	if cap(w.plaintext) < w.message.plaintextBytes {
		w.plaintext = make([]byte, 0, w.message.plaintextBytes)
	}
	compressed, problem := w.message.open(w.plaintext[:0], key)
	if problem != nil {
		clear(w.plaintext[:w.message.plaintextBytes])
		return nil, problem
	}
	inflated, problem := w.inflater.inflate(compressed, d.options.MaxInflated)
	if problem != nil {
		return nil, problem
	}
	r := &Record{Version: e.version}
	w.inner.maxEvents = d.options.MaxEvents
	if problem := w.inner.decode(r, inflated); problem != nil {
		return nil, problem
	}
	return r, nil
}
