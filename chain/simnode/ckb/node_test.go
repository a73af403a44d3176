package ckb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
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
	w.client = ckbrpc.New(ckbrpc.Config{URL: w.url + "/", HTTP: &http.Client{}, Timeout: 5 * time.Second})
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

// requireInvalid wants the node's refusal with a text.
func requireInvalid(t *testing.T, err error, want string) {
	t.Helper()
	var e *ckbrpc.RPCError
	require.ErrorAs(t, err, &e)
	require.Equal(t, ckbrpc.CodeInvalid, e.Code)
	require.ErrorContains(t, err, want)
}

func TestRefusesWhatMissesTheTarget(t *testing.T) {
	w := start(t, nil)
	tmpl := w.template()
	_, block, err := tmpl.Block(w.solve(tmpl, false))
	require.NoError(t, err)
	_, err = w.submit(tmpl, block)
	requireInvalid(t, err, "Pow(InvalidNonce")
	require.Equal(t, uint64(1), w.node.Status().Counts.Refused)
}

// A nonce written in the order of its bytes is the classic mistake. One in 256
// would pass by luck; seed and clock stand still, so it is always the same.
func TestRefusesANonceInTheWrongOrder(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.CompactTarget = ckb.CompactFromDifficulty(big.NewInt(256)) })
	tmpl := w.template()
	header, block := w.mine(tmpl)
	var backwards ckb.Nonce
	for i, b := range header.Nonce {
		backwards[len(backwards)-1-i] = b
	}
	wrong := bytes.Replace(block, []byte(header.Nonce.String()), []byte(backwards.String()), 1)
	require.NotEqual(t, string(block), string(wrong))
	_, err := w.submit(tmpl, wrong)
	requireInvalid(t, err, "Pow(InvalidNonce")

	// Padding it with zeros is no better.
	padded := bytes.Replace(block, []byte(header.Nonce.String()), []byte(strings.Replace(header.Nonce.String(), "0x", "0x0", 1)), 1)
	_, err = w.submit(tmpl, padded)
	require.ErrorContains(t, err, "redundant leading zeros")

	_, err = w.submit(tmpl, block)
	require.NoError(t, err)
}

// change edits a submission.
func change(t *testing.T, block json.RawMessage, edit func(*ckb.Block)) json.RawMessage {
	t.Helper()
	var b ckb.Block
	require.NoError(t, json.Unmarshal(block, &b))
	edit(&b)
	out, err := json.Marshal(b)
	require.NoError(t, err)
	return out
}

// fullTemplate leads the node to a template with an uncle, proposals and
// transactions.
func (w *world) fullTemplate() *ckb.Template {
	w.t.Helper()
	w.node.AddTransactions(5)
	w.step()
	stale := w.template()
	w.step()
	w.node.AddTransactions(2)
	_, block := w.mine(stale)
	_, err := w.submit(stale, block)
	require.NoError(w.t, err)
	tmpl := w.template()
	require.Equal(w.t, 1, tmpl.Uncles())
	require.Equal(w.t, 6, tmpl.Transactions())
	return tmpl
}

// What is missing in the body shows as bad proof of work, as the node
// recomputes the commitments first.
func TestBodyMistakesShowAsInvalidNonce(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.CompactTarget = ckb.CompactFromDifficulty(big.NewInt(256)) })
	tmpl := w.fullTemplate()
	_, block := w.mine(tmpl)
	for name, edit := range map[string]func(*ckb.Block){
		"no uncle":       func(b *ckb.Block) { b.Uncles = nil },
		"no extension":   func(b *ckb.Block) { b.Extension = nil },
		"no proposals":   func(b *ckb.Block) { b.Proposals = nil },
		"no cellbase":    func(b *ckb.Block) { b.Transactions = b.Transactions[1:] },
		"no transaction": func(b *ckb.Block) { b.Transactions = b.Transactions[:5] },
		"other order": func(b *ckb.Block) {
			b.Transactions[1], b.Transactions[2] = b.Transactions[2], b.Transactions[1]
		},
		"other time": func(b *ckb.Block) { b.Header.Timestamp++ },
		"other root": func(b *ckb.Block) { b.Header.Nonce[5]++ },
	} {
		_, err := w.submit(tmpl, change(t, block, edit))
		requireInvalid(t, err, "Pow(InvalidNonce")
		require.NotEmpty(t, name)
	}
	// The header's own commitments do not matter.
	ignored := change(t, block, func(b *ckb.Block) { b.Header.TransactionsRoot = ckb.Hash{} })
	_, err := w.submit(tmpl, ignored)
	require.NoError(t, err)
	view, found, err := w.client.BlockByNumber(t.Context(), tmpl.Height())
	require.NoError(t, err)
	require.True(t, found)
	require.Len(t, view.Uncles, 1)
	require.Len(t, view.Transactions, 6)
}

