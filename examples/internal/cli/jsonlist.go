package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// LoadFile reads a file and parses it. Its error is a UsageError.
func LoadFile[T any](file string, parse func(file string, data []byte) (T, error)) (parsed T, err error) {
	data, err := os.ReadFile(file) //nolint:gosec // the user names the file
	if err == nil {
		parsed, err = parse(file, data)
	}
	if err != nil {
		return parsed, &UsageError{Message: err.Error()}
	}
	return parsed, nil
}

// ParseList calls add for each entry of a JSON list of objects. The first has the number 1. The
// error has a line for each line of add's errors, with the name of the file and the number of the
// entry.
func ParseList(file string, data []byte, add func(n int, entry json.RawMessage) error) error {
	entries, err := parseList(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	for i, entry := range entries {
		if err := add(i+1, entry); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				errs = append(errs, fmt.Errorf("%s: entry %d: %s", file, i+1, line))
			}
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

// Decode decodes an entry into a struct, usually one that embeds an input of the library, and
// validates it. The key kms_key_id sets the field KmsKeyId. A key without a field is an error, and
// so is one whose field has the tag `json:"-"`. An invalid entry has a line for each field.
func Decode(entry json.RawMessage, into interface{ Validate() error }) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(entry, &members); err != nil || members == nil {
		return errors.New("must be an object: {…}")
	}
	v := reflect.ValueOf(into).Elem()
	for _, key := range slices.Sorted(maps.Keys(members)) {
		field, ok := v.Type().FieldByNameFunc(func(name string) bool { return words(name, "_") == key })
		if !ok || field.Tag.Get("json") == "-" {
			return fmt.Errorf("unknown field %q", key)
		}
		err := json.Unmarshal(members[key], v.FieldByIndex(field.Index).Addr().Interface())
		if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s must be a %s, got a %s", key, typ.Type.Kind(), typ.Value)
		}
	}
	err := into.Validate()
	if input, ok := errors.AsType[*statemachine.InputError](err); ok {
		return errors.New(problems(input, "", "_"))
	}
	return err
}

// InvalidFlags returns a UsageError with one line for each invalid field of an input. A field is
// set by the flag of the same name: KmsKeyId by -kms-key-id. Any other error is returned unchanged.
func InvalidFlags(err error) error {
	if input, ok := errors.AsType[*statemachine.InputError](err); ok {
		return &UsageError{Message: problems(input, "-", "-")}
	}
	return err
}

// problems returns a line for each invalid field.
func problems(input *statemachine.InputError, prefix, separator string) string {
	lines := make([]string, len(input.Fields))
	for i, f := range input.Fields {
		lines[i] = prefix + words(f.Field, separator) + " " + f.Reason
	}
	return strings.Join(lines, "\n")
}

// words returns the words of a field's name in lower case: KmsKeyId is kms_key_id.
func words(field, separator string) string {
	return strings.ToLower(inner.ReplaceAllString(field, "${1}"+separator+"${2}"))
}

// inner matches where a word begins within the name of a field.
var inner = regexp.MustCompile(`([a-z])([A-Z])`)
