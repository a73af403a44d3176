package monero_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/simnode"
	"github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
)

// wallet is a mainnet address that nobody is paid at.
const wallet = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"

// cheap is a proof of work for tests: Keccak of the blob and the height.
var cheap = &hash.Algorithm{Name: "cheap", NonceOffset: 39, NonceSize: 4}

type cheapHasher struct{ closed bool }

func newCheap(*hash.Algorithm) (hash.Hasher, error) { return &cheapHasher{}, nil }

func (*cheapHasher) Algorithm() *hash.Algorithm { return cheap }
func (*cheapHasher) Impl() string               { return "test" }
func (*cheapHasher) Lanes() int                 { return 1 }
func (h *cheapHasher) Close() error             { h.closed = true; return nil }

func (h *cheapHasher) Hash(out []hash.Digest, in []hash.Input) error {
	if h.closed {
		return hash.ErrClosed
	}
	for i := range in {
		out[i] = hash.Digest(cryptonote.Keccak256(in[i].Blob, binary.LittleEndian.AppendUint64(nil, in[i].Height)))
	}
	return nil
}

// clock is a settable time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// randomness returns the same bytes in every test.
func randomness() io.Reader { return rand.NewChaCha8([32]byte{}) }

// bench is a node on a loopback port, a client of it and its clock.
type bench struct {
	t *testing.T
	*monero.Node
	rpc   *monerod.Client
	clock *clock
	url   string
}

func start(t *testing.T, cfg monero.Config) *bench {
	t.Helper()
	b := &bench{t: t, clock: &clock{now: time.Unix(1_790_000_000, 0)}}
	cfg.Now, cfg.Rand = b.clock.Now, randomness()
	if cfg.Algorithm == nil {
		cfg.Algorithm, cfg.NewHasher = cheap, newCheap
	}
	var err error
	b.Node, err = monero.New(cfg)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b.url = "http://" + ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- b.Serve(context.Background(), ln) }()
	b.rpc, err = monerod.New(monerod.Config{URL: b.url, Timeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() {
		b.rpc.Close()
		require.NoError(t, b.Close())
		if err := <-served; err != nil { // Close may come before Serve
			require.ErrorIs(t, err, monero.ErrClosed)
		}
	})
	return b
}

// template asks for a template and parses it.
func (b *bench) template(reserve int) (*monerod.BlockTemplate, *cryptonote.Template) {
	b.t.Helper()
	raw, err := b.rpc.BlockTemplate(b.t.Context(), wallet, reserve)
	require.NoError(b.t, err)
	parsed, err := raw.Parse()
	require.NoError(b.t, err)
	return raw, parsed
}

// solve finds a nonce for the template: one that meets the difficulty, or one
// that does not, of which there is none at difficulty 1.
func (b *bench) solve(raw *monerod.BlockTemplate, tmpl *cryptonote.Template, extra []byte, good bool) (nonce [4]byte) {
	b.t.Helper()
	blob, err := tmpl.HashingBlob(extra)
	require.NoError(b.t, err)
	target := chain.TargetFromBig(raw.Difficulty)
	var out [1]hash.Digest
	h := &cheapHasher{}
	for n := uint32(0); n < 1_000_000; n++ {
		binary.LittleEndian.PutUint32(blob[tmpl.NonceOffset():], n)
		require.NoError(b.t, h.Hash(out[:], []hash.Input{{Blob: blob, Height: tmpl.Height()}}))
		if cheap.Meets(&out[0], &target) == good {
			return [4]byte(blob[tmpl.NonceOffset():])
		}
	}
	require.Fail(b.t, "no such nonce")
	return nonce
}

// mine mines one block over the RPC and returns its id.
func (b *bench) mine(extra []byte) cryptonote.Hash {
	b.t.Helper()
	raw, tmpl := b.template(len(extra))
	block, err := tmpl.BlockBlob(extra, b.solve(raw, tmpl, extra, true))
	require.NoError(b.t, err)
	require.NoError(b.t, b.rpc.SubmitBlock(b.t.Context(), block))
	parsed, err := cryptonote.ParseBlock(block)
	require.NoError(b.t, err)
	return parsed.ID()
}

