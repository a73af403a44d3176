package cpu_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

func lookup(t testing.TB, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

// everything is a target that every digest meets, nothing one that none does.
var (
	everything = hash.Target(bytes.Repeat([]byte{0xff}, hash.Size))
	nothing    = hash.Target{}
)

// toyHasher stands for a fast back end: its digest starts with the nonce.
type toyHasher struct {
	algorithm *hash.Algorithm
	lanes     int
	seen      [][]byte
	closed    int
	fail      error
}

func (h *toyHasher) Algorithm() *hash.Algorithm { return h.algorithm }
func (h *toyHasher) Impl() string               { return "toy" }
func (h *toyHasher) Lanes() int                 { return h.lanes }
func (h *toyHasher) Close() error               { h.closed++; return nil }

func (h *toyHasher) Hash(out []hash.Digest, in []hash.Input) error {
	if err := h.algorithm.CheckCall(h.lanes, out, in); err != nil {
		return err
	}
	for i := range in {
		h.seen = append(h.seen, bytes.Clone(in[i].Blob))
		out[i] = hash.Digest{}
		copy(out[i][:], in[i].Blob[2:6])
	}
	return h.fail
}

// toySearcher searches with h on a clock that advances by tick at each look.
func toySearcher(t *testing.T, h *toyHasher, tick time.Duration) hash.Searcher {
	t.Helper()
	now := time.Unix(0, 0)
	s, err := cpu.NewSearcher(cpu.SearcherOptions{
		Index: 3,
		Pick: func(a *hash.Algorithm) (cpu.Implementation, error) {
			h.algorithm = a
			return cpu.Implementation{
				Name: "toy", Available: true, Lanes: []int{h.lanes}, DefaultLanes: h.lanes,
				Make: func(int) (hash.Hasher, error) { return h, nil },
			}, nil
		},
		Now: func() time.Time {
			now = now.Add(tick)
			return now
		},
	})
	require.NoError(t, err)
	return s
}

func toyWork(t *testing.T, size int) *hash.Work {
	return &hash.Work{
		Algorithm: lookup(t, "cn/0"), Blob: []byte("ab\x00\x00\x00\x00cd"),
		NonceOffset: 2, NonceSize: size, Target: everything,
	}
}

func TestSearchWritesNoncesIntoTheBlob(t *testing.T) {
	h := &toyHasher{lanes: 4}
	s := toySearcher(t, h, 0)
	w := toyWork(t, 3)
	w.Blob[5] = 0xee // beyond the field: stays
	require.NoError(t, s.SetWork(w))
	clear(w.Blob) // the searcher keeps no reference

	hits, done, err := s.Search(0x0102fe, 6, nil)
	require.NoError(t, err)
	require.Equal(t, uint64(6), done)
	require.Len(t, hits, 6)
	want := []string{
		"ab\xfe\x02\x01\xeecd", "ab\xff\x02\x01\xeecd", "ab\x00\x03\x01\xeecd",
		"ab\x01\x03\x01\xeecd", "ab\x02\x03\x01\xeecd", "ab\x03\x03\x01\xeecd",
	}
	for i, blob := range h.seen {
		require.Equal(t, want[i], string(blob))
		require.Equal(t, 0x0102fe+uint64(i), hits[i].Nonce)
		require.Equal(t, blob[2:6], hits[i].Digest[:4])
	}
	require.Equal(t, hash.SearcherInfo{Backend: "cpu", Device: "CPU 3", Impl: "toy", Lanes: 4, Trusted: true}, s.Info())
}

// The target is inclusive, and read in the algorithm's byte order.
func TestSearchFindsWhatMeetsTheTarget(t *testing.T) {
	s := toySearcher(t, &toyHasher{lanes: 1}, 0)
	w := toyWork(t, 4)
	w.Target = hash.Target{31: 5}
	require.NoError(t, s.SetWork(w))
	hits, done, err := s.Search(3, 10, []hash.Hit{{Nonce: 99}})
	require.NoError(t, err)
	require.Equal(t, uint64(10), done)
	nonces := []uint64{}
	for _, hit := range hits {
		nonces = append(nonces, hit.Nonce)
	}
	require.Equal(t, []uint64{99, 3, 4, 5}, nonces, "appended to what was there")
}

func TestSearchReturnsEarly(t *testing.T) {
	for _, c := range []struct {
		name string
		tick time.Duration
		want uint64
	}{
		{"slow algorithm: one batch", time.Second, 2},
		{"about two milliseconds", 500 * time.Microsecond, 8},
		{"count reached first", time.Nanosecond, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := toySearcher(t, &toyHasher{lanes: 2}, c.tick)
			require.NoError(t, s.SetWork(toyWork(t, 4)))
			_, done, err := s.Search(0, 101, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, done)
		})
	}
}

