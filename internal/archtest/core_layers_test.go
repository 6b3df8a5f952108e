package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// coreLayers lists the files of package statemachine from the bottom up. A file uses only what
// its own layer and the layers below it declare, so the package can be read in this order.
// ARCHITECTURE.md describes the layers by the same names.
var coreLayers = []struct {
	name  string
	files string
}{
	{"errors", "text.go kind.go fault.go input.go drift.go reason.go advice.go attrs.go"},
	{"machine", "machine.go mermaid.go"},
	{"track", "progress.go options.go track.go"},
	{"job", "goal.go config.go job.go job_batch.go job_ensure.go"},
	{"loops", "heap.go timeout.go pacer.go abort.go outbox.go shared.go runner.go scheduler.go"},
	{"entry points", "waiter.go ensurer.go fleet.go failures.go ensure_track.go doc.go"},
}

// Bounds of the code of package statemachine.
const (
	maxCoreFunction = 50 // lines
	maxCoreBools    = 2  // boolean fields of a type
)

// layerOf returns the index of each file's layer.
func layerOf() map[string]int {
	layer := map[string]int{}
	for i, l := range coreLayers {
		for name := range strings.FieldsSeq(l.files) {
			layer[name] = i
		}
	}
	return layer
}

// coreSources parses the code of package statemachine.
func coreSources(t *testing.T) []source {
	t.Helper()
	return sources(t, func(f file) bool { return path.Dir(f.path) == "statemachine" && f.shipped() })
}

// emptyImporter imports every package as an empty one, because only the package's own names matter.
type emptyImporter struct{}

func (emptyImporter) Import(name string) (*types.Package, error) {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

// upwardUses returns each use of a name that a higher layer declares.
func upwardUses(files []source, layer map[string]int) []string {
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	// Names of imported packages are errors with emptyImporter, and ignored.
	conf := types.Config{Importer: emptyImporter{}, Error: func(error) {}}
	parsed := make([]*ast.File, len(files))
	for i, f := range files {
		parsed[i] = f.ast
	}
	fset := files[0].fset
	pkg, _ := conf.Check("statemachine", fset, parsed, &info)
	found := map[string]struct{}{}
	for id, object := range info.Uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() {
			continue
		}
		from, to := path.Base(fset.Position(id.Pos()).Filename), path.Base(fset.Position(object.Pos()).Filename)
		if layer[to] > layer[from] {
			found[fmt.Sprintf("%s uses %s of %s", from, id.Name, to)] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestCoreUsesNoHigherLayer(t *testing.T) {
	files, layer := coreSources(t), layerOf()
	for _, f := range files {
		if _, ok := layer[path.Base(f.path)]; !ok {
			t.Errorf("%s is in no layer: add it to coreLayers and to ARCHITECTURE.md", f.path)
		}
	}
	if len(layer) != len(files) {
		t.Errorf("coreLayers lists %d files, the package has %d", len(layer), len(files))
	}
	for _, use := range upwardUses(files, layer) {
		t.Errorf("%s, which is in a higher layer", use)
	}
}

func TestCoreUseOfHigherLayerIsFound(t *testing.T) {
	layer := layerOf()
	for name, i := range layer {
		layer[name] = -i
	}
	found := upwardUses(coreSources(t), layer)
	for _, want := range []string{
		"job.go uses ObserveFailure of track.go", // a method
		"job.go uses Reads of track.go",          // a field
		"runner.go uses job of job.go",           // a type
	} {
		if !slices.Contains(found, want) {
			t.Errorf("%q is not found in %d uses", want, len(found))
		}
	}
	if use := "reason.go uses singleLine of text.go"; slices.Contains(found, use) {
		t.Errorf("%q is found, but both are in one layer", use)
	}
}

// oversized returns each function and type that exceeds the bounds.
func oversized(s source) []string {
	var found []string
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			lines := s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
			if lines > maxCoreFunction {
				found = append(found, fmt.Sprintf("%s has %d lines", n.Name.Name, lines))
			}
		case *ast.TypeSpec:
			if st, ok := n.Type.(*ast.StructType); ok {
				bools := 0
				for _, f := range st.Fields.List {
					if isIdent(f.Type, "bool") {
						bools += len(f.Names)
					}
				}
				if bools > maxCoreBools {
					found = append(found, fmt.Sprintf("%s has %d boolean fields", n.Name.Name, bools))
				}
			}
		}
		return true
	})
	return found
}

func TestCoreFunctionsAndTypesAreSmall(t *testing.T) {
	for _, s := range coreSources(t) {
		for _, found := range oversized(s) {
			t.Errorf("%s: %s; the maximum is %d lines and %d boolean fields",
				s.path, found, maxCoreFunction, maxCoreBools)
		}
	}
}

func TestCoreLargeFunctionIsFound(t *testing.T) {
	text := "package p\ntype T struct { A, B, C bool }\ntype U struct { A, B bool }\n" +
		"func small() {\n" + strings.Repeat("\n", 48) + "}\nfunc large() {\n" + strings.Repeat("\n", 49) + "}\n"
	want := []string{"T has 3 boolean fields", "large has 51 lines"}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := oversized(source{fset: fset, ast: f}); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
