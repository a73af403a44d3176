package miner

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratumclient"
)

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