// resolve gives an edited block the proof of work it then needs.
func (w *world) resolve(block json.RawMessage, edit func(*ckb.Block)) json.RawMessage {
	w.t.Helper()
	return change(w.t, block, func(b *ckb.Block) {
		edit(b)
		b.Commitments().Apply(&b.Header.RawHeader)
		for ckb.VerifyPow(&b.Header, w.hasher) != nil {
			b.Header.Nonce[3]++
			if b.Header.Nonce[3] == 0 {
				b.Header.Nonce[4]++
			}
		}
	})
}

func TestRefusesBrokenRules(t *testing.T) {
	w := start(t, nil)
	for range 12 {
		w.step()
	}
	w.node.AddTransactions(4)
	w.step()
	w.step()
	tmpl := w.template()
	_, block := w.mine(tmpl)
	cellbase := func(b *ckb.Block) *ckb.Transaction { return &b.Transactions[0] }
	easier := ckb.CompactFromDifficulty(big.NewInt(2))
	for want, edit := range map[string]func(*ckb.Block){
		"BlockVersionError":         func(b *ckb.Block) { b.Header.Version = 1 },
		"UnknownParentError":        func(b *ckb.Block) { b.Header.ParentHash[0]++ },
		"NumberError":               func(b *ckb.Block) { b.Header.Number++ },
		"Epoch(NumberMismatch":      func(b *ckb.Block) { b.Header.Epoch++ },
		"Epoch(TargetMismatch":      func(b *ckb.Block) { b.Header.CompactTarget = easier },
		"BlockTimeTooOld":           func(b *ckb.Block) { b.Header.Timestamp -= 60_000 },
		"BlockTimeTooNew":           func(b *ckb.Block) { b.Header.Timestamp += 16_000 },
		"InvalidDAO":                func(b *ckb.Block) { b.Header.DAO[0]++ },
		"InvalidRewardAmount":       func(b *ckb.Block) { cellbase(b).Outputs[0].Capacity++ },
		"InvalidRewardTarget":       func(b *ckb.Block) { cellbase(b).Outputs[0].Lock = ckb.SighashLock([20]byte{9}) },
		"one input":                 func(b *ckb.Block) { cellbase(b).Inputs = nil },
		"cellbase witness":          func(b *ckb.Block) { cellbase(b).Witnesses[0] = ckb.Bytes{1} },
		"Cellbase(InvalidQuantity":  func(b *ckb.Block) { b.Transactions = nil },
		"unknown transaction":       func(b *ckb.Block) { b.Transactions[1].Version = 1 },
		"committed already":         func(b *ckb.Block) { b.Transactions = append(b.Transactions, b.Transactions[1]) },
		"ProposalDuplicate":         func(b *ckb.Block) { b.Proposals = make([]ckb.ProposalID, 2) },
		"ExceededMaximumProposals":  func(b *ckb.Block) { b.Proposals = make([]ckb.ProposalID, 1501) },
		"ExceededMaximumBlockBytes": func(b *ckb.Block) { b.Transactions[1].Witnesses[0] = make(ckb.Bytes, 600_000) },
		"OverCount":                 func(b *ckb.Block) { b.Uncles = make([]ckb.UncleBlock, 3) },
		"unknown block":             func(b *ckb.Block) { b.Uncles = make([]ckb.UncleBlock, 1) },
		"NoBlockExtension":          func(b *ckb.Block) { b.Extension = nil },
		"InvalidBlockExtensionLen":  func(b *ckb.Block) { b.Extension = b.Extension[:31] },
		"InvalidChainRoot":          func(b *ckb.Block) { b.Extension[0]++ },
	} {
		_, err := w.submit(tmpl, w.resolve(block, edit))
		requireInvalid(t, err, want)
	}
	longer := w.resolve(block, func(b *ckb.Block) { b.Extension = append(b.Extension, 1, 2, 3) })
	_, err := w.submit(tmpl, longer)
	require.NoError(t, err, "an extension may go on after the chain root")
}

