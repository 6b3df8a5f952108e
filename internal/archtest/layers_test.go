package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The short names under which the rules speak of packages: "./activitystream" is ours, "sdk/aws" the SDK's, "smithy/auth" smithy's, and
// "std" is any package of the standard library. A pattern takes "..." for any rest, nothing included, and "*" for anything without a slash.
const (
	ours   = "github.com/streamwarden/streamwarden-go"
	sdk    = "github.com/aws/aws-sdk-go-v2"
	smithy = "github.com/aws/smithy-go"
)

// services has a row for each service package: the package, and the one API of the SDK that it is for.
var services = []struct{ room, api string }{
	{"./activitystream", "rds"},
	{"./ingestion", "cloudtrail"},
	{"./eventstream", "customerprofiles"},
}

// records has a row for each package below a service package that is for another API of the SDK.
var records = []struct{ room, api string }{
	{"./activitystream/activityrecord/kmskeys", "kms"},
	{"./activitystream/activityreader", "kinesis"},
}

// forTests are the packages that no shipped program links: what makes an in-process AWS, and what only our own tests use.
var forTests = []string{"./internal/simulator/...", "./.../*test", "./.../*test/..."}

// A rule says what packages may or must not depend on. It speaks of everything that ends up in a program with them,
// whether imported by themselves or by what they import, and not of their tests.
type rule struct {
	name   string
	why    string
	of     []string // the packages it holds for
	except []string // and those among them that it does not hold for
	only   []string // where not nil: what they may depend on, and nothing else
	never  []string // what they must not depend on
	unless []string // and what of it they may

	// breach is a made-up dependency, from one package on another, that the rule must notice. It shows that the patterns say what they should.
	breach [2]string
}

func rules() []rule {
	core := []string{"std", "./statemachine", "sdk/aws/...", "sdk/internal/...", "smithy/..."}
	rr := []rule{
		{
			name:   "the root package is documentation",
			why:    "whoever imports it for its links must not link three services",
			of:     []string{"."},
			only:   []string{},
			breach: [2]string{".", "./statemachine"},
		},
		{
			name:   "statemachine stands on the standard library",
			why:    "it is for any lifecycle, also one that is not of AWS; its users should not have to link an SDK",
			of:     []string{"./statemachine"},
			only:   []string{"std"},
			breach: [2]string{"./statemachine", "smithy"},
		},
		{
			name:   "sdkfault adds the SDK's core",
			why:    "it serves every service, also one of the user's own, so that it may know none",
			of:     []string{"./statemachine/..."},
			except: []string{"./statemachine"},
			only:   core,
			breach: [2]string{"./statemachine/sdkfault", "sdk/service/rds/types"},
		},
		{
			name:   "internal knows no service",
			why:    "what is particular to one service lives in that service's room; a shared package that knew one would bring it to all",
			of:     []string{"./internal/..."},
			never:  slices.Concat([]string{"sdk/service/..."}, rooms("")),
			unless: []string{"sdk/service/internal/..."},
			breach: [2]string{"./internal/validate", "sdk/service/cloudtrail"},
		},
		{
			name:   "nobody ships a simulator",
			why:    "an in-process AWS in a production binary is dead weight, and one slip away from being talked to instead of the real one",
			of:     []string{"./..."},
			except: slices.Concat([]string{"./examples/..."}, forTests),
			never:  forTests,
			breach: [2]string{"./ingestion", "./ingestion/ingestiontest"},
		},
		{
			name:   "nobody ships package testing",
			why:    "it registers flags and is not meant for programs; what is for tests has a package of its own",
			of:     []string{"./..."},
			except: slices.Concat([]string{"./examples/...", "./internal/..."}, forTests), // of internal, some is for tests; what is not is met where it is used
			never:  []string{"testing", "testing/..."},
			breach: [2]string{"./eventstream", "testing"},
		},
		{
			name:   "nobody imports an example",
			why:    "an example is a program to read and to run; what is worth sharing is worth a documented place",
			of:     []string{"./..."},
			except: []string{"./examples/..."},
			never:  []string{"./examples/..."},
			breach: [2]string{"./statemachine", "./examples/guard"},
		},
		{
			name:   "config is for programs",
			why:    "it reads the environment and brings SSO, STS and the rest of the credential chain; a library takes the aws.Config that the program made of it",
			of:     []string{"./..."},
			except: []string{"./examples/..."},
			never:  []string{"sdk/config/...", "sdk/feature/ec2/imds/..."},
			breach: [2]string{"./activitystream", "sdk/config"},
		},
		{
			name:   "activityrecord uses the standard library only",
			why:    "a program that has the bytes of a record, such as a Lambda function, must not link an SDK to decode them",
			of:     []string{"./activitystream/activityrecord"},
			only:   []string{"std"},
			breach: [2]string{"./activitystream/activityrecord", "./activitystream/activityrecord/kmskeys"},
		},
	}
	var ofRecords []string // they have rules of their own
	for _, r := range records {
		api := "sdk/service/" + r.api
		ofRecords = append(ofRecords, r.room, r.room+"/...")
		rr = append(rr, rule{
			name:   r.room[2:] + " is for " + r.api + " alone",
			why:    "a program that uses one service does not link the others",
			of:     []string{r.room},
			never:  []string{"sdk/service/..."},
			unless: []string{"sdk/service/internal/...", api, api + "/..."},
			breach: [2]string{r.room, "sdk/service/rds"},
		})
	}
	for _, s := range services {
		api := "sdk/service/" + s.api
		rr = append(rr,
			rule{
				name:   s.room[2:] + " is for " + s.api + " alone",
				why:    "a program that uses one service does not link the others",
				of:     []string{s.room, s.room + "/..."},
				except: ofRecords,
				never:  []string{"sdk/service/..."},
				unless: []string{"sdk/service/internal/...", api, api + "/..."},
				breach: [2]string{s.room, "sdk/service/sts"},
			},
			rule{
				name:   s.room[2:] + " is a room of its own",
				why:    "what two services share belongs into internal or statemachine, where a third finds it as well",
				of:     []string{s.room, s.room + "/..."},
				never:  rooms(s.room),
				breach: [2]string{s.room + s.room[1:] + "test", rooms(s.room)[0]},
			},
		)
	}
	return rr
}

