package ckb_test

import (
	"context"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	"github.com/aditmine/adit/chain/simnode"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

func newHasher() (hash.Hasher, error) {
	a, err := hash.Lookup("eaglesong")
	if err != nil {
		return nil, err
	}
	return eaglesong.New(a)
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a node being served, a client of it and a hasher to mine with.
type world struct {
	t      *testing.T
	node   *simckb.Node
	url    string
	client *ckbrpc.Client
	hasher hash.Hasher
	clock  *clock

	mu   sync.Mutex
	seen []simckb.Event
}

// events are the blocks that the node told of.
func (w *world) events() []simckb.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

func (w *world) onBlock(e simckb.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, e)
}

var poolLock = ckb.SighashLock([20]byte{1, 2, 3})

// start serves a node of difficulty 16 whose clock stands still, but for the
// changes to the configuration.
func start(t *testing.T, change func(*simckb.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: time.UnixMilli(1_750_000_000_000)}}
	cfg := simckb.Config{
		Hasher: newHasher, Now: w.clock.Now, Lock: poolLock, Message: []byte("test"), Fixed: true,
		CompactTarget: ckb.CompactFromDifficulty(big.NewInt(16)), EpochLength: 20, Extension: true,
		OnBlock: w.onBlock,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	w.node, err = simckb.New(cfg)
	require.NoError(t, err)
	w.hasher, err = newHasher()
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- w.node.Serve(context.Background(), ln) }()
	t.Cleanup(func() {
		require.NoError(t, w.node.Close())
		require.NoError(t, <-served)
		require.NoError(t, w.hasher.Close())
	})
	w.url = "http://" + ln.Addr().String()
	w.client = ckbrpc.New(ckbrpc.Config{URL: w.url + "/", HTTP: &http.Client{}, Timeout: time.Minute})
	return w
}

func (w *world) template() *ckb.Template {
	w.t.Helper()
	tmpl, err := w.client.BlockTemplate(w.t.Context())
	require.NoError(w.t, err)
	return tmpl
}

// solve finds a nonce that meets the template's target, or one that does not.
// It is not the same read backwards.
func (w *world) solve(tmpl *ckb.Template, good bool) ckb.Nonce {
	w.t.Helper()
	nonce := ckb.Nonce{15: 7}
	target := tmpl.Target()
	for i := range 1 << 20 {
		nonce[0], nonce[1], nonce[2] = byte(i), byte(i>>8), byte(i>>16)
		message := ckb.PowMessage(tmpl.PowHash(), nonce)
		out := make([]hash.Digest, 1)
		require.NoError(w.t, w.hasher.Hash(out, []hash.Input{{Blob: message[:]}}))
		if w.hasher.Algorithm().Meets(&out[0], &target) == good {
			return nonce
		}
	}
	w.t.Fatal("no nonce found")
	return nonce
}

// mine makes a good block of a template.
func (w *world) mine(tmpl *ckb.Template) (ckb.Header, json.RawMessage) {
	w.t.Helper()
	header, block, err := tmpl.Block(w.solve(tmpl, true))
	require.NoError(w.t, err)
	return header, block
}

func (w *world) submit(tmpl *ckb.Template, block json.RawMessage) (ckb.Hash, error) {
	return w.client.SubmitBlock(w.t.Context(), tmpl.WorkID(), block)
}

// step mines one block on the tip by way of the RPC.
func (w *world) step() ckb.Header {
	w.t.Helper()
	w.clock.Add(time.Second)
	tmpl := w.template()
	header, block := w.mine(tmpl)
	h, err := w.submit(tmpl, block)
	require.NoError(w.t, err)
	require.Equal(w.t, header.Hash(), h)
	return header
}

// control posts to a control endpoint and returns status and text.
func (w *world) control(path string) (int, string) {
	w.t.Helper()
	resp, err := http.Post(w.url+"/sim/"+path, "", nil)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, string(text)
}

