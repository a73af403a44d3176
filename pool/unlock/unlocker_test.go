package unlock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
)

// fakeChain is a list of hashes; what is in it is the chain, what is in beside
// is known too.
type fakeChain struct {
	hashes    []string
	beside    map[string]bool
	immature  bool
	mu        sync.Mutex // guards fail
	fail      error
	submitted []string
	refuse    error
}

func (c *fakeChain) Close() {}

func (c *fakeChain) failWith(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = err
}

func (c *fakeChain) failing() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fail
}

func (c *fakeChain) Tip(context.Context) (coin.Tip, error) {
	top := uint64(len(c.hashes) - 1)
	return coin.Tip{Height: top, Hash: c.hashes[top]}, c.failing()
}

func (c *fakeChain) Look(_ context.Context, hash string, height uint64) (Sight, error) {
	top := uint64(len(c.hashes) - 1)
	if err := c.failing(); err != nil {
		return Sight{}, err
	}
	switch {
	case height > top:
		return Sight{Place: Ahead}, nil
	case c.hashes[height] == hash:
		return Sight{Place: InChain, Depth: top - height, Mature: !c.immature, Reward: 1000}, nil
	case c.beside[hash]:
		return Sight{Place: Beside, Depth: top - height, Other: c.hashes[height]}, nil
	}
	return Sight{Place: Unknown, Depth: top - height, Other: c.hashes[height]}, nil
}

func (c *fakeChain) Price(_ context.Context, height uint64) (Price, bool, error) {
	return Price{Hash: c.hashes[height], Reward: 1000, Difficulty: big.NewInt(100)}, true, c.failing()
}

func (c *fakeChain) submit(_ context.Context, b coin.Block) error {
	c.submitted = append(c.submitted, b.Hash)
	return c.refuse
}

// mine adds blocks of others.
func (c *fakeChain) mine(n int) {
	for range n {
		c.hashes = append(c.hashes, fmt.Sprint("other", len(c.hashes)))
	}
}

// bench is an unlocker over a real ledger.
type bench struct {
	*Unlocker
	t     *testing.T
	chain *fakeChain
	store *ledger.DB
	log   bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	store, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "l.db"), time.Now())
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	b := &bench{t: t, chain: &fakeChain{beside: map[string]bool{}}, store: store}
	b.chain.mine(11)
	b.Unlocker = New(Config{
		Coin: "c", Chain: b.chain, Submit: b.chain.submit, Store: store, Settle: store.SettleBlock,
		Confirmations: 10, Interval: time.Minute, Window: 200, Log: slog.New(slog.NewTextHandler(&b.log, nil)), Now: time.Now,
	})
	return b
}

// found adds a block on the present tip, and to the chain if it is to be there.
func (b *bench) found(scheme reward.Scheme, state ledger.BlockState, join bool) int64 {
	b.t.Helper()
	height := uint64(len(b.chain.hashes))
	m, terms := ledger.Miner{Coin: "c", Login: "alice"}, ledger.Terms{Scheme: scheme, Fee: 100}
	hash := fmt.Sprint("ours", height)
	id, err := b.store.AddBlock(b.t.Context(), ledger.Block{
		Miner: m, Height: height, Hash: hash, Parent: b.chain.hashes[height-1], Difficulty: "100", Payload: "ff", Found: time.Now(), Terms: terms,
		Share: &ledger.Share{Miner: m, Height: height, Difficulty: 50, Time: time.Now(), Block: true, Terms: terms},
	})
	require.NoError(b.t, err)
	if state != ledger.BlockFound {
		require.NoError(b.t, b.store.SettleBlock(b.t.Context(), id, state, "", time.Now()))
	}
	if join {
		b.chain.hashes = append(b.chain.hashes, hash)
	}
	return id
}

func (b *bench) block(id int64) ledger.Block {
	b.t.Helper()
	blocks, err := b.store.Blocks(b.t.Context(), 100)
	require.NoError(b.t, err)
	for _, x := range blocks {
		if x.ID == id {
			return x
		}
	}
	b.t.Fatalf("no block %d", id)
	return ledger.Block{}
}

