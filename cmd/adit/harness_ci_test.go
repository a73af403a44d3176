package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// readYAML reads a file of the repository.
func readYAML(t *testing.T, into any, path ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into))
}

// isARun demands that this program takes a command line of a harness run. Files
// need not exist: nothing is run.
func isARun(t *testing.T, args []string) {
	t.Helper()
	require.Greater(t, len(args), 3, "%q", args)
	require.Equal(t, []string{"harness", "run"}, args[:2])
	if i := slices.Index(args, "ci/pool.yaml"); i > 0 {
		args[i] = "adit"
	}
	out, err := harnessRun(t, append(args[1:], "--dry-run")...)
	require.NoError(t, err, "%q", args)
	require.Contains(t, out, "CN-SUB-07")
}

// TestTheActionRuns its script with a program in place of adit that tells how
// it was called.
func TestTheActionRuns(t *testing.T) {
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct {
			Steps []struct {
				ID, Run string
				Env     map[string]string
			}
		}
	}
	readYAML(t, &action, "action.yml")
	step := action.Runs.Steps[len(action.Runs.Steps)-1]
	require.Equal(t, "run", step.ID)

	dir := t.TempDir()
	called := filepath.Join(dir, "called")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "adit-bin"), 0o755))
	fake := "#!/bin/sh\nfor a in \"$@\"; do echo \"$a\"; done > " + called + "\nexit 4\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "adit-bin", "adit"), []byte(fake), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "old.json"), []byte("{}"), 0o600))
	given := map[string]string{"adapter": "ci/pool.yaml", "known-failures": "ci/known", "baseline": "old.json", "args": "--jobs 2 --strict"}
	cmd := exec.Command("bash", "-e", "-c", step.Run)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RUNNER_TEMP="+dir, "GITHUB_OUTPUT="+filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
	for name, value := range step.Env {
		input := strings.TrimSuffix(strings.TrimPrefix(value, "${{ inputs."), " }}")
		declared, ok := action.Inputs[input]
		require.True(t, ok, "%s is no input", value)
		text := declared.Default
		if given[input] != "" {
			text = given[input]
		}
		cmd.Env = append(cmd.Env, name+"="+text)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	require.Equal(t, 4, exit.ExitCode(), "the harness's status is the step's: %s", out)
	output, err := os.ReadFile(filepath.Join(dir, "output"))
	require.NoError(t, err)
	require.Equal(t, "status=4\n", string(output))
	require.DirExists(t, filepath.Join(dir, "conformance"))

	text, err := os.ReadFile(called)
	require.NoError(t, err)
	args := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, word := range []string{"smoke", "--baseline", "old.json", "--known-failures", "--strict", "conformance/conformance.sarif"} {
		require.Contains(t, args, word)
	}
	isARun(t, args)
}

// TestTheCISnippets name inputs that the action has, and files that are written.
func TestTheCISnippets(t *testing.T) {
	var action struct{ Inputs map[string]any }
	readYAML(t, &action, "action.yml")
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]any
			}
		}
	}
	readYAML(t, &workflow, "deploy", "ci", "github-action.yml")
	found := false
	for _, step := range workflow.Jobs["conformance"].Steps {
		if !strings.HasPrefix(step.Uses, "aditmine/adit@") {
			continue
		}
		found = true
		for name := range step.With {
			require.Contains(t, action.Inputs, name)
		}
	}
	require.True(t, found)

	var gitlab struct {
		Conformance struct {
			Script    []string
			Artifacts struct {
				Paths   []string
				Reports struct{ Junit string }
			}
		}
	}
	readYAML(t, &gitlab, "deploy", "ci", "gitlab-ci.yml")
	line := gitlab.Conformance.Script[len(gitlab.Conformance.Script)-1]
	words := strings.Fields(strings.Replace(line, "$BASELINE", "--baseline baseline.json", 1))
	for _, file := range append(gitlab.Conformance.Artifacts.Paths, gitlab.Conformance.Artifacts.Reports.Junit) {
		require.Contains(t, words, file)
	}
	isARun(t, words[1:])
}