func TestMineOnTemplates(t *testing.T) {
	w := start(t, nil)
	ctx := t.Context()
	genesis, err := w.client.TipHeader(ctx)
	require.NoError(t, err)
	require.Zero(t, genesis.Number)

	parent := genesis.Hash
	for i := uint64(1); i <= 25; i++ {
		w.clock.Add(time.Second)
		tmpl := w.template()
		require.Equal(t, i, tmpl.Height())
		require.Equal(t, parent, tmpl.Parent())
		require.Equal(t, "16", tmpl.Difficulty().String())
		require.True(t, tmpl.PayoutLock().Equal(poolLock))

		header, block := w.mine(tmpl)
		h, err := w.submit(tmpl, block)
		require.NoError(t, err)
		require.Equal(t, header.Hash(), h)

		tip, err := w.client.TipHeader(ctx)
		require.NoError(t, err)
		require.Equal(t, header.View(), tip)
		parent = h
	}
	number, err := w.client.TipNumber(ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(25), number)
	require.Equal(t, "1(5/20)", w.node.Status().Epoch)
	events := w.events()
	require.Len(t, events, 25)
	require.True(t, events[24].Tip)
	require.True(t, events[24].PaidTo.Equal(poolLock))
}

func TestTemplatesAreFrozenButForTheirTime(t *testing.T) {
	w := start(t, nil)
	w.clock.Add(time.Second)
	a := w.template()
	w.clock.Add(5 * time.Second)
	b := w.template()
	require.True(t, a.SameWork(b))
	require.Equal(t, 5*time.Second, b.Time().Sub(a.Time()))
	require.NotEqual(t, a.PowHash(), b.PowHash())

	w.node.AddTransactions(3)
	c := w.template()
	require.False(t, a.SameWork(c))
	require.NotEqual(t, a.PowHash(), c.PowHash())

	// The older one is still good.
	_, block := w.mine(a)
	_, err := w.submit(a, block)
	require.NoError(t, err)
}

func TestStaleBlocksLieBesideTheChain(t *testing.T) {
	w := start(t, nil)
	w.step()
	stale := w.template()
	tip := w.step()
	header, block := w.mine(stale)
	h, err := w.submit(stale, block)
	require.NoError(t, err, "the node takes a block on any parent it knows")

	ctx := t.Context()
	now, err := w.client.TipHeader(ctx)
	require.NoError(t, err)
	require.Equal(t, tip.Hash(), now.Hash)
	canonical, found, err := w.client.HeaderByNumber(ctx, header.Number)
	require.NoError(t, err)
	require.True(t, found)
	require.NotEqual(t, h, canonical.Hash)
	known, found, err := w.client.Header(ctx, h)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, h, known.Hash)
	_, found, err = w.client.BlockEconomicState(ctx, h)
	require.NoError(t, err)
	require.False(t, found)

	// It becomes an uncle of the next block, and of no other.
	tmpl := w.template()
	require.Equal(t, 1, tmpl.Uncles())
	_, block = w.mine(tmpl)
	_, err = w.submit(tmpl, block)
	require.NoError(t, err)
	require.Zero(t, w.template().Uncles())

	again, err := w.submit(tmpl, block)
	require.NoError(t, err, "handing a block in twice does no harm")
	require.Equal(t, w.node.Status().Tip, again)
	require.False(t, w.events()[2].Tip)
}

func TestReorg(t *testing.T) {
	w := start(t, nil)
	var mine []ckb.Hash
	for range 4 {
		h := w.step()
		mine = append(mine, h.Hash())
	}
	stale := w.template()
	require.NoError(t, w.node.Reorg(2))

	ctx := t.Context()
	number, err := w.client.TipNumber(ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(5), number)
	for i, h := range mine {
		at, found, err := w.client.HeaderByNumber(ctx, uint64(i+1))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, i < 2, at.Hash == h, "block %d", i+1)
	}
	events := w.events()
	last := events[len(events)-1]
	require.Equal(t, 2, last.Displaced)
	require.True(t, last.Tip && last.Own)

	tmpl := w.template()
	require.NotEqual(t, stale.Parent(), tmpl.Parent())
	require.Equal(t, 1, tmpl.Uncles(), "the lowest of the displaced ones hangs on the chain")
	require.Equal(t, uint64(1), w.node.Status().Counts.Reorgs)

	w.step()
	require.ErrorContains(t, w.node.Reorg(7), "1 to 6 blocks deep")
	require.Error(t, w.node.Reorg(0))
}

