package monero_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/simnode"
	"github.com/aditmine/adit/chain/simnode/monero"
)

func TestReorg(t *testing.T) {
	for _, fixed := range []bool{true, false} {
		b := start(t, monero.Config{Fixed: fixed, Difficulty: 2, Transactions: 2})
		var mined []cryptonote.Hash
		for range 12 {
			b.clock.advance(time.Second) // far too fast: the difficulty rises
			mined = append(mined, b.mine(make([]byte, 4)))
		}
		before := b.Tip()
		tip, err := b.Reorg(5)
		require.NoError(t, err)
		require.Greater(t, tip.Height, before.Height)
		require.True(t, tip.Own)
		for i, id := range mined {
			block, ok := b.Block(id)
			require.True(t, ok)
			require.Equal(t, i < 7, block.Main, "block %d", i+1)
		}
		b.mine(make([]byte, 4)) // goes on from there
		require.Equal(t, tip.Height+1, b.Tip().Height)

		for _, depth := range []int{0, -1, 1000} {
			_, err = b.Reorg(depth)
			require.ErrorContains(t, err, "the chain has")
		}
	}
}

func TestRefuseBlocks(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 1})
	raw, tmpl := b.template(4)
	block, err := tmpl.BlockBlob(make([]byte, 4), b.solve(raw, tmpl, make([]byte, 4), true))
	require.NoError(t, err)
	before := b.Status()
	b.RefuseBlocks(true)
	require.Error(t, b.rpc.SubmitBlock(t.Context(), block))
	require.Equal(t, before.Refused+1, b.Status().Refused)
	require.Equal(t, before.Tip, b.Tip())
	b.RefuseBlocks(false)
	require.NoError(t, b.rpc.SubmitBlock(t.Context(), block))
	require.Equal(t, before.Tip.Height+1, b.Tip().Height)
}

func TestMineAndMaturity(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 20, Maturity: 5})
	id := b.mine(nil)
	for i := range 6 {
		block, ok := b.Block(id)
		require.True(t, ok)
		require.Equal(t, uint64(i), block.Depth)
		require.Equal(t, i >= 4, block.Mature, "depth %d", i)
		_, err := b.Mine(1)
		require.NoError(t, err)
	}
	h, err := b.rpc.BlockHeaderByHash(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, uint64(6), h.Depth)
	full, err := b.rpc.Block(t.Context(), id)
	require.NoError(t, err)
	parsed, err := cryptonote.ParseBlock(full.Blob)
	require.NoError(t, err)
	require.Equal(t, parsed.Height()+5, parsed.MinerTx().UnlockTime)
	_, ok := b.Block(cryptonote.Hash{})
	require.False(t, ok)
}

func TestTransactionsChangeTheTemplate(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 20})
	one, _ := b.template(8)
	again, _ := b.template(8)
	require.Equal(t, one, again, "the same while nothing changes")
	b.AddTransactions(3)
	changed, tmpl := b.template(8)
	require.Equal(t, one.Height, changed.Height)
	require.NotEqual(t, one.HashingBlob, changed.HashingBlob)
	require.Equal(t, 4, tmpl.TxCount())
	b.mine(nil)
	_, tmpl = b.template(8)
	require.Equal(t, 1, tmpl.TxCount(), "they are mined")
}

func TestNotSynchronized(t *testing.T) {
	b := start(t, monero.Config{Fixed: true})
	synced, _, err := b.rpc.Synced(t.Context())
	require.NoError(t, err)
	require.True(t, synced)
	b.SetSynchronized(false)
	synced, progress, err := b.rpc.Synced(t.Context())
	require.NoError(t, err)
	require.False(t, synced)
	require.Equal(t, "height 1 of 1001, offline", progress)
	_, err = b.rpc.BlockTemplate(t.Context(), wallet, 8)
	require.ErrorIs(t, err, monerod.ErrBusy)
	b.SetSynchronized(true)
	b.template(8)
}

func TestFaultsReachTheClient(t *testing.T) {
	b := start(t, monero.Config{Fixed: true})
	ask := func() error {
		_, err := b.rpc.BlockTemplate(t.Context(), wallet, 8)
		return err
	}
	b.Faults().FailNext(1, simnode.FailBusy)
	require.ErrorIs(t, ask(), monerod.ErrBusy)
	b.Faults().FailNext(1, simnode.FailRPC)
	require.ErrorIs(t, ask(), monerod.ErrInternal)
	for _, kind := range []simnode.Kind{simnode.FailRefused, simnode.FailStatus, simnode.FailGarbage} {
		b.Faults().FailNext(1, kind)
		err := ask()
		require.Error(t, err)
		var refused *monerod.Error
		require.False(t, errors.As(err, &refused), "%s: %v", kind, err)
	}
	require.NoError(t, ask())
}

func TestControlEndpoints(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 77})
	require.Contains(t, b.post("/sim/mine?n=3", ""), `"height":3`)
	require.Contains(t, b.post("/sim/reorg?depth=2", ""), `"height":4`)
	require.Contains(t, b.post("/sim/tx?n=5", ""), `"transactions":5`)
	require.Contains(t, b.post("/sim/synced?value=false", ""), `"synchronized":false`)
	require.Contains(t, b.post("/sim/synced?value=maybe", ""), "neither true nor false")
	require.Contains(t, b.post("/sim/difficulty?value=99", ""), "ok")
	require.Contains(t, b.post("/sim/difficulty?value=-1", ""), "not a difficulty")
	require.Contains(t, b.post("/sim/reorg?depth=50", ""), "the chain has 4")
	require.Contains(t, b.post("/sim/status", ""), `"difficulty":99`)
	require.Contains(t, b.post("/sim/fail?kind=500", ""), "ok")
	require.Contains(t, b.post("/get_height", ""), "simulated failure")
}

func TestSetDifficulty(t *testing.T) {
	b := start(t, monero.Config{Fixed: true})
	require.NoError(t, b.SetDifficulty(5))
	raw, _ := b.template(8)
	require.Equal(t, int64(5), raw.Difficulty.Int64())
	require.Error(t, b.SetDifficulty(0))
	b = start(t, monero.Config{})
	require.ErrorContains(t, b.SetDifficulty(5), "only a fixed one")
}

// TestOthersMine lets a minute pass with a block of others every second or so.
func TestOthersMine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := monero.New(monero.Config{
			Algorithm: cheap, NewHasher: newCheap, Fixed: true, Others: time.Second, Rand: randomness(),
		})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.InDelta(t, 60, n.Tip().Height, 25)
		require.Equal(t, 0, n.Status().Submitted)
		require.NoError(t, n.Close())
	})
}
