package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// swaps are what a binary operator is replaced by.
var swaps = map[token.Token][]string{
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"}, token.EQL: {"!="}, token.NEQ: {"=="},
	token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"},
}

// constants are replaced by the next of their list.
var constants = [][]string{
	{"TimedOut", "Canceled", "Unreachable", "Lapsed", "Gone", "ReadFailed"},
	{"InvalidInput", "NotFound", "InvalidState", "AlreadyInState", "Conflict", "AccessDenied", "KeyNotAccessible", "Unsupported", "LimitExceeded",
		"MissingDependency", "Throttled", "Unavailable", "Unauthenticated", "Drifted", "Interrupted", "Unknown"},
	{"stepRead", "stepDone", "stepCommand"},
	{"true", "false"},
}

// source is a file and its mutants.
type source struct {
	name    string // from the root, with slashes
	text    []byte
	pkg     string
	decls   []decl
	mutants []*mutant
}

// decl is a function, or a package's variable, that has mutants.
type decl struct {
	id       int
	from, to int // all of it
	// Of a function: its name, what stands before a call of it ("m."), what it is called with, and where its body begins.
	name          string
	nameAt, body  int
	recv, actuals string
	results       bool
	value         bool // a variable or constant; from and to are its value
	constant      bool
	alone         bool // its mutants cannot stand beside each other
	mutants       []*mutant
}

// mutant is one change of one file.
type mutant struct {
	file     string
	text     []byte
	from, to int    // the bytes to replace
	with     string // by
	fn       string // in this function or variable
	line     int
	nth, of  int // of those that read the same
	id       int
	decl     *decl
	outcome  outcome
	killedBy string
}

type outcome int

const (
	survived outcome = iota
	killed
	timedOut // killed: the tests did not end
	invalid  // it does not compile
)

// key names the change, whatever line it is on.
func (m *mutant) key() string {
	key := m.file + " " + m.fn + ": " + short(string(m.text[m.from:m.to])) + " → " + short(m.with)
	if m.of > 1 {
		key += fmt.Sprintf(" (%d of %d)", m.nth, m.of)
	}
	return key
}

// changed is a part of the file, with the change.
func (m *mutant) changed(from, to int) string {
	return string(m.text[from:m.from]) + m.with + string(m.text[m.to:to])
}

// short is a text on one line, of a readable length.
func short(s string) string {
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "`", "'")
	if r := []rune(s); len(r) > 90 {
		s = string(r[:70]) + " … " + string(r[len(r)-19:])
	}
	if s == "" {
		s = "nothing"
	}
	return s
}

// finder collects the mutants of one declaration.
type finder struct {
	*source
	file *token.File
	fn   string
	seen map[string]bool // the changed texts: what two rules make of it counts once
	list []*mutant

	nothing map[*ast.CaseClause]bool // nothing happens in these, and nothing would without them
}

// parse finds the mutants of a file.
func parse(name string, text []byte) (*source, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	s := &source{name: name, text: text, pkg: parsed.Name.Name}
	f := &finder{source: s, file: fset.File(parsed.Pos())}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Body != nil {
				s.add(f.function(d))
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					s.add(f.variable(d, v))
				}
			}
		}
	}
	for i := range s.decls {
		for _, m := range s.decls[i].mutants {
			m.decl = &s.decls[i]
		}
	}
	s.number()
	return s, nil
}

func (s *source) add(d decl) {
	if len(d.mutants) > 0 {
		s.decls = append(s.decls, d)
		s.mutants = append(s.mutants, d.mutants...)
	}
}

// number tells those apart that read the same.
func (s *source) number() {
	same := map[string][]*mutant{}
	for _, m := range s.mutants {
		same[m.key()] = append(same[m.key()], m)
	}
	for _, mm := range same {
		for i, m := range mm {
			m.nth, m.of = i+1, len(mm)
		}
	}
}

