// Package adit holds no code: this test keeps the module's import rules.
package adit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/aditmine/adit"

// mayImport lists, for each top-level folder, the other folders of adit that
// its packages may import directly (ARCHITECTURE.md draws the same floors).
var mayImport = map[string][]string{
	"hash":          {},
	"kernels":       {},
	"stratum":       {},
	"chain":         {"hash", "stratum"},
	"gpu":           {"hash", "kernels"},
	"stratumclient": {"stratum", "chain", "hash"},
	"miner":         {"hash", "gpu", "stratumclient", "chain"},
	"pool":          {"hash", "stratum", "chain"},
	"harness":       {"hash", "stratum", "stratumclient", "chain"},
	"cmd":           {"hash", "kernels", "stratum", "chain", "gpu", "stratumclient", "miner", "pool", "harness"},
	"e2e":           {"hash", "kernels", "stratum", "chain", "gpu", "stratumclient", "miner", "pool", "harness"},
}

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestImportsGoDownTheFloors(t *testing.T) {
	packages := listPackages(t)
	require.Greater(t, len(packages), 10, "go list found too few packages for this test to mean anything")
	for _, p := range packages {
		from := folder(p.ImportPath)
		if from == "" {
			continue
		}
		allowed, known := mayImport[from]
		require.True(t, known, "folder %q has no rule: add it to mayImport and to ARCHITECTURE.md", from)
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, bad := range forbidden(from, allowed, imports) {
				t.Errorf("%s must not import %s: %s may import only %v", p.ImportPath, bad, from, allowed)
			}
		}
	}
}

func TestForbiddenSeesABrokenRule(t *testing.T) {
	imports := []string{"fmt", module + "/pool/ledger", module + "/hash", module + "/miner/tui"}
	require.Equal(t, []string{module + "/pool/ledger"}, forbidden("miner", mayImport["miner"], imports))
}

func forbidden(from string, allowed, imports []string) []string {
	var bad []string
	for _, path := range imports {
		to := folder(path)
		if to == "" || to == from || contains(allowed, to) {
			continue
		}
		bad = append(bad, path)
	}
	return bad
}

// folder returns the top-level folder of one of adit's packages, or "".
func folder(path string) string {
	rest, ours := strings.CutPrefix(path, module+"/")
	if !ours {
		return ""
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	require.NoError(t, err, explain(err))
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else {
			require.NoError(t, err)
		}
		packages = append(packages, p)
	}
}

func explain(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Sprintf("go list: %s", exit.Stderr)
	}
	return ""
}
