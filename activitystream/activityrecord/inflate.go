package activityrecord

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
)

// The members of a gzip file are specified in RFC 1952.
const (
	gzipHeader  = 10
	gzipTrailer = 8

	// maxRatio is more than the most that deflate can compress (1032:1).
	maxRatio = 1040
)

// inflate returns the decompressed gzip data, which may have several members. It usually
// allocates once, and never more than twice the limit.
func (d *deflate) inflate(data []byte, limit int) ([]byte, *DecodeError) {
	if len(data) < gzipHeader+gzipTrailer {
		return nil, notGzip(errEnd)
	}
	// The last four bytes are the length modulo 2^32 of the last member. They are a hint,
	// because there may be other members before it, and a limit, because the result is no
	// shorter.
	hint := int64(binary.LittleEndian.Uint32(data[len(data)-4:]))
	if hint > int64(limit) {
		return nil, tooLargeOrDamaged(data, limit)
	}
	*d = deflate{in: data, limit: limit, literals: d.literals, distances: d.distances, lengths: d.lengths,
		out: make([]byte, min(hint, maxRatio*int64(len(data)))+slack)}
	defer func() { d.in, d.out = nil, nil }()
	for d.at < len(data) {
		switch err := d.member(); {
		case errors.Is(err, errTooLarge):
			return nil, tooLarge(limit)
		case err != nil:
			return nil, notGzip(err)
		}
	}
	return d.out[:d.end:d.end], nil
}

// member decodes one member.
func (d *deflate) member() error {
	if err := d.header(); err != nil {
		return err
	}
	start := d.end
	if err := d.stream(); err != nil {
		return err
	}
	if len(d.in)-d.at < gzipTrailer {
		return errEnd
	}
	written := d.out[start:d.end]
	if crc32.ChecksumIEEE(written) != binary.LittleEndian.Uint32(d.in[d.at:]) || uint32(len(written)) != binary.LittleEndian.Uint32(d.in[d.at+4:]) {
		return errCorrupt
	}
	d.at += gzipTrailer
	return nil
}

// header reads the header of a member.
func (d *deflate) header() error {
	const hasChecksum, hasExtra, hasName, hasComment = 2, 4, 8, 16
	r := reader{rest: d.in[d.at:]}
	start := r.bytes(gzipHeader)
	if r.short {
		return errEnd
	}
	if start[0] != 0x1f || start[1] != 0x8b || start[2] != 8 {
		return errCorrupt
	}
	flags := start[3]
	if flags&hasExtra != 0 {
		r.bytes(int(bits.ReverseBytes16(uint16(r.uint(2)))))
	}
	for _, flag := range []byte{hasName, hasComment} {
		if flags&flag != 0 {
			end := bytes.IndexByte(r.rest, 0)
			if end < 0 {
				return errEnd
			}
			r.bytes(end + 1)
		}
	}
	if flags&hasChecksum != 0 {
		sum := crc32.ChecksumIEEE(d.in[d.at : len(d.in)-len(r.rest)])
		if got := r.bytes(2); !r.short && binary.LittleEndian.Uint16(got) != uint16(sum) {
			return errCorrupt
		}
	}
	if r.short {
		return errEnd
	}
	d.at = len(d.in) - len(r.rest)
	return nil
}

// tooLargeOrDamaged decompresses data without keeping the result.
func tooLargeOrDamaged(data []byte, limit int) *DecodeError {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return notGzip(err)
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(r, int64(limit)+1)); n <= int64(limit) {
		return notGzip(err)
	}
	return tooLarge(limit)
}

func tooLarge(limit int) *DecodeError {
	return &DecodeError{TooLarge, fmt.Errorf("the record holds more than %d bytes of JSON: raise Options.MaxInflated if that is legitimate", limit)}
}

func notGzip(err error) *DecodeError {
	return &DecodeError{Damaged, fmt.Errorf("the record does not hold whole gzip data: %w", err)}
}
