package pool

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

func TestShareIsInTheLedgerWhenItsMinerIsTold(t *testing.T) {
	l := startLab(t, nil)
	c := l.loginAs("wallet.rig7", "x")
	require.Equal(t, "cn/r", c.job.Algo)
	require.EqualValues(t, 100, c.job.Height)
	require.Equal(t, c.rpcID, c.job.ID)
	for n := range 5 {
		nonce, d := mine(t, c.job, n, 16, 1<<30)
		require.Empty(t, c.submit(c.job.JobID, nonce, d))
		totals := l.totals()
		require.Len(t, totals, 1)
		require.EqualValues(t, n+1, totals[0].Shares, "OK means on disk")
		require.Equal(t, ledger.Miner{Coin: "xmr", Login: "wallet", Worker: "rig7"}, totals[0].Miner)
		require.EqualValues(t, 16*(n+1), totals[0].Difficulty.Uint64())
	}
	stats := l.Stats()
	require.EqualValues(t, 5, stats.Ports[0].Accepted)
	require.EqualValues(t, 80, stats.Ports[0].Difficulty)
	require.Zero(t, stats.Ports[0].RejectedTotal())
	require.Equal(t, 1, stats.Coins[0].Sessions)
	require.EqualValues(t, 100, stats.Coins[0].Height)
}

func TestVerdictsOnShares(t *testing.T) {
	l := startLab(t, nil)
	c, other := l.login(), l.login()
	job := c.job
	require.NotEqual(t, job.Blob, other.job.Blob, "no two sessions have the same work")
	nonce, d := mine(t, job, 0, 16, 1<<30)
	bad := d
	bad[0] ^= 1
	lowNonce, low := mine(t, job, 0, 1, 15)
	fresh := func(n int) (uint32, hash.Digest) { return mine(t, job, n, 16, 1<<30) }

	raw := func(params string) string {
		reply, _ := c.call("submit", params)
		require.True(t, reply.failed(), "accepted: %s", params)
		require.True(t, len(reply.Result) == 0 || string(reply.Result) == "null")
		return reply.text()
	}
	good := c.submitParams(job.JobID, nonce, d)
	before := l.hashes.Load()
	require.Equal(t, "Low difficulty share", c.submit(job.JobID, lowNonce, low))
	require.Equal(t, "Invalid job id", c.submit("nosuchjob", nonce, d))
	require.Equal(t, "Invalid job id", c.submit(other.job.JobID, nonce, d), "another session's job")
	require.Equal(t, "Unauthenticated", raw(strings.Replace(good, c.rpcID, other.rpcID, 1)), "another session's id")
	require.Equal(t, "Unauthenticated", raw(strings.Replace(good, c.rpcID, "", 1)))
	require.Equal(t, "Incorrect algorithm", raw(strings.Replace(good, `"nonce"`, `"algo":"cn/0","nonce"`, 1)))
	require.Contains(t, raw(strings.Replace(good, nonceHex(nonce), nonceHex(nonce)[:7], 1)), "Malformed nonce")
	require.Contains(t, raw(strings.Replace(good, nonceHex(nonce), "0x"+nonceHex(nonce), 1)), "Malformed nonce")
	require.Contains(t, raw(strings.Replace(good, `"`+hex.EncodeToString(d[:])+`"`, `7`, 1)), "Malformed result")
	require.Equal(t, before, l.hashes.Load(), "what can be refused without hashing is")

	require.Equal(t, "Invalid share", c.submit(job.JobID, nonce, bad))
	require.Empty(t, c.submit(job.JobID, nonce, d), "a bad claim does not spoil the nonce")
	require.Equal(t, "Duplicate share", c.submit(job.JobID, nonce, d))
	require.Equal(t, "Duplicate share", raw(upperHex(good, nonce, d)), "in other hex case")
	nonce, d = fresh(1)
	reply, _ := c.call("submit", strings.Replace(c.submitParams(job.JobID, nonce, d), `"nonce"`, `"algo":"cryptonight/r","nonce"`, 1))
	require.False(t, reply.failed(), "an alias of the algorithm's name")

	rejected := l.Stats().Ports[0].Rejected
	require.Equal(t, map[Reason]uint64{LowDifficulty: 1, UnknownJob: 2, Unauthenticated: 2, WrongAlgorithm: 1, BadHash: 1, Duplicate: 2}, rejected)
	require.EqualValues(t, 3, l.Stats().Ports[0].Refused[Malformed])
	require.EqualValues(t, 2, l.totals()[0].Shares)
}

// upperHex writes a submit with nonce and result in upper case.
func upperHex(params string, nonce uint32, d hash.Digest) string {
	n, r := nonceHex(nonce), hex.EncodeToString(d[:])
	return strings.NewReplacer(n, strings.ToUpper(n), r, strings.ToUpper(r)).Replace(params)
}

