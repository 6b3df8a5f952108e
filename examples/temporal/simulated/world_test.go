package simulated_test

import (
	"net/http/httptest"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

// TestWorld leads two accounts to databases of their own.
func TestWorld(t *testing.T) {
	t.Parallel()
	world := simulated.World{Populate: simulated.Clusters(3)}
	server := httptest.NewServer(world.Handler())
	defer server.Close()
	for _, account := range []string{"111111111111", "222222222222"} {
		c := activitystream.NewFromConfig(simulated.Config(server.URL, account, "eu-central-1"))
		n := 0
		for s, err := range c.List(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			if want := "arn:aws:rds:eu-central-1:" + account + ":cluster:cluster-1"; n == 1 && s.ResourceArn != want {
				t.Errorf("the first is %s, want %s", s.ResourceArn, want)
			}
		}
		if n != 3 || len(world.Server(account, "eu-central-1").Calls()) != 2 {
			t.Errorf("%d streams of %s, in the calls %v", n, account, world.Server(account, "eu-central-1").Calls())
		}
	}
}
