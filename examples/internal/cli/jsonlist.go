package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ParseFile calls add for each entry of a JSON list of objects. The first has the number 1. The
// error has a line for each problem, with the name of the file and the number of the entry.
func ParseFile(file string, data []byte, add func(n int, entry json.RawMessage) []error) error {
	entries, err := parseList(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	for i, entry := range entries {
		for _, err := range add(i+1, entry) {
			errs = append(errs, fmt.Errorf("%s: entry %d: %w", file, i+1, err))
		}
	}
	return errors.Join(errs...)
}

// parseList splits a JSON list into its entries.
func parseList(data []byte) ([]json.RawMessage, error) {
	var entries []json.RawMessage
	err := json.Unmarshal(data, &entries)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := data[:min(int(syntax.Offset), len(data))]
		return nil, fmt.Errorf("line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
	}
	if err != nil {
		return nil, errors.New("must be a JSON list: [ {…}, {…} ]")
	}
	if len(entries) == 0 {
		return nil, errors.New("the list is empty")
	}
	return entries, nil
}

// Decode decodes an entry into a struct. A field that the struct does not have is an error.
func Decode(entry json.RawMessage, into any) error {
	if len(entry) == 0 || entry[0] != '{' {
		return errors.New("must be an object: {…}")
	}
	d := json.NewDecoder(bytes.NewReader(entry))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s must be a %s, got a %s", typ.Field, typ.Type.Kind(), typ.Value)
	}
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// FieldErrors returns one error for each invalid field of an InputError. It names a field by its
// key in the JSON of entry, a pointer to a struct whose fields are named like those of the input.
func FieldErrors(entry any, err error) (errs []error) {
	input, ok := errors.AsType[*statemachine.InputError](err)
	if !ok {
		return nil
	}
	for _, f := range input.Fields {
		key := f.Field
		for field := range reflect.TypeOf(entry).Elem().Fields() {
			if strings.EqualFold(field.Name, f.Field) {
				key = field.Tag.Get("json")
			}
		}
		errs = append(errs, fmt.Errorf("%s %s", key, f.Reason))
	}
	return errs
}
