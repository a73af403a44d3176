package miner

import (
	"bytes"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

var (
	algoA = &hash.Algorithm{Name: "test/a", NonceOffset: 4, NonceSize: 4, BigEndian: true}
	algoB = &hash.Algorithm{Name: "test/b", NonceOffset: 4, NonceSize: 4, BigEndian: true}
)

func field(size int) nonceField {
	return nonceField{algorithm: algoA, blob: bytes.Repeat([]byte{0xEE}, 24), offset: 4, size: size}
}

func TestSpaceHandsOutEveryNonceOnce(t *testing.T) {
	s, err := newSpace(field(2), nil)
	require.NoError(t, err)

	var mu sync.Mutex
	seen := make([]int, 1<<16)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for {
				start, n := s.take(uint64(97 + w))
				if n == 0 {
					return
				}
				mu.Lock()
				for i := start; i < start+n; i++ {
					seen[i]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for nonce, times := range seen {
		require.Equal(t, 1, times, "nonce %d", nonce)
	}
}

func TestSpaceLimits(t *testing.T) {
	for _, tc := range []struct {
		size    int
		limit   uint64
		counter int
	}{
		{1, 1 << 8, 1}, {3, 1 << 24, 3}, {4, 1 << 32, 4},
		{8, math.MaxUint64, 8}, {12, math.MaxUint64, 8}, {20, math.MaxUint64, 8},
	} {
		s, err := newSpace(field(tc.size), bytes.NewReader(make([]byte, 32)))
		require.NoError(t, err)
		require.Equal(t, tc.limit, s.limit, "size %d", tc.size)
		require.Equal(t, tc.counter, s.counterBytes(), "size %d", tc.size)

		s.next.Store(tc.limit - 3)
		start, n := s.take(10)
		require.Equal(t, []uint64{tc.limit - 3, 3}, []uint64{start, n})
		_, n = s.take(10)
		require.Zero(t, n, "an empty space stays empty")
		_, n = s.take(10)
		require.Zero(t, n)
	}
}

func TestSpacePutWritesOnlyTheNonce(t *testing.T) {
	const counter = 0x1122334455667788
	for _, tc := range []struct {
		size int
		want []byte
	}{
		{3, []byte{0x88, 0x77, 0x66}},
		{4, []byte{0x88, 0x77, 0x66, 0x55}},
		{8, []byte{0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11}},
		{12, []byte{0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xA, 0xB, 0xC, 0xD}},
	} {
		f := field(tc.size)
		s, err := newSpace(f, bytes.NewReader([]byte{0xA, 0xB, 0xC, 0xD}))
		require.NoError(t, err)
		blob, nonce := s.put(nil, counter)
		require.Equal(t, tc.want, nonce)

		want := bytes.Clone(f.blob)
		copy(want[f.offset:], tc.want)
		require.Equal(t, want, blob)
		require.Equal(t, bytes.Repeat([]byte{0xEE}, 24), f.blob, "the job's blob is left alone")
	}
}

func TestSpaceSame(t *testing.T) {
	f := field(3) // NiceHash: the fourth byte belongs to the pool
	s, err := newSpace(f, nil)
	require.NoError(t, err)
	require.True(t, s.same(f))

	change := func(edit func(*nonceField)) nonceField {
		g := f
		g.blob = bytes.Clone(f.blob)
		edit(&g)
		return g
	}
	require.True(t, s.same(change(func(g *nonceField) { g.blob[5]++ })), "nonce bytes do not matter")
	for name, g := range map[string]nonceField{
		"before":    change(func(g *nonceField) { g.blob[3]++ }),
		"fixed":     change(func(g *nonceField) { g.blob[7]++ }),
		"height":    change(func(g *nonceField) { g.height++ }),
		"algorithm": change(func(g *nonceField) { g.algorithm = algoB }),
		"offset":    change(func(g *nonceField) { g.offset++ }),
		"size":      change(func(g *nonceField) { g.size++ }),
		"length":    change(func(g *nonceField) { g.blob = append(g.blob, 0) }),
	} {
		require.False(t, s.same(g), name)
	}
}

func TestSpaceRefusesBadFields(t *testing.T) {
	for name, f := range map[string]nonceField{
		"no nonce":        {algorithm: algoA, blob: make([]byte, 8), offset: 4, size: 0},
		"beyond the blob": {algorithm: algoA, blob: make([]byte, 7), offset: 4, size: 4},
		"negative":        {algorithm: algoA, blob: make([]byte, 8), offset: -1, size: 4},
	} {
		_, err := newSpace(f, nil)
		require.ErrorContains(t, err, "nonce of", name)
	}
	_, err := newSpace(field(9), iotest.ErrReader(errors.New("dry")))
	require.ErrorContains(t, err, "dry")
}

func TestSpaceRemembersWhatWasSent(t *testing.T) {
	s, err := newSpace(field(4), nil)
	require.NoError(t, err)
	require.True(t, s.markSent(1))
	require.False(t, s.markSent(1))
	for i := uint64(2); i < sentLimit+2; i++ {
		require.True(t, s.markSent(i))
	}
	require.Len(t, s.sent, sentLimit)
	require.True(t, s.markSent(1), "the oldest are forgotten")
	require.False(t, s.markSent(sentLimit+1))
}
