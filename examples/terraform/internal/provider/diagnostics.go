package provider

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// problem turns errors of the library into diagnostics at the attributes that they are about.
type problem struct {
	summary string

	// attributes are the names of attributes by the field of the library's input.
	attributes map[string]string

	// byKind are the attributes that errors of a kind are about. Others are about the first.
	byKind map[statemachine.Kind]string
	first  string
}

// add adds the diagnostics of an error, unless it is nil.
func (p problem) add(diags *diag.Diagnostics, err error) {
	if err == nil {
		return
	}
	if input, ok := errors.AsType[*statemachine.InputError](err); ok {
		for _, f := range input.Fields {
			diags.AddAttributeError(p.attribute(f.Field), p.summary, f.Field+" "+f.Reason+".")
		}
		return
	}
	if drift, ok := errors.AsType[*statemachine.DriftError](err); ok {
		for _, d := range drift.Fields {
			diags.AddAttributeError(p.attribute(d.Field), p.summary, fmt.Sprintf("%s is %q, not %q.\n\n%s", d.Field, d.Got, d.Want, statemachine.Advice(err)))
		}
		return
	}
	at := p.first
	if name, ok := p.byKind[statemachine.KindOf(err)]; ok {
		at = name
	}
	diags.AddAttributeError(path.Root(at), p.summary, detail(err))
}

// attribute returns the path of the attribute for a field of the library.
func (p problem) attribute(field string) path.Path {
	field, _, _ = strings.Cut(field, "[") // Tags["key"]
	if name, ok := p.attributes[field]; ok {
		return path.Root(name)
	}
	return path.Root(p.first)
}

// detail returns the text of an error with what was seen and what to do. The text of a Fault has
// the ID of the request.
func detail(err error) string {
	var b strings.Builder
	b.WriteString(err.Error())
	if wait, ok := errors.AsType[*statemachine.WaitError](err); ok && len(wait.History) > 0 {
		b.WriteString("\n\nSeen:")
		for _, s := range wait.History {
			b.WriteString("\n  " + s.At.UTC().Format(time.RFC3339) + "  " + s.State)
		}
	}
	if advice := statemachine.Advice(err); advice != "" {
		b.WriteString("\n\n" + advice)
	}
	if fault, ok := errors.AsType[*statemachine.Fault](err); ok && fault.Kind == statemachine.AccessDenied {
		b.WriteString(" It is " + permission(fault.Operation) + ".")
	}
	return b.String()
}

// permission returns the IAM action of an operation.
func permission(op statemachine.Operation) string {
	prefix := "rds:"
	switch {
	case strings.Contains(string(op), "EventDataStore"):
		prefix = "cloudtrail:"
	case strings.Contains(string(op), "EventStream"), strings.HasSuffix(string(op), "tagResource"), op == "TagResource":
		prefix = "profile:"
	}
	return prefix + string(op)
}