// The smallest share that passes has exactly the issued difficulty.
func TestDifficultyBoundary(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Ports[0].Fixed = 100 })
	c := l.login()
	nonce, d := mine(t, c.job, 0, 100, 100)
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	nonce, d = mine(t, c.job, 0, 99, 99)
	require.Equal(t, "Low difficulty share", c.submit(c.job.JobID, nonce, d))
}

func TestConcurrentDuplicatesAreAcceptedOnce(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	for n := range 20 {
		nonce, d := mine(t, c.job, n, 16, 1<<30)
		c.write(strings.Repeat(fmt.Sprintf(`{"id":7,"method":"submit","params":%s}`+"\n", c.submitParams(c.job.JobID, nonce, d)), 3))
		ok := 0
		for range 3 {
			if m := c.read(); !m.failed() {
				ok++
			} else {
				require.Equal(t, "Duplicate share", m.text())
			}
		}
		require.Equal(t, 1, ok)
	}
	require.EqualValues(t, 20, l.totals()[0].Shares)
}

func TestPipelinedSubmitsAreAllAnswered(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Limits.InFlight = 16 })
	c := l.login()
	const n = 1000
	var burst strings.Builder
	zero := hash.Digest{}
	for i := range uint32(n) {
		d := cnDigest(t, c.job, i)
		if i%3 == 0 {
			d = zero // claims to be worth everything
		}
		fmt.Fprintf(&burst, `{"id":%d,"method":"submit","params":%s}`+"\n", 1000+i, c.submitParams(c.job.JobID, i, d))
	}
	go c.write(strings.TrimSuffix(burst.String(), "\n"))
	answered := make(map[string]bool)
	for len(answered) < n {
		m := c.read()
		require.False(t, answered[string(m.ID)], "id %s answered twice", m.ID)
		answered[string(m.ID)] = true
	}
	stats := l.Stats().Ports[0]
	require.EqualValues(t, n, stats.Accepted+stats.RejectedTotal())
	require.EqualValues(t, 334, stats.Rejected[BadHash])
	require.EqualValues(t, stats.Accepted, l.totals()[0].Shares)
}

func TestNewTip(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	old := c.job
	nonce, d := mine(t, old, 0, 16, 1<<30)
	l.coins["xmr"].change(func() { l.coins["xmr"].height++ })
	job := c.nextJob()
	require.EqualValues(t, 101, job.Height)
	require.NotEqual(t, old.JobID, job.JobID)
	require.Equal(t, "Block expired", c.submit(old.JobID, nonce, d))
	nonce, d = mine(t, job, 0, 16, 1<<30)
	require.Empty(t, c.submit(job.JobID, nonce, d))

	// A reorganisation to another block of the same height is a new tip too.
	l.coins["xmr"].change(func() { l.coins["xmr"].branch = 9 })
	sideways := c.nextJob()
	require.EqualValues(t, 101, sideways.Height)
	require.Equal(t, "Block expired", c.submit(job.JobID, nonce+1, d))

	// And back: the old work counts again.
	l.coins["xmr"].change(func() { l.coins["xmr"].branch = 0 })
	c.nextJob()
	nonce, d = mine(t, job, 1, 16, 1<<30)
	require.Empty(t, c.submit(job.JobID, nonce, d))
}

func TestStaleGrace(t *testing.T) {
	var clock fakeClock
	l := startLab(t, func(c *config.Config, d *Deps) {
		c.Coins[0].StaleGrace = 3 * time.Second
		d.Now = clock.Now
	})
	c := l.login()
	old := c.job
	l.coins["xmr"].change(func() { l.coins["xmr"].height++ })
	previous := c.nextJob()
	nonce, d := mine(t, old, 0, 16, 1<<30)
	require.Empty(t, c.submit(old.JobID, nonce, d), "one tip back, within the grace")
	clock.advance(4 * time.Second)
	nonce, d = mine(t, old, 1, 16, 1<<30)
	require.Equal(t, "Block expired", c.submit(old.JobID, nonce, d), "after the grace")
	l.coins["xmr"].change(func() { l.coins["xmr"].height++ })
	c.nextJob()
	require.Equal(t, "Block expired", c.submit(old.JobID, nonce, d), "two tips back")
	nonce, d = mine(t, previous, 0, 16, 1<<30)
	require.Empty(t, c.submit(previous.JobID, nonce, d))
}

// fakeClock is the time of day under a test's control.
type fakeClock struct {
	mu   sync.Mutex
	skew time.Duration
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.skew)
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew += d
}