func TestMining(t *testing.T) {
	for name, cfg := range map[string]monero.Config{
		"v2":                  {Fixed: true, Difficulty: 20},
		"v2, no view tags":    {Fixed: true, Difficulty: 20, MajorVersion: 12},
		"v1":                  {Fixed: true, Difficulty: 20, MinerTxVersion: 1, Reward: 17592169267200},
		"with transactions":   {Fixed: true, Difficulty: 20, Transactions: 6},
		"at a great height":   {Fixed: true, Difficulty: 20, GenesisHeight: 1806260},
		"odd minor version":   {Fixed: true, Difficulty: 20, MinorVersion: 99},
		"with only one of it": {Fixed: true, Difficulty: 20, Transactions: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var events []monero.Event
			cfg.OnBlock = func(e monero.Event) { events = append(events, e) }
			b := start(t, cfg)
			prev := b.Tip().ID
			for i := range 4 {
				raw, tmpl := b.template(8)
				require.Equal(t, prev, tmpl.Header().PrevID)
				require.Equal(t, cfg.GenesisHeight+uint64(i)+1, tmpl.Height())
				require.Equal(t, 1+cfg.Transactions, tmpl.TxCount())
				require.Equal(t, raw.ExpectedReward, tmpl.Reward())
				require.Equal(t, 8, tmpl.ReservedSize())
				require.Equal(t, 39, tmpl.NonceOffset())

				prev = b.mine([]byte{1, 2, 3, 4, 5, 6, 7, byte(i)})
				h, err := b.rpc.LastBlockHeader(t.Context())
				require.NoError(t, err)
				require.Equal(t, prev, h.Hash, "our id is the node's")
				require.Equal(t, int64(20), h.Difficulty.Int64())
				require.Equal(t, cfg.Transactions, h.TxCount)
				require.False(t, h.Orphan)
			}
			require.Len(t, events, 4)
			require.Equal(t, b.Tip().ID, events[3].ID)
			require.True(t, events[3].Main)
			require.False(t, events[3].Own)
			require.Equal(t, 4, b.Status().Submitted)
			require.Len(t, b.Blocks(), 5)
		})
	}
}

func TestRefusedBlocks(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 50, Transactions: 2})
	b.mine(make([]byte, 4))
	raw, tmpl := b.template(4)
	blob, err := tmpl.BlockBlob(nil, b.solve(raw, tmpl, nil, true))
	require.NoError(t, err)
	weak, err := tmpl.BlockBlob(nil, b.solve(raw, tmpl, nil, false))
	require.NoError(t, err)

	submit := func(blob []byte) error { return b.rpc.SubmitBlock(t.Context(), blob) }
	require.ErrorIs(t, submit(weak), monerod.ErrNotAccepted)
	require.ErrorContains(t, b.Submit(weak), "the difficulty is 50")
	for _, cut := range [][]byte{nil, {0}, blob[:50], append([]byte{9}, blob...), append(blob[:len(blob):len(blob)], 0)} {
		require.ErrorIs(t, submit(cut), monerod.ErrWrongBlob)
		require.ErrorIs(t, b.Submit(cut), monero.ErrUnreadable)
	}
	for name, tt := range map[string]struct {
		change func(*edit)
		want   string
	}{
		"version":      {func(e *edit) { e.header.Major = 7 }, "block version is 7"},
		"future":       {func(e *edit) { e.header.Timestamp += 7201 }, "two hours ahead"},
		"height":       {func(e *edit) { e.tx[3]++ }, "height"},
		"unlock":       {func(e *edit) { e.tx[1]++ }, "unlocks"},
		"unknown tx":   {func(e *edit) { e.txs[0][5]++ }, "unknown, double or mined"},
		"double tx":    {func(e *edit) { e.txs[0] = e.txs[1] }, "unknown, double or mined"},
		"tx version 1": {func(e *edit) { e.tx[0] = 1; e.tx = e.tx[:len(e.tx)-1] }, "version is 1"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdit(t, blob, tmpl)
			tt.change(e)
			require.ErrorContains(t, b.Submit(e.blob()), tt.want)
			require.ErrorIs(t, submit(e.blob()), monerod.ErrNotAccepted)
		})
	}
	require.Equal(t, uint64(1), b.Tip().Height)
	require.NoError(t, submit(blob), "the block itself was right")
	require.Equal(t, uint64(2), b.Tip().Height)
	require.Equal(t, 2, b.Status().Submitted)
	require.Positive(t, b.Status().Refused)
}

