package activitystreamtest

import (
	"strconv"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// form are the parameters of a request, and the error about the first of them that is invalid.
type form struct {
	*simulator.Request

	err *simulator.Error
}

// fail records an error, unless there is one.
func (f *form) fail(e *simulator.Error) {
	if f.err == nil {
		f.err = e
	}
}

// required returns a parameter that must be present. The code of the error is unconfirmed: the
// common errors of the protocol list two.
func (f *form) required(name string) string {
	v := f.Get(name)
	if v == "" {
		f.fail(simulator.Errorf("MissingParameter", "The request must contain the parameter %s.", name))
	}
	return v
}

// bool returns a boolean parameter. If it is absent, it is false.
func (f *form) bool(name string) bool {
	v := f.Get(name)
	yes := strings.EqualFold(v, "true")
	if !yes && v != "" && !strings.EqualFold(v, "false") {
		f.fail(invalidValue("Invalid value %s for %s. Must be true or false", v, name))
	}
	return yes
}

// number returns a number from least to most. If it is absent, it is def.
func (f *form) number(name string, def, least, most int) int {
	text := f.Get(name)
	if text == "" {
		return def
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		f.fail(invalidValue("Invalid value %s for %s. Must be between %d and %d", text, name, least, most))
	}
	return n
}

// time returns a time in ISO 8601 format. If it is absent, it is def.
func (f *form) time(name string, def time.Time) time.Time {
	text := f.Get(name)
	if text == "" {
		return def
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	f.fail(invalidValue("Invalid value %s for %s. Must be a time in ISO 8601 format", text, name))
	return def
}

// page is the page that a request asks for.
type page struct {
	limit int
	after string // key that the previous page ended with
}

// page returns MaxRecords and Marker.
func (f *form) page(maxRecords int) page {
	limit := f.number("MaxRecords", 100, 20, maxRecords)
	after, ok := f.PageAfter(f.Get("Marker"))
	if !ok {
		f.fail(invalidValue("Invalid value %s for Marker", f.Get("Marker")))
	}
	return page{limit, after}
}
