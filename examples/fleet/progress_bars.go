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

// bars shows a bar for each Region, on a terminal.
type bars struct {
	container *mpb.Progress
	all       []*bar
}

type bar struct {
	*mpb.Bar

	mu  sync.Mutex
	now progress
}

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

// status is the last column: always of one width, so that the bars do not jump.
func (r progress) status() string {
	if r.done == r.total {
		return "  done"
	}
	return " " + r.pace()
}

// eraseInterruptEcho has the ^C that a terminal shows wiped away when ctx ends: it would stand where the bars are drawn from.
func eraseInterruptEcho(ctx context.Context, w io.Writer) (stop func() bool) {
	return context.AfterFunc(ctx, func() { fmt.Fprint(w, "\r\x1b[K") })
}

func (v *bars) show(now []progress) {
	for i, b := range v.all {
		b.mu.Lock()
		b.now = now[i]
		b.mu.Unlock()
		b.SetCurrent(int64(min(now[i].done, now[i].total-1))) // a bar takes no refill beyond this, nor once it is complete
		b.SetRefill(int64(now[i].failed))
		b.SetCurrent(int64(now[i].done))
	}
}

// end leaves the bars as they are now.
func (v *bars) end(now []progress) {
	v.show(now)
	for _, b := range v.all {
		b.Abort(false) // does nothing to one that is complete
	}
	v.container.Wait()
}