// edit takes a block apart.
type edit struct {
	header cryptonote.Header
	tx     []byte // of a height below 128: version, unlock, input count, 0xff, height
	txs    []cryptonote.Hash
}

func newEdit(t *testing.T, blob []byte, tmpl *cryptonote.Template) *edit {
	b, err := cryptonote.ParseBlock(blob)
	require.NoError(t, err)
	head := len(b.Header().Append(nil))
	tail := len(cryptonote.AppendVarint(nil, uint64(b.TxCount()-1))) + cryptonote.HashSize*(b.TxCount()-1)
	tx := append([]byte(nil), blob[head:len(blob)-tail]...)
	// version | unlock | 1 | ff | height: index 3 above is the height.
	require.Equal(t, byte(tmpl.Height()), tx[4])
	return &edit{header: b.Header(), tx: append(tx[:2:2], tx[3:]...), txs: b.TxHashes()}
}

func (e *edit) blob() []byte {
	blob := e.header.Append(nil)
	blob = append(blob, e.tx[:2]...)
	blob = append(append(blob, 1), e.tx[2:]...)
	blob = cryptonote.AppendVarint(blob, uint64(len(e.txs)))
	for _, tx := range e.txs {
		blob = append(blob, tx[:]...)
	}
	return blob
}

// TestSilentlyDroppedBlocks covers what monerod answers OK to.
func TestSilentlyDroppedBlocks(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 20})
	raw, tmpl := b.template(4)
	first, err := tmpl.BlockBlob(nil, b.solve(raw, tmpl, nil, true))
	require.NoError(t, err)
	late := []byte{1}
	second, err := tmpl.BlockBlob(late, b.solve(raw, tmpl, late, true))
	require.NoError(t, err)

	require.NoError(t, b.rpc.SubmitBlock(t.Context(), first))
	require.NoError(t, b.rpc.SubmitBlock(t.Context(), first), "it has it already")
	require.Equal(t, 1, b.Status().Submitted)

	require.NoError(t, b.rpc.SubmitBlock(t.Context(), second), "one too late")
	require.Equal(t, 1, b.Status().Beside)
	parsed, err := cryptonote.ParseBlock(second)
	require.NoError(t, err)
	h, err := b.rpc.BlockHeaderByHash(t.Context(), parsed.ID())
	require.NoError(t, err)
	require.True(t, h.Orphan)
	require.NotEqual(t, parsed.ID(), b.Tip().ID)

	weak, err := tmpl.BlockBlob(late, b.solve(raw, tmpl, late, false))
	require.NoError(t, err)
	require.ErrorIs(t, b.rpc.SubmitBlock(t.Context(), weak), monerod.ErrNotAccepted, "work counts there too")

	e := newEdit(t, first, tmpl)
	e.header.PrevID[0]++
	require.NoError(t, b.rpc.SubmitBlock(t.Context(), e.blob()), "unknown parent")
	require.Equal(t, uint64(1), b.Tip().Height)
}

