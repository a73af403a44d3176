package monero_test

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/simnode/monero"
)

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
