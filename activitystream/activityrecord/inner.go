package activityrecord

import (
	"encoding/json"
	"fmt"
	"strings"
	"unsafe"
)

// field is a member of an event: an index of fields.
type field int

const (
	unknownField field = iota
	paramListField
	nativeField
)

// fields are the members of an event, by their names in JSON. For a string or an integer, text or
// number returns where its value is.
var fields = [...]struct {
	name   string
	text   func(*Event) *string
	number func(*Event) **int64
}{
	unknownField:   {},
	paramListField: {name: "paramList"},
	nativeField:    {name: "engineNativeAuditFields"},
	{"type", func(e *Event) *string { return &e.Type }, nil},
	{"class", func(e *Event) *string { return &e.Class }, nil},
	{"clientApplication", func(e *Event) *string { return &e.ClientApplication }, nil},
	{"command", func(e *Event) *string { return &e.Command }, nil},
	{"commandText", func(e *Event) *string { return &e.CommandText }, nil},
	{"databaseName", func(e *Event) *string { return &e.DatabaseName }, nil},
	{"dbid", func(e *Event) *string { return &e.DBId }, nil},
	{"dbProtocol", func(e *Event) *string { return &e.DBProtocol }, nil},
	{"dbUserName", func(e *Event) *string { return &e.DBUserName }, nil},
	{"endTime", func(e *Event) *string { return &e.EndTime }, nil},
	{"errorMessage", func(e *Event) *string { return &e.ErrorMessage }, nil},
	{"exitCode", func(e *Event) *string { return &e.ExitCode }, nil},
	{"logTime", func(e *Event) *string { return &e.LogTime }, nil},
	{"netProtocol", func(e *Event) *string { return &e.NetProtocol }, nil},
	{"objectName", func(e *Event) *string { return &e.ObjectName }, nil},
	{"objectType", func(e *Event) *string { return &e.ObjectType }, nil},
	{"pid", nil, func(e *Event) **int64 { return &e.Pid }},
	{"remoteHost", func(e *Event) *string { return &e.RemoteHost }, nil},
	{"remotePort", func(e *Event) *string { return &e.RemotePort }, nil},
	{"rowCount", nil, func(e *Event) **int64 { return &e.RowCount }},
	{"serverHost", func(e *Event) *string { return &e.ServerHost }, nil},
	{"serverType", func(e *Event) *string { return &e.ServerType }, nil},
	{"serverVersion", func(e *Event) *string { return &e.ServerVersion }, nil},
	{"serviceName", func(e *Event) *string { return &e.ServiceName }, nil},
	{"sessionId", func(e *Event) *string { return &e.SessionId }, nil},
	{"startTime", func(e *Event) *string { return &e.StartTime }, nil},
	{"statementId", func(e *Event) *string { return &e.StatementId }, nil},
	{"substatementId", nil, func(e *Event) **int64 { return &e.SubstatementId }},
	{"transactionId", func(e *Event) *string { return &e.TransactionId }, nil},
}

// quotedNames are the names as they begin a member, and fieldsByName finds a field by its name.
var quotedNames, fieldsByName = func() (quoted [len(fields)]string, byName map[string]field) {
	byName = make(map[string]field, len(fields))
	for i, f := range fields[1:] {
		quoted[i+1], byName[f.name] = `"`+f.name+`":`, field(i+1)
	}
	return quoted, byName
}()

// inner decodes the JSON document inside a record.
type inner struct {
	scanner
	text      string // the data as a string, which the fields of events point into
	maxEvents int

	// Memory that the events of a record share: a piece per record, in place of one per field.
	numbers []int64
	strings []string
	room    int // how many more events that memory should suffice for

	order     [len(fields)]field // of the event before, because one engine writes one order
	ordered   int
	unescaped []byte    // of those strings of one event that are not as they are in the data
	pending   []pending // where they belong
	items     []span    // of the list that is being read
}

// pending is a string of the event that is in unescaped.
type pending struct {
	dst        *string
	start, end int
}

