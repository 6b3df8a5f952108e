package benchmarks

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/cenkalti/backoff/v5"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// reached reports whether a read shows the target.
func reached(out *rds.DescribeDBClustersOutput) bool {
	return out.DBClusters[0].ActivityStreamStatus == activitystream.StatusStarted
}

// k8sWait waits with the Kubernetes wait package.
func k8sWait(read read, d delays) func(context.Context) error {
	return func(ctx context.Context) error {
		return wait.PollUntilContextTimeout(ctx, d.min, forever, true, func(ctx context.Context) (bool, error) {
			out, err := read(ctx)
			return err == nil && reached(out), err
		})
	}
}

// handler is a PollingHandler of azcore.
type handler struct {
	read read
	done bool
}

func (h *handler) Done() bool { return h.done }

func (h *handler) Poll(ctx context.Context) (*http.Response, error) {
	out, err := h.read(ctx)
	h.done = err == nil && reached(out)
	return azResponse, err
}

func (h *handler) Result(context.Context, *struct{}) error { return nil }

// azcorePoller waits with the poller of azcore.
func azcorePoller(read read, d delays) func(context.Context) error {
	return func(ctx context.Context) error {
		p, err := runtime.NewPoller(nil, runtime.Pipeline{}, &runtime.NewPollerOptions[struct{}]{Handler: &handler{read: read}})
		if err != nil {
			return err
		}
		_, err = p.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: d.min})
		return err
	}
}

// backoffRetry waits with cenkalti/backoff.
func backoffRetry(read read, d delays) func(context.Context) error {
	return func(ctx context.Context) error {
		var b backoff.BackOff = backoff.NewExponentialBackOff()
		if d.min > 0 {
			b = &backoff.ExponentialBackOff{InitialInterval: d.min, Multiplier: backoff.DefaultMultiplier, RandomizationFactor: backoff.DefaultRandomizationFactor, MaxInterval: d.max}
		}
		if d.min > 0 && d.min == d.max {
			b = backoff.NewConstantBackOff(d.min)
		}
		_, err := backoff.Retry(ctx, func() (struct{}, error) {
			out, err := read(ctx)
			if err == nil && !reached(out) {
				err = errPending
			}
			return struct{}{}, err
		}, backoff.WithBackOff(b), backoff.WithMaxElapsedTime(0))
		return err
	}
}

// byHand waits with a loop of ten lines.
func byHand(read read, d delays) func(context.Context) error {
	return func(ctx context.Context) error {
		var timer *time.Timer
		for {
			out, err := read(ctx)
			if err != nil || reached(out) {
				return err
			}
			if timer == nil {
				timer = time.NewTimer(d.min)
				defer timer.Stop()
			} else {
				timer.Reset(d.min)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-timer.C:
			}
		}
	}
}