// rooms gives the patterns of the service packages and what is below them, all but one.
func rooms(but string) []string {
	var pp []string
	for _, s := range services {
		if s.room != but {
			pp = append(pp, s.room, s.room+"/...")
		}
	}
	return pp
}

// required are the modules that the root module may require directly.
var required = []struct{ module, why string }{
	{sdk, "the core"},
	{sdk + "/config", "for the examples"},
	{sdk + "/credentials", "for the examples and the tests: made-up credentials"},
	{sdk + "/service/rds", "activitystream"},
	{sdk + "/service/cloudtrail", "ingestion"},
	{sdk + "/service/customerprofiles", "eventstream"},
	{sdk + "/service/kinesis", "activityreader"},
	{sdk + "/service/kms", "kmskeys"},
	{smithy, "its error types and middleware"},
	{"github.com/google/go-cmp", "for the tests"},
}

// pkg is what go list tells of a package, in the rules' short names.
type pkg struct {
	path string
	deps []string // all, also those of its dependencies; without itself
}

func TestRules(t *testing.T) {
	pkgs := list(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			holds := 0
			for _, p := range pkgs {
				if r.holdsFor(p.path) {
					holds++
				}
				for _, dep := range r.breaches(p) {
					t.Errorf("%s depends on %s, but %s.\nSee: go list -deps -f '{{.ImportPath}}: {{.Imports}}' %s", p.path, dep, r.why, p.path)
				}
			}
			if holds == 0 {
				t.Logf("no package of %v yet", r.of)
			}
		})
	}
}

// TestServicesUseTheirAPI is the other half of "exactly one": each service package that is there uses the API that it is for.
func TestServicesUseTheirAPI(t *testing.T) {
	pkgs := list(t)
	for _, s := range services {
		for _, p := range pkgs {
			if api := "sdk/service/" + s.api; p.path == s.room && !slices.Contains(p.deps, api) {
				t.Errorf("%s does not depend on %s", p.path, api)
			}
		}
	}
}

// TestServicesAreListed finds the service package that somebody added without its row.
func TestServicesAreListed(t *testing.T) {
	for _, p := range list(t) {
		if match([]string{"./internal/...", "./examples/..."}, p.path) || match(rooms(""), p.path) {
			continue
		}
		for _, dep := range p.deps {
			if match([]string{"sdk/service/*"}, dep) && dep != "sdk/service/internal" {
				t.Errorf("%s depends on %s: if it is a service package, give it a row in services", p.path, dep)
			}
		}
	}
}

