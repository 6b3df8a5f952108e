package activityrecord

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// Deflate is specified in RFC 1951. This decoder writes into one slice, which is its history as
// well, and works on the whole input at once. It takes half the time of compress/flate, which
// is made for streams. FuzzInflate compares the two.

var (
	errCorrupt  = errors.New("it is not valid")
	errEnd      = errors.New("it is cut off")
	errTooLarge = errors.New("it is too large")
)

const (
	maxCodeLength = 15
	maxMatch      = 258
	// slack is how far behind its end a match may be written, because it is copied 16 bytes at
	// once.
	slack = 16

	literalBits  = 10 // of the first table of a code for literals and lengths
	distanceBits = 8  // of the first table of a code for distances
)

// An entry of a table says what a code means. Its length is in bits 0 to 3, how many extra bits
// follow it in bits 4 to 7, and its kind in bits 8 to 9. From bit 16 on, it has the literal, or the
// base of a length or distance. For a code that is longer than the table's bits, it has the offset
// of another table and the bits of that. The entry 0 is no code.
type entry uint32

const (
	isBase  entry = 0 << 8 // a base, to which the extra bits are added
	literal entry = 1 << 8
	isEnd   entry = 2 << 8 // of the block
	isTable entry = 3 << 8
	kinds   entry = 3 << 8
)

// literalEntries and distanceEntries are the entries of the symbols, without the length of a code.
var (
	literalEntries  = makeLiteralEntries()
	distanceEntries = makeDistanceEntries()
)

// fixedLiterals and fixedDistances are the lengths of the fixed codes.
var (
	fixedLiterals = slices.Concat(
		bytes.Repeat([]byte{8}, 144),
		bytes.Repeat([]byte{9}, 256-144),
		bytes.Repeat([]byte{7}, 280-256),
		bytes.Repeat([]byte{8}, 288-280),
	)
	fixedDistances = bytes.Repeat([]byte{5}, 32)
)

// makeLiteralEntries returns the entries of the literals, the lengths and the end of a block.
func makeLiteralEntries() (all [288]entry) {
	for i := range 256 {
		all[i] = literal | entry(i)<<16
	}
	all[256] = isEnd
	base := 3
	for i := range 28 { // lengths 3 to 257; the symbol 284 stands for up to 257 although its extra bits reach 258
		extra := max(i/4-1, 0)
		all[257+i] = isBase | entry(base)<<16 | entry(extra)<<4
		base += 1 << extra
	}
	all[285] = isBase | maxMatch<<16
	return all // 286 and 287 are no symbols
}

func makeDistanceEntries() (all [32]entry) {
	base := 1
	for i := range 30 {
		extra := max(i/2-1, 0)
		all[i] = isBase | entry(base)<<16 | entry(extra)<<4
		base += 1 << extra
	}
	return all // 30 and 31 are no symbols
}

// table decodes a Huffman code: first by bits bits, and then by those of another table after
// the first.
type table struct {
	entries []entry
	bits    uint
}

// build sets the table to the code with the given lengths. It reports whether they are those of
// a code: complete, or empty, or with one symbol of length 1.
func (t *table) build(lengths []byte, symbols []entry, most uint) bool {
	var count, next [maxCodeLength + 1]int
	for _, n := range lengths {
		count[n]++
	}
	longest := uint(maxCodeLength)
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	t.bits = max(min(longest, most), 1)
	first := 1 << t.bits
	if cap(t.entries) < first {
		t.entries = make([]entry, first, 4<<most)
	}
	t.entries = t.entries[:first]
	clear(t.entries)
	if longest == 0 {
		return true
	}
	count[0] = 0
	for n := 1; n <= int(longest); n++ {
		next[n] = (next[n-1] + count[n-1]) << 1
	}
	if end := next[longest] + count[longest]; end != 1<<longest && (longest != 1 || end != 1) {
		return false
	}
	for symbol, length := range lengths {
		n := uint(length)
		if n == 0 {
			continue
		}
		reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		e := symbols[symbol]
		if e == 0 {
			continue // the fixed codes have symbols that may not occur
		}
		e |= entry(n)
		if n <= t.bits {
			for i := reversed; i < first; i += 1 << n {
				t.entries[i] = e
			}
			continue
		}
		// All codes with the same first bits share a table, which is as large as the longest
		// code needs.
		i, rest := reversed&(first-1), longest-t.bits
		if t.entries[i] == 0 {
			offset := len(t.entries)
			for range 1 << rest {
				t.entries = append(t.entries, 0)
			}
			t.entries[i] = isTable | entry(rest)<<4 | entry(offset)<<16
		}
		offset := int(t.entries[i] >> 16)
		for j := reversed >> t.bits; j < 1<<rest; j += 1 << (n - t.bits) {
			t.entries[offset+j] = e
		}
	}
	return true
}

