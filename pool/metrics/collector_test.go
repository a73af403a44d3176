package metrics

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/ledger"
)

// clock is set by hand.
type clock struct{ time.Time }

func (c *clock) now() time.Time       { return c.Time }
func (c *clock) pass(d time.Duration) { c.Time = c.Add(d) }

func rig(login, name string) ledger.Miner {
	return ledger.Miner{Coin: "xmr", Login: login, Worker: name}
}

func TestCollector(t *testing.T) {
	at := &clock{epoch}
	c := New(0, at.now)
	c.Observe(&pool.SessionOpened{Session: 1, Miner: rig("alice", "a"), Agent: "one"})
	c.Observe(&pool.SessionOpened{Session: 2, Miner: rig("alice", "b"), Agent: "two"})
	c.Observe(&pool.SessionOpened{Session: 3, Miner: rig("bob", "")})
	for range 600 {
		at.pass(time.Second)
		c.Observe(&pool.ShareAccepted{Session: 1, Miner: rig("alice", "a"), Difficulty: 1000})
		c.Observe(&pool.ShareAccepted{Session: 2, Miner: rig("alice", "b"), Difficulty: 500})
		c.Observe(&pool.ShareAccepted{Session: 3, Miner: rig("bob", ""), Difficulty: 4000})
	}
	c.Observe(&pool.ShareRejected{Session: 2, Miner: rig("alice", "b"), Reason: pool.Stale})
	c.Observe(&pool.ShareRejected{Session: 9, Reason: pool.Malformed})
	c.Observe(&pool.SessionClosed{Session: 2})
	c.Observe(&pool.SessionClosed{Session: 2})

	require.InEpsilon(t, 5500, c.Coins()["xmr"].Now, 0.03)
	logins := c.Logins()
	require.Len(t, logins, 2)
	require.Equal(t, "bob", logins[0].Login)
	require.InEpsilon(t, 1500, logins[1].Now, 0.03)
	require.Equal(t, 1, logins[1].Workers)
	require.Equal(t, 1, logins[1].Sessions)
	require.Equal(t, at.Time, logins[1].LastShare)

	workers, history := c.WorkersOf("xmr", "alice")
	require.Len(t, workers, 2)
	require.Equal(t, "a", workers[0].Worker)
	require.InEpsilon(t, 500, workers[1].Now, 0.03)
	require.EqualValues(t, 600, workers[1].Accepted)
	require.EqualValues(t, 1, workers[1].Rejected)
	require.Zero(t, workers[1].Sessions)
	require.NotEmpty(t, history)
	require.InEpsilon(t, 1500, history[len(history)-1].Hashrate, 0.03)
	require.EqualValues(t, 1800, c.Answered().Count)

	workers, _ = c.WorkersOf("xmr", "nobody")
	require.Empty(t, workers)
}

// A session that logs in again, as another, counts once.
func TestLoggingInAgain(t *testing.T) {
	at := &clock{epoch}
	c := New(0, at.now)
	c.Observe(&pool.SessionOpened{Session: 1, Miner: rig("alice", "")})
	c.Observe(&pool.SessionOpened{Session: 1, Miner: rig("bob", "")})
	sessions := map[string]int{}
	for _, l := range c.Logins() {
		sessions[l.Login] = l.Sessions
	}
	require.Equal(t, map[string]int{"alice": 0, "bob": 1}, sessions)
}

func TestMemoryIsBounded(t *testing.T) {
	at := &clock{epoch}
	c := New(10, at.now)
	for i := range 1000 {
		m := rig(fmt.Sprint("login", i), "")
		c.Observe(&pool.SessionOpened{Session: uint64(i), Miner: m})
		c.Observe(&pool.ShareAccepted{Session: uint64(i), Miner: m, Difficulty: 100})
		c.Observe(&pool.SessionClosed{Session: uint64(i)})
	}
	require.Len(t, c.Logins(), 10)
	require.Empty(t, c.sessions)
	require.InEpsilon(t, 100_000./60, c.Coins()["xmr"].Now, 0.01, "the coin counts all of them")

	at.pass(25 * time.Hour)
	c.Observe(&pool.SessionOpened{Session: 1, Miner: rig("new", "")})
	require.Len(t, c.Logins(), 1, "those of yesterday have made room")
}

func TestCreditFromElsewhere(t *testing.T) {
	at := &clock{epoch}
	c := New(0, at.now)
	c.Credit(rig("alice", "a"), 60_000, 6)
	require.InEpsilon(t, 1000, c.Coins()["xmr"].Now, 0.01)
	workers, _ := c.WorkersOf("xmr", "alice")
	require.EqualValues(t, 6, workers[0].Accepted)
	require.Zero(t, c.Answered().Count, "nobody has waited here")
}

// Who mines alone is counted by what the last share said.
func TestSolo(t *testing.T) {
	at := &clock{epoch}
	c := New(0, at.now)
	require.Equal(t, Solo{}, c.Solo("xmr"))
	c.Observe(&pool.SessionOpened{Session: 1, Miner: rig("alice", "a")})
	c.Observe(&pool.SessionOpened{Session: 2, Miner: rig("alice", "b")})
	c.Observe(&pool.SessionOpened{Session: 3, Miner: rig("bob", "")})
	for range 600 {
		at.pass(time.Second)
		c.Observe(&pool.ShareAccepted{Session: 1, Miner: rig("alice", "a"), Difficulty: 1000, Solo: true})
		c.Observe(&pool.ShareAccepted{Session: 2, Miner: rig("alice", "b"), Difficulty: 500, Solo: true})
		c.Observe(&pool.ShareAccepted{Session: 3, Miner: rig("bob", ""), Difficulty: 4000})
	}
	got := c.Solo("xmr")
	require.Equal(t, 1, got.Miners)
	require.Equal(t, 2, got.Workers)
	require.InEpsilon(t, 1500, got.Now, 0.03)
	require.InEpsilon(t, 5500, c.Coins()["xmr"].Now, 0.03)
	require.Equal(t, Solo{}, c.Solo("other"))

	c.Observe(&pool.SessionClosed{Session: 2})
	c.Observe(&pool.ShareAccepted{Session: 1, Miner: rig("alice", "a"), Difficulty: 1000})
	require.Zero(t, c.Solo("xmr").Miners, "no longer alone, or gone")
}