func TestRefusesTransactionsBeforeTheirTime(t *testing.T) {
	w := start(t, nil)
	w.node.AddTransactions(1)
	w.step() // proposes
	committing := w.step()
	require.Zero(t, w.template().Height()-committing.Number-1)
	tmpl := w.template() // may commit
	_, block := w.mine(tmpl)
	var full ckb.Block
	require.NoError(t, json.Unmarshal(block, &full))
	require.Len(t, full.Transactions, 2)

	early := start(t, nil)
	early.node.AddTransactions(1) // the same one, by the same seed
	first := early.template()
	_, block = early.mine(first)
	_, err := early.submit(first, early.resolve(block, func(b *ckb.Block) {
		b.Transactions = append(b.Transactions, full.Transactions[1])
	}))
	requireInvalid(t, err, "is not proposed")
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

func TestUncleRules(t *testing.T) {
	w := start(t, nil)
	tmpl := w.fullTemplate()
	_, block := w.mine(tmpl)
	for want, edit := range map[string]func(*ckb.Block){
		"Duplicate":     func(b *ckb.Block) { b.Uncles = append(b.Uncles, b.Uncles[0]) },
		"ProposalsHash": func(b *ckb.Block) { b.Uncles[0].Proposals = make([]ckb.ProposalID, 1) },
		"DoubleInclusion": func(b *ckb.Block) {
			tip, _, err := w.client.BlockByNumber(t.Context(), tmpl.Height()-1)
			require.NoError(t, err)
			b.Uncles = []ckb.UncleBlock{{Header: tip.Header, Proposals: tip.Proposals}}
		},
		"InvalidDifficultyEpoch": func(b *ckb.Block) {
			genesis, _, err := w.client.BlockByNumber(t.Context(), 0)
			require.NoError(t, err)
			b.Uncles = []ckb.UncleBlock{{Header: genesis.Header}}
		},
	} {
		_, err := w.submit(tmpl, w.resolve(block, edit))
		requireInvalid(t, err, want)
	}
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

func TestRewards(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.EpochLength = 5; c.Maturity = 2 })
	w.node.AddTransactions(2)
	w.step() // 1 proposes
	first, _, err := w.client.BlockByNumber(t.Context(), 1)
	require.NoError(t, err)
	ctx := t.Context()
	for range 10 {
		_, found, err := w.client.BlockEconomicState(ctx, first.Hash)
		require.NoError(t, err)
		require.False(t, found)
		w.step()
	}
	require.Zero(t, w.node.Status().Paid.Immature)
	paying := w.step() // 12 pays
	state, found, err := w.client.BlockEconomicState(ctx, first.Hash)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, paying.Hash(), state.FinalizedAt)
	require.NotZero(t, state.MinerReward.Proposal)
	require.Zero(t, state.TxsFee)

	block, _, err := w.client.BlockByNumber(ctx, 12)
	require.NoError(t, err)
	require.Equal(t, state.MinerReward.Total(), uint64(block.Transactions[0].Outputs[0].Capacity))
	require.True(t, block.Transactions[0].Outputs[0].Lock.Equal(poolLock))
	require.Equal(t, state.MinerReward.Total(), w.node.Status().Paid.Immature)

	w.step()
	w.step()
	third, _, err := w.client.BlockByNumber(ctx, 3)
	require.NoError(t, err)
	require.Len(t, third.Transactions, 3)
	state, found, err = w.client.BlockEconomicState(ctx, third.Hash)
	require.NoError(t, err)
	require.True(t, found)
	fees := uint64(state.TxsFee)
	require.NotZero(t, fees)
	require.NotZero(t, state.MinerReward.Committed)

	for range 9 {
		w.step()
	}
	paid := w.node.Status().Paid
	require.NotZero(t, paid.Mature)
	require.NotZero(t, paid.Immature)
	require.Equal(t, uint64(23), paid.Blocks)
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

func TestSynced(t *testing.T) {
	w := start(t, nil)
	ctx := t.Context()
	synced, detail, err := w.client.Synced(ctx)
	require.NoError(t, err)
	require.True(t, synced)
	require.Equal(t, "ckb_dev at block 0 of 0, 0 peers", detail)
	w.node.PauseSync(true)
	synced, detail, err = w.client.Synced(ctx)
	require.NoError(t, err)
	require.False(t, synced)
	require.Equal(t, "ckb_dev at block 0 of 1000, 8 peers", detail)
	w.template() // goes on nevertheless

	info, err := w.client.LocalNodeInfo(ctx)
	require.NoError(t, err)
	require.Equal(t, ckb.Uint64(8), info.Connections)
}

func TestConsensus(t *testing.T) {
	w := start(t, nil)
	c, err := w.client.Consensus(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(4), ckb.Epoch(c.CellbaseMaturity).Number())
	require.Equal(t, "ckb_dev", c.ID)
}

