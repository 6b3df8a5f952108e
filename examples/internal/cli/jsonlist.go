package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ParseList takes a file that holds a JSON list of objects apart, so that each of them can be wrong by itself.
func ParseList(data []byte) ([]json.RawMessage, error) {
	var entries []json.RawMessage
	err := json.Unmarshal(data, &entries)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := data[:min(int(syntax.Offset), len(data))]
		return nil, fmt.Errorf("line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
	}
	if err != nil {
		return nil, errors.New("must hold a JSON list: [ {…}, {…} ]")
	}
	if len(entries) == 0 {
		return nil, errors.New("lists nothing")
	}
	return entries, nil
}

// Decode reads an entry into a struct that must have all its fields.
func Decode(entry json.RawMessage, into any) error {
	if len(entry) == 0 || entry[0] != '{' {
		return errors.New("must be an object: {…}")
	}
	d := json.NewDecoder(bytes.NewReader(entry))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s must be a %s, is a %s", typ.Field, typ.Type.Kind(), typ.Value)
	}
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