func (b *bench) owed() int64 {
	b.t.Helper()
	list, err := b.store.Balances(b.t.Context())
	require.NoError(b.t, err)
	for _, x := range list {
		if x.Kind == ledger.Owed {
			return x.Amount
		}
	}
	return 0
}

func (b *bench) pass() {
	b.t.Helper()
	require.NoError(b.t, b.Pass(b.t.Context()))
	found, err := b.store.Audit(b.t.Context())
	require.NoError(b.t, err)
	require.Empty(b.t, found)
}

func TestABlockIsUnlockedAtItsDepthAndNotBefore(t *testing.T) {
	b := newBench(t)
	id := b.found(reward.PPLNS, ledger.BlockUnsure, true)
	b.chain.mine(9)
	b.pass()
	require.Equal(t, ledger.BlockAccepted, b.block(id).State, "it is in the chain, so no longer unsure")
	require.Equal(t, uint64(9), b.block(id).Depth)
	require.Zero(t, b.owed())
	b.chain.mine(1)
	b.chain.immature = true
	b.pass()
	require.Zero(t, b.owed())
	b.chain.immature = false
	b.pass()
	require.Equal(t, ledger.BlockUnlocked, b.block(id).State)
	require.Equal(t, uint64(1000), b.block(id).Reward)
	require.Equal(t, int64(990), b.owed())
	b.pass()
	require.Equal(t, int64(990), b.owed(), "once")
}

func TestOrphansWaitForDepthAndMayComeBack(t *testing.T) {
	b := newBench(t)
	id := b.found(reward.PROP, ledger.BlockAccepted, false)
	height := b.block(id).Height
	b.chain.mine(10)
	b.pass()
	require.Equal(t, ledger.BlockAccepted, b.block(id).State)
	b.chain.mine(1)
	b.pass()
	require.Equal(t, ledger.BlockOrphaned, b.block(id).State)
	require.Contains(t, b.block(id).Detail, fmt.Sprint("other", height))
	b.chain.hashes[height] = b.block(id).Hash
	b.pass()
	require.Equal(t, ledger.BlockUnlocked, b.block(id).State, "the chain has changed its mind")
	require.Equal(t, int64(990), b.owed())
}

func TestRefusedBlocksThatWinArePaid(t *testing.T) {
	b := newBench(t)
	id := b.found(reward.PROP, ledger.BlockRefused, true)
	b.chain.mine(2)
	b.pass()
	require.Equal(t, ledger.BlockAccepted, b.block(id).State)
	require.True(t, b.block(id).Restored)
	b.chain.mine(9)
	b.pass()
	require.Equal(t, int64(990), b.owed())
}

func TestNothingHappensWhileTheNodeFails(t *testing.T) {
	b := newBench(t)
	id := b.found(reward.SOLO, ledger.BlockAccepted, false)
	b.chain.mine(20)
	b.chain.failWith(errors.New("down"))
	require.ErrorContains(t, b.Pass(t.Context()), "down")
	require.Equal(t, ledger.BlockAccepted, b.block(id).State)
	b.chain.failWith(nil)
	b.pass()
	require.Equal(t, ledger.BlockOrphaned, b.block(id).State)
}

func TestPPSSharesArePaidAtDepth(t *testing.T) {
	b := newBench(t)
	id := b.found(reward.PPS, ledger.BlockAccepted, true)
	b.chain.mine(9)
	b.pass()
	require.Zero(t, b.owed())
	b.chain.mine(1)
	b.pass()
	require.Equal(t, int64(495), b.owed(), "half a block's work, for half its reward")
	require.Equal(t, ledger.BlockUnlocked, b.block(id).State)
}