func TestFailures(t *testing.T) {
	w := start(t, nil)
	impatient := ckbrpc.New(ckbrpc.Config{URL: w.url, Timeout: 50 * time.Millisecond})
	for _, kind := range simnode.Kinds() {
		w.node.FailNext(1, kind)
		_, err := impatient.TipNumber(t.Context())
		require.ErrorContains(t, err, "CKB node: get_tip_block_number: ")
		switch kind {
		case simnode.FailRPC, simnode.FailBusy:
			var e *ckbrpc.RPCError
			require.ErrorAs(t, err, &e)
		case simnode.FailRefused, simnode.FailHang:
			var e *ckbrpc.TransportError
			require.ErrorAs(t, err, &e)
		default:
			var e *ckbrpc.ProtocolError
			require.ErrorAs(t, err, &e)
		}
	}
	w.node.SetLag(time.Hour)
	_, err := impatient.TipNumber(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	w.node.Clear()
	_, err = impatient.TipNumber(t.Context())
	require.NoError(t, err)
}

func TestControlEndpoints(t *testing.T) {
	w := start(t, nil)
	var s simckb.Status
	for _, c := range []struct {
		path  string
		check func()
	}{
		{"mine?n=5", func() { require.Equal(t, uint64(5), s.Number) }},
		{"reorg?depth=2", func() { require.Equal(t, uint64(1), s.Counts.Reorgs) }},
		{"tx?n=3", func() { require.Equal(t, 3, s.Mempool) }},
		{"sync?paused=true", func() { require.True(t, s.Syncing) }},
		{"status", func() { require.Equal(t, uint64(6), s.Number) }},
	} {
		code, text := w.control(c.path)
		require.Equal(t, http.StatusOK, code, text)
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		c.check()
	}
	for _, bad := range []string{"mine?n=0", "reorg?depth=1000", "sync", "fail?kind=x", "lag?ms=x"} {
		code, text := w.control(bad)
		require.Equal(t, http.StatusBadRequest, code, bad)
		require.Contains(t, text, "error")
	}
	resp, err := http.Get(w.url + "/sim/")
	require.NoError(t, err)
	defer resp.Body.Close()
	help, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	for line := range strings.Lines(simckb.ControlHelp) {
		require.Contains(t, string(help), strings.Fields(line)[1])
	}
}

func TestNotify(t *testing.T) {
	bodies := make(chan []byte, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	}))
	defer receiver.Close()
	w := start(t, func(c *simckb.Config) { c.Notify = []string{"http://127.0.0.1:1/", receiver.URL} })
	parse := func() *ckb.Template {
		select {
		case body := <-bodies:
			tmpl, err := ckb.ParseTemplate(body)
			require.NoError(t, err)
			return tmpl
		case <-time.After(5 * time.Second):
			t.Fatal("no template was posted")
			return nil
		}
	}
	first := parse()
	require.Equal(t, uint64(1), first.Height())
	w.node.Mine(1)
	require.Equal(t, uint64(2), parse().Height())
}

func TestOthersMine(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.Others = time.Millisecond })
	require.Eventually(t, func() bool { return w.node.Status().Number > 3 }, 5*time.Second, time.Millisecond)
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

func TestRPCRefuses(t *testing.T) {
	w := start(t, nil)
	for body, want := range map[string]string{
		`{"id":1,"method":"get_cells"}`:                                                                `-32601`,
		`{"id":1,"method":"get_header","params":["0x00"]}`:                                             `-32602`,
		`{"id":1,"method":"get_header","params":[]}`:                                                   `-32602`,
		`{"id":1,"method":"get_block_by_number","params":["0x0","0x0"]}`:                               `not verbosity 0`,
		`{"id":1,"method":"submit_block","params":["1",{}]}`:                                           `block: lacks header`,
		`{"id":1,"method":"submit_block","params":[1,{}]}`:                                             `-32602`,
		`{"id":1,"method":"get_block_by_number","params":["0xffff"]}`:                                  `"result":null`,
		`{"id":1,"method":"get_block_hash","params":["0x0"]}`:                                          `"result":"0x`,
		`{"id":1,"method":"get_current_epoch"}`:                                                        `"length":"0x14"`,
		`{"id":1,"method":"get_peers"}`:                                                                `"result":[]`,
		`{"id":1,"method":"get_block_template","params":["0x1"]}`:                                      `"work_id"`,
		`{"id":1,"method":"get_block","params":["0x` + strings.Repeat("00", 32) + `"]}`:                `"result":null`,
		`{"id":1,"method":"get_block_economic_state","params":["0x` + strings.Repeat("00", 32) + `"]}`: `"result":null`,
	} {
		resp, err := http.Post(w.url, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		require.Contains(t, string(text), want, body)
	}
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
