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

// The rules use short names for packages: "./activitystream" is a package of this module, "sdk/aws"
// one of the SDK, "smithy/auth" one of smithy, and "std" any package of the standard library. In a
// pattern, "..." matches any rest, including none, and "*" anything without a slash.
const (
	ours   = "github.com/streamwarden/streamwarden-go"
	sdk    = "github.com/aws/aws-sdk-go-v2"
	smithy = "github.com/aws/smithy-go"
)

// services has a row for each service package: its directory, and the SDK's package for its API.
var services = []struct{ dir, api string }{
	{"./activitystream", "rds"},
	{"./ingestion", "cloudtrail"},
	{"./eventstream", "customerprofiles"},
}

// records has a row for each package below a service package that is for another API of the SDK.
var records = []struct{ room, api string }{
	{"./activitystream/activityrecord/kmskeys", "kms"},
	{"./activitystream/kmsalias", "kms"},
	{"./activitystream/activityreader", "kinesis"},
}

// testOnly are the packages that no shipped program links: the in-process AWS, and the packages for
// this module's own tests.
var testOnly = []string{"./internal/simulator/...", "./internal/assert", "./.../*test", "./.../*test/..."}

// A rule says what packages may or must not depend on. It covers direct and indirect imports, but
// not those of tests.
type rule struct {
	name   string
	why    string
	of     []string // the packages that the rule applies to
	except []string // exceptions from of
	only   []string // the allowed dependencies; nil allows all
	never  []string // the forbidden dependencies
	unless []string // exceptions from never

	// violation is a made-up dependency, of one package on another, that the rule must detect. It
	// shows that the patterns are right.
	violation [2]string
}

func rules() []rule {
	core := []string{"std", "./statemachine", "sdk/aws/...", "sdk/internal/...", "smithy/..."}
	rr := []rule{
		{
			name:      "the root package is documentation",
			why:       "a program that imports it for its documentation must not link three services",
			of:        []string{"."},
			only:      []string{},
			violation: [2]string{".", "./statemachine"},
		},
		{
			name:      "statemachine imports the standard library only",
			why:       "it is for any lifecycle, not only AWS's; its users should not have to link an SDK",
			of:        []string{"./statemachine"},
			only:      []string{"std"},
			violation: [2]string{"./statemachine", "smithy"},
		},
		{
			name:      "sdkfault adds the SDK's core only",
			why:       "it serves every service, including one of the user's own, so it must know none",
			of:        []string{"./statemachine/..."},
			except:    []string{"./statemachine"},
			only:      core,
			violation: [2]string{"./statemachine/sdkfault", "sdk/service/rds/types"},
		},
		{
			name:      "internal knows no service",
			why:       "code for one service belongs in that service's package; a shared package that imports one service adds it to all",
			of:        []string{"./internal/..."},
			never:     slices.Concat([]string{"sdk/service/..."}, servicePatterns("")),
			unless:    []string{"sdk/service/internal/..."},
			violation: [2]string{"./internal/validate", "sdk/service/cloudtrail"},
		},
		{
			name:      "only tests and examples import a simulator",
			why:       "an in-process AWS in a production binary is dead weight, and could be called instead of the real AWS by mistake",
			of:        []string{"./..."},
			except:    slices.Concat([]string{"./examples/..."}, testOnly),
			never:     testOnly,
			violation: [2]string{"./ingestion", "./ingestion/ingestiontest"},
		},
		{
			name:      "no shipped package imports testing",
			why:       "it registers flags and is not meant for programs; test helpers have their own packages",
			of:        []string{"./..."},
			except:    slices.Concat([]string{"./examples/...", "./internal/..."}, testOnly), // the packages of internal that are not for tests are checked through their importers
			never:     []string{"testing", "testing/..."},
			violation: [2]string{"./eventstream", "testing"},
		},
		{
			name:      "no package imports an example",
			why:       "an example is a program to read and to run; shared code belongs in a documented package",
			of:        []string{"./..."},
			except:    []string{"./examples/..."},
			never:     []string{"./examples/..."},
			violation: [2]string{"./statemachine", "./examples/guard"},
		},
		{
			name:      "config is for programs",
			why:       "it reads the environment and links SSO, STS and the rest of the credential chain; a library takes the program's aws.Config",
			of:        []string{"./..."},
			except:    []string{"./examples/..."},
			never:     []string{"sdk/config/...", "sdk/feature/ec2/imds/..."},
			violation: [2]string{"./activitystream", "sdk/config"},
		},
		{
			name:      "activityrecord uses the standard library only",
			why:       "a program that has the bytes of a record, such as a Lambda function, must not link an SDK to decode them",
			of:        []string{"./activitystream/activityrecord"},
			only:      []string{"std"},
			violation: [2]string{"./activitystream/activityrecord", "./activitystream/activityrecord/kmskeys"},
		},
	}
	var ofRecords []string // they have rules of their own
	for _, r := range records {
		api := "sdk/service/" + r.api
		ofRecords = append(ofRecords, r.room, r.room+"/...")
		rr = append(rr, rule{
			name:      r.room[2:] + " is for " + r.api + " alone",
			why:       "a program that uses one service does not link the others",
			of:        []string{r.room},
			never:     []string{"sdk/service/..."},
			unless:    []string{"sdk/service/internal/...", api, api + "/..."},
			violation: [2]string{r.room, "sdk/service/rds"},
		})
	}
	for _, s := range services {
		api := "sdk/service/" + s.api
		rr = append(rr,
			rule{
				name:      s.dir[2:] + " imports " + s.api + " only",
				why:       "a program that uses one service does not link the others",
				of:        []string{s.dir, s.dir + "/..."},
				except:    ofRecords,
				never:     []string{"sdk/service/..."},
				unless:    []string{"sdk/service/internal/...", api, api + "/..."},
				violation: [2]string{s.dir, "sdk/service/sts"},
			},
			rule{
				name:      s.dir[2:] + " imports no other service package",
				why:       "code that two services share belongs in internal or statemachine, where a third can use it",
				of:        []string{s.dir, s.dir + "/..."},
				never:     servicePatterns(s.dir),
				violation: [2]string{s.dir + s.dir[1:] + "test", servicePatterns(s.dir)[0]},
			},
		)
	}
	return rr
}