// deflate decodes one deflate stream after another.
type deflate struct {
	in   []byte
	at   int    // of the next byte
	held uint64 // bits that were read from in and not used, the next one lowest
	n    uint   // how many

	out   []byte // as long as there is room, slack included
	end   int    // of what is written
	start int    // where the history begins
	limit int    // of end

	literals, distances, lengths table
	codeLengths                  [286 + 32]byte
}

// refill reads bits until at least 56 are held, or all that is left.
func (d *deflate) refill() {
	if d.at+8 <= len(d.in) {
		d.held |= binary.LittleEndian.Uint64(d.in[d.at:]) << d.n
		d.at += int((63 - d.n) >> 3)
		d.n |= 56
		return
	}
	for d.n <= 55 && d.at < len(d.in) {
		d.held |= uint64(d.in[d.at]) << d.n
		d.at++
		d.n += 8
	}
}

// take returns the next bits, no more than 32.
func (d *deflate) take(n uint) (int, error) {
	d.refill()
	if n > d.n {
		return 0, errEnd
	}
	v := d.held & (1<<n - 1)
	d.held >>= n
	d.n -= n
	return int(v), nil
}

// align drops the bits up to the next whole byte of the input.
func (d *deflate) align() {
	d.at -= int(d.n / 8)
	d.held, d.n = 0, 0
}

// stream decodes one deflate stream.
func (d *deflate) stream() error {
	d.start = d.end
	for {
		final, err := d.take(1)
		if err != nil {
			return err
		}
		kind, err := d.take(2)
		if err != nil {
			return err
		}
		switch kind {
		case 0:
			err = d.stored()
		case 1:
			d.literals.build(fixedLiterals, literalEntries[:], literalBits)
			d.distances.build(fixedDistances, distanceEntries[:], distanceBits)
			err = d.block()
		case 2:
			if err = d.readCodes(); err == nil {
				err = d.block()
			}
		default:
			err = errCorrupt
		}
		if err != nil {
			return err
		}
		if final == 1 {
			d.align()
			return nil
		}
	}
}

// stored copies a block that is not compressed.
func (d *deflate) stored() error {
	d.align()
	if len(d.in)-d.at < 4 {
		return errEnd
	}
	n := int(binary.LittleEndian.Uint16(d.in[d.at:]))
	if n != int(^binary.LittleEndian.Uint16(d.in[d.at+2:])) {
		return errCorrupt
	}
	d.at += 4
	if len(d.in)-d.at < n {
		return errEnd
	}
	if err := d.room(n); err != nil {
		return err
	}
	d.end += copy(d.out[d.end:], d.in[d.at:d.at+n])
	d.at += n
	return nil
}

