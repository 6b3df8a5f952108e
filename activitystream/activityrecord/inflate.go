package activityrecord

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
)

// maxRatio is more than the most that deflate can compress (1032:1).
const maxRatio = 1040

// inflater decompresses gzip data, one piece at a time. It is kept for its tables, which cost
// more to allocate than a heartbeat costs to decode.
type inflater struct {
	source bytes.Reader
	gzip   gzip.Reader
}

// inflate returns the decompressed data. It allocates no more than twice the limit, and for
// honest data only once.
func (f *inflater) inflate(data []byte, limit int) ([]byte, *DecodeError) {
	f.source.Reset(data)
	defer f.source.Reset(nil)
	if err := f.gzip.Reset(&f.source); err != nil {
		return nil, notGzip(err)
	}
	// The last four bytes are the length modulo 2^32 of the last member. They are a hint,
	// because there may be other members before it, and a limit, because the result is no
	// shorter.
	hint := int(min(binary.LittleEndian.Uint32(data[len(data)-4:]), 1<<31-2))
	if hint > limit {
		n, err := io.Copy(io.Discard, io.LimitReader(&f.gzip, int64(limit)+1))
		if n <= int64(limit) {
			return nil, notGzip(err)
		}
		return nil, tooLarge(limit)
	}
	out := make([]byte, 0, min(hint, maxRatio*len(data))+1) // one more, to meet the end without growing
	for {
		n, err := f.gzip.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case len(out) > limit:
			return nil, tooLarge(limit)
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, notGzip(err)
		case len(out) == cap(out):
			out = append(make([]byte, 0, min(2*cap(out)+512, limit+1)), out...)
		}
	}
}

func tooLarge(limit int) *DecodeError {
	return &DecodeError{TooLarge, fmt.Errorf("the record holds more than %d bytes of JSON: raise Options.MaxInflated if that is legitimate", limit)}
}

func notGzip(err error) *DecodeError {
	return &DecodeError{Damaged, fmt.Errorf("the record does not hold whole gzip data: %w", err)}
}
