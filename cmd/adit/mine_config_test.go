package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

func writeConfig(t *testing.T, format string, args ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600))
	return path
}

func TestMineFromAConfiguration(t *testing.T) {
	path := writeConfig(t, `{
		"autosave": true,
		"pools": [{"url": "a:1", "user": "w", "pass": "x", "algo": "cn-pico", "tls": true}, {"url": "b:2", "user": "v", "algo": "cn-pico"}],
		"cpu": {"threads": 3}, "print-time": 7,
	}`)
	status, out, errs := adit("mine", "-c", path, "--dry-run")
	require.Equal(t, exitOK, status, errs)
	require.Equal(t, path+": not used by adit: autosave\n", errs)
	require.Contains(t, out, "cn-pico, 256 KiB for each lane\n * THREADS      3 on ")
	require.Contains(t, out, " * POOL #1      a:1 TLS\n * POOL #2      b:2\n")

	_, out, _ = adit("mine", "-c", path, "-o", "c:3", "-u", "w", "-a", "cn/r", "-t", "5", "--dry-run")
	require.Contains(t, out, "cn/r, 2048 KiB", "the command line decides")
	require.Contains(t, out, " * THREADS      5 on ")
	require.Contains(t, out, " * POOL #1      c:3\n * DONATE")
}

func TestMineExplainsMistakesOfAConfiguration(t *testing.T) {
	for text, want := range map[string]string{
		"{]":                          "config.json: line 1: invalid character",
		`{"pools": [{"url": "a:1"}]}`: "no user for pool a:1",
		`{"pools": [{"url": "a"}]}`:   "configuration, pools[0].url: ",
		`{"pools": []}`:               "no pool to mine on",
		`{"pools": [{"url": "a:1", "algo": "cn/r"}, {"url": "b:1", "algo": "cn/1"}]}`:                               "different algorithms: decide with -a",
		`{"pools": [{"url": "a:1", "user": "w"}], "retries": -1}`:                                                   "-r -1: want a number",
		`{"pools": [{"url": "a:1", "user": "w"}], "cpu": {"enabled": false}}`:                                       "add --opencl or --cuda",
		`{"pools": [{"url": "a:1", "user": "w"}], "watchdog": {"temperature-stop": 9}}`:                             "--gpu-temp-stop 9: want degrees",
		`{"pools": [{"url": "a:1", "user": "w", "algo": "cn/r"}], "opencl": {"cn": [{"index": 0, "worksize": 7}]}}`: "opencl.cn[0]: work size 7",
	} {
		status, _, errs := adit("mine", "--dry-run", "-c", writeConfig(t, "%s", text))
		require.Equal(t, exitUsage, status, text)
		require.Contains(t, errs, want)
	}
}

// Every setting of a file stands for a flag that there is.
func TestSettingsAreFlags(t *testing.T) {
	path := writeConfig(t, `{
		"pools": [{"url": "a:1", "user": "w", "algo": "cn-pico"}],
		"http": {"enabled": true, "host": "127.0.0.1", "port": 0, "access-token": "t", "restricted": false}, "api": {"worker-id": "rig"},
		"cpu": {"enabled": true, "huge-pages": false, "threads": 1, "lanes": 2}, "opencl": {"enabled": false}, "cuda": {"enabled": false},
		"watchdog": {"hang-time": 9, "reinits": 4, "temperature-stop": 80, "temperature-resume": 60, "command": "true", "exit": true},
		"retries": 2, "retry-pause": 3, "print-time": 4, "log-file": "l", "colors": false
	}`)
	t.Setenv(hash.HugePagesEnv, "")
	cmd := newMineCmd()
	cmd.SetArgs([]string{"-c", path, "--dry-run"})
	cmd.SetOut(t.Output())
	require.NoError(t, cmd.Execute())
	for flag, want := range map[string]string{
		"http-port": "0", "http-host": "127.0.0.1", "http-access-token": "t", "http-no-restricted": "true", "api-worker-id": "rig",
		"no-cpu": "false", "no-huge-pages": "true", "threads": "1", "lanes": "2", "opencl": "false", "cuda": "false",
		"watchdog-hang": "9", "watchdog-reinits": "4", "watchdog-command": "true", "watchdog-exit": "true",
		"gpu-temp-stop": "80", "gpu-temp-resume": "60",
		"retries": "2", "retry-pause": "3", "print-time": "4", "log-file": "l", "no-color": "true",
	} {
		require.Equal(t, want, cmd.Flags().Lookup(flag).Value.String(), flag)
	}
	require.Equal(t, "off", os.Getenv(hash.HugePagesEnv))
}
