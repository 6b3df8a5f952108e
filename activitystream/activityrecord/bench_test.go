package activityrecord_test

import (
	"strconv"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

// BenchmarkDecode decodes a heartbeat, and batches of events:
//
//	go test ./activitystream/activityrecord -run '^$' -bench Decode -benchmem -count 10
func BenchmarkDecode(b *testing.B) {
	s := activityrecordtest.NewSealer()
	decoder := activityrecord.NewDecoder(s)
	batch := func(n int) []activityrecord.Event {
		events := make([]activityrecord.Event, n)
		for i := range events {
			e := activityrecordtest.PostgreSQL()
			e.CommandText = `select "id", name from t_` + strconv.Itoa(i) + ` where note = $1 -- é`
			e.ParamList = []string{strconv.Itoa(i), `o'neil "x"`}
			e.StatementId = strconv.Itoa(i)
			e.RowCount = new(int64(i))
			events[i] = e
		}
		return events
	}
	for name, events := range map[string][]activityrecord.Event{
		"heartbeat": {activityrecordtest.Heartbeat()}, "1 event": batch(1), "100 events": batch(100), "400 events": batch(400),
	} {
		data := s.Seal(activityrecord.Record{ClusterId: "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ", InstanceId: "db-ZYXWVUTSRQPONMLKJIHGFEDCBA", Events: events})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decoder.Decode(b.Context(), data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
