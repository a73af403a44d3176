package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

func cnPico(t *testing.T) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup("cn-pico")
	require.NoError(t, err)
	return a
}

func TestPoolFlagsPairUp(t *testing.T) {
	a := cnPico(t)
	for _, tc := range []struct {
		name  string
		flags poolFlags
		want  []stratumclient.Endpoint
	}{
		{
			"one pool",
			poolFlags{urls: []string{"h:1"}, users: []string{"w"}, passes: []string{"x"}, rigIDs: []string{"r"}, keepalive: true},
			[]stratumclient.Endpoint{{Host: "h:1", User: "w", Pass: "x", RigID: "r", Keepalive: true, Algorithm: a}},
		},
		{
			"one user for all",
			poolFlags{urls: []string{"h:1", "stratum+ssl://g:2"}, users: []string{"w"}},
			[]stratumclient.Endpoint{{Host: "h:1", User: "w", Algorithm: a}, {Host: "g:2", User: "w", TLS: true, Algorithm: a}},
		},
		{
			"a user each, a fingerprint for the first",
			poolFlags{urls: []string{"h:1", "g:2"}, userPass: []string{"u:p:q", "v:"}, tls: true},
			[]stratumclient.Endpoint{
				{Host: "h:1", User: "u", Pass: "p:q", TLS: true, Algorithm: a},
				{Host: "g:2", User: "v", TLS: true, Algorithm: a},
			},
		},
		{
			"a user in the address, a fingerprint implies TLS",
			poolFlags{urls: []string{"w:x@[::1]:3333"}, fingerprints: []string{"ab"}},
			[]stratumclient.Endpoint{{Host: "[::1]:3333", User: "w", Pass: "x", TLS: true, Fingerprint: "ab", Algorithm: a}},
		},
		{
			"fewer passwords than pools",
			poolFlags{urls: []string{"h:1", "g:2", "f:3"}, users: []string{"w"}, passes: []string{"x", "y"}},
			[]stratumclient.Endpoint{
				{Host: "h:1", User: "w", Pass: "x", Algorithm: a},
				{Host: "g:2", User: "w", Pass: "y", Algorithm: a},
				{Host: "f:3", User: "w", Algorithm: a},
			},
		},
	} {
		got, err := tc.flags.endpoints(a)
		require.NoError(t, err, tc.name)
		require.Equal(t, tc.want, got, tc.name)
	}
}

// adit runs a command line as main does.
func adit(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

func TestMineExplainsMistakes(t *testing.T) {
	const pool, user, algo = "-o=127.0.0.1:3333", "-u=w", "-a=cn/r"
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{user, algo}, "no pool to mine on: give its address with -o host:port"},
		{[]string{pool, algo}, "no user for pool 127.0.0.1:3333: give the wallet address with -u"},
		{[]string{pool, user, "--opencl"}, "--opencl and --cuda need -a"},
		{[]string{pool, user, algo, "--watchdog-hang=0"}, "--watchdog-hang 0: want a number of seconds from 1 to 3600"},
		{[]string{pool, user, algo, "--watchdog-reinits=0"}, "want a number from 1 to 100"},
		{[]string{pool, user, algo, "--gpu-temp-stop=NaN"}, "--gpu-temp-stop NaN: want degrees Celsius from 30 to 120"},
		{[]string{pool, user, algo, "--gpu-temp-stop=20"}, "want degrees Celsius from 30 to 120"},
		{[]string{pool, user, algo, "--gpu-temp-resume=60"}, "--gpu-temp-resume needs --gpu-temp-stop"},
		{[]string{pool, user, algo, "--gpu-temp-stop=80", "--gpu-temp-resume=80"}, "to less than the 80 of"},
		{[]string{pool, user, algo, "--opencl-devices=one"}, `"one" is no number of a device`},
		{[]string{pool, user, algo, "-c=no-such-file"}, "reading the configuration: open no-such-file"},
		{[]string{pool, user, "-a=cn/rr"}, "cn/r"},
		{[]string{"-o=127.0.0.1:99999", user, algo}, "bad port"},
		{[]string{"-o=127.0.0.1", user, algo}, "missing port"},
		{[]string{"-o=http://127.0.0.1:80", user, algo}, "unknown scheme"},
		{[]string{pool, user, user, algo}, "-u is given 2 times for 1 pools"},
		{[]string{pool, "-O=w", algo}, `-O "w": want user:password`},
		{[]string{pool, user, "-O=w:x", algo}, "not both"},
		{[]string{pool, user, algo, "-t=-1"}, "-t -1: want a number from 0 to 1024"},
		{[]string{pool, user, algo, "-R=-1"}, "-R -1: want a number from 0 to 3600"},
		{[]string{pool, user, algo, "-t=two"}, "invalid argument"},
		{[]string{pool, user, algo, "--cpu-affinity=0x"}, "hex mask"},
		{[]string{pool, user, algo, "--tls-fingerprint=12"}, "fingerprint"},
		{[]string{pool, user, algo, "extra"}, "extra"},
		{[]string{pool, user, algo, "--donate=1"}, "unknown flag: --donate"},
		{[]string{pool, user, algo, "--no-cpu"}, "add --opencl or --cuda"},
	} {
		status, out, errs := adit(append([]string{"mine", "--dry-run"}, tc.args...)...)
		require.Equal(t, exitUsage, status, tc.args)
		require.Empty(t, out)
		require.Contains(t, errs, tc.want)
		require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %q", errs)
	}
}

