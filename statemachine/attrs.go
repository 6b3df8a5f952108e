package statemachine

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"slices"
)

// errorValue returns what logs and JSON show of an error of this package: its text, its kind, and
// what is not empty of more.
func errorValue(err error, more ...slog.Attr) slog.Value {
	return slog.GroupValue(append([]slog.Attr{
		slog.String("message", err.Error()), slog.String("kind", string(KindOf(err))),
	}, nonEmpty(more)...)...)
}

// nonEmpty returns the attributes that are not empty, in the memory of attrs.
func nonEmpty(attrs []slog.Attr) []slog.Attr {
	return slices.DeleteFunc(attrs, func(a slog.Attr) bool {
		v := reflect.ValueOf(a.Value.Any())
		return !v.IsValid() || v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
	})
}

// marshalValue returns a JSON object with the attributes of a group and what is not empty of more,
// ordered by their keys. Durations are in nanoseconds.
func marshalValue(group slog.Value, more ...slog.Attr) ([]byte, error) {
	object := map[string]any{}
	for _, a := range append(group.Group(), nonEmpty(more)...) {
		object[a.Key] = a.Value.Any()
	}
	return json.Marshal(object)
}

// LogValue returns the fields of e that a person filters by, as a group. Its keys are stable.
func (e *WaitError) LogValue() slog.Value {
	return errorValue(e,
		slog.String("reason", string(e.Reason)), slog.String("machine", e.Machine), slog.String("resource", e.Resource),
		slog.String("target", e.Target), slog.String("last", e.Last), slog.Int("reads", e.Reads), slog.Duration("elapsed", e.Elapsed),
		slog.Any("accepted", e.Accepted), slog.String("pending", string(e.Pending)), slog.Any("plan", e.Plan), slog.String("hint", e.Hint),
	)
}

// MarshalJSON returns the fields of LogValue, the history, the events and the text of Err. Its keys
// are stable, and durations are in nanoseconds.
func (e *WaitError) MarshalJSON() ([]byte, error) {
	more := []slog.Attr{slog.Any("history", e.History), slog.Any("events", e.Events)}
	if e.Err != nil {
		more = append(more, slog.String("error", e.Err.Error()))
	}
	return marshalValue(e.LogValue(), more...)
}

// LogValue returns the fields of f that a person filters by, as a group. Its keys are stable.
func (f *Fault) LogValue() slog.Value {
	return errorValue(f,
		slog.String("operation", string(f.Operation)), slog.String("resource", f.Resource), slog.String("code", f.Code),
		slog.String("request_id", f.RequestID), slog.Bool("not_sent", f.NotSent), slog.Duration("retry_after", f.RetryAfter),
	)
}

// MarshalJSON returns the fields of LogValue. Its keys are stable. Durations are in nanoseconds.
func (f *Fault) MarshalJSON() ([]byte, error) { return marshalValue(f.LogValue()) }

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *InputError) LogValue() slog.Value {
	return errorValue(e, slog.String("operation", string(e.Operation)), slog.Any("fields", e.Fields))
}

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *InputError) MarshalJSON() ([]byte, error) { return marshalValue(e.LogValue()) }

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *DriftError) LogValue() slog.Value {
	return errorValue(e, slog.String("resource", e.Resource), slog.Any("fields", e.Fields))
}

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *DriftError) MarshalJSON() ([]byte, error) { return marshalValue(e.LogValue()) }

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *IdentityError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("message", e.Error()), slog.String("was", e.Was), slog.String("is", e.Is))
}

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *IdentityError) MarshalJSON() ([]byte, error) { return marshalValue(e.LogValue()) }

// LogValue returns the fields of e as a group. Its keys are stable.
func (e *RestartError) LogValue() slog.Value {
	return errorValue(e,
		slog.String("resource", e.Resource), slog.String("target", e.Target), slog.String("outage", e.Outage),
		slog.Time("from", e.From), slog.Time("to", e.To),
	)
}

// MarshalJSON returns the fields of LogValue. Its keys are stable.
func (e *RestartError) MarshalJSON() ([]byte, error) { return marshalValue(e.LogValue()) }
