package main

import (
	"fmt"
	"slices"
	"strings"
)

// The environment variables that select a mutant, and the file for the functions that are reached.
const (
	variable  = "MUTANT"
	recording = "MUTANT_REACHED"
)

// switchFile returns a file to add to the mutated package. It selects the mutant.
func switchFile(pkg string) string {
	return `package ` + pkg + `

import (
	"os"
	"strconv"
	"sync/atomic"
)

var mutant__, _ = strconv.Atoi(os.Getenv("` + variable + `"))

var recording__ = os.Getenv("` + recording + `") != ""

var reached__ [1 << 16]atomic.Bool // a test may count allocations

func reach__(id int) {
	if reached__[id].Load() || reached__[id].Swap(true) {
		return
	}
	f, err := os.OpenFile(os.Getenv("` + recording + `"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strconv.Itoa(id) + "\n"); err != nil {
		panic(err)
	}
}

// mutated__ returns the first of values, or that of the selected mutant.
func mutated__[T any](ids []int, values ...T) T {
	for i, id := range ids {
		if id == mutant__ {
			return values[i+1]
		}
	}
	return values[0]
}
`
}

// mark is the start of the file name that the compiler reports for a mutant.
const mark = "mutant__"

// switched returns the file with all mutants that can be in one binary. Each mutant is a copy of
// its function, which the function calls if the mutant is selected.
func (s *source) switched() string {
	var b, copies strings.Builder
	at := 0
	upTo := func(to int) {
		b.Write(s.text[at:to])
		at = to
	}
	for _, d := range s.decls {
		mm := slices.DeleteFunc(slices.Clone(d.mutants), func(m *mutant) bool { return m.outcome == invalid })
		if d.separate || len(mm) == 0 {
			continue
		}
		if d.value {
			var ids, values strings.Builder
			for _, m := range mm {
				fmt.Fprintf(&ids, "%d, ", m.id)
				fmt.Fprintf(&values, ",\n//line %s%d:1\n%s", mark, m.id, m.changed(d.from, d.to))
			}
			value := fmt.Sprintf("mutated__([]int{%s}, %s%s,\n//line rest:1\n)", ids.String(), s.text[d.from:d.to], values.String())
			if d.constant { // a variable gets its name
				upTo(d.nameAt + len(d.name))
				b.WriteString("__const")
				fmt.Fprintf(&copies, "\nvar %s = %s\n", d.name, value)
			} else {
				upTo(d.from)
				b.WriteString(value)
				at = d.to
			}
			continue
		}
		upTo(d.body)
		fmt.Fprintf(&b, "\nif recording__ { reach__(%d) }\nswitch mutant__ {\n", d.id)
		for _, m := range mm {
			call := fmt.Sprintf("%s%s__%d%s", d.recv, d.name, m.id, d.actuals)
			if d.results {
				fmt.Fprintf(&b, "case %d: return %s\n", m.id, call)
			} else {
				fmt.Fprintf(&b, "case %d: %s; return\n", m.id, call)
			}
			nameEnd := d.nameAt + len(d.name)
			fmt.Fprintf(&copies, "\n//line %s%d:1\n%s__%d%s\n", mark, m.id, s.text[d.from:nameEnd], m.id, m.changed(nameEnd, d.to))
		}
		b.WriteString("}\n")
	}
	upTo(len(s.text))
	return b.String() + copies.String()
}

// separate returns the mutants that cannot be in one binary.
func (s *source) separate() []*mutant {
	var mm []*mutant
	for _, d := range s.decls {
		if d.separate {
			mm = append(mm, d.mutants...)
		}
	}
	return mm
}
