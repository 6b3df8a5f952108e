package main

import (
	"fmt"
	"io"
	"strings"
)

// report prints a line for each file and the total, and the survivors without a reason.
func report(w io.Writer, all []*mutant, known string) error {
	var files []string
	counts := map[string]*[4]int{}
	var sum [4]int
	unknown, stale := 0, 0
	survivors := map[string]bool{}
	for _, m := range all {
		if counts[m.file] == nil {
			counts[m.file] = new([4]int)
			files = append(files, m.file)
		}
		counts[m.file][m.outcome]++
		sum[m.outcome]++
		if m.outcome != survived {
			continue
		}
		survivors[m.key()] = true
		if !strings.Contains(known, "`"+m.key()+"`") {
			unknown++
			fmt.Fprintf(w, "no reason: %s:%d\n    `%s`\n", m.file, m.line, m.key())
		}
	}
	for key := range listed(known) {
		if file, _, _ := strings.Cut(key, " "); counts[file] != nil && !survivors[key] {
			stale++
			fmt.Fprintf(w, "killed, or no longer a mutant, but in docs/mutants.md:\n    `%s`\n", key)
		}
	}
	counts["total"] = &sum
	fmt.Fprintln(w, "| File | Mutants | Killed | of these, by timeout | Survived |\n|---|--:|--:|--:|--:|")
	for _, f := range append(files, "total") {
		c := counts[f]
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d |\n", f, c[killed]+c[timedOut]+c[survived], c[killed]+c[timedOut], c[timedOut], c[survived])
	}
	if unknown > 0 || stale > 0 {
		return fmt.Errorf("%d survivors have no reason in docs/mutants.md, and %d reasons there are of mutants that did not survive", unknown, stale)
	}
	return nil
}

// listed returns the mutants that a document gives reasons for: texts in backquotes that name a
// file and a change.
func listed(doc string) map[string]bool {
	keys := map[string]bool{}
	for line := range strings.Lines(doc) {
		for i, part := range strings.Split(line, "`") {
			if i%2 == 1 && strings.Contains(part, ".go ") && strings.Contains(part, " → ") {
				keys[part] = true
			}
		}
	}
	return keys
}
