package activityrecord

import (
	"context"
	"errors"
)

// Options configures a [Decoder].
type Options struct {
	// MaxInflated is the most bytes of JSON that a record may hold. Zero means 64 MiB. Negative values mean 64 MiB, too.
	MaxInflated int
}

// Decoder decodes records. It is safe for concurrent use.
type Decoder struct {
	keys    Keys
	options Options
}

// NewDecoder returns a Decoder that gets the data keys of records from keys.
func NewDecoder(keys Keys, optFns ...func(*Options)) *Decoder {
	var o Options
	for _, f := range optFns {
		f(&o)
	}
	return &Decoder{keys: keys, options: o}
}

// Decode decodes the data of one Kinesis record. It does not change or keep data.
//
// The error is a [*DecodeError]. With an error, the Record is nil: Decode returns no part of a record.
func (d *Decoder) Decode(ctx context.Context, data []byte) (*Record, error) {
	return nil, &DecodeError{Problem: Unsupported, Err: errors.New("decoding is not implemented yet")}
}
