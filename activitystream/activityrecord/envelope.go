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

// parseEnvelope reads the outer JSON object. It decodes the message into buffer if that is large enough.
func parseEnvelope(data, buffer []byte) (envelope, *DecodeError) {
	s := scanner{data: data, text: string(data)}
	if s.peek() != '{' {
		return envelope{}, &DecodeError{NotARecord, errors.New("the data is not a JSON object: pass the data of a Kinesis record, decoded from base64")}
	}
	const kind, version, message, key = "type", "version", "databaseActivityEvents", "key"
	members := map[string]string{}
	for first := true; s.list(&first, '{', '}'); {
		name := s.name()
		s.skip(':')
		switch name {
		case version:
			members[name] = s.scalar()
		case kind, message, key:
			if delete(members, name); s.peek() == '"' {
				members[name] = s.name()
				continue
			}
			s.value()
		default:
			s.value()
		}
	}
	s.end()
	if members[kind] != envelopeType {
		return envelope{}, &DecodeError{NotARecord, fmt.Errorf("the data is not JSON of type %s", envelopeType)}
	}
	if s.bad {
		return envelope{}, &DecodeError{Damaged, errors.New("the envelope is not valid JSON: it was cut off, or joined to another record")}
	}
	for _, name := range []string{version, message, key} {
		if members[name] == "" {
			return envelope{}, &DecodeError{NotARecord, fmt.Errorf("the envelope has no text in its member %s", name)}
		}
	}
	e := envelope{version: members[version]}
	var err error
	if e.message, err = decodeBase64(buffer, members[message]); err != nil {
		return envelope{}, &DecodeError{Damaged, fmt.Errorf("databaseActivityEvents is not base64: %w", err)}
	}
	if e.key, err = decodeBase64(nil, members[key]); err != nil {
		return envelope{}, &DecodeError{Damaged, fmt.Errorf("key is not base64: %w", err)}
	}
	return e, nil
}

// strict accepts only the one text that encodes the bytes, so that a changed text is noticed.
var strict = base64.StdEncoding.Strict()

func decodeBase64(buffer []byte, text string) ([]byte, error) {
	out, err := strict.AppendDecode(buffer[:0], []byte(text))
	if err == nil && strict.EncodedLen(len(out)) != len(text) {
		err = errors.New("it contains line breaks") // which the standard library skips
	}
	return out, err
}
