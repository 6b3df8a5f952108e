package benchmarks

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the documents and charts from results.json")

// TestDocuments checks that the tables and charts match results.json. With -update it writes them.
func TestDocuments(t *testing.T) {
	r, err := Load(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := Publish(r); err != nil {
			t.Fatal(err)
		}
	}
	files, err := documents(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := files[ownReadme]; !ok {
		t.Errorf("%s has no place for the results", ownReadme)
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		} else if string(got) != want {
			t.Errorf("%s differs from %s; go test . -run TestDocuments -update rewrites it", name, resultsFile)
		}
	}
}
