package docs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/snippets"
)

// TestQuotasMatchConstants compares the table of docs/quotas.md and the comments on the options
// with the constants of the packages.
func TestQuotasMatchConstants(t *testing.T) {
	guide, err := snippets.ReadFile("docs/quotas.md")
	if err != nil {
		t.Fatal(err)
	}
	inWords := map[string]string{"1": "one", "2": "two", "3": "three", "4": "four"}
	for _, tt := range []struct {
		file      string
		in, about string // texts of the guide and of the file; NAME is a constant, and (NAME) the constant in words
	}{
		{
			"activitystream/options.go", "defaultPerSecond a second after a burst of defaultBurst",
			"defaultPerSecond per second after a burst of defaultBurst",
		},
		{
			"ingestion/options.go", "| readsPerSecond a second, (readBurst) at once |",
			"readsPerSecond reads per second with a burst of readBurst, and commandsPerSecond commands per second",
		},
		{
			"eventstream/options.go", "| readsPerSecond reads a second, (readBurst) at once; commands commandsPerSecond a second |",
			"readsPerSecond reads per second with a burst of readBurst, and commandsPerSecond commands per second",
		},
	} {
		text, err := snippets.ReadFile(tt.file)
		if err != nil {
			t.Fatal(err)
		}
		filled := func(s string) string {
			for _, m := range regexp.MustCompile(`(?m)^\t(\w+) += ([\d.]+)(?: //.*)?$`).FindAllStringSubmatch(text, -1) {
				s = strings.ReplaceAll(s, "("+m[1]+")", inWords[m[2]])
				s = regexp.MustCompile(`\b`+m[1]+`\b`).ReplaceAllString(s, m[2])
			}
			return s
		}
		if want := filled(tt.in); !strings.Contains(guide, want) {
			t.Errorf("docs/quotas.md does not contain %q, the constants of %s", want, tt.file)
		}
		comment := strings.Join(strings.Fields(strings.ReplaceAll(text, "//", "")), " ")
		if want := filled(tt.about); !strings.Contains(comment, want) {
			t.Errorf("%s does not contain %q", tt.file, want)
		}
	}
}
