package miner

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

// fakeClient is a pool connection in the test's hands.
type fakeClient struct {
	events chan stratumclient.Event
	fail   chan error // what Run ends with, before its context does

	mu     sync.Mutex
	shares []stratumclient.Share
	// answer gives the verdict on a share; nil leaves it in flight.
	answer func(stratumclient.Share) stratumclient.Event
	// refuse makes Submit fail.
	refuse error
	// delay passes before a verdict comes.
	delay time.Duration
	ended bool
	over  chan struct{} // closed when Run ends
	wg    sync.WaitGroup
}

func newFakeClient() *fakeClient {
	return &fakeClient{
		events: make(chan stratumclient.Event), fail: make(chan error, 1),
		answer: accept, delay: 10 * time.Millisecond,
		over: make(chan struct{}),
	}
}

func accept(s stratumclient.Share) stratumclient.Event {
	return stratumclient.ShareResult{Share: s, Accepted: true, Latency: 10 * time.Millisecond}
}

func reject(reason string) func(stratumclient.Share) stratumclient.Event {
	return func(s stratumclient.Share) stratumclient.Event {
		return stratumclient.ShareResult{Share: s, Reason: reason, Latency: 10 * time.Millisecond}
	}
}

func (c *fakeClient) Run(ctx context.Context) error {
	defer c.end()
	select {
	case err := <-c.fail:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end waits for the verdicts under way; Submit fails from now on.
func (c *fakeClient) end() {
	c.set(func(c *fakeClient) { c.ended = true })
	close(c.over)
	c.wg.Wait()
}

func (c *fakeClient) deliver(verdict stratumclient.Event) {
	select {
	case <-time.After(c.delay):
	case <-c.over:
		return
	}
	select {
	case c.events <- verdict:
	case <-c.over:
	}
}

func (c *fakeClient) Events() <-chan stratumclient.Event { return c.events }

func (c *fakeClient) Submit(s stratumclient.Share) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return stratumclient.ErrNotConnected
	}
	if c.refuse != nil {
		return c.refuse
	}
	c.shares = append(c.shares, s)
	if c.answer != nil {
		verdict := c.answer(s)
		c.wg.Go(func() { c.deliver(verdict) })
	}
	return nil
}

func (c *fakeClient) sent() []stratumclient.Share {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.shares)
}

// set changes how the pool behaves.
func (c *fakeClient) set(edit func(*fakeClient)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	edit(c)
}

func (c *fakeClient) connect() {
	c.events <- stratumclient.Connected{Pool: "pool:3333", Remote: "192.0.2.7:3333"}
	c.events <- stratumclient.LoggedIn{Pool: "pool:3333"}
}

// fakeHash stands for a proof of work: SHA-256.
type fakeHash struct{ algorithm *hash.Algorithm }

func (h fakeHash) Algorithm() *hash.Algorithm { return h.algorithm }
func (h fakeHash) Impl() string               { return "fake" }
func (h fakeHash) Lanes() int                 { return 1 }
func (h fakeHash) Close() error               { return nil }
func (h fakeHash) Hash(out []hash.Digest, in []hash.Input) error {
	for i := range in {
		out[i] = sha256.Sum256(in[i].Blob)
	}
	return nil
}

// tried is one call of a fake searcher.
type tried struct {
	worker       int
	blob         string // with the nonce zero
	start, count uint64
	at           time.Time
}

