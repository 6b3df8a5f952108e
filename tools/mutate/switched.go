package main

import (
	"fmt"
	"slices"
	"strings"
)

// The environment variables: which mutant counts, and where to write which functions are reached.
const (
	variable  = "MUTANT"
	recording = "MUTANT_REACHED"
)

// switchFile is a file for the package that is mutated.
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

// mutated__ is the first of values, or the one of the mutant that counts.
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

// mark begins the name of the file and line that the compiler reports for a mutant.
const mark = "mutant__"

// switched is the file with all its mutants that can stand beside each other. Each is a copy of its function, to which the function hands over
// where it counts.
func (s *source) switched() string {
	var b, copies strings.Builder
	at := 0
	upTo := func(to int) {
		b.Write(s.text[at:to])
		at = to
	}
	for _, d := range s.decls {
		mm := slices.DeleteFunc(slices.Clone(d.mutants), func(m *mutant) bool { return m.outcome == invalid })
		if d.alone || len(mm) == 0 {
			continue
		}
		if d.value {
			var ids, values strings.Builder
			for _, m := range mm {
				fmt.Fprintf(&ids, "%d, ", m.id)
				fmt.Fprintf(&values, ",\n//line %s%d:1\n%s", mark, m.id, m.changed(d.from, d.to))
			}
			value := fmt.Sprintf("mutated__([]int{%s}, %s%s,\n//line rest:1\n)", ids.String(), s.text[d.from:d.to], values.String())
			if d.constant { // a variable takes its name
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

// alone are the mutants that cannot stand beside each other.
func (s *source) alone() []*mutant {
	var mm []*mutant
	for _, d := range s.decls {
		if d.alone {
			mm = append(mm, d.mutants...)
		}
	}
	return mm
}
