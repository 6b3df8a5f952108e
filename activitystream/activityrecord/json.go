package activityrecord

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep values may be nested, as in encoding/json.
const maxDepth = 10000

// scanner reads a JSON text once, from the front. It accepts what encoding/json accepts. On
// invalid JSON it sets bad and goes to the end, so that every loop ends; its callers check bad
// once.
//
// It exists because encoding/json takes several times as long as everything else that Decode
// does. FuzzInner compares the two.
type scanner struct {
	data  []byte
	at    int
	depth int // how many arrays and objects are open
	bad   bool
}

// span is a part of the data: a string without its quotation marks, or another value.
type span struct {
	start, end int
	escaped    bool // whether it is a string that appendUnescaped has to turn into its value
}

func (s *scanner) fail() {
	s.bad = true
	s.at = len(s.data)
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// skip reads the byte c after white space.
func (s *scanner) skip(c byte) {
	if s.peek() != c {
		s.fail()
		return
	}
	s.at++
}

// list reports whether another item of an array or object follows. It reads the bracket or
// comma before the item, and the closing bracket after the last.
func (s *scanner) list(first *bool, open, end byte) bool {
	if *first {
		s.skip(open)
		if s.depth++; s.depth > maxDepth {
			s.fail()
		}
	}
	switch c := s.peek(); {
	case s.bad:
		return false
	case c == end:
		s.at++
		s.depth--
		return false
	case *first:
		*first = false
		return true
	}
	s.skip(',')
	return !s.bad
}

// string reads a string.
func (s *scanner) string() span {
	if s.peek() != '"' {
		s.fail()
		return span{}
	}
	s.at++
	found, ascii := span{start: s.at}, true
	for {
		s.at += ordinary(s.data[s.at:])
		if s.at >= len(s.data) {
			s.fail()
			return span{}
		}
		switch c := s.data[s.at]; {
		case c == '"':
			found.end = s.at
			s.at++
			found.escaped = found.escaped || !ascii && !utf8.Valid(s.data[found.start:found.end])
			return found
		case c == '\\':
			found.escaped = true
			n := escape(s.data[s.at:])
			if n == 0 {
				s.fail()
				return span{}
			}
			s.at += n
		case c < ' ':
			s.fail()
			return span{}
		default:
			ascii = false
			for s.at < len(s.data) && s.data[s.at] >= utf8.RuneSelf {
				s.at++
			}
		}
	}
}

// ordinary returns how many bytes at the front are ASCII characters that are neither control
// characters nor a quotation mark nor a backslash. It looks at eight bytes at once.
func ordinary(data []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(data); n += 8 {
		w := binary.LittleEndian.Uint64(data[n:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A byte has its high bit set in found if it is one of those, and perhaps in bytes
		// above the first of those.
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (w - ones*' ') | w) & high
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(data); n++ {
		if c := data[n]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return n
}

// escape returns the length of the escape sequence at the front, or 0 if it is not valid.
func escape(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(text[2:]); ok {
			return 6
		}
	}
	return 0
}

// hex4 returns the value of the four hexadecimal digits at the front.
func hex4(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[:4]), 16, 16)
	return rune(n), err == nil
}

// appendUnescaped appends the string whose JSON text, without quotation marks, is part. Bytes
// that are not UTF-8, and surrogates without their other half, become U+FFFD as in
// encoding/json.
func appendUnescaped(dst, part []byte) []byte {
	for i := 0; i < len(part); {
		c := part[i]
		switch {
		case c == '\\' && part[i+1] == 'u':
			r, _ := hex4(part[i+2:])
			i += 6
			if utf16.IsSurrogate(r) {
				var low rune
				if i+1 < len(part) && part[i] == '\\' && part[i+1] == 'u' {
					low, _ = hex4(part[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		case c == '\\':
			c = part[i+1]
			i += 2
			if special := strings.IndexByte("bfnrt", c); special >= 0 {
				c = "\b\f\n\r\t"[special]
			}
			dst = append(dst, c)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(part[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst
}

// value reads any value.
func (s *scanner) value() span {
	s.peek()
	start := s.at
	s.nested()
	return span{start: start, end: s.at}
}

// scalar reads a value as text: a string is itself, null is empty, and any other value is its
// JSON text.
func (s *scanner) scalar() span {
	switch s.peek() {
	case '"':
		return s.string()
	case 'n':
		s.literal("null")
		return span{}
	}
	return s.value()
}

// bytes returns the text of a string or another value.
func (s *scanner) bytes(of span) []byte {
	part := s.data[of.start:of.end]
	if of.escaped {
		return appendUnescaped(nil, part)
	}
	return part
}

// nested reads any value after white space, by calling itself for the values inside.
func (s *scanner) nested() {
	switch c := s.peek(); c {
	case '"':
		s.string()
	case '{':
		for first := true; s.list(&first, '{', '}'); {
			s.string()
			s.skip(':')
			s.nested()
		}
	case '[':
		for first := true; s.list(&first, '[', ']'); {
			s.nested()
		}
	case 'n':
		s.literal("null")
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	default:
		s.number()
	}
}

func (s *scanner) literal(word string) {
	if rest := s.data[s.at:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		s.fail()
		return
	}
	s.at += len(word)
}

// number passes over a number. It fails where a digit is missing.
func (s *scanner) number() {
	if s.at < len(s.data) && s.data[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.data) && s.data[s.at] == '0' {
		s.at++
	} else {
		s.digits()
	}
	if s.at < len(s.data) && s.data[s.at] == '.' {
		s.at++
		s.digits()
	}
	if s.at < len(s.data) && s.data[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		s.digits()
	}
}

// digits reads one digit or more.
func (s *scanner) digits() {
	start := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	if s.at == start {
		s.fail()
	}
}

// end checks that nothing but white space follows.
func (s *scanner) end() {
	if s.peek(); s.at < len(s.data) {
		s.fail()
	}
}

// integer returns the value of a number, or of a string with one, if it is a whole number
// within an int64.
func integer(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64) // 12.0, 1.2e1
	if err != nil || math.Abs(f) >= 1<<53 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}
