package coin_test

import (
	"context"
	"encoding/hex"
	"math/big"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/simnode"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
)

func algorithm(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

func moneroAddress(n cryptonote.Network) string {
	return cryptonote.Address{Prefix: n.Standard, Spend: cryptonote.Keccak256([]byte("s")), View: cryptonote.Keccak256([]byte("v"))}.String()
}

// monero is a simulated node of testnet and the coin that looks at it.
func monero(t *testing.T, change func(*simmonero.Config, *config.Coin)) (*simmonero.Node, coin.Coin) {
	t.Helper()
	cfg := config.DefaultCoin(config.CryptoNote)
	cfg.Name, cfg.Algorithm, cfg.Network = "c", "cn/upx2", "testnet"
	cfg.Address = moneroAddress(cryptonote.MoneroTestnet())
	sim := simmonero.Config{Algorithm: algorithm(t, "cn/upx2"), NewHasher: cpu.New, Difficulty: 4, Fixed: true, Network: cryptonote.MoneroTestnet(), Transactions: 2}
	if change != nil {
		change(&sim, &cfg)
	}
	node, err := simmonero.New(sim)
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	server := httptest.NewServer(node)
	t.Cleanup(server.Close)
	cfg.Node = server.URL
	c, err := coin.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return node, c
}

func nervosLock() ckb.Script { return ckb.SighashLock([20]byte{1, 2, 3}) }

func nervos(t *testing.T, change func(*simckb.Config, *config.Coin)) (*simckb.Node, coin.Coin) {
	t.Helper()
	cfg := config.DefaultCoin(config.CKB)
	cfg.Name, cfg.Network = "n", "dev"
	sim := simckb.Config{Hasher: func() (hash.Hasher, error) { return cpu.New(algorithm(t, "eaglesong")) }, Lock: nervosLock(), Fixed: true,
		CompactTarget: ckb.CompactFromDifficulty(big.NewInt(64)), Extension: true}
	if change != nil {
		change(&sim, &cfg)
	}
	node, err := simckb.New(sim)
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	server := httptest.NewServer(node)
	t.Cleanup(server.Close)
	cfg.Node = server.URL
	c, err := coin.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return node, c
}

// solve finds a nonce for a template by brute force, or one that is none.
func solve(t *testing.T, c coin.Coin, tmpl *coin.Template, e coin.Extra, right bool) coin.Block {
	t.Helper()
	h, err := cpu.New(c.Algorithm())
	require.NoError(t, err)
	defer h.Close()
	in, err := tmpl.Work.Input(e)
	require.NoError(t, err)
	nonce := make([]byte, in.NonceSize)
	for i := 0; i < 1<<16; i++ {
		nonce[0], nonce[1] = byte(i), byte(i>>8)
		copy(in.Blob[in.NonceOffset:], nonce)
		var out [1]hash.Digest
		require.NoError(t, h.Hash(out[:], []hash.Input{{Blob: in.Blob, Height: tmpl.Height}}))
		if c.Algorithm().Meets(&out[0], &tmpl.Target) == right {
			b, err := tmpl.Work.Block(e, nonce)
			require.NoError(t, err)
			return b
		}
	}
	t.Fatal("no nonce found")
	return coin.Block{}
}

func TestMoneroFromTemplateToBlock(t *testing.T) {
	node, c := monero(t, nil)
	ctx := t.Context()
	status, err := c.Status(ctx)
	require.NoError(t, err)
	require.True(t, status.Synced)
	tmpl, err := c.Template(ctx)
	require.NoError(t, err)
	tip, err := c.Tip(ctx)
	require.NoError(t, err)
	require.Equal(t, tip.Hash, tmpl.Parent)
	require.Equal(t, tip.Height+1, tmpl.Height)
	require.Equal(t, "4", tmpl.Difficulty.String())

	again, err := c.Template(ctx)
	require.NoError(t, err)
	require.Equal(t, tmpl.Key, again.Key, "the same work, whatever the time is")
	node.AddTransactions(1)
	more, err := c.Template(ctx)
	require.NoError(t, err)
	require.NotEqual(t, tmpl.Key, more.Key)
	require.Equal(t, tmpl.Parent, more.Parent)

	extra := coin.Extra{Nonce: 0x0102030405060708}
	block := solve(t, c, tmpl, extra, true)
	require.NoError(t, c.Submit(ctx, block))
	tip, err = c.Tip(ctx)
	require.NoError(t, err)
	require.Equal(t, block.Hash, tip.Hash, "the id is the node's")
	require.Contains(t, block.Payload, "0102030405060708", "the extra nonce is in the block")
	next, err := c.Template(ctx)
	require.NoError(t, err)
	require.Equal(t, block.Hash, next.Parent)

	var refused *coin.RefusedError
	require.ErrorAs(t, c.Submit(ctx, solve(t, c, next, extra, false)), &refused, "no proof of work")
	require.ErrorAs(t, c.Submit(ctx, solve(t, c, tmpl, coin.Extra{Nonce: 9}, true)), &refused, "another block was first")
	require.ErrorAs(t, c.Submit(ctx, coin.Block{Hash: block.Hash, Payload: "00"}), &refused)
}

func TestMoneroInputsDifferByExtraNonce(t *testing.T) {
	_, c := monero(t, nil)
	tmpl, err := c.Template(t.Context())
	require.NoError(t, err)
	seen := make(map[string]bool)
	for n := range uint64(50) {
		in, err := tmpl.Work.Input(coin.Extra{Nonce: n})
		require.NoError(t, err)
		require.Equal(t, 39, in.NonceOffset)
		require.Equal(t, 4, in.NonceSize)
		require.Equal(t, "00000000", hex.EncodeToString(in.Blob[39:43]))
		require.False(t, seen[string(in.Blob)])
		seen[string(in.Blob)] = true
	}
}

func TestMoneroTroubles(t *testing.T) {
	var setup *coin.SetupError
	t.Run("address of another network", func(t *testing.T) {
		_, c := monero(t, func(s *simmonero.Config, _ *config.Coin) { s.Network = cryptonote.MoneroMainnet() })
		_, err := c.Template(t.Context())
		require.ErrorAs(t, err, &setup)
	})
	t.Run("not synchronised", func(t *testing.T) {
		node, c := monero(t, nil)
		node.SetSynchronized(false)
		status, err := c.Status(t.Context())
		require.NoError(t, err)
		require.False(t, status.Synced)
		require.NotEmpty(t, status.Detail)
	})
	for _, kind := range []simnode.Kind{simnode.FailStatus, simnode.FailGarbage, simnode.FailRPC, simnode.FailBusy} {
		t.Run(string(kind), func(t *testing.T) {
			node, c := monero(t, nil)
			tmpl, err := c.Template(t.Context())
			require.NoError(t, err)
			block := solve(t, c, tmpl, coin.Extra{}, true)
			node.Faults().FailNext(3, kind)
			_, err = c.Status(t.Context())
			require.Error(t, err)
			require.False(t, errorsAsSetup(err), "waiting may help: %v", err)
			_, err = c.Template(t.Context())
			require.Error(t, err)
			require.False(t, errorsAsSetup(err), "waiting may help: %v", err)
			err = c.Submit(t.Context(), block)
			require.Error(t, err)
			var refused *coin.RefusedError
			require.NotErrorAs(t, err, &refused, "nobody knows what became of it")
			require.NoError(t, c.Submit(t.Context(), block), "the node is well again")
		})
	}
	t.Run("nothing there", func(t *testing.T) {
		cfg := config.DefaultCoin(config.CryptoNote)
		cfg.Name, cfg.Algorithm, cfg.Node = "c", "cn/0", "http://127.0.0.1:1"
		c, err := coin.New(cfg)
		require.NoError(t, err)
		_, err = c.Tip(t.Context())
		require.Error(t, err)
	})
}

func errorsAsSetup(err error) bool {
	_, is := err.(*coin.SetupError)
	return is
}

func TestMoneroLogins(t *testing.T) {
	_, c := monero(t, nil)
	require.NoError(t, c.CheckLogin(moneroAddress(cryptonote.MoneroTestnet())))
	require.ErrorIs(t, c.CheckLogin(moneroAddress(cryptonote.MoneroMainnet())), cryptonote.ErrAddressNetwork)
	require.Error(t, c.CheckLogin("x"))
	require.Error(t, c.CheckLogin(""))
}

func TestNervosFromTemplateToBlock(t *testing.T) {
	node, c := nervos(t, func(_ *simckb.Config, cfg *config.Coin) {
		cfg.Address = ckb.EncodeAddress(ckb.Testnet, nervosLock())
	})
	ctx := t.Context()
	status, err := c.Status(ctx)
	require.NoError(t, err)
	require.True(t, status.Synced, status.Detail)
	tmpl, err := c.Template(ctx)
	require.NoError(t, err)
	tip, err := c.Tip(ctx)
	require.NoError(t, err)
	require.Equal(t, tip.Hash, tmpl.Parent)
	again, err := c.Template(ctx)
	require.NoError(t, err)
	require.Equal(t, tmpl.Key, again.Key)
	node.AddTransactions(1)
	more, err := c.Template(ctx)
	require.NoError(t, err)
	require.NotEqual(t, tmpl.Key, more.Key)

	for _, extra := range []coin.Extra{{Nonce: 0x01020304}, {Nonce: 7, Variant: 3}} {
		tmpl, err := c.Template(ctx)
		require.NoError(t, err)
		in, err := tmpl.Work.Input(extra)
		require.NoError(t, err)
		require.Len(t, in.Blob, 48)
		require.Equal(t, 36, in.NonceOffset)
		require.Equal(t, 12, in.NonceSize)
		block := solve(t, c, tmpl, extra, true)
		require.NoError(t, c.Submit(ctx, block))
		tip, err := c.Tip(ctx)
		require.NoError(t, err)
		require.Equal(t, block.Hash, tip.Hash)
	}
	tmpl, err = c.Template(ctx)
	require.NoError(t, err)
	var refused *coin.RefusedError
	require.ErrorAs(t, c.Submit(ctx, solve(t, c, tmpl, coin.Extra{}, false)), &refused)

	zero, err := tmpl.Work.Input(coin.Extra{Nonce: 5})
	require.NoError(t, err)
	moved, err := tmpl.Work.Input(coin.Extra{Nonce: 5, Variant: 1})
	require.NoError(t, err)
	require.NotEqual(t, zero.Blob[:32], moved.Blob[:32], "a variant has a pow_hash of its own")
	require.Equal(t, zero.Blob[32:], moved.Blob[32:])
}

func TestNervosTroubles(t *testing.T) {
	var setup *coin.SetupError
	t.Run("another chain", func(t *testing.T) {
		_, c := nervos(t, func(s *simckb.Config, _ *config.Coin) { s.Chain = "ckb" })
		_, err := c.Status(t.Context())
		require.ErrorAs(t, err, &setup)
	})
	t.Run("another payout address", func(t *testing.T) {
		_, c := nervos(t, func(_ *simckb.Config, cfg *config.Coin) {
			cfg.Address = ckb.EncodeAddress(ckb.Testnet, ckb.SighashLock([20]byte{9}))
		})
		_, err := c.Template(t.Context())
		require.ErrorAs(t, err, &setup)
		require.ErrorContains(t, err, "[block_assembler] pays to ckt1")
	})
	t.Run("synchronising", func(t *testing.T) {
		node, c := nervos(t, nil)
		node.PauseSync(true)
		status, err := c.Status(t.Context())
		require.NoError(t, err)
		require.False(t, status.Synced)
	})
	t.Run("failing", func(t *testing.T) {
		node, c := nervos(t, nil)
		for _, kind := range []simnode.Kind{simnode.FailGarbage, simnode.FailRPC, simnode.FailStatus, simnode.FailRefused} {
			node.FailNext(2, kind)
			_, err := c.Template(t.Context())
			require.Error(t, err)
			err = c.Submit(t.Context(), coin.Block{Payload: "{}"})
			var refused *coin.RefusedError
			require.Error(t, err)
			require.NotErrorAs(t, err, &refused, "nobody knows what became of it: %s", kind)
		}
	})
	_, c := nervos(t, nil)
	require.NoError(t, c.CheckLogin(ckb.EncodeAddress(ckb.Testnet, nervosLock())))
	require.ErrorIs(t, c.CheckLogin(ckb.EncodeAddress(ckb.Mainnet, nervosLock())), ckb.ErrAddressNetwork)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Tip(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestNewRefusesWhatItCannotServe(t *testing.T) {
	for _, change := range []func(*config.Coin){
		func(c *config.Coin) { c.Algorithm = "nonsense" },
		func(c *config.Coin) { c.Kind = "bitcoin" },
		func(c *config.Coin) { c.Network = "moonnet" },
		func(c *config.Coin) { c.Node = "::" },
		func(c *config.Coin) { c.Kind, c.Network = config.CKB, "moonnet" },
		func(c *config.Coin) { c.Kind, c.Address = config.CKB, "ckb1x" },
	} {
		cfg := config.DefaultCoin(config.CryptoNote)
		cfg.Name, cfg.Algorithm, cfg.Node = "mine", "cn/0", "http://127.0.0.1:1"
		change(&cfg)
		_, err := coin.New(cfg)
		require.ErrorContains(t, err, "coin mine: ")
	}
}