// rig is an engine with fakes around it.
type rig struct {
	*Engine
	client *fakeClient

	mu    sync.Mutex
	tries []tried
	// lie spoils what a searcher found.
	lie func(hits []hash.Hit, start uint64) []hash.Hit
	// batch is how many nonces a searcher tries in one call, which takes
	// batchTime.
	batch     uint64
	batchTime time.Duration
	setWork   error
	idle      bool // Search tries nothing
	closed    int
	trusted   bool // what searchers say of themselves

	cancel context.CancelFunc
	done   chan error
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	r := &rig{client: newFakeClient(), batch: 16, batchTime: 2 * time.Millisecond, done: make(chan error, 1)}
	e, err := New(cfg, Deps{
		Client:      r.client,
		NewSearcher: func(i int) (hash.Searcher, error) { return &fakeSearcher{rig: r, worker: i}, nil },
		NewHasher:   func(a *hash.Algorithm) (hash.Hasher, error) { return fakeHash{a}, nil },
		Rand:        zeroReader{},
	})
	require.NoError(t, err)
	r.Engine = e
	return r
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func (r *rig) start(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() { r.done <- r.Run(ctx) }()
}

// stop ends the run and returns its error.
func (r *rig) stop() error {
	r.cancel()
	return <-r.done
}

func (r *rig) calls() []tried {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tries)
}

func (r *rig) set(edit func(*rig)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	edit(r)
}

// kinds counts the log's events.
func (r *rig) kinds() map[EventKind]int {
	out := make(map[EventKind]int)
	for _, e := range r.Snapshot().Events {
		out[e.Kind]++
	}
	return out
}

func (r *rig) texts(kind EventKind) []string {
	var out []string
	for _, e := range r.Snapshot().Events {
		if e.Kind == kind {
			out = append(out, e.Text)
		}
	}
	return out
}

type fakeSearcher struct {
	rig    *rig
	worker int
	work   hash.Work
}

func (s *fakeSearcher) Info() hash.SearcherInfo {
	return hash.SearcherInfo{Backend: "cpu", Device: "CPU " + string(rune('0'+s.worker)), Impl: "fake", Lanes: 4, Trusted: s.rig.trusted}
}

func (s *fakeSearcher) SetWork(w *hash.Work) error {
	s.rig.mu.Lock()
	defer s.rig.mu.Unlock()
	if s.rig.setWork != nil {
		return s.rig.setWork
	}
	s.work = *w
	s.work.Blob = slices.Clone(w.Blob)
	return nil
}

func (s *fakeSearcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	s.rig.mu.Lock()
	n, took, lie := min(count, s.rig.batch), s.rig.batchTime, s.rig.lie
	if s.rig.idle {
		s.rig.mu.Unlock()
		return hits, 0, nil
	}
	s.rig.tries = append(s.rig.tries, tried{s.worker, string(s.work.Blob), start, n, time.Now()})
	s.rig.mu.Unlock()
	time.Sleep(took)
	for nonce := start; nonce < start+n; nonce++ {
		var le [8]byte
		binary.LittleEndian.PutUint64(le[:], nonce)
		copy(s.work.Blob[s.work.NonceOffset:][:s.work.NonceSize], le[:])
		d := hash.Digest(sha256.Sum256(s.work.Blob))
		if s.work.Algorithm.Meets(&d, &s.work.Target) {
			hits = append(hits, hash.Hit{Nonce: nonce, Digest: d})
		}
	}
	clear(s.work.Blob[s.work.NonceOffset:][:s.work.NonceSize])
	if lie != nil {
		hits = lie(hits, start)
	}
	return hits, n, nil
}

func (s *fakeSearcher) Close() error {
	s.rig.mu.Lock()
	defer s.rig.mu.Unlock()
	s.rig.closed++
	return nil
}

// job makes a job whose blob is told apart by its first byte.
func job(id string, first byte, difficulty uint64) *stratumclient.Job {
	blob := make([]byte, 24)
	blob[0] = first
	return &stratumclient.Job{
		ID: id, Algorithm: algoA, Blob: blob, NonceOffset: 4, NonceSize: 4, Height: 7,
		Difficulty: difficulty, Target: chain.TargetFromDifficulty(difficulty), Pool: "pool:3333",
	}
}

func (c *fakeClient) job(j *stratumclient.Job) { c.events <- stratumclient.NewJob{Job: j} }

// hard is a difficulty that no test reaches.
const hard = 1 << 62

var errBroken = errors.New("broken")
