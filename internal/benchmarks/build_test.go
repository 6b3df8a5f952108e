package benchmarks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// measureBuilds builds the programs with and without debug information.
func measureBuilds(t *testing.T) (all []Build) {
	dir := t.TempDir()
	for _, name := range []string{"sdk", "streamwarden", "baresdk", "barestreamwarden"} {
		b := Build{Name: name}
		for size, flags := range map[*int64]string{&b.Bytes: "", &b.Stripped: "-s -w"} {
			out := filepath.Join(dir, name)
			goTool(t, "build", "-ldflags="+flags, "-o", out, "./programs/"+name)
			info, err := os.Stat(out)
			if err != nil {
				t.Fatal(err)
			}
			*size = info.Size()
		}
		all = append(all, b)
	}
	return all
}

// thirdParty returns the packages that statemachine imports from outside the standard library and
// this repository.
func thirdParty(t *testing.T) (all []string) {
	for dep := range strings.FieldsSeq(goTool(t, "list", "-deps", "./programs/kernel")) {
		first, _, _ := strings.Cut(dep, "/")
		if strings.Contains(first, ".") && !strings.HasPrefix(dep, "github.com/streamwarden/") {
			all = append(all, dep)
		}
	}
	return all
}

// peerVersions returns the versions of the modules that this one is compared with.
func peerVersions(t *testing.T) map[string]string {
	versions := map[string]string{}
	for line := range strings.Lines(goTool(t, append([]string{"list", "-m"}, peers...)...)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		versions[path] = version
	}
	return versions
}

var peers = []string{
	"github.com/looplab/fsm", "github.com/qmuntal/stateless", "github.com/cocoonspace/fsm",
	"github.com/aws/aws-sdk-go-v2/service/rds", "github.com/hashicorp/terraform-plugin-sdk/v2", "k8s.io/apimachinery",
	"github.com/Azure/azure-sdk-for-go/sdk/azcore", "github.com/cenkalti/backoff/v5",
}

// goTool runs the go command and returns its output.
func goTool(t *testing.T, args ...string) string {
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}
