package benchmarks

import (
	"os"
	"path/filepath"
	"strings"
)

// The files that Publish reads and writes, relative to the directory of this package.
const (
	resultsFile = "results.json"
	ownReadme   = "README.md"
	mainReadme  = "../../README.md"
	charts      = "../../docs/charts"
)

// The comments between which a document shows the results.
const (
	begin = "<!-- begin benchmarks: written by go test ./internal/benchmarks; see there -->\n"
	end   = "<!-- end benchmarks -->\n"
)

// Publish writes every document and chart that shows the results.
func Publish(r *Results) error {
	files, err := documents(r)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // a document, readable by all
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil { //nolint:gosec // a document, readable by all
			return err
		}
	}
	return nil
}

// documents returns the files that show the results, by name: the charts, and the documents with
// the text between their comments replaced. The repository's README need not have the comments.
func documents(r *Results) (map[string]string, error) {
	files := map[string]string{
		filepath.Join(charts, "lag.svg"):    lagChart(r),
		filepath.Join(charts, "quota.svg"):  quotaChart(r),
		filepath.Join(charts, "memory.svg"): memoryChart(r),
	}
	for name, shown := range map[string]string{ownReadme: goalsTable(r) + "\n" + waitersTable(r) + "\n" + machineTable(r) + "\n" + conditions(r), mainReadme: togetherTable(r)} {
		text, err := os.ReadFile(name) //nolint:gosec // one of two
		if err != nil {
			return nil, err
		}
		if before, rest, ok := strings.Cut(string(text), begin); ok {
			_, after, _ := strings.Cut(rest, end)
			files[name] = before + begin + shown + end + after
		}
	}
	return files, nil
}
