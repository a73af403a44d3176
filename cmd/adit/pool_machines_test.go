//go:build unix

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/ledger/pgtest"
)

func TestPoolMachines(t *testing.T) {
	server := &pgtest.Server{}
	t.Cleanup(server.Close)
	address := server.Database(t)
	file := poolConfigFile(t, func(s string) string {
		before, after, found := strings.Cut(s, "path = ")
		require.True(t, found)
		_, after, _ = strings.Cut(after, "\n")
		return before + "url = \"" + strings.Replace(address, "postgres://", "postgres://x:secret@", 1) + "\"\n" + after
	})
	pool := func(args ...string) string {
		out, err := runCmd(t.Context(), newPoolCmd(), nil, append(args, "-c", file)...)
		require.NoError(t, err)
		require.NotContains(t, out, "secret")
		return out
	}
	_, err := runCmd(t.Context(), newPoolCmd(), nil, "audit", "-c", file)
	require.ErrorIs(t, err, ledger.ErrMissing)
	require.NotContains(t, err.Error(), "secret")
	store, err := ledger.Open(t.Context(), address, time.Now())
	require.NoError(t, err)
	defer store.Close()
	require.Contains(t, pool("machines"), "no process has been heard of")
	require.NoError(t, store.Seen(t.Context(), "host/1", "stratum,jobs", time.Now()))
	require.Regexp(t, `(?m)^1 +host/1 +stratum,jobs +\d+s ago$`, pool("machines"))
	require.Contains(t, pool("audit"), "the accounts are right")
	require.Contains(t, pool("stats"), "no shares yet")
	require.Contains(t, pool("backup", t.TempDir()+"/b.db"), "its accounts are right")
}
