package vardiff

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMemory(t *testing.T) {
	m := NewMemory(3, time.Hour)
	rig := func(n int) Key {
		return Key{Coin: "xmr", Login: "w", Worker: fmt.Sprint("rig", n), Address: "192.0.2.1"}
	}
	recall := func(k Key, after time.Duration) uint64 {
		d, known := m.Recall(k, began.Add(after))
		require.Equal(t, known, d != 0)
		return d
	}
	require.Zero(t, recall(rig(1), 0))
	m.Keep(rig(1), 500, began)
	require.EqualValues(t, 500, recall(rig(1), time.Minute))
	require.EqualValues(t, 500, recall(rig(1), time.Hour), "a look forgets nothing")
	elsewhere := rig(1)
	elsewhere.Address = "198.51.100.1"
	require.Zero(t, recall(elsewhere, 0), "another address may be another machine")
	m.Keep(rig(1), 700, began.Add(time.Minute))
	require.EqualValues(t, 700, recall(rig(1), time.Hour))
	require.Zero(t, recall(rig(1), 2*time.Hour), "too long ago")

	for n := range 100 {
		m.Keep(rig(n), uint64(n+1), began)
	}
	require.Equal(t, 3, m.left.Len())
	require.Zero(t, recall(rig(96), 0))
	require.EqualValues(t, 98, recall(rig(97), 0), "the last ones are kept")
}

// A miner that comes back every few minutes converges once, not every time.
func TestReconnectingMinerConvergesOnce(t *testing.T) {
	m := NewMemory(10, time.Hour)
	key := Key{Login: "w"}
	now, start := began, uint64(simIdeal/100)
	for visit := range 50 {
		if d, known := m.Recall(key, now); known {
			start = d
		}
		c := New(Config{Start: start, Min: 1, Interval: simInterval}, now)
		if visit > 3 {
			require.InEpsilon(t, simIdeal, c.Difficulty(), 1.5)
		}
		for range 20 { // evenly spaced: chance is the simulation's business
			now = now.Add(time.Duration(float64(c.Difficulty()) / simIdeal * float64(simInterval)))
			c.Share(now, c.Difficulty())
		}
		m.Keep(key, c.Difficulty(), now)
		now = now.Add(5 * time.Minute)
	}
}
