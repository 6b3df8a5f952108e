package statemachine

import "strings"

// Fault is an error of the service, or on the way to it, with what it means. The services' packages return
// every failed call as a *Fault; the package sdkfault makes them.
type Fault struct {
	Kind      Kind      // what to do about it
	Operation Operation // what was called
	Resource  string    // on what; may be empty
	Code      string    // the service's error code as it came over the wire; empty where no answer came
	Message   string    // the service's own words, or what happened to the call
	RequestID string    // what AWS Support asks for; may be empty
	Err       error     // the SDK's error, for errors.As; may be nil
}

// Error is one line. Do not depend on its text.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(string(f.Operation))
	if f.Resource != "" {
		b.WriteString(" " + f.Resource)
	}
	b.WriteString(": " + string(f.Kind))
	if f.Code != "" {
		b.WriteString(": " + f.Code)
	}
	switch {
	case f.Message != "":
		b.WriteString(": " + f.Message)
	case f.Code == "" && f.Err != nil:
		b.WriteString(": " + f.Err.Error())
	}
	if f.RequestID != "" {
		b.WriteString(" (request " + f.RequestID + ")")
	}
	return singleLine(b.String())
}

// Unwrap gives the SDK's error.
func (f *Fault) Unwrap() error { return f.Err }

// Is reports whether target is the fault's Kind.
func (f *Fault) Is(target error) bool { return target == error(f.Kind) }

func (f *Fault) kind() Kind { return f.Kind }

// singleLine makes one line of a text, whatever it holds: an error ends up in a log, a line each.
func singleLine(s string) string {
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.Join(lines, "; "))
}

func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}
