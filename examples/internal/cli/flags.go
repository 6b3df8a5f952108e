package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// Flags returns the flags of a program. With -h they begin with what the program does and how to
// run it.
func Flags(name, about string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {
		s := NewScreen(os.Stdout)
		for _, line := range s.paragraphs(about) {
			s.Println(line, len(hanging.FindString(line)))
		}
		first := true
		flags.VisitAll(func(f *flag.Flag) {
			if first {
				fmt.Fprintln(s, "\nFlags:")
			}
			first = false
			value, usage := flag.UnquoteUsage(f)
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0s" && f.DefValue != "0" {
				usage += fmt.Sprintf(" (default %s)", f.DefValue)
			}
			s.Println(strings.TrimRight("  -"+f.Name+" "+value, " "), 6)
			s.Println("      "+usage, 6)
		})
	}
	return flags
}

// hanging matches what the lines below a wrapped line are indented by: an item of a list, with its
// name.
var hanging = regexp.MustCompile(`^ +(\S+  +)?`)

// paragraphs joins the lines of each paragraph, which a terminal wraps. Indented lines stay.
func (s *Screen) paragraphs(text string) (lines []string) {
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if n := len(lines); s.Columns() > 0 && n > 0 && lines[n-1] != "" && line != "" && line[0] != ' ' && lines[n-1][0] != ' ' && !strings.HasSuffix(lines[n-1], ":") {
			lines[n-1] += " " + line
		} else {
			lines = append(lines, line)
		}
	}
	return lines
}

// Parse parses args, which must be flags only. A flag whose usage begins with "with -live:" needs
// the flag -live, and so on.
func Parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	usage := flags.Usage
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage()
		return err
	case err != nil:
		return &UsageError{Message: err.Error()}
	case flags.NArg() > 0:
		return &UsageError{Message: fmt.Sprintf("unexpected argument: %q", flags.Arg(0))}
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = f.Value.String() != "false" })
	flags.Visit(func(f *flag.Flag) {
		if need, _, ok := strings.Cut(strings.TrimPrefix(f.Usage, "with -"), ":"); ok && strings.HasPrefix(f.Usage, "with -") && !given[need] && err == nil {
			err = &UsageError{Message: fmt.Sprintf("-%s needs -%s", f.Name, need)}
		}
	})
	return err
}