// lengthOrder is the order in which a block gives the lengths of the code for code lengths.
var lengthOrder = [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a block that has its own.
func (d *deflate) readCodes() error {
	counts, err := d.take(14)
	if err != nil {
		return err
	}
	literals, distances, lengths := counts&31+257, counts>>5&31+1, counts>>10+4
	if literals > 286 || distances > 30 {
		return errCorrupt
	}
	var codes [19]byte
	for _, i := range lengthOrder[:lengths] {
		n, err := d.take(3)
		if err != nil {
			return err
		}
		codes[i] = byte(n)
	}
	if !d.lengths.build(codes[:], literalEntries[:], 7) { // its symbols are lengths, and three ways to repeat
		return errCorrupt
	}
	all := d.codeLengths[:literals+distances]
	for i := 0; i < len(all); {
		d.refill()
		e := d.lengths.entries[d.held&(1<<d.lengths.bits-1)]
		n := uint(e & 15)
		if n == 0 {
			return errCorrupt
		}
		if n > d.n {
			return errEnd
		}
		d.held >>= n
		d.n -= n
		symbol := byte(e >> 16)
		if symbol < 16 {
			all[i] = symbol
			i++
			continue
		}
		value, least, extra := byte(0), 3, uint(3)
		switch symbol {
		case 16:
			if i == 0 {
				return errCorrupt
			}
			value, extra = all[i-1], 2
		case 18:
			least, extra = 11, 7
		}
		more, err := d.take(extra)
		if err != nil {
			return err
		}
		if least+more > len(all)-i {
			return errCorrupt
		}
		for range least + more {
			all[i] = value
			i++
		}
	}
	if !d.literals.build(all[:literals], literalEntries[:], literalBits) || !d.distances.build(all[literals:], distanceEntries[:], distanceBits) {
		return errCorrupt
	}
	return nil
}

// room makes room for n more bytes. All slices together are no longer than twice the limit.
func (d *deflate) room(n int) error {
	if n > d.limit-d.end {
		return errTooLarge
	}
	if d.end+n+slack > len(d.out) {
		size := max(2*len(d.out), d.end+n)
		if size > d.limit/2 {
			size = d.limit
		}
		larger := make([]byte, size+slack)
		copy(larger, d.out[:d.end])
		d.out = larger
	}
	return nil
}

// block decodes the symbols of a block. What changes is in variables, which the compiler keeps in
// registers.
func (d *deflate) block() error { //nolint:gocognit // the loop that takes a third of the time of a batch
	literals, literalBits := d.literals.entries, d.literals.bits
	distances, distanceBits := d.distances.entries, d.distances.bits
	literalMask, distanceMask := uint64(1)<<literalBits-1, uint64(1)<<distanceBits-1
	in, at, held, left := d.in, d.at, d.held, d.n
	out, end := d.out, d.end
	for {
		// A literal, or a length and a distance, have at most 48 bits.
		switch {
		case left >= 48:
		case at+8 <= len(in):
			held |= binary.LittleEndian.Uint64(in[at:]) << (left & 63)
			at += int((63 - left) >> 3)
			left |= 56
		default:
			for left <= 55 && at < len(in) {
				held |= uint64(in[at]) << (left & 63)
				at++
				left += 8
			}
		}
		e := literals[held&literalMask]
		if e&kinds == isTable {
			e = literals[e>>16+entry(held>>(literalBits&63))&(1<<(e>>4&15)-1)]
		}
		n := uint(e & 15)
		if n > left || n == 0 {
			return bad(n, left)
		}
		held >>= n
		left -= n
		if e&kinds == literal {
			if end+slack >= len(out) {
				if d.end = end; d.room(1) != nil {
					return errTooLarge
				}
				out = d.out
			}
			out[end] = byte(e >> 16)
			end++
			continue
		}
		if e&kinds == isEnd {
			d.at, d.held, d.n, d.end = at, held, left, end
			return nil
		}
		extra := uint(e >> 4 & 15)
		length := int(e>>16) + int(held&(1<<extra-1))
		held >>= extra

		e = distances[held&distanceMask]
		if e&kinds == isTable {
			e = distances[e>>16+entry(held>>(distanceBits&63))&(1<<(e>>4&15)-1)]
		}
		if n = uint(e & 15); n == 0 {
			return bad(n, left)
		}
		held >>= n
		n += extra
		extra = uint(e >> 4 & 15)
		distance := int(e>>16) + int(held&(1<<extra-1))
		held >>= extra
		if n += extra; n > left {
			return errEnd
		}
		left -= n
		if distance > end-d.start {
			return errCorrupt
		}
		if end+length+slack > len(out) {
			if d.end = end; d.room(length) != nil {
				return errTooLarge
			}
			out = d.out
		}
		// Copy 16 bytes at once, up to slack bytes more than length, which the next symbols
		// replace.
		from, to := end-distance, end
		end += length
		if distance >= 16 {
			for ; to < end; from, to = from+16, to+16 {
				*(*[16]byte)(out[to:]) = *(*[16]byte)(out[from:])
			}
			continue
		}
		for ; to < end; from, to = from+1, to+1 {
			out[to] = out[from]
		}
	}
}

// bad returns the error of n bits of a code, of left bits that there are. If there are few, the
// input may be cut off.
func bad(n, left uint) error {
	if n > left || left < maxCodeLength {
		return errEnd
	}
	return errCorrupt
}