// decode sets the identifiers and events of r from the JSON in data. The events keep data.
func (d *inner) decode(r *Record, data []byte) *DecodeError {
	// The strings of events share the memory of Raw: a copy would be a third of all that Decode
	// allocates. This is safe, because nothing writes to data from here on.
	d.scanner, d.text = scanner{data: data}, unsafe.String(unsafe.SliceData(data), len(data)) //nolint:gosec // see above
	d.ordered = 0
	defer func() { // what stays for the next record must not keep this one in memory
		d.scanner, d.text, d.numbers, d.strings = scanner{}, "", nil, nil
		d.drop()
		if cap(d.unescaped) > maxKept || cap(d.items) > maxKept/64 {
			d.unescaped, d.pending, d.items = nil, nil, nil
		}
	}()
	found := false
	if d.peek() != '{' {
		return &DecodeError{Malformed, fmt.Errorf("the JSON is not an object: %d bytes", len(data))}
	}
	for first := true; d.list(&first, '{', '}'); {
		name := d.bytes(d.string())
		d.skip(':')
		switch string(name) {
		case "clusterId":
			d.set(&r.ClusterId, d.scalar())
			d.settle()
		case "instanceId":
			d.set(&r.InstanceId, d.scalar())
			d.settle()
		case "databaseActivityEventList":
			found = true
			if err := d.events(r); err != nil {
				return err
			}
		default:
			d.value()
		}
	}
	switch d.end(); {
	case d.bad:
		return &DecodeError{Malformed, fmt.Errorf("the record does not hold valid JSON: %d bytes", len(data))}
	case !found:
		return &DecodeError{Malformed, fmt.Errorf("the JSON has no databaseActivityEventList: %d bytes", len(data))}
	}
	return nil
}

// events reads the list of events.
func (d *inner) events(r *Record) *DecodeError {
	r.Events = nil // the last of several lists counts
	switch d.peek() {
	case '[':
	case 'n':
		d.literal("null")
		return nil
	default:
		if d.value(); d.bad {
			return nil // the caller reports it
		}
		return &DecodeError{Malformed, fmt.Errorf("databaseActivityEventList is not a list")}
	}
	for first := true; d.list(&first, '[', ']'); {
		d.peek()
		start := d.at
		if len(r.Events) == d.maxEvents {
			return &DecodeError{TooLarge, fmt.Errorf("the record has more than %d events: raise Options.MaxEvents if that is legitimate", d.maxEvents)}
		}
		if len(r.Events) == cap(r.Events) {
			r.Events = d.grow(r.Events)
		}
		d.room = cap(r.Events) - len(r.Events)
		r.Events = r.Events[:len(r.Events)+1]
		e := &r.Events[len(r.Events)-1]
		switch d.peek() {
		case '{':
			d.event(e)
		case 'n':
			d.literal("null")
		default:
			if d.value(); !d.bad {
				return &DecodeError{Malformed, fmt.Errorf("event %d is neither an object nor null", len(r.Events)-1)}
			}
		}
		if d.bad {
			break
		}
		e.Raw = json.RawMessage(d.data[start:d.at:d.at])
	}
	return nil
}

// grow returns events with room for more: for as many as would fit in the rest of the text,
// judged by the last event.
func (d *inner) grow(events []Event) []Event {
	const most = 1024 // at once
	room := 1
	if n := len(events); n > 0 {
		room = min(n+(len(d.text)-d.at)/max(len(events[n-1].Raw), 1)+1, 2*n+most)
	}
	return append(make([]Event, 0, room), events...)
}