func TestSearchEndsWithTheNonceSpace(t *testing.T) {
	for _, c := range []struct {
		size                     int
		start, count, want, last uint64
	}{
		{size: 1, start: 250, count: 1000, want: 6, last: 255},
		{size: 2, start: 0xffff, count: math.MaxUint64, want: 1, last: 0xffff},
		{size: 4, start: 0xfffffffe, count: 2, want: 2, last: 0xffffffff},
		{size: 4, start: 0, count: 0, want: 0},
	} {
		s := toySearcher(t, &toyHasher{lanes: 4}, 0)
		require.NoError(t, s.SetWork(toyWork(t, c.size)))
		hits, done, err := s.Search(c.start, c.count, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, done)
		require.Len(t, hits, int(c.want))
		if c.want > 0 {
			require.Equal(t, c.last, hits[len(hits)-1].Nonce)
		}
	}
	s := toySearcher(t, &toyHasher{lanes: 4}, 0)
	require.NoError(t, s.SetWork(toyWork(t, 1)))
	_, _, err := s.Search(256, 1, nil)
	require.ErrorContains(t, err, "does not fit in 1 bytes")
}

// An eight-byte nonce field has no end that a count could run into.
func TestSearchAtTheEndOfEightBytes(t *testing.T) {
	a := lookup(t, "eaglesong")
	s, err := cpu.NewSearcher(cpu.SearcherOptions{})
	require.NoError(t, err)
	w := &hash.Work{Algorithm: a, Blob: make([]byte, 48), NonceOffset: 40, NonceSize: 8, Target: everything}
	require.NoError(t, s.SetWork(w))
	hits, done, err := s.Search(math.MaxUint64-1, 1000, nil)
	require.NoError(t, err)
	require.Equal(t, uint64(2), done)
	require.Equal(t, uint64(math.MaxUint64), hits[1].Nonce)
}

func TestSetWorkRefusesBadWork(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*hash.Work)
		want  string
	}{
		{"no algorithm", func(w *hash.Work) { w.Algorithm = nil }, "no algorithm"},
		{"no nonce", func(w *hash.Work) { w.NonceSize = 0 }, "nonce of 0 bytes"},
		{"long nonce", func(w *hash.Work) { w.NonceSize = 9 }, "nonce of 9 bytes"},
		{"before the blob", func(w *hash.Work) { w.NonceOffset = -1 }, "blob of 8 bytes"},
		{"beyond the blob", func(w *hash.Work) { w.NonceOffset = 5 }, "bytes 5 to 8 of a blob of 8 bytes"},
		{"no blob", func(w *hash.Work) { w.Blob = nil }, "blob of 0 bytes"},
		{"no height", func(w *hash.Work) { w.Algorithm = lookup(t, "cn/r") }, "height"},
		{"too short", func(w *hash.Work) { w.Algorithm = lookup(t, "cn/1") }, "43 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := toySearcher(t, &toyHasher{lanes: 1}, 0)
			require.NoError(t, s.SetWork(toyWork(t, 4)))
			w := toyWork(t, 4)
			c.spoil(w)
			require.ErrorContains(t, s.SetWork(w), c.want)
			_, _, err := s.Search(0, 1, nil)
			require.ErrorContains(t, err, "no work", "the old work is gone too")
		})
	}
}

func TestSearcherErrors(t *testing.T) {
	_, err := cpu.NewSearcher(cpu.SearcherOptions{Index: -1})
	require.Error(t, err)

	h := &toyHasher{lanes: 1, fail: errors.New("burnt out")}
	s := toySearcher(t, h, 0)
	require.Equal(t, hash.SearcherInfo{Backend: "cpu", Device: "CPU 3", Trusted: true}, s.Info())
	_, _, err = s.Search(0, 1, nil)
	require.ErrorContains(t, err, "no work")
	require.NoError(t, s.SetWork(toyWork(t, 4)))
	_, done, err := s.Search(0, 1, nil)
	require.ErrorIs(t, err, h.fail)
	require.Zero(t, done)

	require.NoError(t, s.Close())
	require.Equal(t, 1, h.closed)
	require.NoError(t, s.Close(), "closing twice does no harm")
	require.Equal(t, 1, h.closed)
	_, _, err = s.Search(0, 1, nil)
	require.ErrorIs(t, err, hash.ErrClosed)
	require.ErrorIs(t, s.SetWork(toyWork(t, 4)), hash.ErrClosed)
}

