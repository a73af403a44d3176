package miner

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryNonceIsTriedOnceAndExhaustionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 4})
		r.batch = 23
		r.start(t)
		r.client.connect()
		j := job("1", 1, hard)
		j.NonceSize = 2
		r.client.job(j)
		time.Sleep(time.Minute)
		synctest.Wait()

		seen := make([]int, 1<<16)
		workers := map[int]bool{}
		for _, c := range r.calls() {
			workers[c.worker] = true
			for n := c.start; n < c.start+c.count; n++ {
				seen[n]++
			}
		}
		for n, times := range seen {
			require.Equal(t, 1, times, "nonce %d", n)
		}
		require.Len(t, workers, 4)
		require.Equal(t, []string{"all nonces of this job are tried, waiting for the next"}, r.texts(EventWarning))
		require.Equal(t, uint64(1<<16), r.Snapshot().Hashes)

		before := len(r.calls())
		r.client.job(job("2", 2, hard))
		time.Sleep(time.Second)
		require.Greater(t, len(r.calls()), before, "the next job wakes the workers")
		require.NoError(t, r.stop())
	})
}

func TestANewJobInterruptsWithinOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.batchTime = 5 * time.Millisecond
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		time.Sleep(3 * time.Second) // ranges are at full size now
		r.client.job(job("2", 2, hard))
		at := time.Now()
		time.Sleep(time.Second)
		require.NoError(t, r.stop())
		for _, c := range r.calls() {
			if c.blob[0] == 1 {
				require.False(t, c.at.After(at), "a search for the old job began after the new one came")
			}
		}
		require.True(t, slices.ContainsFunc(r.calls(), func(c tried) bool { return c.blob[0] == 2 && c.start == 0 }))
	})
}

func TestANewTargetGoesOnInTheSameSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.start(t)
		r.client.connect()
		for i := range 5 {
			r.client.job(job(string(rune('a'+i)), 1, hard>>i)) // the same blob
			time.Sleep(99 * time.Millisecond)
		}
		r.client.job(job("other", 2, hard))
		time.Sleep(99 * time.Millisecond)
		r.client.job(job("again", 1, hard)) // and back
		time.Sleep(99 * time.Millisecond)
		require.NoError(t, r.stop())

		seen := map[string]map[uint64]bool{}
		var last uint64
		for _, c := range r.calls() {
			if seen[c.blob] == nil {
				seen[c.blob] = map[uint64]bool{}
			}
			for n := c.start; n < c.start+c.count; n++ {
				require.False(t, seen[c.blob][n], "nonce %d of blob %d is tried again", n, c.blob[0])
				seen[c.blob][n] = true
				if c.blob[0] == 1 {
					last = max(last, n)
				}
			}
		}
		require.Len(t, seen, 2)
		// Only what the workers held when blob 2 came may be left out.
		first := seen[string(append([]byte{1}, make([]byte, 23)...))]
		require.Less(t, int(last)-len(first), 2*2000)
	})
}

func TestPauseHoldsTheWorkersAndKeepsTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		time.Sleep(time.Second)
		r.Pause()
		r.Pause()
		time.Sleep(10 * time.Millisecond)
		before := len(r.calls())
		require.True(t, r.Snapshot().Paused)
		time.Sleep(time.Hour)
		require.Len(t, r.calls(), before)
		r.Resume()
		r.Resume()
		time.Sleep(time.Second)
		require.False(t, r.Snapshot().Paused)
		require.NoError(t, r.stop())
		require.Equal(t, 1, r.kinds()[EventPaused])
		require.Equal(t, 1, r.kinds()[EventResumed])

		seen := map[uint64]bool{}
		var last uint64
		for _, c := range r.calls() {
			for n := c.start; n < c.start+c.count; n++ {
				require.False(t, seen[n])
				seen[n] = true
				last = max(last, n)
			}
		}
		// What is missing are the ranges in hand at the end, not those at the pause.
		require.Less(t, int(last)+1-len(seen), 2*2000)
	})
}

func TestAJobThatComesWhilePausedIsTakenUpLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.start(t)
		r.Pause()
		r.client.connect()
		r.client.job(job("1", 9, hard))
		time.Sleep(time.Minute)
		require.Empty(t, r.calls())
		r.Resume()
		time.Sleep(time.Second)
		require.NotEmpty(t, r.calls())
		require.NoError(t, r.stop())
	})
}

func TestLongNoncesCountInTheirFirstEightBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range []int{3, 8, 12} {
			r := newRig(t, Config{Workers: 2, Goal: 5})
			r.deps.Rand = onesReader{}
			r.start(t)
			r.client.connect()
			j := job("1", 1, 8)
			j.NonceSize = size
			for i := range 12 {
				j.Blob[j.NonceOffset+i] = 0xCC
			}
			r.client.job(j)
			require.NoError(t, <-r.done)
			require.Len(t, r.client.sent(), 5)
			for _, s := range r.client.sent() {
				requireValid(t, s)
				for _, b := range s.Nonce[min(size, 8):] {
					require.Equal(t, byte(1), b)
				}
			}
		}
	})
}

func TestAFailedPinIsOnlyReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1, Goal: 1})
		r.deps.Pin = func(int) error { return errors.New("no such processor") }
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1))
		require.NoError(t, <-r.done)
		require.Equal(t, []string{"worker 0 is not pinned: no such processor"}, r.texts(EventWarning))
	})
}

type onesReader struct{}

func (onesReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 1
	}
	return len(p), nil
}