func TestMineDryRun(t *testing.T) {
	status, out, errs := adit("mine", "-o", "127.0.0.1:1", "-o", "stratum+ssl://b:2", "-u", "w", "-a", "cn-pico",
		"-t", "3", "--dry-run")
	require.Equal(t, exitOK, status, errs)
	require.Empty(t, errs)
	require.Contains(t, out, " * ALGO         cn-pico, 256 KiB for each lane\n * THREADS      3 on ")
	require.Contains(t, out, " * POOL #1      127.0.0.1:1\n * POOL #2      b:2 TLS\n * DONATE       0 %, there is no fee\nOK\n")
	require.NotContains(t, out, "\x1b")
}

// TestMineDonatesNothing: a command line made for XMRig works, and hears that adit
// has no fee.
func TestMineDonatesNothing(t *testing.T) {
	status, out, errs := adit("mine", "-o", "127.0.0.1:1", "-u", "w", "--donate-level", "5", "-r", "5", "-R", "5", "--dry-run")
	require.Equal(t, exitOK, status)
	require.Equal(t, "--donate-level is ignored: adit takes no fee\n", errs)
	require.Contains(t, out, "what the pool's jobs name")
}

func TestMineCannotOpenItsLog(t *testing.T) {
	status, _, errs := adit("mine", "-o", "127.0.0.1:1", "-u", "w", "-a", "cn-pico", "--no-tune",
		"-l", filepath.Join(t.TempDir(), "no", "such", "log"))
	require.Equal(t, exitFailure, status)
	require.Contains(t, errs, "opening the log")
}

func TestParseAffinity(t *testing.T) {
	for mask, want := range map[string][]int{"": nil, "0": {}, "0x0": {}, "1": {0}, "0x3": {0, 1}, "0XA0": {5, 7}, "8000000000000000": {63}} {
		got, err := parseAffinity(mask)
		require.NoError(t, err)
		require.Equal(t, want, got, mask)
	}
	for _, mask := range []string{"0x", "zz", "1ffffffffffffffff", "-1"} {
		_, err := parseAffinity(mask)
		require.ErrorContains(t, err, "hex mask")
	}
}

func TestMinerViewReadsTheEnvironment(t *testing.T) {
	env := map[string]string{}
	v := minerView{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, env: func(k string) string { return env[k] }}
	require.False(t, v.dashboard(), "no terminal, no dashboard")
	require.False(t, v.color())
	require.True(t, v.dumb(), "an unset TERM is as good as dumb")
	env["TERM"] = "xterm"
	require.False(t, v.dumb())
	env["TERM"] = "dumb"
	require.True(t, v.dumb())

	require.True(t, v.unicode())
	for locale, want := range map[string]bool{"en_GB.UTF-8": true, "C.utf8": true, "C": false, "POSIX": false, "de_DE@euro": false} {
		env["LANG"] = locale
		require.Equal(t, want, v.unicode(), locale)
	}
	env["LC_ALL"] = "C.UTF-8"
	require.True(t, v.unicode(), "LC_ALL wins")
	require.False(t, isTerminal(os.NewFile(^uintptr(0), "none")))
}
