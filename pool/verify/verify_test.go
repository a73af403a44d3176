package verify

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

var algorithm = &hash.Algorithm{Name: "test"}

// fakeHasher takes its time, and answers with the first byte of the input.
type fakeHasher struct {
	lanes   int
	cost    time.Duration
	mu      *sync.Mutex
	batches *[]int
	closed  *atomic.Int64
}

func (f *fakeHasher) Algorithm() *hash.Algorithm { return algorithm }
func (f *fakeHasher) Impl() string               { return "fake" }
func (f *fakeHasher) Lanes() int                 { return f.lanes }
func (f *fakeHasher) Close() error               { f.closed.Add(1); return nil }

var errBadInput = errors.New("bad input")

func (f *fakeHasher) Hash(out []hash.Digest, in []hash.Input) error {
	time.Sleep(f.cost)
	f.mu.Lock()
	*f.batches = append(*f.batches, len(in))
	f.mu.Unlock()
	for i := range in {
		if in[i].Blob[0] == 0xff {
			return errBadInput
		}
		out[i] = hash.Digest{in[i].Blob[0]}
	}
	return nil
}

type bench struct {
	*Verifier
	mu      sync.Mutex
	batches []int
	closed  atomic.Int64
}

func start(t *testing.T, threads, queue, lanes int, cost time.Duration) *bench {
	b := &bench{}
	var err error
	b.Verifier, err = New(Config{Algorithm: algorithm, Threads: threads, Queue: queue,
		NewHasher: func(*hash.Algorithm) (hash.Hasher, error) {
			return &fakeHasher{lanes: lanes, cost: cost, mu: &b.mu, batches: &b.batches, closed: &b.closed}, nil
		}})
	require.NoError(t, err)
	return b
}

func input(b byte) hash.Input { return hash.Input{Blob: []byte{b}} }

func TestEveryRequestIsAnsweredWithItsOwnHash(t *testing.T) {
	b := start(t, 3, 1000, 4, 0)
	var wrong, right atomic.Int64
	for i := range 200 {
		want := byte(i)
		if want == 0xff {
			want = 0
		}
		require.NoError(t, b.Submit(Request{Input: input(want), Done: func(d hash.Digest, err error) {
			if err != nil || d[0] != want {
				wrong.Add(1)
				return
			}
			right.Add(1)
		}}, i%7 == 0))
	}
	b.Close()
	require.Zero(t, wrong.Load())
	require.EqualValues(t, 200, right.Load())
	require.EqualValues(t, 200, b.Stats().Hashed)
	require.EqualValues(t, 3, b.closed.Load(), "every hasher is closed")
}

func TestBatchesFormUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 1, 100, 4, time.Second)
		for range 9 {
			require.NoError(t, b.Submit(Request{Input: input(1), Done: func(hash.Digest, error) {}}, false))
			synctest.Wait() // the first is being hashed alone when the others come
		}
		b.Close()
		require.Equal(t, []int{1, 4, 4}, b.batches)
	})
}

func TestUrgentGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 1, 100, 1, time.Second)
		var order []byte
		submit := func(name byte, urgent bool) {
			require.NoError(t, b.Submit(Request{Input: input(name), Done: func(d hash.Digest, _ error) { order = append(order, d[0]) }}, urgent))
		}
		submit(1, false)
		synctest.Wait()
		submit(2, false)
		submit(3, false)
		submit(4, true)
		b.Close()
		require.Equal(t, []byte{1, 4, 2, 3}, order)
	})
}

func TestOverloadIsRefusedAtOnceAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 1, 2, 1, time.Second)
		var answered atomic.Int64
		r := Request{Input: input(1), Done: func(hash.Digest, error) { answered.Add(1) }}
		refused := 0
		for range 10 {
			if errors.Is(b.Submit(r, false), ErrOverloaded) {
				refused++
			}
			synctest.Wait()
		}
		require.Equal(t, 7, refused, "one being hashed, two waiting")
		require.NoError(t, b.Submit(r, true), "a possible block still gets in")
		require.EqualValues(t, 7, b.Stats().Shed)
		time.Sleep(time.Minute)
		require.NoError(t, b.Submit(r, false))
		b.Close()
		require.EqualValues(t, 5, answered.Load())
	})
}

func TestABadInputCostsOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 1, 10, 4, time.Second)
		var errs, fine atomic.Int64
		done := func(_ hash.Digest, err error) {
			if err != nil {
				errs.Add(1)
			} else {
				fine.Add(1)
			}
		}
		for _, v := range []byte{1, 2, 0xff, 3} {
			require.NoError(t, b.Submit(Request{Input: input(v), Done: done}, false))
		}
		b.Close()
		require.EqualValues(t, 1, errs.Load())
		require.EqualValues(t, 3, fine.Load())
	})
}

func TestClosed(t *testing.T) {
	b := start(t, 2, 10, 1, 0)
	b.Close()
	b.Close()
	require.ErrorIs(t, b.Submit(Request{Input: input(1), Done: nil}, false), ErrClosed)
}

func TestNoHasher(t *testing.T) {
	made, closed := 0, &atomic.Int64{}
	_, err := New(Config{Algorithm: algorithm, Threads: 3, Queue: 1, NewHasher: func(*hash.Algorithm) (hash.Hasher, error) {
		if made++; made == 3 {
			return nil, errors.New("out of memory")
		}
		return &fakeHasher{lanes: 1, closed: closed}, nil
	}})
	require.ErrorContains(t, err, "setting up verification of test: out of memory")
	require.EqualValues(t, 2, closed.Load())
}
