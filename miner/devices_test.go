package miner

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner/watchdog"
)

// guard makes the workers from first on devices, which open as the test says.
func (r *rig) guard(t *testing.T, first int, open func(worker int) (hash.Searcher, error)) {
	t.Helper()
	r.deps.Guard = func(i int) (watchdog.Options, bool) {
		info := hash.SearcherInfo{Backend: "fake", Impl: "fake", Device: "Card"}
		return watchdog.Options{
			Name: "Card", Bus: "0000:01:00.0", Info: info,
			Open: func() (hash.Searcher, error) { return open(i) },
		}, i >= first
	}
	e, err := New(r.cfg, r.deps)
	require.NoError(t, err)
	r.Engine, r.batchTime = e, 100*time.Millisecond
}

// brokenSearcher cannot search.
type brokenSearcher struct {
	hash.Searcher
	search func() error
}

func (s brokenSearcher) Search(_, _ uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	return hits, 0, s.search()
}

func (r *rig) broken(search func() error) func(int) (hash.Searcher, error) {
	return func(i int) (hash.Searcher, error) {
		return brokenSearcher{&fakeSearcher{rig: r, worker: i}, search}, nil
	}
}

func fails() error { return errBroken }

func TestOneDevicesEndIsNotTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 3})
		var heard []watchdog.Report
		r.deps.Dropped = func(_ context.Context, p watchdog.Report) error {
			heard = append(heard, p)
			return errors.New("no such command")
		}
		healthy := r.deps.NewSearcher
		r.guard(t, 1, func(i int) (hash.Searcher, error) {
			if i == 2 {
				return r.broken(fails)(i)
			}
			return healthy(i)
		})
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1024))
		time.Sleep(time.Minute)
		s := r.Snapshot()
		require.NoError(t, r.stop())

		require.Nil(t, s.Workers[0].Watch, "a thread of the processor")
		require.Equal(t, watchdog.Working, s.Workers[1].Watch.State)
		require.Equal(t, watchdog.Dropped, s.Workers[2].Watch.State)
		require.Equal(t, uint64(1), s.Workers[2].Watch.Actions[watchdog.Drop])
		require.Equal(t, "0000:01:00.0", s.Workers[2].Watch.Bus)
		require.Positive(t, s.Workers[0].Shares.Accepted)
		require.Positive(t, s.Workers[1].Shares.Accepted)
		require.Equal(t, []watchdog.Report{{
			Device: "Card", Bus: "0000:01:00.0", Trouble: watchdog.Failed, Action: watchdog.Drop, Reason: "broken",
		}}, heard)
		warnings := r.texts(EventWarning)
		require.Equal(t, "Card: dropped after 3 attempts to open it anew: broken", warnings[len(warnings)-2])
		require.Equal(t, "no such command", warnings[len(warnings)-1])
	})
}

func TestADeviceThatNeverOpensDoesNotHoldUpTheReadyLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.guard(t, 1, func(int) (hash.Searcher, error) { return nil, errBroken })
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		time.Sleep(time.Minute)
		info := r.texts(EventInfo)
		require.NoError(t, r.stop())
		require.Equal(t, []string{"ready: 1 x cpu fake with 4 lanes"}, info)
	})
}

func TestTheLastDevicesEndIsTheMiners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.guard(t, 0, r.broken(fails))
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		var dropped *DroppedError
		require.ErrorAs(t, <-r.done, &dropped)
		require.True(t, dropped.Last)
		require.EqualError(t, dropped, "nothing is left to mine with; the last was Card: broken")
	})
}

func TestTheFirstDroppedDeviceMayEndTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2, EndOnDrop: true})
		r.guard(t, 1, r.broken(fails))
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		require.EqualError(t, <-r.done, "Card was dropped: broken")
	})
}

func TestAHungDeviceHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		forever := make(chan struct{})
		defer close(forever)
		r.guard(t, 1, r.broken(func() error { <-forever; return nil }))
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 64))
		time.Sleep(10 * time.Second)
		require.Positive(t, r.Snapshot().Shares.Accepted)
		began := time.Now()
		require.NoError(t, r.stop())
		require.Less(t, time.Since(began), 10*time.Second)
	})
}

// A device whose hits are wrong is opened anew, and none of them is sent.
func TestADeviceThatLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.lie = func(hits []hash.Hit, start uint64) []hash.Hit {
			return append(hits[:0], hash.Hit{Nonce: start, Digest: hash.Digest{1}})
		}
		r.guard(t, 0, r.deps.NewSearcher)
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		var dropped *DroppedError
		require.ErrorAs(t, <-r.done, &dropped)
		require.Regexp(t, `^\d+ of the last \d+ hits failed their re-check$`, dropped.Reason)
		require.Empty(t, r.client.sent())
	})
}

// A job that a device has no kernel for is no trouble: it waits for the next.
func TestWorkWithoutAKernel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.guard(t, 0, r.deps.NewSearcher)
		guard := r.deps.Guard
		r.deps.Guard = func(i int) (watchdog.Options, bool) {
			o, guarded := guard(i)
			o.Unsuited = func(err error) bool { return errors.Is(err, errBroken) }
			return o, guarded
		}
		e, err := New(r.cfg, r.deps)
		require.NoError(t, err)
		r.Engine, r.setWork = e, errBroken
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 1024))
		time.Sleep(time.Minute)
		require.Equal(t, []string{"Card cannot work on this job and waits for the next: preparing: broken"}, r.texts(EventWarning))
		r.set(func(r *rig) { r.setWork = nil })
		r.client.job(job("2", 2, 1024))
		time.Sleep(time.Minute)
		require.NoError(t, r.stop())
		require.NotEmpty(t, r.client.sent())
	})
}