func TestRefreshAtTheSameHeight(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Coins[0].Refresh = 100 * time.Millisecond })
	c := l.login()
	old := c.job
	l.coins["xmr"].change(func() { l.coins["xmr"].content = 5 })
	job := c.nextJob()
	require.Equal(t, old.Height, job.Height)
	nonce, d := mine(t, old, 0, 16, 1<<30)
	require.Empty(t, c.submit(old.JobID, nonce, d), "a superseded job of the same height still counts")
	time.Sleep(250 * time.Millisecond)
	reply, others := c.call("keepalived", fmt.Sprintf(`{"id":%q}`, c.rpcID))
	require.JSONEq(t, `{"status":"KEEPALIVED"}`, string(reply.Result))
	require.Empty(t, others, "the same template again is no new job")
}

func TestForgottenJobIsStaleNotUnknown(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	first := c.job
	for i := range maxJobs + 1 {
		l.coins["xmr"].change(func() { l.coins["xmr"].content = byte(i + 1) })
		l.feeds[0].kick()
		c.nextJob()
	}
	nonce, d := mine(t, first, 0, 16, 1<<30)
	require.Equal(t, "Block expired", c.submit(first.JobID, nonce, d))
	require.Equal(t, "Invalid job id", c.submit(c.job.JobID[:8]+"7fff", nonce, d))
}

func TestRetargetJudgesByTheDifficultyOfTheJob(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Ports[0].Fixed, c.Ports[0].Start, c.Ports[0].Min = 0, 16, 1
	})
	c := l.login()
	old := c.job
	sent := 0
	for c.job.JobID == old.JobID {
		nonce, d := mine(t, old, sent, 16, 1<<30)
		require.Empty(t, c.submit(old.JobID, nonce, d))
		sent++
		require.Less(t, sent, 20, "no retarget after twenty shares at once")
	}
	require.NotEqual(t, old.Target, c.job.Target)
	require.NotEqual(t, old.Blob, c.job.Blob, "a new job has work of its own, or the miner would repeat itself")
	nonce, d := mine(t, old, sent, 16, 17)
	require.Empty(t, c.submit(old.JobID, nonce, d), "in flight at the old difficulty")
	require.EqualValues(t, 16*(sent+1), l.totals()[0].Difficulty.Uint64(), "credited at the old difficulty")
	nonce, d = mine(t, c.job, 0, 16, 17)
	require.Equal(t, "Low difficulty share", c.submit(c.job.JobID, nonce, d))
}

func TestDifficultyNeverExceedsTheNetworks(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Ports[0].Fixed = 1 << 50 })
	c := l.login()
	require.Equal(t, "ffffff0000000000", c.job.Target, "2^40 as the fake network has it")
}

func TestFullDisk(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	l.store.failWith(fmt.Errorf("writing: %w", ledger.ErrFull))
	nonce, d := mine(t, c.job, 0, 16, 1<<30)
	require.Equal(t, textNotRecorded, c.submit(c.job.JobID, nonce, d), "never an OK for a share that is not on disk")
	l.eventually("the operator is told", func() bool { return strings.Contains(l.log.String(), "shares cannot be recorded") })
	l.store.failWith(nil)
	nonce, d = mine(t, c.job, 1, 16, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d), "it recovers by itself")
	require.EqualValues(t, 1, l.totals()[0].Shares)
	require.EqualValues(t, 1, l.Stats().Ports[0].Rejected[NotRecorded])
}

func TestOverloadSheds(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Verify.Threads, c.Verify.Queue = 1, 4
	})
	c := l.login()
	l.gate.mu.Lock()
	const n = 40
	ids := make(map[string]bool)
	for i := range n {
		nonce, d := mine(t, c.job, i, 16, 1<<30)
		c.write(fmt.Sprintf(`{"id":%d,"method":"submit","params":%s}`, 500+i, c.submitParams(c.job.JobID, nonce, d)))
	}
	busy, fine := 0, 0
	for len(ids) < n {
		m := c.read()
		ids[string(m.ID)] = true
		if m.failed() {
			require.Equal(t, textBusy, m.text())
			if busy++; busy == n-6 {
				l.gate.mu.Unlock()
			}
		} else {
			fine++
		}
	}
	require.Positive(t, fine)
	require.EqualValues(t, busy, l.Stats().Coins[0].Shed)
	nonce, d := mine(t, c.job, n, 16, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d), "it recovers by itself")
}

var errNode = errors.New("connection refused")

func TestNodeFailsAndComesBack(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	xmr := l.coins["xmr"]
	xmr.change(func() { xmr.fail = errNode })
	l.eventually("the failure is noticed", func() bool { return l.Stats().Coins[0].NodeFailing })
	nonce, d := mine(t, c.job, 0, 16, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d), "sessions stay, their jobs count")
	xmr.change(func() { xmr.fail, xmr.height = nil, 105 })
	require.EqualValues(t, 105, c.nextJob().Height)
	l.eventually("it is over", func() bool { return !l.Stats().Coins[0].NodeFailing })
	l.eventually("the operator is told", func() bool { return strings.Contains(l.log.String(), "the node answers again") })
}
