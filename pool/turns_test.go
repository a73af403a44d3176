package pool

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTurnsGoToTheNewestTipAndThenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		require.True(t, turns.take(t.Context(), 7))
		var got []string
		var wg sync.WaitGroup
		for _, w := range []struct {
			name string
			tip  uint64
		}{{"old", 7}, {"new", 8}, {"old too", 7}, {"new too", 8}} {
			wg.Go(func() {
				require.True(t, turns.take(t.Context(), w.tip))
				got = append(got, w.name)
				turns.give()
			})
			synctest.Wait() // they queue up in this order
		}
		turns.give()
		wg.Wait()
		require.Equal(t, []string{"new", "new too", "old", "old too"}, got)
		require.Equal(t, 1, turns.free)
	})
}

func TestTurnsBoundHowManyAreInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(handInsAtOnce)
		var mu sync.Mutex
		inside, most := 0, 0
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				require.True(t, turns.take(t.Context(), uint64(i)))
				mu.Lock()
				inside++
				most = max(most, inside)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				inside--
				mu.Unlock()
				turns.give()
			})
		}
		wg.Wait()
		require.Equal(t, handInsAtOnce, most)
	})
}

func TestTurnsAreNotLostByThoseWhoGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		require.True(t, turns.take(t.Context(), 1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.False(t, turns.take(ctx, 1))
		turns.give()
		require.True(t, turns.take(t.Context(), 1))
	})
}
