package unlock_test

import (
	"context"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/simnode"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
	"github.com/aditmine/adit/pool/unlock"
)

// easyHasher finds every nonce right: what is tested is what comes after.
type easyHasher struct{ a *hash.Algorithm }

func (h easyHasher) Algorithm() *hash.Algorithm { return h.a }
func (h easyHasher) Impl() string               { return "easy" }
func (h easyHasher) Lanes() int                 { return 1 }
func (h easyHasher) Close() error               { return nil }
func (h easyHasher) Hash(out []hash.Digest, _ []hash.Input) error {
	clear(out)
	return nil
}

// world is a pool's end of a simulated node.
type world struct {
	*unlock.Unlocker
	t     *testing.T
	coin  coin.Coin
	store *ledger.DB
	url   string
}

func newWorld(t *testing.T, cfg config.Coin, node http.Handler, confirmations uint64) *world {
	t.Helper()
	server := httptest.NewServer(node)
	t.Cleanup(server.Close)
	cfg.Node = server.URL
	c, err := coin.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	chain, err := unlock.Connect(cfg)
	require.NoError(t, err)
	t.Cleanup(chain.Close)
	store, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "l.db"), time.Now())
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	return &world{t: t, coin: c, store: store, url: server.URL, Unlocker: unlock.New(unlock.Config{
		Coin: cfg.Name, Chain: chain, Submit: c.Submit, Store: store, Settle: store.SettleBlock,
		Confirmations: confirmations, Interval: time.Second, Window: 200, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})}
}

// find solves the node's template; hand says whether the node gets the block.
func (w *world) find(scheme reward.Scheme, hand bool) int64 {
	w.t.Helper()
	tmpl, err := w.coin.Template(w.t.Context())
	require.NoError(w.t, err)
	in, err := tmpl.Work.Input(coin.Extra{Nonce: 7})
	require.NoError(w.t, err)
	block, err := tmpl.Work.Block(coin.Extra{Nonce: 7}, make([]byte, in.NonceSize))
	require.NoError(w.t, err)
	m, terms := ledger.Miner{Coin: "c", Login: "alice"}, ledger.Terms{Scheme: scheme, Fee: 150}
	id, err := w.store.AddBlock(w.t.Context(), ledger.Block{
		Miner: m, Height: tmpl.Height, Hash: block.Hash, Parent: tmpl.Parent, Difficulty: tmpl.Difficulty.String(), Payload: block.Payload,
		Found: time.Now(), Terms: terms,
		Share: &ledger.Share{Miner: m, Height: tmpl.Height, Difficulty: 3, Time: time.Now(), Block: true, Terms: terms},
	})
	require.NoError(w.t, err)
	if hand {
		require.NoError(w.t, w.coin.Submit(w.t.Context(), block))
		require.NoError(w.t, w.store.SettleBlock(w.t.Context(), id, ledger.BlockAccepted, "", time.Now()))
	}
	return id
}

func (w *world) pass() {
	w.t.Helper()
	require.NoError(w.t, w.Pass(w.t.Context()))
	found, err := w.store.Audit(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, found)
}

// states are those of all blocks, by number.
func (w *world) states() map[int64]ledger.Block {
	w.t.Helper()
	blocks, err := w.store.Blocks(w.t.Context(), 100)
	require.NoError(w.t, err)
	got := make(map[int64]ledger.Block)
	for _, b := range blocks {
		got[b.ID] = b
	}
	return got
}

func (w *world) balance(kind ledger.AccountKind) int64 {
	w.t.Helper()
	list, err := w.store.Balances(w.t.Context())
	require.NoError(w.t, err)
	for _, b := range list {
		if b.Kind == kind {
			return b.Amount
		}
	}
	return 0
}

func monero(t *testing.T) (*simmonero.Node, *world) {
	t.Helper()
	a, err := hash.Lookup("cn/0")
	require.NoError(t, err)
	network := cryptonote.MoneroTestnet()
	node, err := simmonero.New(simmonero.Config{
		Algorithm: a, NewHasher: func(a *hash.Algorithm) (hash.Hasher, error) { return easyHasher{a}, nil },
		Network: network, Difficulty: 4, Fixed: true, MinerTxVersion: 1, Reward: 17_592_186_044_415,
	})
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	cfg := config.DefaultCoin(config.CryptoNote)
	cfg.Name, cfg.Algorithm, cfg.Network = "c", "cn/0", "testnet"
	cfg.Address = cryptonote.Address{Prefix: network.Standard, Spend: cryptonote.Keccak256([]byte("s")), View: cryptonote.Keccak256([]byte("v"))}.String()
	return node, newWorld(t, cfg, node, 60)
}

