package activityrecord

import (
	"encoding/json"
	"fmt"
	"strings"
	"unsafe"
)

// field is a member of an event.
type field int

const (
	unknownField field = iota
	typeField
	classField
	clientApplicationField
	commandField
	commandTextField
	databaseNameField
	dbidField
	dbProtocolField
	dbUserNameField
	endTimeField
	errorMessageField
	exitCodeField
	logTimeField
	netProtocolField
	objectNameField
	objectTypeField
	paramListField
	pidField
	remoteHostField
	remotePortField
	rowCountField
	serverHostField
	serverTypeField
	serverVersionField
	serviceNameField
	sessionIdField
	startTimeField
	statementIdField
	substatementIdField
	transactionIdField
	nativeField
	fieldCount
)

// memberNames are the names of the fields in JSON.
var memberNames = [fieldCount]string{
	typeField:              "type",
	classField:             "class",
	clientApplicationField: "clientApplication",
	commandField:           "command",
	commandTextField:       "commandText",
	databaseNameField:      "databaseName",
	dbidField:              "dbid",
	dbProtocolField:        "dbProtocol",
	dbUserNameField:        "dbUserName",
	endTimeField:           "endTime",
	errorMessageField:      "errorMessage",
	exitCodeField:          "exitCode",
	logTimeField:           "logTime",
	netProtocolField:       "netProtocol",
	objectNameField:        "objectName",
	objectTypeField:        "objectType",
	paramListField:         "paramList",
	pidField:               "pid",
	remoteHostField:        "remoteHost",
	remotePortField:        "remotePort",
	rowCountField:          "rowCount",
	serverHostField:        "serverHost",
	serverTypeField:        "serverType",
	serverVersionField:     "serverVersion",
	serviceNameField:       "serviceName",
	sessionIdField:         "sessionId",
	startTimeField:         "startTime",
	statementIdField:       "statementId",
	substatementIdField:    "substatementId",
	transactionIdField:     "transactionId",
	nativeField:            "engineNativeAuditFields",
}

// quotedNames are the names as they begin a member, and fieldsByName finds a field by its name.
var quotedNames, fieldsByName = func() (quoted [fieldCount]string, byName map[string]field) {
	byName = make(map[string]field, fieldCount)
	for f, name := range memberNames {
		if name != "" {
			quoted[f], byName[name] = `"`+name+`":`, field(f)
		}
	}
	return quoted, byName
}()

// text returns the string field of an event that f is, or nil if f is of another type.
func (e *Event) text(f field) *string {
	switch f {
	case typeField:
		return &e.Type
	case classField:
		return &e.Class
	case clientApplicationField:
		return &e.ClientApplication
	case commandField:
		return &e.Command
	case commandTextField:
		return &e.CommandText
	case databaseNameField:
		return &e.DatabaseName
	case dbidField:
		return &e.DBId
	case dbProtocolField:
		return &e.DBProtocol
	case dbUserNameField:
		return &e.DBUserName
	case endTimeField:
		return &e.EndTime
	case errorMessageField:
		return &e.ErrorMessage
	case exitCodeField:
		return &e.ExitCode
	case logTimeField:
		return &e.LogTime
	case netProtocolField:
		return &e.NetProtocol
	case objectNameField:
		return &e.ObjectName
	case objectTypeField:
		return &e.ObjectType
	case remoteHostField:
		return &e.RemoteHost
	case remotePortField:
		return &e.RemotePort
	case serverHostField:
		return &e.ServerHost
	case serverTypeField:
		return &e.ServerType
	case serverVersionField:
		return &e.ServerVersion
	case serviceNameField:
		return &e.ServiceName
	case sessionIdField:
		return &e.SessionId
	case startTimeField:
		return &e.StartTime
	case statementIdField:
		return &e.StatementId
	case transactionIdField:
		return &e.TransactionId
	default:
		return nil
	}
}

// number returns the integer field of an event that f is, or nil if f is of another type.
func (e *Event) number(f field) **int64 {
	switch f {
	case pidField:
		return &e.Pid
	case rowCountField:
		return &e.RowCount
	case substatementIdField:
		return &e.SubstatementId
	default:
		return nil
	}
}

// inner decodes the JSON document inside a record.
type inner struct {
	scanner
	text      string // the data as a string, which the fields of events point into
	maxEvents int

	// Memory that the events of a record share: a piece per record, in place of one per field.
	numbers []int64
	strings []string
	room    int // how many more events that memory should suffice for

	order     [fieldCount]field // of the event before, because one engine writes one order
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
		if dst := e.text(f); dst != nil {
			if !d.setPlain(dst) {
				d.set(dst, d.scalar())
			}
		} else if dst := e.number(f); dst != nil {
			d.setNumber(dst, d.scalar())
		} else if f == paramListField {
			d.setList(&e.ParamList)
		} else if v := d.value(); f == nativeField {
			e.EngineNativeAuditFields = json.RawMessage(d.data[v.start:v.end:v.end])
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
