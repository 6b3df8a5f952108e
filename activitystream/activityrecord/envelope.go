package activityrecord

import (
	"encoding/base64"
	"errors"
	"fmt"
)

// envelopeType is the type of the outer JSON object. That of the inner one is in the singular.
const envelopeType = "DatabaseActivityMonitoringRecords"

// envelope is the outer JSON object of a record.
type envelope struct {
	version string
	message []byte // databaseActivityEvents
	key     []byte // the encrypted data key
}

// parse reads the outer JSON object. It uses the memory of the slices in e again.
func (e *envelope) parse(data []byte) *DecodeError {
	s := scanner{data: data}
	if s.peek() != '{' {
		return &DecodeError{NotARecord, errors.New("the data is not a JSON object: pass the data of a Kinesis record, decoded from base64")}
	}
	var kind, version, message, key []byte
	for first := true; s.list(&first, '{', '}'); {
		name := s.bytes(s.string())
		s.skip(':')
		switch string(name) {
		case "type":
			kind = s.text()
		case "version":
			version = s.bytes(s.scalar())
		case "databaseActivityEvents":
			message = s.text()
		case "key":
			key = s.text()
		default:
			s.value()
		}
	}
	s.end()
	if string(kind) != envelopeType {
		return &DecodeError{NotARecord, fmt.Errorf("the data is not JSON of type %s", envelopeType)}
	}
	if s.bad {
		return &DecodeError{Damaged, errors.New("the envelope is not valid JSON: it was cut off, or joined to another record")}
	}
	if len(version) == 0 || len(message) == 0 || len(key) == 0 {
		return &DecodeError{NotARecord, errors.New("the envelope lacks text in version, databaseActivityEvents or key")}
	}
	var err error
	e.version = string(version)
	if e.message, err = decodeBase64(e.message, message); err != nil {
		return &DecodeError{Damaged, fmt.Errorf("databaseActivityEvents is not base64: %w", err)}
	}
	if e.key, err = decodeBase64(e.key, key); err != nil {
		return &DecodeError{Damaged, fmt.Errorf("key is not base64: %w", err)}
	}
	return nil
}

// text reads a value and returns the text of a string. Any other value has none.
func (s *scanner) text() []byte {
	if s.peek() != '"' {
		s.value()
		return nil
	}
	return s.bytes(s.string())
}

// strict accepts only the one text that encodes the bytes, so that a changed text is noticed.
var strict = base64.StdEncoding.Strict()

func decodeBase64(buffer, text []byte) ([]byte, error) {
	out, err := strict.AppendDecode(buffer[:0], text)
	if err == nil && strict.EncodedLen(len(out)) != len(text) {
		err = errors.New("it contains line breaks") // which the standard library skips
	}
	return out, err
}
