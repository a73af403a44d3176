package lru

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func keys(m *Map[int, string]) (list []int) {
	for k := range m.All() {
		list = append(list, k)
	}
	return list
}

func TestForgetsWhatWasNotTouchedForLongest(t *testing.T) {
	m := New[int, string](3)
	for k := range 3 {
		*m.Put(k) = "x"
	}
	require.NotNil(t, m.Get(0))
	*m.Put(3) = "y"
	require.Equal(t, []int{3, 0, 2}, keys(m))
	require.Nil(t, m.Get(1))
	require.Equal(t, "x", *m.Put(2), "what is there stays")
	require.True(t, m.Drop(2))
	require.False(t, m.Drop(2))
	require.Equal(t, 2, m.Len())
	for k := range m.All() {
		m.Drop(k)
	}
	require.Zero(t, m.Len())
	require.NotNil(t, New[int, string](0).Put(1), "there is room for one")
}

// The map does what a list that is searched would do.
func TestAgainstASimpleList(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	m := New[int, string](8)
	var model []int // touched last first
	touch := func(k int) {
		model = append([]int{k}, slices.DeleteFunc(model, func(x int) bool { return x == k })...)
		model = model[:min(len(model), 8)]
	}
	for range 5000 {
		k := rng.IntN(16)
		switch rng.IntN(4) {
		case 0:
			require.Equal(t, slices.Contains(model, k), m.Drop(k))
			model = slices.DeleteFunc(model, func(x int) bool { return x == k })
		case 1:
			known := slices.Contains(model, k)
			require.Equal(t, known, m.Get(k) != nil)
			if known {
				touch(k)
			}
		default:
			m.Put(k)
			touch(k)
		}
		require.Equal(t, len(model), m.Len())
		require.True(t, slices.Equal(model, keys(m)))
	}
}
