package pool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// quickHasher is a proof of work that costs nothing: SHA-256. It exists only
// in this test binary.
type quickHasher struct {
	a     *hash.Algorithm
	gate  *gate
	count *atomic.Int64
}

// gate lets a test hold all hashing back.
type gate struct {
	mu sync.RWMutex
}

func (h *quickHasher) Algorithm() *hash.Algorithm { return h.a }
func (h *quickHasher) Impl() string               { return "quick" }
func (h *quickHasher) Lanes() int                 { return 2 }
func (h *quickHasher) Close() error               { return nil }
func (h *quickHasher) Hash(out []hash.Digest, in []hash.Input) error {
	h.gate.mu.RLock()
	defer h.gate.mu.RUnlock()
	for i := range in {
		h.count.Add(1)
		out[i] = sha256.Sum256(in[i].Blob)
	}
	return nil
}

// fakeCoin is a chain whose tip a test moves.
type fakeCoin struct {
	a          *hash.Algorithm
	nonceAt    int
	nonceSize  int
	difficulty uint64

	mu        sync.Mutex
	height    uint64
	branch    byte
	content   byte
	fail      error
	notSynced bool
	refuse    error // what Submit answers
	submitted []coin.Block
	polls     int
}

func newFakeCoin(cfg config.Coin) *fakeCoin {
	a, err := hash.Lookup(cfg.Algorithm)
	if err != nil {
		panic(err)
	}
	c := &fakeCoin{a: a, nonceAt: 39, nonceSize: 4, difficulty: 1 << 40, height: 100}
	if cfg.Kind == config.CKB {
		c.nonceAt, c.nonceSize = 36, 12
	}
	return c
}

func (c *fakeCoin) Algorithm() *hash.Algorithm { return c.a }
func (c *fakeCoin) Close()                     {}

func (c *fakeCoin) CheckLogin(address string) error {
	if !strings.HasPrefix(address, "wallet") {
		return errors.New("not a wallet")
	}
	return nil
}

func (c *fakeCoin) Status(context.Context) (coin.Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return coin.Status{Synced: !c.notSynced, Detail: "height 1 of 2"}, c.fail
}

func (c *fakeCoin) Tip(context.Context) (coin.Tip, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.polls++
	return coin.Tip{Height: c.height - 1, Hash: c.parent()}, c.fail
}

func (c *fakeCoin) parent() string { return fmt.Sprintf("%062x%02x", c.height-1, c.branch) }

func (c *fakeCoin) Template(context.Context) (*coin.Template, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := new(big.Int).SetUint64(c.difficulty)
	w := &fakeWork{nonceAt: c.nonceAt, nonceSize: c.nonceSize}
	copy(w.head[:], c.parent()[32:])
	w.head[31] = c.content
	return &coin.Template{Height: c.height, Parent: c.parent(), Difficulty: d, Target: chain.TargetFromBig(d),
		Key: c.height<<16 | uint64(c.branch)<<8 | uint64(c.content), Work: w}, c.fail
}

func (c *fakeCoin) Submit(_ context.Context, b coin.Block) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.submitted = append(c.submitted, b)
	return c.refuse
}

// change alters the chain and waits until the pool has seen it.
func (c *fakeCoin) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *fakeCoin) blocks() []coin.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]coin.Block(nil), c.submitted...)
}

// fakeWork lays an input out as its dialect wants it: the extra nonce right
// before the nonce on CKB, at the end on CryptoNote.
type fakeWork struct {
	head               [32]byte
	nonceAt, nonceSize int
}

func (w *fakeWork) Input(e coin.Extra) (coin.Input, error) {
	if w.nonceSize == 12 {
		blob := append(make([]byte, 0, 48), w.head[:]...)
		blob[0] ^= byte(e.Variant)
		blob = binary.BigEndian.AppendUint32(blob, uint32(e.Nonce))
		return coin.Input{Blob: append(blob, make([]byte, 12)...), NonceOffset: 36, NonceSize: 12}, nil
	}
	blob := make([]byte, 76)
	copy(blob, w.head[:])
	binary.BigEndian.PutUint64(blob[60:], e.Nonce)
	return coin.Input{Blob: blob, NonceOffset: 39, NonceSize: 4}, nil
}

func (w *fakeWork) Block(e coin.Extra, nonce []byte) (coin.Block, error) {
	in, _ := w.Input(e)
	copy(in.Blob[in.NonceOffset:], nonce)
	id := sha256.Sum256(in.Blob)
	return coin.Block{Hash: hex.EncodeToString(id[:]), Payload: hex.EncodeToString(in.Blob)}, nil
}