func TestReconciling(t *testing.T) {
	for name, c := range map[string]struct {
		prepare   func(b *bench) int64
		want      ledger.BlockState
		submitted int
	}{
		"the node has it":  {func(b *bench) int64 { return b.found(reward.PROP, ledger.BlockFound, true) }, ledger.BlockAccepted, 0},
		"it never arrived": {func(b *bench) int64 { return b.found(reward.PROP, ledger.BlockUnsure, false) }, ledger.BlockAccepted, 1},
		"it is refused": {func(b *bench) int64 {
			b.chain.refuse = &coin.RefusedError{Reason: "bad"}
			return b.found(reward.PROP, ledger.BlockFound, false)
		}, ledger.BlockRefused, 1},
		"the answer is lost again": {func(b *bench) int64 {
			b.chain.refuse = errors.New("reset")
			return b.found(reward.PROP, ledger.BlockFound, false)
		}, ledger.BlockUnsure, 1},
		"once is enough": {func(b *bench) int64 {
			id := b.found(reward.PROP, ledger.BlockFound, false)
			require.NoError(b.t, b.store.MarkResubmitted(b.t.Context(), id))
			return id
		}, ledger.BlockUnsure, 0},
		"the chain went on": {func(b *bench) int64 {
			id := b.found(reward.PROP, ledger.BlockFound, false)
			b.chain.mine(1)
			return id
		}, ledger.BlockUnsure, 0},
		"the tip is another": {func(b *bench) int64 {
			id := b.found(reward.PROP, ledger.BlockFound, false)
			b.chain.hashes[len(b.chain.hashes)-1] = "reorganised"
			return id
		}, ledger.BlockUnsure, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id := c.prepare(b)
			before, err := b.store.Candidates(t.Context(), "c", 0)
			require.NoError(t, err)
			require.Empty(t, b.reconcile(t.Context(), before))
			require.Equal(t, c.want, b.block(id).State)
			require.Len(t, b.chain.submitted, c.submitted)
			b.pass()
		})
	}
}

// In virtual time: the node is away for two looks, then the block that an
// earlier run left is found and followed to its end.
func TestRunTriesAgainUntilItEnds(t *testing.T) {
	b := newBench(t)
	id := b.found(reward.SOLO, ledger.BlockFound, true)
	b.chain.mine(10)
	before, err := b.store.Candidates(t.Context(), "c", 0)
	require.NoError(t, err)
	require.NoError(t, b.store.Close())
	synctest.Test(t, func(t *testing.T) {
		memory := &memoryAccounts{blocks: before}
		b.cfg.Store, b.cfg.Settle = memory, memory.settle
		b.chain.failWith(errors.New("down"))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx, before); close(done) }()
		time.Sleep(90 * time.Second)
		synctest.Wait()
		require.Empty(t, memory.settled)
		b.chain.failWith(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []ledger.BlockState{ledger.BlockAccepted}, memory.settled)
		require.Equal(t, map[int64]uint64{id: 1000}, memory.unlocked)
		stop()
		<-done
	})
	require.Contains(t, b.log.String(), "could not be looked up")
}

// memoryAccounts is a ledger for virtual time: a file's goroutines are outside
// of it.
type memoryAccounts struct {
	ledger.Accountant
	blocks   []ledger.Block
	settled  []ledger.BlockState
	unlocked map[int64]uint64
}

func (m *memoryAccounts) Candidates(context.Context, string, uint64) ([]ledger.Block, error) {
	return m.blocks, nil
}

func (m *memoryAccounts) settle(_ context.Context, _ int64, s ledger.BlockState, _ string, _ time.Time) error {
	m.settled = append(m.settled, s)
	return nil
}

func (m *memoryAccounts) UnlockBlock(_ context.Context, id int64, k ledger.Unlock) error {
	m.unlocked = map[int64]uint64{id: k.Reward}
	m.blocks = nil
	return nil
}

func (m *memoryAccounts) PendingPPS(context.Context, string, uint64) ([]uint64, error) {
	return nil, nil
}

func (m *memoryAccounts) RollUp(context.Context, time.Time) error { return nil }
