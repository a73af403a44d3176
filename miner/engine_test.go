package miner

import (
	"context"
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

// A context that a signal ended has a cause of its own.
func TestAParentsEndIsNoErrorWhateverItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		cancel(errors.New("interrupt signal received"))
		require.NoError(t, <-done)
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