// TestRulesRejectViolations shows that each rule can be broken, and is met where it should be.
func TestRulesRejectViolations(t *testing.T) {
	for _, r := range rules() {
		from, to := r.breach[0], r.breach[1]
		if r.name == "" || r.why == "" {
			t.Errorf("a rule of %v has no name or no reason", r.of)
		}
		if got := r.breaches(pkg{path: from, deps: []string{to}}); !slices.Equal(got, []string{to}) {
			t.Errorf("%s: %s depends on %s and the rule notices %q", r.name, from, to, got)
		}
		if got := r.breaches(pkg{path: from}); got != nil {
			t.Errorf("%s: %s depends on nothing and the rule notices %q", r.name, from, got)
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
		reason        string
	}{
		{"./internal/...", "./internal/simulator", true, "below"},
		{"./internal/...", "./internal", true, "the rest may be nothing"},
		{"./internal/...", "./internals", false, "another name"},
		{"./...", ".", true, "the root, too"},
		{"./...", "sdk/aws", false, "not ours"},
		{"./.../*test", "./eventstream/eventstreamtest", true, "the test package of a service"},
		{"./.../*test", "./simtest", true, "at the top, too"},
		{"./.../*test", "./eventstream", false, "the service itself"},
		{"./.../*test", "./latest/thing", false, "the star ends at a slash"},
		{"sdk/service/*", "sdk/service/rds", true, "one element"},
		{"sdk/service/*", "sdk/service/rds/types", false, "two elements"},
		{"smithy/...", "smithy", true, "the module's own package"},
		{"std", "std", true, "the standard library"},
	}
	for _, tt := range tests {
		if got := match([]string{tt.pattern}, tt.path); got != tt.want {
			t.Errorf("match(%s, %s) = %t, want %t: %s", tt.pattern, tt.path, got, tt.want, tt.reason)
		}
	}
}

// TestRequirements checks what a user's go.mod inherits from ours.
func TestRequirements(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace, Exclude, Tool []json.RawMessage
	}
	if err := json.Unmarshal(run(t, "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		allowed := false
		for _, q := range required {
			allowed = allowed || r.Path == q.module
		}
		if !allowed && !r.Indirect {
			t.Errorf("go.mod requires %s, and so would everybody who requires us: a module that needs it belongs nested, under examples/ or internal/", r.Path)
		}
	}
	if len(mod.Replace)+len(mod.Exclude) > 0 {
		t.Error("go.mod replaces or excludes a module. That works for us alone: our users would build, untested, what it avoids")
	}
	if len(mod.Tool) > 0 {
		t.Error("go.mod has a tool: it belongs into tools/go.mod, which no user inherits")
	}
}

// holdsFor tells whether the rule speaks of a package.
func (r rule) holdsFor(path string) bool { return match(r.of, path) && !match(r.except, path) }

// breaches gives the dependencies of a package that the rule forbids.
func (r rule) breaches(p pkg) []string {
	if !r.holdsFor(p.path) {
		return nil
	}
	var bad []string
	for _, dep := range p.deps {
		if match(r.never, dep) && !match(r.unless, dep) || r.only != nil && !match(r.only, dep) && !(isStd(dep) && match(r.only, "std")) {
			bad = append(bad, dep)
		}
	}
	return bad
}

// isStd tells by the path alone, as the go command does: the first element of all others has a dot, or is one of our short names.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "sdk" && first != "smithy"
}

func match(patterns []string, path string) bool {
	for _, p := range patterns {
		re := regexp.QuoteMeta(p)
		re = strings.ReplaceAll(re, `/\.\.\./`, `/(?:.*/)?`)
		re = strings.ReplaceAll(re, `/\.\.\.`, `(?:/.*)?`)
		re = strings.ReplaceAll(re, `\*`, `[^/]*`)
		if regexp.MustCompile("^" + re + "$").MatchString(path) {
			return true
		}
	}
	return false
}

// short gives the name under which the rules speak of a package.
func short(path string) string {
	for _, s := range []struct{ long, short string }{{ours, "."}, {sdk, "sdk"}, {smithy, "smithy"}} {
		if rest, ok := strings.CutPrefix(path, s.long); ok && (rest == "" || rest[0] == '/') {
			return s.short + rest
		}
	}
	return path
}

// list gives the packages of the root module. Those of nested modules are not among them.
func list(t *testing.T) []pkg {
	t.Helper()
	files(t) // for go test's cache: see there
	var pkgs []pkg
	dec := json.NewDecoder(bytes.NewReader(run(t, "list", "-json=ImportPath,Deps", "./...")))
	for {
		var p struct {
			ImportPath string
			Deps       []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		q := pkg{path: short(p.ImportPath)}
		for _, dep := range p.Deps {
			q.deps = append(q.deps, short(dep))
		}
		pkgs = append(pkgs, q)
	}
	if len(pkgs) < 2 { // this one is always there
		t.Fatalf("go list finds %d packages in %s", len(pkgs), root(t))
	}
	return pkgs
}

// run runs the go command at the root of the repository.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes()))
	}
	return out
}
