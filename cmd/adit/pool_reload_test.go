//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A real SIGHUP, to a pool that still waits for its node.
func TestHangupReloads(t *testing.T) {
	file := poolConfigFile(t, func(s string) string {
		return strings.Replace(s, "http://127.0.0.1:28081", "http://127.0.0.1:1", 1)
	})
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	log := &logBuffer{}
	cmd := newPoolCmd()
	cmd.SetErr(log)
	cmd.SetArgs([]string{"run", "-c", file})
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	said := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(log.String(), text) }, 20*time.Second, 10*time.Millisecond, "%s\n%s", text, log)
	}
	reload := func(text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	}
	said("waiting for the node") // now somebody listens to the signal

	reload(strings.Replace(string(good), "[limits]", "[limits]\nper_address = 0", 1))
	said("the configuration was not reloaded")
	said("per_address is 0, less than 1")

	text := strings.Replace(string(good), "[limits]", "[limits]\nper_address = 7", 1)
	text = strings.Replace(text, "[verify]", "[verify]\nqueue = 77", 1)
	reload(strings.Replace(text, "[log]", "[log]\nlevel = \"error\"", 1))
	said("the configuration has been reloaded")
	interrupt()
	require.NoError(t, <-ended)
	require.Contains(t, log.String(), "the changes of these wait for the next start: [verify]")
}

func TestPoolCertificate(t *testing.T) {
	out := filepath.Join(t.TempDir(), "pool")
	text, err := runCmd(t.Context(), newPoolCmd(), nil, "certificate", "--host", "pool.example", "--host", "192.0.2.1", "-o", out)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^SHA-256 fingerprint: [0-9a-f]{64}$`, text)
	info, err := os.Stat(out + ".key")
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	before, err := os.ReadFile(out + ".key")
	require.NoError(t, err)

	_, err = runCmd(t.Context(), newPoolCmd(), nil, "certificate", "--host", "x", "-o", out)
	require.ErrorContains(t, err, "exists already")
	after, err := os.ReadFile(out + ".key")
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = runCmd(t.Context(), newPoolCmd(), nil, "certificate")
	require.ErrorContains(t, err, "--host")

	// What it prints belongs into a configuration as it is.
	section := text[:strings.Index(text, "SHA-256")]
	file := poolConfigFile(t, func(s string) string {
		return strings.Replace(s, "[tls]\n", section, 1)
	})
	checked, err := runCmd(t.Context(), newPoolCmd(), nil, "check", file)
	require.NoError(t, err)
	require.Contains(t, checked, "no mistakes found")
}
