package main

import (
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
		column := func(text func(progress) string, sync int) decor.Decorator {
			return decor.Any(func(decor.Statistics) string {
				b.mu.Lock()
				defer b.mu.Unlock()
				return text(b.now)
			}, decor.WC{C: sync})
		}
		b.Bar = v.container.New(int64(r.total), style,
			mpb.PrependDecorators(column(func(r progress) string { return r.region }, decor.DSyncWidthR)),
			mpb.AppendDecorators(
				column(func(r progress) string { return fmt.Sprintf("%d/%d", r.done, r.total) }, decor.DSyncWidth),
				column(func(r progress) string { return fmt.Sprintf("%d failed", r.failed) }, decor.DSyncSpace),
				column(progress.status, decor.DSyncSpaceR),
			))
		v.all = append(v.all, b)
	}
	return v
}

// status is the last column.
func (r progress) status() string {
	if r.done == r.total {
		return "done"
	}
	return r.pace()
}

func (v *bars) show(now []progress) {
	for i, b := range v.all {
		b.mu.Lock()
		b.now = now[i]
		b.mu.Unlock()
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
