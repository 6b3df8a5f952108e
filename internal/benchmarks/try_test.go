package benchmarks
import ("testing";"time"
	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)
func BenchmarkObs(b *testing.B) {
	m := activitystream.Machine()
	at := time.Now()
	track, err := m.NewTrack(activitystream.StatusStarted, at, time.Hour, statemachine.WaitOptions{})
	if err != nil { panic(err) }
	for b.Loop() { at = at.Add(1); m.Observe(&track, activitystream.StatusStarting, at) }
}
func BenchmarkAdd(b *testing.B) {
	at := time.Now()
	for b.Loop() { at = at.Add(1) }
}