// TestLongerBranchWins mines a branch beside the chain until it overtakes it.
func TestLongerBranchWins(t *testing.T) {
	var events []monero.Event
	b := start(t, monero.Config{Fixed: true, Difficulty: 1, Transactions: 3,
		OnBlock: func(e monero.Event) { events = append(events, e) }})
	_, stale := b.template(4)
	main := b.mine(make([]byte, 4))

	blob, err := stale.BlockBlob([]byte{9}, [4]byte{})
	require.NoError(t, err)
	require.NoError(t, b.Submit(blob))
	require.Equal(t, main, b.Tip().ID, "the first of two equals stays")

	// A second block on the losing branch, made by hand.
	beside, err := cryptonote.ParseBlock(blob)
	require.NoError(t, err)
	_, next := b.template(4)
	grown, err := next.BlockBlob(nil, [4]byte{})
	require.NoError(t, err)
	e := newEdit(t, grown, next)
	e.header.PrevID = beside.ID()
	e.txs = nil
	require.NoError(t, b.Submit(e.blob()))
	require.Equal(t, uint64(2), b.Tip().Height)
	require.NotEqual(t, main, b.Tip().ID)
	require.Equal(t, 1, events[len(events)-1].Displaced)

	h, err := b.rpc.BlockHeaderByHash(t.Context(), main)
	require.NoError(t, err)
	require.True(t, h.Orphan)
	h, err = b.rpc.BlockHeaderByHeight(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, beside.ID(), h.Hash)
}

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

func TestBadCalls(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Network: cryptonote.MoneroTestnet()})
	_, err := b.rpc.BlockTemplate(t.Context(), wallet, 8)
	require.ErrorIs(t, err, monerod.ErrWrongAddress, "a mainnet address on a testnet")
	_, err = b.rpc.BlockTemplate(t.Context(), wallet, 256)
	require.ErrorIs(t, err, monerod.ErrReserveSize)
	_, err = b.rpc.BlockTemplate(t.Context(), wallet, 128)
	require.ErrorIs(t, err, monerod.ErrInternal, "as monerod does")
	_, err = b.rpc.BlockTemplate(t.Context(), wallet, -1)
	require.ErrorIs(t, err, monerod.ErrReserveSize)
	_, err = b.rpc.BlockHeaderByHeight(t.Context(), 5)
	require.ErrorIs(t, err, monerod.ErrNoSuchHeight)
	_, err = b.rpc.BlockHeaderByHash(t.Context(), cryptonote.Hash{1})
	require.ErrorIs(t, err, monerod.ErrNotFound)
	_, err = b.rpc.Block(t.Context(), cryptonote.Hash{1})
	require.ErrorIs(t, err, monerod.ErrNotFound)

	for call, want := range map[string]string{
		`{"id":1,"method":"get_block_template","params":[]}`:                              `"code":-32602`,
		`{"id":1,"method":"get_block_header_by_hash","params":{"hash":"zz"}}`:             `"code":-1`,
		`{"id":1,"method":"get_block_header_by_height","params":{"height":-1}}`:           `"code":-32602`,
		`{"id":1,"method":"submit_block","params":[]}`:                                    `"code":-1`,
		`{"id":1,"method":"submit_block"}`:                                                `"code":-32602`,
		`{"id":1,"method":"submit_block","params":["zz"]}`:                                `"code":-6`,
		`{"id":1,"method":"submit_block","params":["` + strings.Repeat("00", 100) + `"]}`: `"code":-6`,
		`{"id":1,"method":"mine_me"}`:                                                     `"code":-32601`,
		`{"id":1,"method":"get_block_count"}`:                                             `"count":1`,
		`{"id":1,"method":"getblockcount"}`:                                               `"count":1`,
		`nonsense`:                                                                        `"code":-32700`,
	} {
		require.Contains(t, b.post("/json_rpc", call), want, call)
	}
}

func (b *bench) post(path, body string) string {
	b.t.Helper()
	resp, err := http.Post(b.url+path, "application/json", strings.NewReader(body))
	require.NoError(b.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return string(text)
}

func TestSubaddress(t *testing.T) {
	b := start(t, monero.Config{Fixed: true})
	const sub = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
	_, err := b.rpc.BlockTemplate(t.Context(), sub, 8)
	require.ErrorIs(t, err, monerod.ErrSubaddress)
}

func TestPlainEndpoints(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 77})
	_, err := b.Mine(2)
	require.NoError(t, err)
	require.Contains(t, b.post("/get_info", ""), `"difficulty":77`)
	require.Contains(t, b.post("/get_height", ""), `"height":3`)
	require.Contains(t, b.post("/getheight", ""), b.Tip().ID.String())
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

