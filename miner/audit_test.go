package miner

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// A slow re-check does not hold up what a trusted worker found.
func TestATrustedWorkersHitIsSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.trusted = true
		r.deps.NewHasher = func(a *hash.Algorithm) (hash.Hasher, error) { return slowHash{fakeHash{a}}, nil }
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, 64))
		time.Sleep(500 * time.Millisecond) // no re-check has ended yet
		require.NotEmpty(t, r.client.sent())
		time.Sleep(10 * time.Second)
		require.NoError(t, r.stop())
		require.Zero(t, r.Snapshot().Shares.Invalid)
		require.Empty(t, r.texts(EventInvalid))
		require.False(t, r.workers[0].distrusted.Load())
	})
}

// One wrong digest is sent, and is the last: trust ends with it.
func TestAWrongHitEndsTrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.trusted = true
		r.lie = func(hits []hash.Hit, start uint64) []hash.Hit {
			return append(hits[:0], hash.Hit{Nonce: start, Digest: hash.Digest{}}) // meets any target
		}
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		time.Sleep(time.Minute)
		require.NoError(t, r.stop())
		require.LessOrEqual(t, len(r.client.sent()), 3, "some may be under way when the first is found out")
		require.NotEmpty(t, r.client.sent())
		require.Contains(t, r.texts(EventInvalid)[0], "was sent, and its re-check gave another digest")
		require.Greater(t, r.Snapshot().Shares.Invalid, uint64(100))
	})
}

// A digest that misses the target is never sent, trusted or not.
func TestATrustedWorkersMissIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 1})
		r.trusted = true
		r.lie = func(hits []hash.Hit, start uint64) []hash.Hit {
			return append(hits[:0], hash.Hit{Nonce: start, Digest: hash.Digest{0xFF, 31: 0xFF}})
		}
		r.start(t)
		r.client.connect()
		r.client.job(job("1", 1, hard))
		time.Sleep(time.Second)
		require.NoError(t, r.stop())
		require.Empty(t, r.client.sent())
		require.NotZero(t, r.Snapshot().Shares.Invalid)
	})
}

// The first shares are all checked, later ones now and then.
func TestAuditSamples(t *testing.T) {
	r := newRig(t, Config{Workers: 1})
	a := newAuditor(r.Engine)
	a.queue = make(chan candidate, 1000)
	for range auditFirst + 10*auditEvery {
		a.note(candidate{})
	}
	require.Len(t, a.queue, auditFirst+10)
	full := newAuditor(r.Engine)
	for range 100 * auditEvery { // more than the queue holds: it never blocks
		full.note(candidate{})
	}
	require.Len(t, full.queue, auditQueue)
}

// What the search runs with is told once for each algorithm.
func TestReadyIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Workers: 2})
		r.start(t)
		r.client.connect()
		for i := range 3 {
			r.client.job(job(string(rune('1'+i)), byte(i), hard))
			time.Sleep(time.Second)
		}
		require.NoError(t, r.stop())
		require.Equal(t, []string{"ready: 2 x cpu fake with 4 lanes"}, r.texts(EventInfo))
	})
}