// lab is a running pool over fakes.
type lab struct {
	*Pool
	t      *testing.T
	coins  map[string]*fakeCoin
	store  *flakyStore
	gate   *gate
	hashes atomic.Int64
	stop   context.CancelFunc
	done   chan error
	log    *syncBuffer

	mu     sync.Mutex
	events []Event
}

// flakyStore is a real ledger that can be told to fail.
type flakyStore struct {
	*ledger.DB
	fail atomic.Pointer[error]
}

func (s *flakyStore) failWith(err error) { s.fail.Store(&err) }

func (s *flakyStore) failing() error {
	if err := s.fail.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *flakyStore) AppendShares(shares []ledger.Share) error {
	if err := s.failing(); err != nil {
		return err
	}
	return s.DB.AppendShares(shares)
}

func (s *flakyStore) AddBlock(ctx context.Context, b ledger.Block) (int64, error) {
	if err := s.failing(); err != nil {
		return 0, err
	}
	return s.DB.AddBlock(ctx, b)
}

// syncBuffer collects a log.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// labConfig is a pool of one coin of each dialect, made to be quick: vardiff
// is off, the node is polled often.
func labConfig() config.Config {
	cfg := config.Default()
	cn := config.DefaultCoin(config.CryptoNote)
	cn.Name, cn.Algorithm, cn.Node = "xmr", "cn/r", "http://fake"
	cn.Poll, cn.Refresh, cn.StaleGrace = 10*time.Millisecond, time.Hour, 0
	ckb := config.DefaultCoin(config.CKB)
	ckb.Name, ckb.Node, ckb.Network = "ckb", "http://fake", "testnet"
	ckb.Poll, ckb.Refresh, ckb.StaleGrace = 10*time.Millisecond, time.Hour, 0
	cfg.Coins = []config.Coin{cn, ckb}
	for _, name := range []string{"xmr", "ckb"} {
		port := config.DefaultPort()
		port.Listen, port.Coin = "127.0.0.1:0", name
		port.Fixed = 16
		cfg.Ports = append(cfg.Ports, port)
	}
	cfg.Verify.Threads = 2
	cfg.Bans.Off = true // tests of other things send bad shares as they like
	return cfg
}

// startLab runs a pool until the test ends, and checks then that it ended
// cleanly.
func startLab(t *testing.T, change func(*config.Config, *Deps)) *lab {
	t.Helper()
	l := newLab(t, change)
	select {
	case <-l.Ready():
	case err := <-l.done:
		t.Fatalf("the pool did not start: %v", err)
	case <-time.After(10 * time.Second):
		t.Fatal("the pool is not ready")
	}
	return l
}

func newLab(t *testing.T, change func(*config.Config, *Deps)) *lab {
	t.Helper()
	store, err := ledger.Open(t.Context(), t.TempDir()+"/ledger.db", time.Now())
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	l := &lab{t: t, coins: make(map[string]*fakeCoin), store: &flakyStore{DB: store}, gate: &gate{}, done: make(chan error, 1), log: &syncBuffer{}}
	cfg := labConfig()
	deps := Deps{
		Log:   slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Store: l.store,
		NewHasher: func(a *hash.Algorithm) (hash.Hasher, error) {
			return &quickHasher{a: a, gate: l.gate, count: &l.hashes}, nil
		},
		NewCoin: func(c config.Coin) (coin.Coin, error) {
			l.coins[c.Name] = newFakeCoin(c)
			return l.coins[c.Name], nil
		},
		Observe: func(e Event) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.events = append(l.events, e)
		},
	}
	if change != nil {
		change(&cfg, &deps)
	}
	l.Pool, err = New(cfg, deps)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	go func() { l.done <- l.Run(ctx) }()
	t.Cleanup(l.end)
	return l
}

// end stops the pool and waits for it.
func (l *lab) end() {
	l.stop()
	select {
	case err := <-l.done:
		l.done <- err
		if l.t.Failed() {
			text := l.log.String()
			l.t.Log(text[max(0, len(text)-4000):])
		}
	case <-time.After(20 * time.Second):
		l.t.Error("the pool does not end")
	}
}

func (l *lab) seen(match func(Event) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if match(e) {
			return true
		}
	}
	return false
}

func (l *lab) eventually(what string, f func() bool) {
	l.t.Helper()
	require.Eventually(l.t, f, 5*time.Second, 2*time.Millisecond, what)
}

// totals is what the ledger holds.
func (l *lab) totals() []ledger.Total {
	l.t.Helper()
	totals, err := l.store.Totals(context.Background())
	require.NoError(l.t, err)
	return totals
}
