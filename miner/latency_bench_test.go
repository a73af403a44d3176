package miner

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/stratumclient"
)

// BenchmarkShareToWire measures, with every processor hashing, how long a
// share takes from the end of the batch that found it to the other end of a
// loopback connection. It reports the median and the 99th percentile.
func BenchmarkShareToWire(b *testing.B) {
	for _, name := range []string{"cn-pico", "cn/0", "cn/r"} {
		b.Run(name, func(b *testing.B) { benchmarkShareToWire(b, name) })
	}
}

func benchmarkShareToWire(b *testing.B, name string) {
	a, err := hash.Lookup(name)
	require.NoError(b, err)
	threads := runtime.NumCPU()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads + 2)) // as adit mine does
	w := newWire(b)
	e, err := New(Config{Workers: threads}, Deps{
		Client: w, Rand: rand.Reader,
		NewSearcher: func(i int) (hash.Searcher, error) {
			s, err := cpu.NewSearcher(cpu.SearcherOptions{Index: i})
			return &stampingSearcher{s, w}, err
		},
		NewHasher: cpu.New,
	})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	w.events <- stratumclient.Connected{Pool: "wire"}
	w.events <- stratumclient.NewJob{Job: &stratumclient.Job{
		ID: "1", Algorithm: a, Blob: make([]byte, 76), NonceOffset: 39, NonceSize: 4, Height: 1788000, Pool: "wire",
		Target: chain.TargetFromDifficulty(8), Difficulty: 8,
	}}
	b.ResetTimer()
	delays := make([]time.Duration, b.N)
	for i := range delays {
		delays[i] = <-w.delays
	}
	b.StopTimer()
	cancel()
	require.NoError(b, <-ended)
	slices.Sort(delays)
	b.ReportMetric(float64(delays[len(delays)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(delays[len(delays)*99/100].Microseconds()), "p99-µs")
}

// wire is a pool at the other end of a loopback connection, and the client.
type wire struct {
	events chan stratumclient.Event
	delays chan time.Duration
	conn   net.Conn

	mu    sync.Mutex
	found map[uint64]time.Time // by nonce
}

func newWire(b *testing.B) *wire {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	w := &wire{events: make(chan stratumclient.Event, 64), delays: make(chan time.Duration, 1<<16), found: map[uint64]time.Time{}}
	go func() {
		pool, err := ln.Accept()
		if err != nil {
			return
		}
		defer pool.Close()
		for r := bufio.NewReader(pool); ; {
			var nonce [4]byte
			if _, err := io.ReadFull(r, nonce[:]); err != nil {
				return
			}
			w.arrived(nonceOf(nonce[:]))
		}
	}()
	w.conn, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(b, err)
	b.Cleanup(func() { w.conn.Close(); ln.Close() })
	return w
}

func nonceOf(field []byte) (n uint64) {
	for i, b := range field {
		n |= uint64(b) << (8 * i)
	}
	return n
}

func (w *wire) arrived(nonce uint64) {
	now := time.Now()
	w.mu.Lock()
	begun, ok := w.found[nonce]
	delete(w.found, nonce)
	w.mu.Unlock()
	if ok {
		select {
		case w.delays <- now.Sub(begun):
		default:
		}
	}
}

func (w *wire) Run(ctx context.Context) error      { <-ctx.Done(); return nil }
func (w *wire) Events() <-chan stratumclient.Event { return w.events }
func (w *wire) Submit(share stratumclient.Share) (e error) {
	_, err := w.conn.Write(share.Nonce)
	w.events <- stratumclient.ShareResult{Share: share, Accepted: err == nil}
	return err
}

// stampingSearcher notes when each hit was found.
type stampingSearcher struct {
	hash.Searcher
	wire *wire
}

func (s *stampingSearcher) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	before := len(hits)
	hits, done, err := s.Searcher.Search(start, count, hits)
	now := time.Now()
	s.wire.mu.Lock()
	for _, h := range hits[before:] {
		s.wire.found[h.Nonce] = now
	}
	s.wire.mu.Unlock()
	return hits, done, err
}