// servicePatterns returns the patterns of all service packages except one, and of the packages
// below them.
func servicePatterns(except string) []string {
	var pp []string
	for _, s := range services {
		if s.dir != except {
			pp = append(pp, s.dir, s.dir+"/...")
		}
	}
	return pp
}

// required are the modules that the root module may require directly.
var required = []struct{ module, why string }{
	{sdk, "the core"},
	{sdk + "/config", "for the examples"},
	{sdk + "/credentials", "for the examples and the tests: static credentials"},
	{sdk + "/feature/ec2/imds", "for the tests of credential failures; config requires it anyway"},
	{sdk + "/service/sso", "for the tests of credential failures; config requires it anyway"},
	{sdk + "/service/ssooidc", "for the tests of credential failures; config requires it anyway"},
	{sdk + "/service/sts", "for the tests of credential failures; config requires it anyway"},
	{sdk + "/service/rds", "activitystream"},
	{sdk + "/service/cloudtrail", "ingestion"},
	{sdk + "/service/customerprofiles", "eventstream"},
	{sdk + "/service/kinesis", "activityreader"},
	{sdk + "/service/kms", "kmskeys, kmsalias"},
	{sdk + "/feature/ec2/imds", "for the tests: config requires it"},
	{sdk + "/service/sso", "for the tests: config requires it"},
	{sdk + "/service/ssooidc", "for the tests: config requires it"},
	{sdk + "/service/sts", "for the tests: config requires it"},
	{smithy, "its error types and middleware"},
	{"github.com/google/go-cmp", "for the tests"},
}

// pkg is a package as go list describes it, with the rules' short names.
type pkg struct {
	path string
	deps []string // direct and indirect, without the package itself
}

