package pool

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/penalty"
)

// withBans makes a session of mostly bad shares end after five of them.
func withBans(c *config.Config, _ *Deps) {
	c.Bans = config.Bans{BadShares: 5, Percent: 50, Window: time.Minute, Duration: time.Minute}
}

// cheat submits results that are not the hash until the session is over, and
// returns what it was told last.
func (c *cnClient) cheat(t *testing.T) (told string) {
	t.Helper()
	for n := range 100 {
		_, d := mine(t, c.job, 0, 16, 1<<30)
		d[0] ^= 1
		c.id++
		fmt.Fprintf(c.nc, `{"id":%d,"method":"submit","params":%s}`+"\n", c.id, c.submitParams(c.job.JobID, uint32(n), d))
		m, err := c.tryRead()
		if err != nil {
			return told
		}
		told = m.text()
	}
	t.Fatal("nobody stops it")
	return ""
}

func TestBadSharesEndTheSessionThenTheLogin(t *testing.T) {
	l := startLab(t, withBans)
	neighbour := l.loginAs("wallet2", "x")
	cheat := l.login()
	require.Equal(t, "Too many bad shares", cheat.cheat(t))
	told := l.login().cheat(t)
	require.Regexp(t, `^IP Address currently banned until \S+: most of its shares from this address were bad$`, told)
	require.Equal(t, penalty.Key{Login: "wallet", Address: "127.0.0.1"}, l.Penalties().Bans()[0].Key)
	require.True(t, l.seen(func(e Event) bool { b, is := e.(*Banned); return is && b.Ban.Login == "wallet" }))

	c := l.dial(0)
	reply, _ := c.call("login", `{"login":"wallet","pass":"x"}`)
	require.Contains(t, reply.text(), "IP Address currently banned until ")
	c.expectClosed()
	ckb := l.subscribe()
	reply, _ = ckb.call("mining.authorize", `["wallet.rig","x"]`)
	require.Contains(t, reply.text(), "currently banned")
	ckb.expectClosed()

	nonce, d := mine(t, neighbour.job, 0, 16, 1<<30)
	require.Empty(t, neighbour.submit(neighbour.job.JobID, nonce, d), "neighbours go on")
	l.loginAs("wallet3", "x")
	require.True(t, l.Penalties().Lift(l.Penalties().Bans()[0].Key))
	l.login()
}

func TestBansByHand(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Ports[0].Interval = 100 * time.Millisecond })
	mining := l.login()
	l.Penalties().Ban(penalty.Key{Address: "127.0.0.1"}, "by hand", time.Now().Add(time.Hour))
	require.Contains(t, mining.read().text(), ": by hand", "who is there is sent away")
	mining.expectClosed()
	c := l.dial(0)
	reply, _ := c.call("login", `{"login":"wallet","pass":"x"}`)
	require.Contains(t, reply.text(), ": by hand")
	require.EqualValues(t, 1, l.Stats().Ports[0].Refused[BannedMiner])
}

func TestLateSharesAreNoFault(t *testing.T) {
	l := startLab(t, withBans)
	c := l.login()
	old := c.job
	l.coins["xmr"].change(func() { l.coins["xmr"].height++ })
	c.nextJob()
	for n := range 30 {
		nonce, d := mine(t, old, n, 16, 1<<20)
		require.Equal(t, "Block expired", c.submit(old.JobID, nonce, d))
	}
	require.Empty(t, l.Penalties().Bans())
}

func TestLoginRate(t *testing.T) {
	var clock fakeClock
	l := startLab(t, func(c *config.Config, d *Deps) {
		c.Limits.LoginsPerSecond, c.Limits.PerAddress = 1, 3
		d.Now = clock.Now
	})
	try := func() string {
		c := l.dial(0)
		defer c.nc.Close()
		reply, _ := c.call("login", `{"login":"wallet","pass":"x"}`)
		return reply.text()
	}
	for range 3 + 10 {
		require.NotContains(t, try(), "Too many logins")
		l.eventually("it has gone", func() bool { return l.Stats().Ports[0].Connections == 0 })
	}
	require.Contains(t, try(), "Too many logins")
	l.eventually("it has gone", func() bool { return l.Stats().Ports[0].Connections == 0 })
	clock.advance(2 * time.Second)
	require.NotContains(t, try(), "Too many logins")
}