// function finds the mutants of a function, and how it is called.
func (f *finder) function(d *ast.FuncDecl) decl {
	made := decl{
		from: f.at(d.Pos()), to: f.at(d.End()), name: d.Name.Name, nameAt: f.at(d.Name.Pos()), body: f.at(d.Body.Lbrace) + 1,
		results: d.Type.Results != nil,
	}
	named := func(field *ast.Field) []string {
		if len(field.Names) == 0 {
			made.alone = true
		}
		var names []string
		for _, n := range field.Names {
			made.alone = made.alone || n.Name == "_"
			names = append(names, n.Name)
		}
		return names
	}
	qualified := d.Name.Name
	if d.Recv != nil {
		made.recv = strings.Join(named(d.Recv.List[0]), "") + "."
		qualified = receiver(d.Recv.List[0].Type) + "." + qualified
	}
	if d.Type.TypeParams != nil {
		var params []string
		for _, p := range d.Type.TypeParams.List {
			params = append(params, named(p)...)
		}
		made.actuals = "[" + strings.Join(params, ", ") + "]"
	}
	var params []string
	for _, p := range d.Type.Params.List {
		params = append(params, named(p)...)
		if _, ok := p.Type.(*ast.Ellipsis); ok && len(params) > 0 {
			params[len(params)-1] += "..."
		}
	}
	made.actuals += "(" + strings.Join(params, ", ") + ")"
	made.mutants = f.in(qualified, d.Body)
	return made
}

// receiver is the name of a receiver's type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// variable finds the mutants of a package's variable or constant.
func (f *finder) variable(d *ast.GenDecl, v *ast.ValueSpec) decl {
	made := decl{value: true, constant: d.Tok == token.CONST, alone: len(v.Names) > 1 || len(v.Values) != 1, name: v.Names[0].Name}
	made.nameAt = f.at(v.Names[0].Pos())
	var nodes []ast.Node
	for _, value := range v.Values {
		nodes = append(nodes, value)
	}
	if made.mutants = f.in(made.name, nodes...); !made.alone {
		made.from, made.to = f.at(v.Values[0].Pos()), f.at(v.Values[0].End())
	}
	return made
}

// in finds the mutants of what a name stands for.
func (f *finder) in(name string, nodes ...ast.Node) []*mutant {
	f.fn, f.list, f.seen, f.nothing = name, nil, map[string]bool{}, map[*ast.CaseClause]bool{}
	for _, n := range nodes {
		ast.Inspect(n, f.visit)
	}
	return f.list
}

func (f *finder) at(p token.Pos) int { return f.file.Offset(p) }

func (f *finder) src(n ast.Node) string { return string(f.text[f.at(n.Pos()):f.at(n.End())]) }

func (f *finder) add(from, to token.Pos, with string) {
	m := &mutant{file: f.name, text: f.text, from: f.at(from), to: f.at(to), with: with, fn: f.fn, line: f.file.Line(from)}
	if text := m.changed(0, len(f.text)); !f.seen[text] {
		f.seen[text] = true
		f.list = append(f.list, m)
	}
}

func (f *finder) replace(n ast.Node, with string) { f.add(n.Pos(), n.End(), with) }

// drop leaves one expression out of a list.
func (f *finder) drop(list []ast.Expr, i int) {
	switch {
	case i+1 < len(list):
		f.add(list[i].Pos(), list[i+1].Pos(), "")
	case i > 0:
		f.add(list[i-1].End(), list[i].End(), "")
	default:
		f.replace(list[i], "")
	}
}

// shorten changes a text that is compared, or stands in a table.
func (f *finder) shorten(e ast.Expr) {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > 2 {
		f.replace(lit, lit.Value[:1]+lit.Value[2:])
	}
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		left, right := string(f.text[f.at(n.Pos()):f.at(n.OpPos)]), string(f.text[f.at(n.OpPos)+len(n.Op.String()):f.at(n.End())])
		for _, with := range swaps[n.Op] {
			f.replace(n, left+with+right)
		}
		if n.Op == token.EQL || n.Op == token.NEQ {
			f.shorten(n.X)
			f.shorten(n.Y)
		}
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.replace(n, f.src(n.X))
		}
	case *ast.IfStmt:
		if _, ok := n.Cond.(*ast.BinaryExpr); !ok {
			f.replace(n.Cond, "!("+f.src(n.Cond)+")")
		}
	case *ast.SwitchStmt:
		f.idle(n)
	case *ast.CaseClause:
		if f.nothing[n] {
			return false
		}
		f.replace(n, "")
		for i, e := range n.List {
			if f.shorten(e); len(n.List) > 1 {
				f.drop(n.List, i)
			}
		}
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.BranchStmt:
		f.replace(n, "")
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			f.replace(n, "")
		}
	case *ast.CompositeLit:
		for i, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
				f.shorten(e)
			}
			if _, row := e.(*ast.CompositeLit); row {
				f.drop(n.Elts, i)
			}
		}
	case *ast.CallExpr:
		f.call(n)
	case *ast.BasicLit:
		f.literal(n)
	case *ast.Ident:
		for _, all := range constants {
			if i := slices.Index(all, n.Name); i >= 0 {
				f.replace(n, all[(i+1)%len(all)])
			}
		}
	}
	return true
}

