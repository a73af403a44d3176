package monero_test

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
)

// wallet is the mainnet address that the tests mine to.
const wallet = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"

// cheap is a proof of work for tests: Keccak of the blob and the height.
var cheap = &hash.Algorithm{Name: "cheap", NonceOffset: 39, NonceSize: 4}

type cheapHasher struct{ closed bool }

func newCheap(*hash.Algorithm) (hash.Hasher, error) { return &cheapHasher{}, nil }

func (*cheapHasher) Algorithm() *hash.Algorithm { return cheap }

func (*cheapHasher) Impl() string { return "test" }

func (*cheapHasher) Lanes() int { return 1 }

func (h *cheapHasher) Close() error { h.closed = true; return nil }

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