func TestMonero(t *testing.T) {
	node, w := monero(t)
	id := w.find(reward.PPLNS, true)
	_, err := node.Mine(59)
	require.NoError(t, err)
	w.pass()
	require.Equal(t, ledger.BlockAccepted, w.states()[id].State)
	require.Equal(t, uint64(59), w.states()[id].Depth)
	_, err = node.Mine(1)
	require.NoError(t, err)
	for _, kind := range []simnode.Kind{simnode.FailRPC, simnode.FailGarbage, simnode.FailBusy} {
		node.Faults().FailNext(1, kind)
		require.Error(t, w.Pass(t.Context()))
		require.Equal(t, ledger.BlockAccepted, w.states()[id].State, kind)
	}
	w.pass()
	require.Equal(t, ledger.BlockUnlocked, w.states()[id].State)
	require.Equal(t, uint64(17_592_186_044_415), w.states()[id].Reward, "the sum of its coinbase's outputs")
	require.Equal(t, int64(17_592_186_044_415), w.balance(ledger.Owed)+w.balance(ledger.Fees))
	require.Equal(t, int64(263_882_790_666), w.balance(ledger.Fees), "1.5 %, rounded down")
}

func TestMoneroReorganisation(t *testing.T) {
	node, w := monero(t)
	id := w.find(reward.PROP, true)
	_, err := node.Mine(5)
	require.NoError(t, err)
	w.pass()
	require.Equal(t, uint64(5), w.states()[id].Depth)
	_, err = node.Reorg(6)
	require.NoError(t, err)
	w.pass()
	require.Equal(t, ledger.BlockAccepted, w.states()[id].State, "not deep enough to write it off")
	_, err = node.Mine(60)
	require.NoError(t, err)
	w.pass()
	require.Equal(t, ledger.BlockOrphaned, w.states()[id].State)
	next := w.find(reward.PROP, true)
	_, err = node.Mine(60)
	require.NoError(t, err)
	w.pass()
	require.Equal(t, ledger.BlockUnlocked, w.states()[next].State)
	require.Equal(t, ledger.BlockOrphaned, w.states()[id].State)
}

func TestMoneroReconciling(t *testing.T) {
	for name, mined := range map[string]int{"the parent is the tip": 0, "the chain went on": 1} {
		t.Run(name, func(t *testing.T) {
			node, w := monero(t)
			id := w.find(reward.SOLO, false)
			_, err := node.Mine(mined)
			require.NoError(t, err)
			before, err := w.store.Candidates(t.Context(), "c", 0)
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			done := make(chan struct{})
			go func() { w.Run(ctx, before); close(done) }()
			want := ledger.BlockAccepted
			if mined > 0 {
				want = ledger.BlockUnsure
			}
			require.Eventually(t, func() bool { return w.states()[id].State == want }, 5*time.Second, 5*time.Millisecond)
			require.Equal(t, mined == 0, w.states()[id].Resubmitted)
			stop()
			<-done
		})
	}
}

func TestCKB(t *testing.T) {
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	node, err := simckb.New(simckb.Config{
		Hasher: func() (hash.Hasher, error) { return easyHasher{a}, nil }, Lock: ckb.SighashLock([20]byte{1}), Fixed: true,
		CompactTarget: ckb.CompactFromDifficulty(big.NewInt(64)), Extension: true, EpochLength: 10, Maturity: 4,
	})
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	cfg := config.DefaultCoin(config.CKB)
	cfg.Name, cfg.Network = "c", "dev"
	w := newWorld(t, cfg, node, 5)

	node.Mine(3)
	node.AddTransactions(3)
	node.Mine(3)
	id, pps := w.find(reward.PROP, true), w.find(reward.PPS, true)
	height := w.states()[id].Height
	node.Mine(9) // eleven above the first, ten above the second
	w.pass()
	require.Equal(t, ledger.BlockAccepted, w.states()[id].State, "its reward is known, but has not matured")
	require.Zero(t, w.states()[id].Reward)
	// The cellbase of block H+11 pays, and waits for four epochs of ten blocks.
	tip := height + 10
	for w.states()[id].State != ledger.BlockUnlocked {
		require.Less(t, tip, height+11+40+1)
		node.Mine(1)
		tip++
		w.pass()
	}
	require.Equal(t, height+11+40, tip)
	b := w.states()[id]
	require.Greater(t, b.Reward, uint64(500*100_000_000), "the primary issuance, and more")
	require.Equal(t, ledger.BlockAccepted, w.states()[pps].State)
	node.Mine(1)
	w.pass()
	require.Equal(t, ledger.BlockUnlocked, w.states()[pps].State)
	require.NotZero(t, w.balance(ledger.Fund))

	lost := w.find(reward.PROP, true)
	require.NoError(t, node.Reorg(1))
	node.Mine(5)
	w.pass()
	require.Equal(t, ledger.BlockOrphaned, w.states()[lost].State)
}
