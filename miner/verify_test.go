package miner

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

func TestAHitThatFailsItsReCheckIsNeverSent(t *testing.T) {
	for name, lie := range map[string]func([]hash.Hit, uint64) []hash.Hit{
		"wrong digest": func(hits []hash.Hit, start uint64) []hash.Hit {
			return append(hits[:0], hash.Hit{Nonce: start, Digest: hash.Digest{1}})
		},
		"misses the target": func(hits []hash.Hit, start uint64) []hash.Hit {
			return append(hits[:0], hash.Hit{Nonce: start, Digest: hash.Digest{0xFF}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{Workers: 2})
				r.lie = lie
				r.start(t)
				r.client.connect()
				r.client.job(job("1", 1, hard))
				time.Sleep(time.Second)
				require.NoError(t, r.stop())
				s := r.Snapshot()
				require.Empty(t, r.client.sent())
				require.Greater(t, s.Shares.Invalid, uint64(100))
				require.Equal(t, s.Shares.Invalid, s.Workers[0].Shares.Invalid+s.Workers[1].Shares.Invalid)
				require.NotZero(t, s.Workers[0].Shares.Invalid)
				require.Less(t, r.kinds()[EventInvalid], 30, "a flood is logged ever more rarely")
			})
		})
	}
}

func TestADuplicateHitIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.lie = func(hits []hash.Hit, _ uint64) []hash.Hit { return append(hits, hits...) }
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 64))
		time.Sleep(time.Second)
		require.NoError(t, r.stop())
		s := r.Snapshot().Shares
		require.NotZero(t, s.Duplicate)
		require.InDelta(t, len(r.client.sent()), int(s.Duplicate), 1)
		seen := map[string]bool{}
		for _, share := range r.client.sent() {
			require.False(t, seen[string(share.Nonce)])
			seen[string(share.Nonce)] = true
		}
	})
}

// slowHash takes its time to check.
type slowHash struct{ fakeHash }

func (h slowHash) Hash(out []hash.Digest, in []hash.Input) error {
	time.Sleep(time.Second)
	return h.fakeHash.Hash(out, in)
}

func TestHitsAreLateTwoBlocksOn(t *testing.T) {
	for _, tc := range []struct {
		name  string
		clean []bool // of the jobs that follow
		late  bool
	}{
		{"other jobs for the block", []bool{false, false}, false},
		{"the next block", []bool{true}, false},
		{"another job for the next block", []bool{true, false}, false},
		{"two blocks on", []bool{true, true}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{Workers: 1})
				r.deps.NewHasher = func(a *hash.Algorithm) (hash.Hasher, error) { return slowHash{fakeHash{a}}, nil }
				r.start(t)
				r.client.connect()
				first := job("old", 1, 1) // every nonce is a hit: a queue builds up
				first.Clean = true
				r.client.job(first)
				time.Sleep(1500 * time.Millisecond)
				for i, clean := range tc.clean {
					next := job(fmt.Sprint("new", i), byte(2+i), hard)
					next.Clean = clean
					r.client.job(next)
				}
				time.Sleep(time.Minute)
				require.NoError(t, r.stop())
				s := r.Snapshot().Shares
				if tc.late {
					require.NotZero(t, s.Late)
					require.LessOrEqual(t, len(r.client.sent()), 2)
				} else {
					require.Zero(t, s.Late)
					require.Greater(t, len(r.client.sent()), 3)
				}
			})
		})
	}
}

func TestAShareThatTheClientHasNoRoomForIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.client.refuse = stratumclient.ErrBacklog
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 64))
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, r.stop())
		s := r.Snapshot().Shares
		require.NotZero(t, s.Late)
		require.Zero(t, s.Lost)
		require.Contains(t, r.texts(EventWarning), stratumclient.ErrBacklog.Error())
	})
}

func TestWorkersWaitForASlowPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.client.delay = time.Minute
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1)) // every nonce is a hit
		time.Sleep(30 * time.Second)
		require.Len(t, r.client.sent(), maxInFlight)
		calls := len(r.calls())
		time.Sleep(20 * time.Second)
		require.Len(t, r.calls(), calls)
		time.Sleep(20 * time.Second)
		require.Greater(t, len(r.client.sent()), maxInFlight)
		require.NoError(t, r.stop())
		require.Zero(t, r.Snapshot().Shares.Late)
	})
}

// failingHash cannot hash what the searcher could.
type failingHash struct{ fakeHash }

func (failingHash) Hash([]hash.Digest, []hash.Input) error { return errBroken }

func TestAHitThatCannotBeReCheckedIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.deps.NewHasher = func(a *hash.Algorithm) (hash.Hasher, error) { return failingHash{fakeHash{a}}, nil }
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 64))
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, r.stop())
		require.Empty(t, r.client.sent())
		require.Contains(t, r.texts(EventWarning), "CPU 0: cannot re-check a hit: broken")
	})
}

func TestAnAlgorithmSwitchChangesTheHasher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1, Algorithm: algoA})
		made := map[string]int{}
		r.deps.NewHasher = func(a *hash.Algorithm) (hash.Hasher, error) {
			made[a.Name]++
			return fakeHash{a}, nil
		}
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 16))
		time.Sleep(time.Second)
		other := job("2", 2, 16)
		other.Algorithm, other.Clean = algoB, true
		r.client.job(other)
		time.Sleep(time.Second)
		require.Equal(t, algoB, r.Snapshot().Algorithm)
		require.NoError(t, r.stop())
		require.Equal(t, map[string]int{"test/a": 1, "test/b": 1}, made)
	})
}

func TestAJobThatCannotBeWorkedOnIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 3})
		r.setWork = errBroken
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1))
		time.Sleep(time.Second)
		require.Len(t, r.texts(EventWarning), 1)
		require.Contains(t, r.texts(EventWarning)[0], "cannot work on this job and waits for the next: preparing: broken")

		r.set(func(r *rig) { r.setWork, r.idle = nil, true })
		r.client.job(job("2", 2, 1))
		time.Sleep(time.Second)
		require.Contains(t, r.texts(EventWarning)[1], "makes no progress")

		for _, bad := range []*stratumclient.Job{
			{ID: "3", Algorithm: algoA, Blob: make([]byte, 3), NonceOffset: 4, NonceSize: 4, Pool: "p"},
			{ID: "4", Blob: make([]byte, 30), NonceOffset: 4, NonceSize: 4, Pool: "p"},
		} {
			r.client.job(bad)
			time.Sleep(time.Second)
			require.Nil(t, r.Snapshot().Job)
		}
		require.Contains(t, r.texts(EventWarning)[2], "cannot use a job from p: job with a nonce of 4 bytes")
		require.Contains(t, r.texts(EventWarning)[3], "names no algorithm")

		r.set(func(r *rig) { r.idle = false })
		r.client.job(job("5", 5, 64))
		time.Sleep(time.Second)
		require.NotEmpty(t, r.client.sent(), "a good job is taken up again")
		require.NoError(t, r.stop())
	})
}