func TestRules(t *testing.T) {
	pkgs := list(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			applied := 0
			for _, p := range pkgs {
				if r.appliesTo(p.path) {
					applied++
				}
				for _, dep := range r.violations(p) {
					t.Errorf("%s depends on %s, but %s.\nSee: go list -deps -f '{{.ImportPath}}: {{.Imports}}' %s", p.path, dep, r.why, p.path)
				}
			}
			if applied == 0 {
				t.Logf("no package of %v yet", r.of)
			}
		})
	}
}

// TestServicesUseTheirAPI checks that each service package imports the API that it is for.
func TestServicesUseTheirAPI(t *testing.T) {
	pkgs := list(t)
	for _, s := range services {
		for _, p := range pkgs {
			if api := "sdk/service/" + s.api; p.path == s.dir && !slices.Contains(p.deps, api) {
				t.Errorf("%s does not depend on %s", p.path, api)
			}
		}
	}
}

// TestServicesAreListed finds a service package that has no row in services.
func TestServicesAreListed(t *testing.T) {
	for _, p := range list(t) {
		if match([]string{"./internal/...", "./examples/..."}, p.path) || match(servicePatterns(""), p.path) {
			continue
		}
		for _, dep := range p.deps {
			if match([]string{"sdk/service/*"}, dep) && dep != "sdk/service/internal" {
				t.Errorf("%s depends on %s: if it is a service package, give it a row in services", p.path, dep)
			}
		}
	}
}

// TestRulesRejectViolations checks that each rule detects its made-up violation.
func TestRulesRejectViolations(t *testing.T) {
	for _, r := range rules() {
		from, to := r.violation[0], r.violation[1]
		if r.name == "" || r.why == "" {
			t.Errorf("a rule for %v has no name or no reason", r.of)
		}
		if got := r.violations(pkg{path: from, deps: []string{to}}); !slices.Equal(got, []string{to}) {
			t.Errorf("%s: %s depends on %s and the rule finds %q", r.name, from, to, got)
		}
		if got := r.violations(pkg{path: from}); got != nil {
			t.Errorf("%s: %s depends on nothing and the rule finds %q", r.name, from, got)
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
		{"./...", ".", true, "the root as well"},
		{"./...", "sdk/aws", false, "of another module"},
		{"./.../*test", "./eventstream/eventstreamtest", true, "the test package of a service"},
		{"./.../*test", "./simtest", true, "at the top as well"},
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

// TestRequirements checks the requirements that a user's go.mod inherits from this module.
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
			t.Errorf("go.mod requires %s, and each user would inherit it: put the code into a nested module under examples/ or internal/", r.Path)
		}
	}
	if len(mod.Replace)+len(mod.Exclude) > 0 {
		t.Error("go.mod replaces or excludes a module: users would build without it, which is untested")
	}
	if len(mod.Tool) > 0 {
		t.Error("go.mod has a tool: move it to tools/go.mod, which no user inherits")
	}
}

// appliesTo reports whether the rule applies to a package.
func (r rule) appliesTo(path string) bool { return match(r.of, path) && !match(r.except, path) }

// violations returns the dependencies of a package that the rule forbids.
func (r rule) violations(p pkg) []string {
	if !r.appliesTo(p.path) {
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

// isStd reports whether a path is of the standard library. As in the go command, the first element
// of all other paths has a dot or is one of the rules' short names.
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

// short returns the rules' short name of a package.
func short(path string) string {
	for _, s := range []struct{ long, short string }{{ours, "."}, {sdk, "sdk"}, {smithy, "smithy"}} {
		if rest, ok := strings.CutPrefix(path, s.long); ok && (rest == "" || rest[0] == '/') {
			return s.short + rest
		}
	}
	return path
}

// list returns the packages of the root module, without those of nested modules.
func list(t *testing.T) []pkg {
	t.Helper()
	files(t) // opens all files, for go test's cache
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
	if len(pkgs) < 2 { // this package always exists
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