// Transactions and rewards must survive reorganisations consistently: whatever
// the chain did, the node's own templates stay good.
func TestTemplatesStayGoodThroughEverything(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.Fixed, c.EpochLength, c.BlockInterval = false, 7, 500*time.Millisecond })
	for i := range 60 {
		w.step()
		switch i % 7 {
		case 1:
			w.node.AddTransactions(3)
		case 3:
			w.node.Mine(2)
		case 5:
			require.NoError(t, w.node.Reorg(1+i%4))
		}
	}
	s := w.node.Status()
	require.NotZero(t, s.Counts.Reorgs)
	require.Zero(t, s.Counts.Refused)
	require.Equal(t, s.Counts.Accepted, uint64(60))

	committed := map[ckb.Hash]bool{}
	for i := range s.Number + 1 {
		b, found, err := w.client.BlockByNumber(t.Context(), i)
		require.NoError(t, err)
		require.True(t, found)
		for _, tx := range b.Transactions[1:] {
			require.False(t, committed[tx.Hash()], "committed twice")
			committed[tx.Hash()] = true
		}
	}
	require.NotEmpty(t, committed)
}

func TestRetarget(t *testing.T) {
	w := start(t, func(c *simckb.Config) {
		c.Fixed, c.EpochLength, c.BlockInterval = false, 10, 4*time.Second
	})
	for range 9 {
		w.step() // one second each, four times too fast
	}
	require.Equal(t, "32", w.template().Difficulty().String(), "at most twice as hard")
	for range 10 {
		w.clock.Add(5 * time.Second)
		w.step() // six seconds each
	}
	got := w.template().Difficulty().Int64()
	require.InDelta(t, 32*4/6, got, 1)
}

func TestSameSeedSameChain(t *testing.T) {
	a, b := start(t, nil), start(t, nil)
	for _, w := range []*world{a, b} {
		w.node.AddTransactions(2)
		w.node.Mine(5)
	}
	require.Equal(t, a.node.Status(), b.node.Status())
	c := start(t, func(c *simckb.Config) { c.Seed = 1 })
	c.node.AddTransactions(2)
	c.node.Mine(5)
	require.NotEqual(t, a.node.Status().Tip, c.node.Status().Tip)
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*simckb.Config){
		"no hasher":            func(c *simckb.Config) { c.Hasher = nil },
		"making the hasher":    func(c *simckb.Config) { c.Hasher = func() (hash.Hasher, error) { return nil, io.EOF } },
		"overflows 256 bits":   func(c *simckb.Config) { c.CompactTarget = 0x21010000 },
		"at most 65535 blocks": func(c *simckb.Config) { c.EpochLength = 1 << 16 },
		"intervals":            func(c *simckb.Config) { c.Others = -1 },
		"over a million":       func(c *simckb.Config) { c.Reward = 1 << 60 },
	} {
		cfg := simckb.Config{Hasher: newHasher}
		change(&cfg)
		_, err := simckb.New(cfg)
		require.ErrorContains(t, err, want)
	}
}

func TestCloseEndsServe(t *testing.T) {
	w := start(t, nil) // closed by the clean-up, which also wants Serve to end
	w.node.FailNext(1, simnode.FailHang)
	done := make(chan struct{})
	go func() {
		defer close(done)
		http.Post(w.url, "application/json", strings.NewReader(`{"id":1}`)) //nolint:errcheck // it is cut off
	}()
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, w.node.Close())
	<-done
}

func TestServeAfterClose(t *testing.T) {
	node, err := simckb.New(simckb.Config{Hasher: newHasher})
	require.NoError(t, err)
	require.NoError(t, node.Close())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, node.Serve(t.Context(), ln))
	require.ErrorIs(t, ln.Close(), net.ErrClosed, "Serve closed it")
}

// Everything at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	w := start(t, nil)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 10 {
				switch i {
				case 0:
					w.node.Mine(1)
				case 1:
					w.node.AddTransactions(1)
				case 2:
					if _, err := w.client.BlockTemplate(t.Context()); err != nil {
						t.Error(err)
					}
				case 3:
					w.node.Reorg(1) //nolint:errcheck // too early for the first ones
					w.node.Status()
				}
			}
		})
	}
	all.Wait()
	w.step()
	require.Zero(t, w.node.Status().Counts.Refused)
}
