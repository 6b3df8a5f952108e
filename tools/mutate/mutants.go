package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
)

// mutant is one change of one file.
type mutant struct {
	path     string // of the file
	file     string // the same from the root, with slashes
	text     []byte
	from, to int    // the bytes to replace
	with     string // by
	fn       string // the function or variable that it is in
	line     int
	tests    [][]string
	outcome  outcome
}

// source is the changed file.
func (m *mutant) source() []byte {
	return slices.Concat(m.text[:m.from], []byte(m.with), m.text[m.to:])
}

// key names the change, whatever line it is on.
func (m *mutant) key() string {
	return m.file + " " + m.fn + ": " + short(string(m.text[m.from:m.to])) + " → " + short(m.with)
}

func (m *mutant) String() string { return fmt.Sprintf("%s:%d %s", m.file, m.line, m.key()) }

// short is a text on one line, of a readable length.
func short(s string) string {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "nothing"
	}
	if r := []rune(s); len(r) > 90 {
		s = string(r[:70]) + " … " + string(r[len(r)-19:])
	}
	return strings.ReplaceAll(s, "`", "'")
}

// operators are what a binary operator is replaced by.
var operators = map[token.Token][]string{
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"}, token.EQL: {"!="}, token.NEQ: {"=="},
	token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"},
}

// constants are swapped: each is replaced by the next.
var constants = [][]string{
	{"TimedOut", "Canceled", "Unreachable", "Lapsed", "Gone", "ReadFailed"},
	{"InvalidInput", "NotFound", "InvalidState", "AlreadyInState", "Conflict", "AccessDenied", "KeyNotAccessible", "Unsupported", "LimitExceeded",
		"MissingDependency", "Throttled", "Unavailable", "Unauthenticated", "Drifted", "Interrupted", "Unknown"},
	{"stepRead", "stepDone", "stepCommand"},
	{"true", "false"},
}

// mutants are all changes of a file.
func mutants(path, file string) ([]*mutant, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	v := &visitor{fset: fset, text: text, path: path, file: file}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if v.fn = d.Name.Name; d.Body != nil {
				v.walk(d.Body)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.ValueSpec); ok {
					v.fn = s.Names[0].Name
					for _, value := range s.Values {
						v.walk(value)
					}
				}
			}
		}
	}
	return v.found, nil
}

type visitor struct {
	fset  *token.FileSet
	text  []byte
	path  string
	file  string
	fn    string
	found []*mutant
}

// add notes the change of what is between two positions.
func (v *visitor) add(from, to token.Pos, with string) {
	f := v.fset.File(from)
	v.found = append(v.found, &mutant{
		path: v.path, file: v.file, text: v.text, from: f.Offset(from), to: f.Offset(to), with: with, fn: v.fn, line: f.Line(from),
	})
}

// code is the source between two positions.
func (v *visitor) code(n ast.Node) string {
	f := v.fset.File(n.Pos())
	return string(v.text[f.Offset(n.Pos()):f.Offset(n.End())])
}

func (v *visitor) walk(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			for _, with := range operators[n.Op] {
				v.add(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), with)
			}
			if n.Op == token.EQL || n.Op == token.NEQ {
				v.text1(n.X)
				v.text1(n.Y)
			}
		case *ast.UnaryExpr:
			if n.Op == token.NOT {
				v.add(n.OpPos, n.OpPos+1, "")
			}
		case *ast.IfStmt:
			if _, ok := n.Cond.(*ast.BinaryExpr); !ok {
				v.add(n.Cond.Pos(), n.Cond.End(), "!("+v.code(n.Cond)+")")
			}
		case *ast.CaseClause:
			v.add(n.Pos(), n.End(), "")
			for i, e := range n.List {
				if _, ok := e.(*ast.BinaryExpr); !ok {
					v.text1(e)
				}
				if len(n.List) > 1 {
					v.drop(n.List, i)
				}
			}
		case *ast.ExprStmt:
			v.add(n.Pos(), n.End(), "")
		case *ast.IncDecStmt:
			v.add(n.Pos(), n.End(), "")
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				v.add(n.Pos(), n.End(), "")
			}
		case *ast.BranchStmt:
			v.add(n.Pos(), n.End(), "")
		case *ast.CompositeLit:
			for i, e := range n.Elts {
				value := e
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					value = kv.Value
					v.text1(kv.Value)
				}
				if _, row := value.(*ast.CompositeLit); row {
					v.drop(n.Elts, i)
				}
			}
		case *ast.CallExpr:
			for _, arg := range n.Args {
				if name := v.code(n.Fun); strings.HasPrefix(name, "strings.") || strings.HasPrefix(name, "regexp.") || strings.HasPrefix(name, "validate.ARN") {
					v.text1(arg)
				}
			}
		case *ast.BasicLit:
			v.literal(n)
		case *ast.Ident:
			v.constant(n)
		}
		return true
	})
}

// drop drops one of a list.
func (v *visitor) drop(list []ast.Expr, i int) {
	if i+1 < len(list) {
		v.add(list[i].Pos(), list[i+1].Pos(), "")
	} else if i > 0 {
		v.add(list[i-1].End(), list[i].End(), "")
	} else {
		v.add(list[i].Pos(), list[i].End(), "")
	}
}

// text1 changes a text that decides something: one that is compared, or stands in a table. It loses its first character.
func (v *visitor) text1(e ast.Expr) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING || len(lit.Value) < 3 {
		return
	}
	v.add(lit.Pos(), lit.End(), lit.Value[:1]+lit.Value[2:])
}

// literal changes a number or a character by one.
func (v *visitor) literal(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			v.add(n.Pos(), n.End(), strconv.FormatInt(i+1, 10))
			if i > 0 {
				v.add(n.Pos(), n.End(), strconv.FormatInt(i-1, 10))
			}
		}
	case token.CHAR:
		if r, _, _, err := strconv.UnquoteChar(n.Value[1:], '\''); err == nil {
			v.add(n.Pos(), n.End(), strconv.QuoteRune(r+1))
			v.add(n.Pos(), n.End(), strconv.QuoteRune(r-1))
		}
	}
}

// constant swaps a constant for the next of its sort.
func (v *visitor) constant(n *ast.Ident) {
	for _, all := range constants {
		if i := slices.Index(all, n.Name); i >= 0 {
			v.add(n.Pos(), n.End(), all[(i+1)%len(all)])
		}
	}
}
