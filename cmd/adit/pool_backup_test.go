package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

func TestPoolBackupAndRestore(t *testing.T) {
	pool := func(args ...string) (string, error) { return runCmd(t.Context(), newPoolCmd(), nil, args...) }
	file := poolConfigFile(t, nil)
	dest := filepath.Join(t.TempDir(), "backup.db")
	_, err := pool("backup", "-c", file, dest)
	require.ErrorIs(t, err, ledger.ErrMissing)

	cfg, err := config.Load(file)
	require.NoError(t, err)
	store, err := ledger.Open(t.Context(), cfg.Ledger.Path, time.Now())
	require.NoError(t, err)
	defer store.Close()
	share := ledger.Share{Miner: ledger.Miner{Coin: "c", Login: "wallet"}, Difficulty: 12345, Height: 5, Time: time.Now()}
	require.NoError(t, store.AppendShares([]ledger.Share{share}))
	out, err := pool("backup", "-c", file, dest)
	require.NoError(t, err)
	require.Contains(t, out, "its accounts are right")
	_, err = pool("backup", "-c", file, dest)
	require.ErrorIs(t, err, ledger.ErrExists)
	_, err = pool("restore", "-c", file, dest)
	require.ErrorIs(t, err, ledger.ErrLocked, "a pool runs there")

	other := poolConfigFile(t, nil)
	out, err = pool("restore", "-c", other, dest)
	require.NoError(t, err)
	require.Contains(t, out, "restored from "+dest)
	out, err = pool("stats", "-c", other)
	require.NoError(t, err)
	require.Contains(t, out, "12345")
	_, err = pool("restore", "-c", other, dest)
	require.ErrorIs(t, err, ledger.ErrExists)
}

func TestPoolRoles(t *testing.T) {
	file := poolConfigFile(t, nil)
	_, err := runCmd(t.Context(), newPoolCmd(), nil, "run", "-c", file, "--role", "miner")
	require.ErrorContains(t, err, `there is no role "miner"`)
	_, err = runCmd(t.Context(), newPoolCmd(), nil, "run", "-c", file, "--role", "stratum")
	require.ErrorContains(t, err, "set url in [ledger]")
}
