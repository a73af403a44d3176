//go:build linux

package bench

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/ledger"
)

var (
	kills   = flag.Int("kills", 20, "how often the pool is killed, on each kind of ledger")
	restart = flag.Duration("restart-within", 0, "how long a restart may take; 0: any time")
)

// How a pool under the axe is loaded.
const (
	killClients    = 16
	killDifficulty = 300 // of the network: a share in so many is a block
)

// account is what one worker knows: what it sent, and what was acknowledged.
type account struct {
	worker      string
	sent, acked uint64
}

// book is all that the clients saw, over all lives of the pool.
type book struct {
	t testing.TB

	mu       sync.Mutex
	accounts []account
	extras   map[[2]uint64]string // by height and extra nonce: whose job had it
	refusals []error
}

// mine submits one share after the other until the pool is gone.
func (b *book) mine(address, worker string) {
	a := account{worker: "w" + worker}
	c, err := connect(address, worker, 1, 4096)
	if err != nil {
		return // killed before the login was answered
	}
	defer c.conn.Close()
	b.saw(c, a.worker)
	for {
		a.sent++
		if _, err = c.conn.Write(c.share()); err != nil {
			break
		}
		if err = c.answer(); err != nil {
			break
		}
		a.acked++
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts = append(b.accounts, a)
	if !gone(err) {
		b.refusals = append(b.refusals, err)
	}
}

// saw notes the extra nonce of a client's job.
func (b *book) saw(c *client, worker string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := [2]uint64{c.job.height(), c.job.extra()}
	if other, twice := b.extras[key]; twice {
		b.t.Errorf("extra nonce %d at height %d was given to %s and to %s", key[1], key[0], other, worker)
	}
	b.extras[key] = worker
}

// check compares the clients' accounts with the ledger's.
func (b *book) check(store *ledger.DB) (acked uint64) {
	b.t.Helper()
	totals, err := store.Totals(context.Background())
	require.NoError(b.t, err)
	have := make(map[string]uint64)
	for _, total := range totals {
		require.Zero(b.t, have[total.Worker])
		have[total.Worker] = total.Shares
	}
	for _, a := range b.accounts {
		require.GreaterOrEqual(b.t, have[a.worker], a.acked, "an acknowledged share of %s is lost", a.worker)
		require.LessOrEqual(b.t, have[a.worker], a.sent, "a share of %s is there twice", a.worker)
		acked += a.acked
	}
	require.Empty(b.t, b.refusals)
	violations, err := store.Audit(context.Background())
	require.NoError(b.t, err)
	require.Empty(b.t, violations)
	return acked
}

// TestKilled kills a pool under load at random moments: what was acknowledged
// is there, once, and no extra nonce is handed out twice.
func TestKilled(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { killed(t, t.TempDir()+"/ledger.db") })
	t.Run("PostgreSQL", func(t *testing.T) { killed(t, postgres.Database(t)) })
}

func killed(t *testing.T, address string) {
	n := *kills
	if testing.Short() {
		n = min(n, 5)
	}
	b := &book{t: t, extras: make(map[[2]uint64]string)}
	var slowest time.Duration
	for life := range n {
		p, port, took := startPool(t, poolRole{Ledger: address, Algorithm: "cn/r", Difficulty: killDifficulty})
		slowest = max(slowest, took)
		var clients sync.WaitGroup
		for i := range killClients {
			clients.Go(func() { b.mine(port, fmt.Sprintf("%d-%d", life, i)) })
		}
		time.Sleep(rand.N(300 * time.Millisecond))
		p.kill()
		clients.Wait()
	}
	store, err := ledger.Open(t.Context(), address, time.Now())
	require.NoError(t, err)
	defer store.Close()
	acked := b.check(store)
	require.NotZero(t, acked)
	t.Logf("%d kills, %d shares acknowledged, slowest start %s", n, acked, slowest.Round(time.Millisecond))
	if *restart > 0 {
		require.Less(t, slowest, *restart)
	}
}