// call changes a text that a call compares with: a set of characters, a regular expression, another.
func (f *finder) call(n *ast.CallExpr) {
	sel, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "ARN" && !slices.Contains([]string{"strings", "regexp"}, fmt.Sprint(sel.X)) {
		return
	}
	for _, arg := range n.Args {
		lit, ok := arg.(*ast.BasicLit)
		switch {
		case !ok || lit.Kind != token.STRING:
		case slices.Contains([]string{"ContainsRune", "ContainsAny", "Trim", "TrimLeft", "TrimRight"}, sel.Sel.Name):
			for i, r := range lit.Value[:len(lit.Value)-1] {
				if i > 0 {
					f.replace(lit, lit.Value[:i]+lit.Value[i+len(string(r)):])
				}
			}
		case fmt.Sprint(sel.X) == "regexp":
			f.pattern(lit)
		default:
			f.shorten(lit)
		}
	}
}

var (
	anchor = regexp.MustCompile(`^.\\A|\\z.$`)
	count  = regexp.MustCompile(`\{\d+(,\d+)?\}`)
	number = regexp.MustCompile(`\d+`)
	class  = regexp.MustCompile(`\[[^]]*\]`)
	member = regexp.MustCompile(`.-[^]]|.`)
)

// pattern changes a regular expression: an anchor, a count, a class.
func (f *finder) pattern(lit *ast.BasicLit) {
	with := func(at []int, by string) { f.replace(lit, lit.Value[:at[0]]+by+lit.Value[at[1]:]) }
	for _, at := range anchor.FindAllStringIndex(lit.Value, -1) {
		with(at, strings.Trim(lit.Value[at[0]:at[1]], `\Az`))
	}
	within := func(outer, inner *regexp.Regexp, do func(at []int, text string)) {
		for _, o := range outer.FindAllStringIndex(lit.Value, -1) {
			for _, i := range inner.FindAllStringIndex(lit.Value[o[0]+1:o[1]-1], -1) {
				at := []int{o[0] + 1 + i[0], o[0] + 1 + i[1]}
				do(at, lit.Value[at[0]:at[1]])
			}
		}
	}
	within(count, number, func(at []int, text string) {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			with(at, strconv.Itoa(n+1))
			with(at, strconv.Itoa(n-1))
		}
	})
	within(class, member, func(at []int, text string) {
		if lit.Value[at[0]-1] != '[' || lit.Value[at[1]] != ']' { // not the only one
			with(at, "")
		}
	})
}

// idle finds the cases of a switch over values that are there only so that all values are: they do nothing, and there is no default.
func (f *finder) idle(n *ast.SwitchStmt) {
	if n.Tag == nil || slices.ContainsFunc(n.Body.List, func(s ast.Stmt) bool { c, ok := s.(*ast.CaseClause); return ok && c.List == nil }) {
		return
	}
	for _, s := range n.Body.List {
		if c, ok := s.(*ast.CaseClause); ok && len(c.Body) == 0 {
			f.nothing[c] = true
		}
	}
}

// literal changes a number or a character by one.
func (f *finder) literal(n *ast.BasicLit) {
	if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil && n.Kind == token.INT {
		f.replace(n, strconv.FormatInt(i+1, 10))
		if i > 0 {
			f.replace(n, strconv.FormatInt(i-1, 10))
		}
	}
	if n.Kind == token.CHAR {
		r, _, _, _ := strconv.UnquoteChar(n.Value[1:], '\'')
		f.replace(n, strconv.QuoteRune(r+1))
		f.replace(n, strconv.QuoteRune(r-1))
	}
}
