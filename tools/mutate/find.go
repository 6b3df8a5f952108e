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

// swaps are the replacements of a binary operator.
var swaps = map[token.Token][]string{
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"}, token.EQL: {"!="}, token.NEQ: {"=="},
	token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"},
}

// constants are lists in which each constant is replaced by the next one.
var constants = [][]string{
	{"TimedOut", "Canceled", "Unreachable", "Lapsed", "Gone", "ReadFailed"},
	{"InvalidInput", "NotFound", "InvalidState", "AlreadyInState", "Conflict", "AccessDenied", "KeyNotAccessible", "Unsupported", "LimitExceeded",
		"MissingDependency", "Throttled", "Unavailable", "Unauthenticated", "Drifted", "Interrupted", "Unknown"},
	{"stepRead", "stepDone", "stepCommand"},
	{"true", "false"},
}

// source is a file and its mutants.
type source struct {
	name    string // the slash-separated path from the root
	text    []byte
	pkg     string
	decls   []decl
	mutants []*mutant
}

// decl is a function, variable or constant of a package that has mutants.
type decl struct {
	id       int
	from, to int // the bytes of the declaration
	// For a function: its name, the receiver of a call ("m."), the arguments of a call, and the start
	// of its body.
	name          string
	nameAt, body  int
	recv, actuals string
	results       bool
	value         bool // a variable or constant; from and to are its value
	constant      bool
	separate      bool // its mutants cannot be in one binary
	mutants       []*mutant
}

// mutant is one change of one file.
type mutant struct {
	file     string
	text     []byte
	from, to int    // the bytes to replace
	with     string // the replacement
	fn       string // the function or variable
	line     int
	nth, of  int // the position among the mutants with the same text
	id       int
	decl     *decl
	outcome  outcome
	killedBy string
}

type outcome int

const (
	survived outcome = iota
	killed
	timedOut // killed by the time limit
	invalid  // it does not compile
)

// key returns a name of the change that does not depend on its line.
func (m *mutant) key() string {
	key := m.file + " " + m.fn + ": " + short(string(m.text[m.from:m.to])) + " → " + short(m.with)
	if m.of > 1 {
		key += fmt.Sprintf(" (%d of %d)", m.nth, m.of)
	}
	return key
}

// changed returns a part of the file with the change.
func (m *mutant) changed(from, to int) string {
	return string(m.text[from:m.from]) + m.with + string(m.text[m.to:to])
}

// short returns a text on one line, shortened to a readable length.
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
	seen map[string]bool // the changed texts, because two rules may make the same change
	list []*mutant

	nothing map[*ast.CaseClause]bool // cases without an effect
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

// add adds a declaration if it has mutants.
func (s *source) add(d decl) {
	if len(d.mutants) > 0 {
		s.decls = append(s.decls, d)
		s.mutants = append(s.mutants, d.mutants...)
	}
}

// number numbers the mutants with the same key.
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

// function finds the mutants of a function, and the form of a call of it.
func (f *finder) function(d *ast.FuncDecl) decl {
	made := decl{
		from: f.at(d.Pos()), to: f.at(d.End()), name: d.Name.Name, nameAt: f.at(d.Name.Pos()), body: f.at(d.Body.Lbrace) + 1,
		results: d.Type.Results != nil,
	}
	named := func(field *ast.Field) []string {
		if len(field.Names) == 0 {
			made.separate = true
		}
		var names []string
		for _, n := range field.Names {
			made.separate = made.separate || n.Name == "_"
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
	made.mutants = f.inspect(qualified, d.Body)
	return made
}

// receiver returns the name of a receiver's type.
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

// variable finds the mutants of a variable or constant of a package.
func (f *finder) variable(d *ast.GenDecl, v *ast.ValueSpec) decl {
	made := decl{value: true, constant: d.Tok == token.CONST, separate: len(v.Names) > 1 || len(v.Values) != 1, name: v.Names[0].Name}
	made.nameAt = f.at(v.Names[0].Pos())
	var nodes []ast.Node
	for _, value := range v.Values {
		nodes = append(nodes, value)
	}
	if made.mutants = f.inspect(made.name, nodes...); !made.separate {
		made.from, made.to = f.at(v.Values[0].Pos()), f.at(v.Values[0].End())
	}
	return made
}

// inspect finds the mutants of the declaration of a name.
func (f *finder) inspect(name string, nodes ...ast.Node) []*mutant {
	f.fn, f.list, f.seen, f.nothing = name, nil, map[string]bool{}, map[*ast.CaseClause]bool{}
	for _, n := range nodes {
		ast.Inspect(n, f.visit)
	}
	return f.list
}

// at returns the offset of a position.
func (f *finder) at(p token.Pos) int { return f.file.Offset(p) }

// src returns the text of a node.
func (f *finder) src(n ast.Node) string { return string(f.text[f.at(n.Pos()):f.at(n.End())]) }

// add adds the mutant that replaces the text between two positions.
func (f *finder) add(from, to token.Pos, with string) {
	m := &mutant{file: f.name, text: f.text, from: f.at(from), to: f.at(to), with: with, fn: f.fn, line: f.file.Line(from)}
	if text := m.changed(0, len(f.text)); !f.seen[text] {
		f.seen[text] = true
		f.list = append(f.list, m)
	}
}

// replace adds the mutant that replaces a node.
func (f *finder) replace(n ast.Node, with string) { f.add(n.Pos(), n.End(), with) }

// drop adds the mutant that omits one expression of a list.
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

// shorten adds the mutant that removes the first character of a text that is compared, or is in a
// table.
func (f *finder) shorten(e ast.Expr) {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > 2 {
		f.replace(lit, lit.Value[:1]+lit.Value[2:])
	}
}

// visit adds the mutants of a node.
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

// call adds the mutants of a text that a call compares with: a set of characters, a regular
// expression or another text.
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

// pattern adds the mutants of a regular expression: of its anchors, counts and classes. It leaves
// out those that do not compile, such as a class without its only member.
func (f *finder) pattern(lit *ast.BasicLit) {
	with := func(at []int, by string) {
		mutant := lit.Value[:at[0]] + by + lit.Value[at[1]:]
		if expr, err := strconv.Unquote(mutant); err != nil {
			return
		} else if _, err := regexp.Compile(expr); err == nil {
			f.replace(lit, mutant)
		}
	}
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
	within(class, member, func(at []int, _ string) { with(at, "") })
}

// idle finds the cases of a switch that exist only for completeness: they do nothing, and the
// switch has no default.
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

// literal adds the mutants that change a number or a character by one.
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
