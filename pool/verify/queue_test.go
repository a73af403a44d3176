package verify

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

func TestOwnersAreServedInTurn(t *testing.T) {
	q := newQueue(100)
	for _, owner := range []uint64{1, 1, 1, 1, 2, 2, 3} {
		require.True(t, q.push(waiting{Request: Request{Owner: owner}}, false))
	}
	require.True(t, q.push(waiting{Request: Request{Owner: 9}}, true))
	var order []uint64
	for q.len() > 0 {
		order = append(order, q.pop().Owner)
	}
	require.Equal(t, []uint64{9, 1, 2, 3, 1, 2, 1, 1}, order)
	require.Empty(t, q.lines, "nothing is kept of those who left")
}

func TestOneOwnerLeavesRoomForOthers(t *testing.T) {
	q := newQueue(100)
	fill := func(owner uint64) (n int) {
		for q.push(waiting{Request: Request{Owner: owner}}, false) {
			n++
		}
		return n
	}
	require.Equal(t, 50, fill(1))
	require.Equal(t, 25, fill(2))
	for owner := uint64(3); q.held < 100; owner++ {
		require.True(t, q.push(waiting{Request: Request{Owner: owner}}, false))
	}
	require.False(t, q.push(waiting{Request: Request{Owner: 1000}}, false), "full is full")
	q.pop()
	require.False(t, q.push(waiting{Request: Request{Owner: 1}}, false))
	require.True(t, q.push(waiting{Request: Request{Owner: 1000}}, false))
	require.True(t, q.push(waiting{Request: Request{Owner: 1}}, true), "a possible block has room of its own")
}

// A session that floods the pool does not hold up one that does not.
func TestFloodDoesNotDelayOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 1, 100, 1, time.Second)
		shed := 0
		flood := func() {
			err := b.Submit(Request{Input: input(1), Owner: 1, Done: func(hash.Digest, error) {}}, false)
			if errors.Is(err, ErrOverloaded) {
				shed++
			}
		}
		for range 200 {
			flood()
		}
		require.NotZero(t, shed)
		began := time.Now()
		answered := make(chan time.Duration, 1)
		r := Request{Input: input(2), Owner: 2, Done: func(hash.Digest, error) { answered <- time.Since(began) }}
		require.NoError(t, b.Submit(r, false))
		require.LessOrEqual(t, <-answered, 3*time.Second)
		b.Close()
	})
}

func TestQueueAgainstAModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	q := newQueue(50)
	lines := make(map[uint64][]byte) // by owner, oldest first
	total := 0
	for range 20_000 {
		if rng.IntN(2) == 0 {
			r := waiting{Request: Request{Input: input(byte(rng.Uint32())), Owner: uint64(1 + rng.IntN(8))}}
			if q.push(r, false) {
				lines[r.Owner] = append(lines[r.Owner], r.Input.Blob[0])
				total++
			}
		} else if total > 0 {
			r := q.pop()
			require.Equal(t, lines[r.Owner][0], r.Input.Blob[0])
			lines[r.Owner] = lines[r.Owner][1:]
			total--
		}
		require.Equal(t, total, q.len())
		require.LessOrEqual(t, total, 50)
	}
}
