package secretleaktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/spantest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// run is one run of a method with everything on that tells of it.
type run struct {
	wire  wire
	spans spantest.Recorder
	log   bytes.Buffer
	reads []statemachine.Reading
	err   error
}

func (r *run) run(ctx context.Context, m method, f failure) {
	r.wire.failure, r.wire.signed = f, map[string]bool{}
	ctx, cancel := context.WithTimeout(ctx, maxWait+5*time.Minute) // ends what watches, and what hangs
	defer cancel()
	handlers := slog.NewMultiHandler(
		slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}),
		slog.NewJSONHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}),
	)
	r.err = m(ctx, setup{
		config: r.wire.config, tracer: &r.spans,
		wait: statemachine.WaitOptions{
			Logger: slog.New(handlers),
			OnRead: func(reading statemachine.Reading) { r.reads = append(r.reads, reading) },
		},
	})
}

// told is all that came out. What the SDK says where the service quotes the request is the SDK's: its errors stay reachable, its spans are its own.
func (r *run) told() string {
	var b strings.Builder
	b.WriteString(r.log.String())
	scope := ""
	if r.wire.failure.quotes {
		scope = sdkcall.ScopeName
	}
	for _, s := range r.spans.Spans(scope) {
		fmt.Fprintf(&b, "%s %v %v\n", s.Name, s.Properties, s.Events)
	}
	errs := []error{r.err}
	for _, reading := range r.reads {
		fmt.Fprintf(&b, "%+v\n", reading)
		errs = append(errs, reading.Err)
	}
	for _, err := range errs {
		r.tell(&b, err)
	}
	return b.String()
}

// tell writes an error, and those in its chain, as far as they are not the SDK's.
func (r *run) tell(b *strings.Builder, err error) {
	if err == nil {
		return
	}
	fmt.Fprintf(b, "%v\n%+v\n%q\n", err, err, err)
	if _, ok := errors.AsType[*statemachine.InputError](err); ok {
		return
	}
	if f, ok := err.(*statemachine.Fault); ok { //nolint:errorlint // the chain is walked here
		fmt.Fprintf(b, "%s %s %s %s\n", f.Resource, f.Code, f.Message, f.RequestID)
		if r.wire.failure.quotes {
			return
		}
	}
	switch e := err.(type) { //nolint:errorlint // the same
	case interface{ Unwrap() error }:
		r.tell(b, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			r.tell(b, err)
		}
	}
}

// Nothing that is logged, recorded in a span or returned as an error has credentials, authorization headers or signatures in it.
func TestSecrets(t *testing.T) {
	for _, f := range failures() {
		t.Run(fmt.Sprintf("%s after %d", f.name, f.after), func(t *testing.T) {
			for name, m := range methods() {
				synctest.Test(t, func(t *testing.T) {
					var r run
					r.run(t.Context(), m, f)
					if len(r.wire.signed) < 2 {
						t.Fatalf("%s: no request with the credentials was seen: the test proves nothing", name)
					}
					if f.answer != nil && f.after == 0 && r.err == nil {
						t.Errorf("%s: no error came of it: the test proves nothing", name)
					}
					told := r.told()
					for _, secret := range r.wire.secrets() {
						if at := strings.Index(told, secret); at >= 0 {
							t.Errorf("%s tells %q: …%s…", name, secret, told[max(0, at-200):min(len(told), at+100)])
						}
					}
				})
			}
		})
	}
}

// Each wait and each ensure has one span, named for it; no other method has any.
func TestSpans(t *testing.T) {
	waits := regexp.MustCompile(`\.(Wait|Ensure)`)
	for name, m := range methods() {
		synctest.Test(t, func(t *testing.T) {
			var r run
			r.run(t.Context(), m, failure{})
			var got []string
			for _, s := range r.spans.Spans(sdkcall.ScopeName) {
				got = append(got, s.Name)
				if s.Ended != 1 {
					t.Errorf("%s: the span ended %d times", name, s.Ended)
				}
			}
			var want []string
			if waits.MatchString(name) {
				want = []string{name}
			}
			if !reflect.DeepEqual(want, got) {
				t.Errorf("%s: spans %q, want %q", name, got, want)
			}
			if len(r.spans.Spans("")) == len(got) {
				t.Errorf("%s: no spans of the SDK", name)
			}
		})
	}
}

// A method that is added must be run here, too.
func TestEveryMethod(t *testing.T) {
	all := methods()
	for pkg, client := range map[string]reflect.Type{
		"activitystream": reflect.TypeFor[*activitystream.Client](),
		"ingestion":      reflect.TypeFor[*ingestion.Client](),
		"eventstream":    reflect.TypeFor[*eventstream.Client](),
	} {
		for m := range client.Methods() {
			if all[pkg+"."+m.Name] == nil {
				t.Errorf("%s.%s is not run", pkg, m.Name)
			}
		}
	}
}
