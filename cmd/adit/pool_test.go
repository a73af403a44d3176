package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
)

// poolConfigFile writes a filled-in configuration and returns its name.
func poolConfigFile(t *testing.T, change func(string) string) string {
	t.Helper()
	dir := t.TempDir()
	network := cryptonote.MoneroTestnet()
	address := cryptonote.Address{Prefix: network.Standard, Spend: cryptonote.Keccak256([]byte("a")), View: cryptonote.Keccak256([]byte("b"))}
	text := strings.NewReplacer(
		`address = ""`, fmt.Sprintf("address = %q", address.String()),
		`"adit-pool.db"`, fmt.Sprintf("%q", filepath.Join(dir, "ledger.db")),
		`"0.0.0.0:3333"`, `"127.0.0.1:0"`,
	).Replace(config.Sample())
	if change != nil {
		text = change(text)
	}
	file := filepath.Join(dir, "pool.toml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestPoolInitAndCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pool.toml")
	out, err := runCmd(t.Context(), newPoolCmd(), nil, "init", "-o", file)
	require.NoError(t, err)
	require.Contains(t, out, "fill in the wallet address")
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, config.Sample(), string(written))

	_, err = runCmd(t.Context(), newPoolCmd(), nil, "init", "-o", file)
	require.ErrorContains(t, err, "exists already")
	_, err = runCmd(t.Context(), newPoolCmd(), nil, "init", "-o", file, "--force")
	require.NoError(t, err)
	out, err = runCmd(t.Context(), newPoolCmd(), nil, "init", "-o", "-")
	require.NoError(t, err)
	require.Equal(t, config.Sample(), out)

	_, err = runCmd(t.Context(), newPoolCmd(), nil, "check", file)
	require.EqualError(t, err, file+" has 1 mistake", "the address is missing, and nothing else")
	_, err = runCmd(t.Context(), newPoolCmd(), nil, "check", file+".no")
	require.ErrorContains(t, err, "there is no configuration")

	out, err = runCmd(t.Context(), newPoolCmd(), nil, "check", poolConfigFile(t, nil))
	require.NoError(t, err)
	require.Contains(t, out, "no mistakes found")
	require.Contains(t, out, "monero-testnet (cn/0), difficulty from 1000")
}

func TestPoolCheckListsMistakesByLine(t *testing.T) {
	file := poolConfigFile(t, func(s string) string {
		return strings.NewReplacer(`start = 1000`, `strat = 1000`, `"cn/0"`, `"cn/00"`).Replace(s)
	})
	cmd := newPoolCmd()
	var stderr bytes.Buffer
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetOut(io.Discard)
	cmd.SetErr(&stderr)
	cmd.SetArgs([]string{"check", file})
	require.ErrorContains(t, cmd.ExecuteContext(t.Context()), "2 mistakes")
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	require.Len(t, lines, 2)
	for _, line := range lines {
		require.Regexp(t, "^"+regexp.QuoteMeta(file)+`:\d+: `, line)
	}
	require.Contains(t, lines[1], `did you mean "start"?`)
}

// logBuffer collects what a command logs, for another goroutine to look at.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// The whole command against a simulated node: it waits for the node, takes a
// login over TCP, ends on its context, and stats reads its ledger.
func TestPoolRun(t *testing.T) {
	a, err := hash.Lookup("cn/0")
	require.NoError(t, err)
	node, err := simmonero.New(simmonero.Config{Algorithm: a, NewHasher: cpu.New, Network: cryptonote.MoneroTestnet()})
	require.NoError(t, err)
	defer node.Close()
	rpc, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var served sync.WaitGroup
	served.Go(func() { node.Serve(ctx, rpc) })
	defer served.Wait()
	defer stop()

	file := poolConfigFile(t, func(s string) string {
		return strings.Replace(s, "http://127.0.0.1:28081", "http://"+rpc.Addr().String(), 1)
	})
	log := &logBuffer{}
	cmd := newPoolCmd()
	cmd.SetErr(log)
	cmd.SetArgs([]string{"run", "-c", file})
	running, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(running) }()
	listening := regexp.MustCompile(`taking miners.*listen=(\S+)`)
	require.Eventually(t, func() bool { return listening.MatchString(log.String()) }, 10*time.Second, 10*time.Millisecond, log.String)

	nc, err := net.Dial("tcp", listening.FindStringSubmatch(log.String())[1])
	require.NoError(t, err)
	defer nc.Close()
	_, err = io.WriteString(nc, `{"id":1,"method":"login","params":{"login":"nobody","pass":"x"}}`+"\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(nc).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "Invalid address")

	interrupt()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the pool does not end")
	}
	require.Contains(t, log.String(), "msg=summary")
	require.Contains(t, log.String(), "bad-login=1")
	out, err := runCmd(t.Context(), newPoolCmd(), nil, "stats", "-c", file)
	require.NoError(t, err)
	require.Equal(t, "no shares yet\n", out)
}

func TestPoolRunCannotStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	file := poolConfigFile(t, func(s string) string {
		return strings.Replace(s, "127.0.0.1:0", busy.Addr().String(), 1)
	})
	_, err = runCmd(t.Context(), newPoolCmd(), nil, "run", "-c", file)
	require.ErrorContains(t, err, "address already in use")
	require.NotContains(t, err.Error(), "\n")
}

func TestPoolStats(t *testing.T) {
	file := poolConfigFile(t, nil)
	_, err := runCmd(t.Context(), newPoolCmd(), nil, "stats", "-c", file)
	require.ErrorIs(t, err, ledger.ErrMissing)

	cfg, err := config.Load(file)
	require.NoError(t, err)
	store, err := ledger.Open(t.Context(), cfg.Ledger.Path, time.Now())
	require.NoError(t, err)
	defer store.Close()
	miner := ledger.Miner{Coin: "c", Login: "wallet", Worker: "w\x1b[31m"}
	share := ledger.Share{Miner: miner, Difficulty: 1<<63 - 1, Height: 5, Time: time.Unix(1_700_000_000, 0), Block: true}
	require.NoError(t, store.AppendShares([]ledger.Share{share, share, share}))
	id, err := store.AddBlock(t.Context(), ledger.Block{Miner: miner, Height: 5, Hash: "abcd", Difficulty: "77", Found: time.Now()})
	require.NoError(t, err)
	require.NoError(t, store.SettleBlock(t.Context(), id, ledger.BlockRefused, "too late", time.Now()))

	out, err := runCmd(t.Context(), newPoolCmd(), nil, "stats", "-c", file)
	require.NoError(t, err)
	for _, want := range []string{"wallet", "w?[31m", "27670116110564327421", "refused", "abcd", "too late"} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "\x1b")

	out, err = runCmd(t.Context(), newPoolCmd(), nil, "stats", "-c", file, "--json")
	require.NoError(t, err)
	var got struct {
		Miners []poolMinerRow
		Blocks []poolBlockRow
	}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, "27670116110564327421", got.Miners[0].Difficulty)
	require.EqualValues(t, 3, got.Miners[0].Shares)
	require.Equal(t, "refused", string(got.Blocks[0].State))
}

// What one command writes the next must find in order, until somebody else has
// been at the file.
func TestPoolAudit(t *testing.T) {
	file := poolConfigFile(t, nil)
	_, err := runCmd(t.Context(), newPoolCmd(), nil, "audit", "-c", file)
	require.ErrorIs(t, err, ledger.ErrMissing)

	cfg, err := config.Load(file)
	require.NoError(t, err)
	store, err := ledger.Open(t.Context(), cfg.Ledger.Path, time.Now())
	require.NoError(t, err)
	defer store.Close()
	miner, terms := ledger.Miner{Coin: "c", Login: "wallet"}, ledger.Terms{Scheme: reward.PROP, Fee: 100}
	id, err := store.AddBlock(t.Context(), ledger.Block{
		Miner: miner, Height: 5, Hash: "abcd", Difficulty: "77", Found: time.Now(), Terms: terms,
		Share: &ledger.Share{Miner: miner, Height: 5, Difficulty: 9, Time: time.Now(), Block: true, Terms: terms},
	})
	require.NoError(t, err)
	require.NoError(t, store.UnlockBlock(t.Context(), id, ledger.Unlock{Reward: 1000, Depth: 60, Window: big.NewInt(1), At: time.Now()}))

	out, err := runCmd(t.Context(), newPoolCmd(), nil, "audit", "-c", file)
	require.NoError(t, err)
	require.Contains(t, out, "the accounts are right")
	out, err = runCmd(t.Context(), newPoolCmd(), nil, "stats", "-c", file)
	require.NoError(t, err)
	require.Regexp(t, `c +miner +wallet +990\n`, out)
	require.Regexp(t, `c +fees +- +10\n`, out)
	require.Regexp(t, `unlocked +60 +1000 +prop`, out)
	out, err = runCmd(t.Context(), newPoolCmd(), nil, "stats", "-c", file, "--json")
	require.NoError(t, err)
	var got struct{ Balances []poolBalanceRow }
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Contains(t, got.Balances, poolBalanceRow{"c", ledger.Owed, "wallet", 990})

	db, err := sql.Open("sqlite", cfg.Ledger.Path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(`UPDATE accounts SET balance = 991 WHERE login = 'wallet'`)
	require.NoError(t, err)
	out, err = runCmd(t.Context(), newPoolCmd(), nil, "audit", "-c", file)
	require.ErrorContains(t, err, "has 1 violation")
	require.Regexp(t, `balance: account \d+: it says 991, its entries sum to 990`, out)
}