func TestConfigMistakes(t *testing.T) {
	good := monero.Config{Algorithm: cheap, NewHasher: newCheap}
	for want, change := range map[string]func(*monero.Config){
		"an algorithm and its hasher":   func(c *monero.Config) { c.NewHasher = nil },
		"version 3":                     func(c *monero.Config) { c.MinerTxVersion = 3 },
		"whole seconds":                 func(c *monero.Config) { c.BlockInterval = time.Millisecond },
		"nonce elsewhere":               func(c *monero.Config) { c.Algorithm = &hash.Algorithm{Name: "x", NonceOffset: 32, NonceSize: 16} },
		"reward":                        func(c *monero.Config) { c.Reward = 1 << 63 },
		"transactions":                  func(c *monero.Config) { c.Transactions = -1 },
		"nonce would not be at byte 39": func(c *monero.Config) { c.MajorVersion = 200 },
		"needs a seed hash": func(c *monero.Config) {
			c.Algorithm = &hash.Algorithm{Name: "x", NeedsSeed: true, NonceOffset: 39, NonceSize: 4}
		},
		"hasher of cheap: not available": func(c *monero.Config) {
			c.NewHasher = func(*hash.Algorithm) (hash.Hasher, error) { return nil, errors.New("not available") }
		},
		"blocks of others": func(c *monero.Config) { c.Others = -1 },
		"drawing a secret": func(c *monero.Config) { c.Rand = strings.NewReader("") },
	} {
		cfg := good
		change(&cfg)
		_, err := monero.New(cfg)
		require.ErrorContains(t, err, want)
	}
}

func TestClose(t *testing.T) {
	n, err := monero.New(monero.Config{Algorithm: cheap, NewHasher: newCheap})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- n.Serve(t.Context(), ln) }()
	require.NoError(t, n.Close())
	require.NoError(t, n.Close(), "twice")
	if err := <-served; err != nil { // Close may have come before Serve
		require.ErrorIs(t, err, monero.ErrClosed)
	}
	ln, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorIs(t, n.Serve(t.Context(), ln), monero.ErrClosed)
	_, err = ln.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

// TestManyAtOnce submits the same and different blocks from several sides.
func TestManyAtOnce(t *testing.T) {
	b := start(t, monero.Config{Fixed: true, Difficulty: 1, Transactions: 1})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				raw, err := b.rpc.BlockTemplate(t.Context(), wallet, 4)
				if err != nil {
					t.Error(err)
					return
				}
				if err := b.rpc.SubmitBlock(t.Context(), raw.Blob); err != nil && !errors.Is(err, monerod.ErrNotAccepted) {
					t.Error(err)
				}
				b.Status()
			}
		})
	}
	wg.Wait()
	blocks := b.Blocks()
	for i := 1; i < len(blocks); i++ {
		require.Equal(t, blocks[i-1].Height+1, blocks[i].Height)
	}
	require.Greater(t, len(blocks), 5)
}

func FuzzSubmit(f *testing.F) {
	n, err := monero.New(monero.Config{
		Algorithm: cheap, NewHasher: newCheap, Fixed: true, Difficulty: 1, Transactions: 2, Rand: randomness(),
		Now: func() time.Time { return time.Unix(1_790_000_000, 0) },
	})
	require.NoError(f, err)
	f.Cleanup(func() { n.Close() })
	_, err = n.Mine(1)
	require.NoError(f, err)
	rec := httptest.NewRecorder()
	n.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/json_rpc", strings.NewReader(
		`{"id":1,"method":"get_block_template","params":{"wallet_address":"`+wallet+`","reserve_size":8}}`)))
	_, rest, ok := strings.Cut(rec.Body.String(), `"blocktemplate_blob":"`)
	require.True(f, ok, rec.Body.String())
	text, _, _ := strings.Cut(rest, `"`)
	seed, err := hex.DecodeString(text)
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, blob []byte) {
		before := n.Status()
		if err := n.Submit(blob); err != nil {
			after := n.Status()
			require.Equal(t, before.Tip, after.Tip)
			require.Equal(t, before.Refused+1, after.Refused)
		}
	})
}
