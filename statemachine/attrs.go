package statemachine

import (
	"encoding/json"
	"log/slog"
	"reflect"
)

// attrsOf returns what logs and JSON show of an error of this package: its text, its kind, and what
// is not empty of more.
func attrsOf(err error, more ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{
		slog.String("message", err.Error()), slog.String("kind", string(KindOf(err))),
	}, nonEmpty(more)...)
}

// nonEmpty returns the attributes that are not empty.
func nonEmpty(attrs []slog.Attr) []slog.Attr {
	var list []slog.Attr
	for _, a := range attrs {
		v := reflect.ValueOf(a.Value.Any())
		if !v.IsValid() || v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
			continue
		}
		list = append(list, a)
	}
	return list
}

// marshalAttrs returns a JSON object with the attributes, ordered by their keys. Durations are in
// nanoseconds.
func marshalAttrs(attrs []slog.Attr) ([]byte, error) {
	object := make(map[string]any, len(attrs))
	for _, a := range attrs {
		object[a.Key] = a.Value.Any()
	}
	return json.Marshal(object)
}

func (e *WaitError) attrs() []slog.Attr {
	return attrsOf(e,
		slog.String("reason", string(e.Reason)), slog.String("machine", e.Machine), slog.String("resource", e.Resource),
		slog.String("target", e.Target), slog.String("last", e.Last), slog.Int("reads", e.Reads), slog.Duration("elapsed", e.Elapsed),
		slog.Any("accepted", e.Accepted), slog.String("pending", string(e.Pending)), slog.Any("plan", e.Plan), slog.String("hint", e.Hint),
	)
}

// LogValue returns the fields of e that a person filters by, as a group. Its keys are stable.
func (e *WaitError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the fields of LogValue, the history, the events and the text of Err. Its keys
// are stable, and durations are in nanoseconds.
func (e *WaitError) MarshalJSON() ([]byte, error) {
	more := []slog.Attr{slog.Any("history", e.History), slog.Any("events", e.Events)}
	if e.Err != nil {
		more = append(more, slog.String("error", e.Err.Error()))
	}
	return marshalAttrs(append(e.attrs(), nonEmpty(more)...))
}

func (f *Fault) attrs() []slog.Attr {
	return attrsOf(f,
		slog.String("operation", string(f.Operation)), slog.String("resource", f.Resource), slog.String("code", f.Code),
		slog.String("request_id", f.RequestID), slog.Bool("not_sent", f.NotSent), slog.Duration("retry_after", f.RetryAfter),
	)
}

// LogValue returns the fields of f that a person filters by, as a group. Its keys are stable.
func (f *Fault) LogValue() slog.Value { return slog.GroupValue(f.attrs()...) }

// MarshalJSON returns the fields of LogValue. Its keys are stable. Durations are in nanoseconds.
func (f *Fault) MarshalJSON() ([]byte, error) { return marshalAttrs(f.attrs()) }

func (e *InputError) attrs() []slog.Attr {
	return attrsOf(e, slog.String("operation", string(e.Operation)), slog.Any("fields", e.Fields))
}

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *InputError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *InputError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *DriftError) attrs() []slog.Attr {
	return attrsOf(e, slog.String("resource", e.Resource), slog.Any("fields", e.Fields))
}

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *DriftError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *DriftError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *IdentityError) attrs() []slog.Attr {
	return []slog.Attr{slog.String("message", e.Error()), slog.String("was", e.Was), slog.String("is", e.Is)}
}

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *IdentityError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *IdentityError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *RestartError) attrs() []slog.Attr {
	return attrsOf(e,
		slog.String("resource", e.Resource), slog.String("target", e.Target), slog.String("outage", e.Outage),
		slog.Time("from", e.From), slog.Time("to", e.To),
	)
}

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *RestartError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *RestartError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }
