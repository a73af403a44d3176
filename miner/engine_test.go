package miner

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

// requireValid checks a share against its job without any help of the engine.
func requireValid(t *testing.T, s stratumclient.Share) {
	t.Helper()
	require.Len(t, s.Nonce, s.Job.NonceSize)
	blob := slices.Clone(s.Job.Blob)
	copy(blob[s.Job.NonceOffset:], s.Nonce)
	require.Equal(t, hash.Digest(sha256.Sum256(blob)), s.Digest)
	require.True(t, s.Job.Algorithm.Meets(&s.Digest, &s.Job.Target))
}

func TestRunStopsAtExactlyTheGoal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 3, Goal: 20})
		r.client.delay = 50 * time.Millisecond // several hits arrive meanwhile
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 8))
		require.NoError(t, <-r.done)

		sent := r.client.sent()
		require.Len(t, sent, 20, "no share is sent beyond the goal")
		for _, s := range sent {
			requireValid(t, s)
		}
		s := r.Snapshot()
		require.Equal(t, uint64(20), s.Shares.Accepted)
		require.Zero(t, s.Shares.Lost)
		require.Equal(t, 20, r.kinds()[EventAccepted])
		require.Equal(t, 3, r.closed, "every searcher is closed")
		require.Equal(t, 10*time.Millisecond, s.Latency)
		require.Len(t, s.Best, bestLimit)
		require.Positive(t, s.Effort)
	})
}

func TestARejectedShareDoesNotCountTowardsTheGoal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1, Goal: 3})
		r.client.answer = reject("Low difficulty share")
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 8))
		time.Sleep(time.Second)
		r.client.set(func(c *fakeClient) { c.answer = accept })
		require.NoError(t, <-r.done)
		s := r.Snapshot().Shares
		require.Equal(t, uint64(3), s.Accepted)
		require.GreaterOrEqual(t, s.Rejected, uint64(3))
		require.Equal(t, len(r.client.sent()), int(s.Judged()))
	})
}

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

type onesReader struct{}

func (onesReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 1
	}
	return len(p), nil
}

func TestDisconnectTakesTheWorkBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.client.answer = nil // verdicts never come
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1024))
		time.Sleep(time.Second)
		require.NotEmpty(t, r.client.sent())

		r.client.events <- stratumclient.Disconnected{Pool: "pool:3333", Err: errBroken, Retry: 5 * time.Second}
		time.Sleep(10 * time.Millisecond)
		s := r.Snapshot()
		require.Nil(t, s.Job)
		require.Equal(t, PoolConnecting, s.Pool.State)
		require.Equal(t, "broken", s.Pool.LastError)
		require.Empty(t, s.Pool.Remote)
		require.Equal(t, uint64(1), s.Pool.Failures)
		require.Equal(t, []string{"pool:3333: broken, next try in 5s"}, r.texts(EventOffline))
		before, sent := len(r.calls()), len(r.client.sent())
		time.Sleep(time.Hour)
		require.Len(t, r.calls(), before, "no work, no hashing")
		require.Len(t, r.client.sent(), sent)

		r.client.connect()
		r.client.job(job("1", 1, 1024))
		time.Sleep(time.Second)
		require.Greater(t, len(r.calls()), before)
		require.Equal(t, PoolReady, r.Snapshot().Pool.State)
		ending := time.Now()
		require.NoError(t, r.stop())
		require.Equal(t, uint64(len(r.client.sent())), r.Snapshot().Shares.Lost, "in flight at the end is lost")
		require.GreaterOrEqual(t, time.Since(ending), settleTime)
	})
}

func TestAMoveToABetterPoolKeepsVerdictsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.client.delay = 5 * time.Second
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1024))
		time.Sleep(time.Second)
		flying := len(r.client.sent())
		require.NotZero(t, flying)

		r.client.connect() // without a Disconnected before
		time.Sleep(time.Second)
		require.Nil(t, r.Snapshot().Job, "the former pool's work is obsolete")
		require.Len(t, r.client.sent(), flying)
		next := job("1", 1, 1024) // the same name on another connection
		next.Generation = 2
		r.client.job(next)
		time.Sleep(10 * time.Second)
		require.NoError(t, r.stop())
		s := r.Snapshot().Shares
		require.Greater(t, int(s.Accepted), flying)
		require.LessOrEqual(t, s.Late, uint64(1), "what was found in the last moment")
		require.Equal(t, len(r.client.sent()), int(s.Accepted+s.Lost))
		require.NotZero(t, s.Lost, "five seconds are too long to wait for at the end")
	})
}

func TestTheEndWaitsForVerdictsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.client.delay = settleTime - 100*time.Millisecond
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1024))
		time.Sleep(time.Second)
		require.NotEmpty(t, r.client.sent())
		require.Zero(t, r.Snapshot().Shares.Accepted)
		began := time.Now()
		require.NoError(t, r.stop())
		s := r.Snapshot().Shares
		require.Equal(t, len(r.client.sent()), int(s.Accepted))
		require.Zero(t, s.Lost)
		require.Less(t, time.Since(began), settleTime, "and no longer than for the last of them")
	})
}

func TestSharesWithoutAVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		errs := []error{stratumclient.ErrNotConnected, stratumclient.ErrConnectionLost, stratumclient.ErrNoReply}
		r.client.answer = func(s stratumclient.Share) stratumclient.Event {
			if n := len(r.client.shares) - 1; n < len(errs) {
				return stratumclient.ShareResult{Share: s, Err: errs[n], Reason: errs[n].Error()}
			}
			return nil
		}
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 256))
		time.Sleep(time.Second)
		s := r.Snapshot()
		require.Equal(t, Shares{Late: 1, Lost: 2}, s.Shares)
		require.Zero(t, s.Latency)
		require.Len(t, r.texts(EventWarning), 3)
		require.NoError(t, r.stop())
	})
}

func TestConnectionEventsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.start(t)
		r.client.connect()
		r.client.events <- stratumclient.Notice{Pool: "pool:3333", Text: "maintenance at noon"}
		r.client.events <- stratumclient.Connected{Pool: "pool:443", Remote: "192.0.2.8:443", TLS: "TLS 1.3", Fingerprint: "ab"}
		r.client.events <- stratumclient.LoggedIn{Pool: "pool:443"}
		time.Sleep(time.Second)
		require.NoError(t, r.stop())
		require.Equal(t, []string{
			"use pool pool:3333 192.0.2.7:3333", "use pool pool:443 TLS 1.3 192.0.2.8:443", "fingerprint (SHA-256) ab",
		}, r.texts(EventNetwork))
		require.Equal(t, []string{"pool:3333: maintenance at noon"}, r.texts(EventInfo))
		p := r.Snapshot().Pool
		require.Equal(t, []string{"pool:443", "TLS 1.3", "ab"}, []string{p.Host, p.TLS, p.Fingerprint})
	})
}

func TestVerdictsAreSorted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		reasons := []string{"Low difficulty share", "Block expired", "Low difficulty share", "\x1b[2Jboo"}
		r.client.answer = func(s stratumclient.Share) stratumclient.Event {
			n := len(r.client.shares) - 1
			if n < len(reasons) {
				return reject(reasons[n])(s)
			}
			return accept(s)
		}
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 256))
		time.Sleep(time.Second)
		require.NoError(t, r.stop())
		s := r.Snapshot()
		require.Equal(t, uint64(3), s.Shares.Rejected)
		require.Equal(t, uint64(1), s.Shares.Stale)
		require.Positive(t, s.Shares.Accepted)
		require.Equal(t, s.Shares, s.Workers[0].Shares)
		require.Equal(t, []Reason{{"Low difficulty share", 2}, {"Block expired", 1}, {"[2Jboo", 1}}, s.Reasons)
		require.Equal(t, `rejected (0/1) diff 256 "Low difficulty share" (10 ms)`, r.texts(EventRejected)[0])
		require.Equal(t, `rejected (0/2) diff 256 "Block expired" (10 ms)`, r.texts(EventStale)[0])
		require.Equal(t, `accepted (1/4) diff 256 (10 ms)`, r.texts(EventAccepted)[0])
	})
}

func TestRunReportsWhyItCannotGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.client.fail <- errBroken
		r.start(t)
		require.ErrorIs(t, <-r.done, errBroken)

		r = newRig(t, Config{Workers: 2})
		ok := r.deps.NewSearcher
		r.deps.NewSearcher = func(i int) (hash.Searcher, error) {
			if i == 1 {
				return nil, errBroken
			}
			return ok(i)
		}
		r.start(t)
		require.EqualError(t, <-r.done, "starting worker 1: broken")

		r = newRig(t, Config{Workers: 1})
		r.deps.NewHasher = func(*hash.Algorithm) (hash.Hasher, error) { return nil, errBroken }
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1))
		require.EqualError(t, <-r.done, "preparing to re-check test/a hits: broken")
	})
}

func TestAClientThatClosesItsEventsIsNotSpunOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.start(t)
		close(r.client.events)
		time.Sleep(time.Second)
		require.NoError(t, r.stop())
	})
}

func TestNewRefusesAnEngineWithoutParts(t *testing.T) {
	_, err := New(Config{}, Deps{})
	require.ErrorContains(t, err, "at least one")
	_, err = New(Config{Workers: 1}, Deps{})
	require.ErrorContains(t, err, "lacks")
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

func TestSnapshotRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.batch, r.batchTime = 20, 10*time.Millisecond // 2000 H/s each
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		time.Sleep(5500 * time.Millisecond)
		s := r.Snapshot()
		require.False(t, s.Rates.Short.Known)
		require.InDelta(t, 4000, s.Rates.Recent, 50)
		require.InDelta(t, 4000, s.AverageRate(), 50)
		time.Sleep(5 * time.Second)
		s = r.Snapshot()
		require.True(t, s.Rates.Short.Known)
		require.InDelta(t, 4000, s.Rates.Short.PerSecond, 50)
		require.InDelta(t, 2000, s.Workers[1].Rates.Short.PerSecond, 50)
		require.InDelta(t, 4000, s.MaxRate, 50)
		require.False(t, s.Rates.Medium.Known)
		require.Equal(t, "CPU 1", s.Workers[1].Info.Device)
		require.Equal(t, "new job from pool:3333 diff 4611686018427387904 algo test/a height 7", r.texts(EventJob)[0])
		require.NoError(t, r.stop())
	})
}