func TestSearcherChangesAlgorithm(t *testing.T) {
	h := &toyHasher{lanes: 1}
	s := toySearcher(t, h, 0)
	w := toyWork(t, 4)
	require.NoError(t, s.SetWork(w))
	require.NoError(t, s.SetWork(w))
	require.Zero(t, h.closed, "same algorithm, same hasher")
	w.Algorithm = lookup(t, "cn/2")
	require.NoError(t, s.SetWork(w))
	require.Equal(t, 1, h.closed)

	w.Algorithm = &hash.Algorithm{Name: "scrypt", Family: "scrypt"}
	real, err := cpu.NewSearcher(cpu.SearcherOptions{})
	require.NoError(t, err)
	require.ErrorContains(t, real.SetWork(w), "scrypt")
}

// TestSearchMatchesHashing compares what a Searcher finds with plain hashing,
// for a job of each kind and for a message that the midstate does not suit.
func TestSearchMatchesHashing(t *testing.T) {
	for _, c := range []struct {
		algorithm    string
		length       int
		offset, size int
		count        uint64
	}{
		{"eaglesong", 48, 32, 8, 200},
		{"eaglesong", 48, 36, 8, 200},
		{"eaglesong", 48, 44, 4, 200},
		{"eaglesong", 48, 31, 4, 200},
		{"eaglesong", 76, 39, 4, 200},
		{"cn-pico", 76, 39, 4, 3},
		{"cn/upx2", 76, 39, 3, 3},
	} {
		a := lookup(t, c.algorithm)
		s, err := cpu.NewSearcher(cpu.SearcherOptions{Now: func() time.Time { return time.Time{} }})
		require.NoError(t, err)
		w := &hash.Work{
			Algorithm: a, Blob: make([]byte, c.length), Target: everything,
			NonceOffset: c.offset, NonceSize: c.size,
		}
		for i := range w.Blob {
			w.Blob[i] = byte(7 * i)
		}
		require.NoError(t, s.SetWork(w))
		const start = 0xfffe
		hits, done, err := s.Search(start, c.count, nil)
		require.NoError(t, err)
		require.Equal(t, c.count, done)
		require.Len(t, hits, int(c.count))

		h, err := cpu.New(a)
		require.NoError(t, err)
		for i, hit := range hits {
			nonce := binary.LittleEndian.AppendUint64(nil, start+uint64(i))
			copy(w.Blob[c.offset:c.offset+c.size], nonce)
			var want [1]hash.Digest
			require.NoError(t, cpu.Hash(h, want[:], []hash.Input{{Blob: w.Blob}}))
			require.Equal(t, hash.Hit{Nonce: start + uint64(i), Digest: want[0]}, hit, "%+v", c)
		}
		require.NoError(t, s.Close())
	}
}

// The midstate comes and goes with the shape of the message.
func TestSearcherSwitchesToMidstate(t *testing.T) {
	s, err := cpu.NewSearcher(cpu.SearcherOptions{Now: func() time.Time { return time.Time{} }})
	require.NoError(t, err)
	best, err := cpu.Best(lookup(t, "eaglesong"))
	require.NoError(t, err)
	for _, length := range []int{76, 48, 76} {
		w := &hash.Work{
			Algorithm: lookup(t, "eaglesong"), Blob: make([]byte, length),
			NonceOffset: 32, NonceSize: 8, Target: nothing,
		}
		require.NoError(t, s.SetWork(w))
		hits, done, err := s.Search(0, 100, nil)
		require.NoError(t, err)
		require.Equal(t, uint64(100), done)
		require.Empty(t, hits)
		require.Equal(t, best.Name, s.Info().Impl)
		require.Equal(t, best.DefaultLanes, s.Info().Lanes)
	}
}

func TestSearchAllocatesNothing(t *testing.T) {
	for _, name := range []string{"eaglesong", "cn/upx2"} {
		a := lookup(t, name)
		s, err := cpu.NewSearcher(cpu.SearcherOptions{})
		require.NoError(t, err)
		w := &hash.Work{
			Algorithm: a, Blob: make([]byte, 76), Target: nothing,
			NonceOffset: a.NonceOffset, NonceSize: 4,
		}
		if name == "eaglesong" {
			w.Blob = w.Blob[:48]
		}
		require.NoError(t, s.SetWork(w))
		require.Zero(t, testing.AllocsPerRun(5, func() {
			_, _, err = s.Search(0, 1000, nil)
			if err == nil {
				err = s.SetWork(w) // a new job on the same algorithm is free too
			}
		}), name)
		require.NoError(t, err)
	}
}
