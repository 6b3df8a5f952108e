package secretleaktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/metrictest"
	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/spantest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// run is one run of a method, with everything that it logs, records and returns.
type run struct {
	wire  wire
	spans spantest.Recorder
	meter metrictest.Recorder
	log   bytes.Buffer
	seen  []statemachine.Progress
	err   error
}

// run runs a method with logs, spans, metrics and OnProgress on, and a failure injected.
func (r *run) run(ctx context.Context, m method, f failure) {
	r.meter.Scope = sdkcall.ScopeName
	r.wire.failure, r.wire.signed = f, map[string]bool{}
	ctx, cancel := context.WithTimeout(ctx, maxWait+5*time.Minute) // ends a Watch, and a call that hangs
	defer cancel()
	handlers := slog.NewMultiHandler(
		slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}),
		slog.NewJSONHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}),
	)
	r.err = m(ctx, setup{
		config: r.wire.config, tracer: &r.spans, meter: &r.meter,
		wait: statemachine.WaitOptions{
			Logger:     slog.New(handlers),
			OnProgress: func(p statemachine.Progress) { r.seen = append(r.seen, p) },
		},
	})
}

// output returns all that the run produced. If the service quotes the request, it leaves out the
// SDK's own errors and spans, which the library passes on unchanged.
func (r *run) output() string {
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
	for _, p := range r.seen {
		fmt.Fprintf(&b, "%v\n", p)
		errs = append(errs, p.Err)
	}
	b.WriteString(strings.Join(r.meter.Lines(), "\n"))
	for _, err := range errs {
		r.writeError(&b, err)
	}
	return b.String()
}

// writeError writes an error and the errors in its chain.
func (r *run) writeError(b *strings.Builder, err error) {
	if err == nil {
		return
	}
	fmt.Fprintf(b, "%v\n%+v\n%q\n", err, err, err)
	if _, ok := errors.AsType[*statemachine.InputError](err); ok {
		return
	}
	if f, ok := err.(*statemachine.Fault); ok { //nolint:errorlint // this code walks the chain
		fmt.Fprintf(b, "%s %s %s %s\n", f.Resource, f.Code, f.Message, f.RequestID)
		if r.wire.failure.quotes {
			return
		}
	}
	switch e := err.(type) { //nolint:errorlint // this code walks the chain
	case interface{ Unwrap() error }:
		r.writeError(b, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			r.writeError(b, err)
		}
	}
}

// TestOutputContainsNoCredentials checks that no log line, span or error contains credentials, an
// authorization header or a signature.
func TestOutputContainsNoCredentials(t *testing.T) {
	for _, f := range failures() {
		t.Run(fmt.Sprintf("%s after %d", f.name, f.after), func(t *testing.T) {
			for name, m := range methods() {
				synctest.Test(t, func(t *testing.T) {
					var r run
					r.run(t.Context(), m, f)
					if len(r.wire.signed) < 2 {
						t.Fatalf("%s: sent no request with the credentials: the test proves nothing", name)
					}
					if f.respond != nil && f.after == 0 && r.err == nil {
						t.Errorf("%s: returned no error: the test proves nothing", name)
					}
					output := r.output()
					for _, secret := range r.wire.secrets() {
						if at := strings.Index(output, secret); at >= 0 {
							t.Errorf("%s leaks %q: …%s…", name, secret, output[max(0, at-200):min(len(output), at+100)])
						}
					}
				})
			}
		})
	}
}

// TestWaitsHaveOneSpan checks that each wait and each ensure method records one span with its name,
// and that no other method records any. The same holds for the metric of waits.
func TestWaitsHaveOneSpan(t *testing.T) {
	waits := regexp.MustCompile(`\.(Wait|Ensure)`)
	for name, m := range methods() {
		synctest.Test(t, func(t *testing.T) {
			var r run
			r.run(t.Context(), m, failure{})
			var got []string
			for _, s := range r.spans.Spans(sdkcall.ScopeName) {
				got = append(got, s.Name)
				if s.Ended != 1 {
					t.Errorf("%s: span ended %d times, want once", name, s.Ended)
				}
			}
			var want []string
			if waits.MatchString(name) {
				want = []string{name}
			}
			if !reflect.DeepEqual(want, got) {
				t.Errorf("%s: spans %q, want %q", name, got, want)
			}
			measured := slices.ContainsFunc(r.meter.Lines(), func(line string) bool {
				return strings.HasPrefix(line, "wait.duration ") && strings.Contains(line, fmt.Sprintf("package=%q", strings.Split(name, ".")[0]))
			})
			if measured != (want != nil) {
				t.Errorf("%s: a measured duration: %v\n%q", name, measured, r.meter.Lines())
			}
			if len(r.spans.Spans("")) == len(got) {
				t.Errorf("%s: the SDK recorded no span", name)
			}
		})
	}
}

// TestZeroClientReturnsAnError checks that each method of a client that was not made by New returns
// an error that says so.
func TestZeroClientReturnsAnError(t *testing.T) {
	for name, m := range methods() {
		synctest.Test(t, func(t *testing.T) {
			err := m(t.Context(), setup{zero: true})
			assert.ErrorIs(t, err, statemachine.InvalidInput)
			assert.ErrorContains(t, err, "Client must be made by New")
			if t.Failed() {
				t.Fatalf("%s: %v", name, err)
			}
		})
	}
}

// TestEveryMethodIsRun checks that the table of methods is complete.
func TestEveryMethodIsRun(t *testing.T) {
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