// event reads an object.
func (d *inner) event(e *Event) {
	var seen uint64 // a bit per field
	n := 0
	for first := true; d.member(&first); n++ {
		f := d.field(n)
		if f != unknownField && seen&(1<<f) != 0 {
			d.settle() // the last of several members with one name counts
		}
		seen |= 1 << f
		switch of := &fields[f]; {
		case of.text != nil:
			if dst := of.text(e); !d.setPlain(dst) {
				d.set(dst, d.scalar())
			}
		case of.number != nil:
			d.setNumber(of.number(e), d.scalar())
		case f == paramListField:
			d.setList(&e.ParamList)
		default:
			if v := d.value(); f == nativeField {
				e.EngineNativeAuditFields = json.RawMessage(d.data[v.start:v.end:v.end])
			}
		}
	}
	d.ordered = min(n, len(d.order))
	d.settle()
}

// member reports whether another member follows, as list does. It is faster where no white
// space is.
func (d *inner) member(first *bool) bool {
	if !*first && d.at < len(d.data) && d.data[d.at] == ',' {
		d.at++
		return true
	}
	return d.list(first, '{', '}')
}

// field reads the name of the nth member of an event, and the colon after it. It is faster
// where the event before had the same member and where no white space is.
func (d *inner) field(n int) field {
	if n < d.ordered {
		f := d.order[n]
		if name := quotedNames[f]; f != unknownField && strings.HasPrefix(d.text[d.at:], name) {
			d.at += len(name)
			return f
		}
	}
	f := fieldsByName[string(d.bytes(d.string()))]
	d.skip(':')
	if n < len(d.order) {
		d.order[n] = f
	}
	return f
}

// setPlain sets dst to a string of ASCII characters without escapes, if that follows.
func (d *inner) setPlain(dst *string) bool {
	if d.at >= len(d.data) || d.data[d.at] != '"' {
		return false
	}
	start := d.at + 1
	end := start + ordinary(d.data[start:])
	if end >= len(d.data) || d.data[end] != '"' {
		return false
	}
	*dst = d.text[start:end]
	d.at = end + 1
	return true
}

// set sets dst to the text of a string or another value.
func (d *inner) set(dst *string, v span) {
	if !v.escaped {
		*dst = d.text[v.start:v.end]
		return
	}
	start := len(d.unescaped)
	d.unescaped = appendUnescaped(d.unescaped, d.data[v.start:v.end])
	d.pending = append(d.pending, pending{dst, start, len(d.unescaped)})
}

// setNumber sets dst to the value of a number, or of a string with one. It sets dst to nil if
// the value is neither.
func (d *inner) setNumber(dst **int64, v span) {
	*dst = nil
	n, ok := integer(d.text[v.start:v.end])
	if !ok {
		return
	}
	if len(d.numbers) == cap(d.numbers) {
		d.numbers = make([]int64, 0, min(3*(d.room+1), 1024))
	}
	d.numbers = append(d.numbers, n)
	*dst = &d.numbers[len(d.numbers)-1]
}

// setList reads a list of texts into dst. A value that is not a list is a list of one.
func (d *inner) setList(dst *[]string) {
	*dst = nil
	d.items = d.items[:0]
	switch d.peek() {
	case 'n':
		d.literal("null")
		return
	case '[':
		for first := true; d.list(&first, '[', ']'); {
			d.items = append(d.items, d.scalar())
		}
	default:
		d.items = append(d.items, d.scalar())
	}
	n := len(d.items)
	if d.strings == nil || n > cap(d.strings)-len(d.strings) {
		d.strings = make([]string, 0, max(n, min(n*(d.room+1), 1024)))
	}
	have := len(d.strings)
	d.strings = d.strings[:have+n]
	*dst = d.strings[have : have+n : have+n]
	for i, item := range d.items {
		d.set(&(*dst)[i], item)
	}
}

// settle sets the strings that are pending. All those of one event take one allocation.
func (d *inner) settle() {
	if len(d.pending) == 0 {
		return
	}
	text := string(d.unescaped)
	for _, p := range d.pending {
		*p.dst = text[p.start:p.end]
	}
	d.drop()
}

// drop removes the strings that are pending.
func (d *inner) drop() {
	clear(d.unescaped)
	clear(d.pending)
	d.unescaped, d.pending = d.unescaped[:0], d.pending[:0]
}
