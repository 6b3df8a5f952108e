package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars is a view with one bar per Region, for a terminal.
type bars struct {
	container *mpb.Progress
	all       []*bar
}

type bar struct {
	*mpb.Bar

	mu  sync.Mutex
	now progress
}

// newBars returns bars that write to w.
func newBars(w io.Writer, now []progress, opts ...mpb.ContainerOption) *bars {
	v := &bars{container: mpb.New(append(opts, mpb.WithOutput(w), mpb.WithRefreshRate(100*time.Millisecond))...)}
	style := mpb.BarStyle().Lbound("").Rbound("").Filler("█").Refiller("×").Tip("").Padding("░")
	for _, r := range now {
		b := &bar{now: r}
		column := func(wc decor.WC, text func(progress) string) decor.Decorator {
			return decor.Any(func(decor.Statistics) string {
				b.mu.Lock()
				defer b.mu.Unlock()
				return text(b.now)
			}, wc)
		}
		b.Bar = v.container.New(int64(r.total), style, mpb.BarFillerTrim(),
			mpb.PrependDecorators(column(decor.WC{C: decor.DSyncWidthR}, func(r progress) string { return r.region + "  " })),
			mpb.AppendDecorators(
				column(decor.WC{C: decor.DSyncSpace}, func(r progress) string { return fmt.Sprintf(" %d/%d", r.done, r.total) }),
				column(decor.WC{C: decor.DSyncSpace}, func(r progress) string { return fmt.Sprintf(" %d failed", r.failed) }),
				column(decor.WC{C: decor.DindentRight, W: 26}, progress.status),
			))
		v.all = append(v.all, b)
	}
	return v
}

// status returns the last column. Its width is constant, so that the bars keep their positions.
func (r progress) status() string {
	if r.done == r.total {
		return "  done"
	}
	return " " + r.pace()
}

// eraseInterruptEcho erases the ^C that a terminal shows when ctx ends, which would shift the
// bars.
func eraseInterruptEcho(ctx context.Context, w io.Writer) (stop func() bool) {
	return context.AfterFunc(ctx, func() { fmt.Fprint(w, "\r\x1b[K") })
}

func (v *bars) show(now []progress) {
	for i, b := range v.all {
		b.mu.Lock()
		b.now = now[i]
		b.mu.Unlock()
		b.SetCurrent(int64(min(now[i].done, now[i].total-1))) // mpb ignores a refill beyond this and for a complete bar
		b.SetRefill(int64(now[i].failed))
		b.SetCurrent(int64(now[i].done))
	}
}

// end draws the final state.
func (v *bars) end(now []progress) {
	v.show(now)
	for _, b := range v.all {
		b.Abort(false) // no-op for a complete bar
	}
	v.container.Wait()
}
