//go:build linux && bench

package bench

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/verify"
)

var (
	sessions = flag.Int("sessions", 18_000, "sessions over real sockets")
	wires    = flag.Int("wires", 100_000, "sessions over connections in memory")
	seconds  = flag.Duration("for", 10*time.Second, "how long a rate is measured")
	loaders  = flag.Int("loaders", 100, "sessions that submit in the measurement of shares a second")
	window   = flag.Int("window", 6, "unanswered shares of each of them")
	profile  = flag.String("profile", "", "file for a processor profile of the pool under load")
)

// row is one line of the table: what was reached, and what was to be.
type row struct{ what, reached, goal string }

// table is what the benchmark prints, also when it ends early.
type table struct {
	rows []row
}

func (b *table) add(what, goal, format string, args ...any) {
	b.rows = append(b.rows, row{what, fmt.Sprintf(format, args...), goal})
}

func (b *table) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "measurement\treached\tgoal")
	for _, r := range b.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.what, r.reached, r.goal)
	}
	w.Flush()
}

// TestBench measures everything once and prints a table. Goals are printed and
// not demanded: what a machine reaches depends on what else it does.
func TestBench(t *testing.T) {
	b := &table{}
	defer b.print()
	t.Run("sessions", func(t *testing.T) { benchSessions(t, b) })
	t.Run("wires", func(t *testing.T) { benchWires(t, b) })
	t.Run("shares SQLite", func(t *testing.T) {
		benchShares(t, b, "SQLite", t.TempDir()+"/ledger.db", "40,000/s, p99 25 ms")
	})
	t.Run("shares PostgreSQL", func(t *testing.T) {
		if _, err := exec.LookPath("postgres"); err != nil {
			b.add("shares/s, PostgreSQL", "25,000/s", "not measured: no postgres here")
			t.Skip("no postgres here")
		}
		benchShares(t, b, "PostgreSQL", postgres.Database(t), "25,000/s")
	})
	for _, name := range []string{"cn-pico", "cn/upx2", "cn/1"} {
		t.Run("verify "+name, func(t *testing.T) { benchVerify(t, b, name) })
	}
}

// benchSessions measures memory of sessions over sockets, and how long a new
// block takes to reach all of them.
func benchSessions(t *testing.T, b *table) {
	p, address, _ := startPool(t, poolRole{Ledger: t.TempDir() + "/ledger.db", Algorithm: "cn/r"})
	idle := p.order("rss").Bytes
	n := min(*sessions, 5000)
	for {
		c := start(t, role{Clients: &clientsRole{Address: address, Sessions: n, Tips: true}})
		var hello report
		c.hear(&hello)
		require.Empty(t, hello.Error)
		if n == *sessions {
			each := float64(p.order("rss").Bytes-idle) / float64(n)
			b.add(fmt.Sprintf("memory of each of %d sessions", n), "5 KiB", "%.2f KiB", each/1024)
		}
		b.addTips(t, p, c, n)
		c.end()
		if n == *sessions {
			return
		}
		n = *sessions
	}
}

// addTips measures a new block on all wires.
func (b *table) addTips(t *testing.T, p, c *process, n int) {
	t.Helper()
	goal := "p99 400 ms"
	if n <= 5000 {
		goal = "p99 100 ms"
	}
	_, err := c.in.Write([]byte("tips\n"))
	require.NoError(t, err)
	time.Sleep(time.Second) // all of them are waiting
	at := p.order("tip").At
	var r report
	c.hear(&r)
	require.Empty(t, r.Error)
	took := make([]time.Duration, len(r.Arrivals))
	for i, arrived := range r.Arrivals {
		took[i] = time.Duration(arrived - at)
	}
	slices.Sort(took)
	b.add(fmt.Sprintf("new block on %d wires", n), goal, "p50 %s, p99 %s", ms(percentile(took, 0.5)), ms(percentile(took, 0.99)))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// benchWires measures memory of sessions whose connections are in memory.
func benchWires(t *testing.T, b *table) {
	p, _, _ := startPool(t, poolRole{Ledger: t.TempDir() + "/ledger.db", Algorithm: "cn/r"})
	idle := p.order("rss").Bytes
	full := p.order(fmt.Sprintf("wires %d", *wires)).Bytes
	b.add(fmt.Sprintf("memory with %d sessions in memory", *wires), "600 MiB", "%.0f MiB (%.0f MiB without)", float64(full)/(1<<20), float64(idle)/(1<<20))
}

// benchShares measures acknowledged, durable shares a second.
func benchShares(t *testing.T, b *table, name, address, goal string) {
	p, port, _ := startPool(t, poolRole{Ledger: address, Algorithm: "cn/r", Difficulty: 1 << 50, Profile: *profile})
	c := start(t, role{Clients: &clientsRole{Address: port, Sessions: *loaders, For: *seconds, Window: *window}})
	var hello, r report
	c.hear(&hello)
	require.Empty(t, hello.Error)
	c.hear(&r)
	require.Empty(t, r.Error)
	c.end()
	p.end() // the profile is written then
	rate := float64(len(r.Latencies)) / r.Took.Seconds()
	b.add("acknowledged shares, "+name, goal, "%.0f/s, p50 %s, p99 %s", rate, ms(percentile(r.Latencies, 0.5)), ms(percentile(r.Latencies, 0.99)))
}

// benchVerify measures the answers at half of what can be verified, and what
// hashing several shares at a time gains.
func benchVerify(t *testing.T, b *table, name string) {
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	one, batch, lanes := hashTimes(t, a)
	ratio := float64(one) / float64(batch)
	b.add(fmt.Sprintf("verification of %s, %d at a time over one", name, lanes), "1.4 where the kernel gains it", "%.2f", ratio)
	_, port, _ := startPool(t, poolRole{Ledger: t.TempDir() + "/ledger.db", Algorithm: name, Real: true, Threads: 1, Difficulty: 1 << 50})
	rate := 0.5 / batch.Seconds()
	c := start(t, role{Clients: &clientsRole{Address: port, Sessions: 50, For: *seconds, Rate: rate, Algorithm: name}})
	var hello, r report
	c.hear(&hello)
	require.Empty(t, hello.Error)
	c.hear(&r)
	require.Empty(t, r.Error)
	b.add(fmt.Sprintf("submit to OK, %s, %.0f shares/s", name, rate), "p99 "+ms(10*one+5*time.Millisecond),
		"p50 %s, p99 %s", ms(percentile(r.Latencies, 0.5)), ms(percentile(r.Latencies, 0.99)))
}

// hashTimes is the time of a hash, alone and in a full batch of a verifier.
func hashTimes(t *testing.T, a *hash.Algorithm) (one, batch time.Duration, lanes int) {
	t.Helper()
	h, err := cpu.New(a)
	require.NoError(t, err)
	defer h.Close()
	lanes = h.Lanes()
	in := make([]hash.Input, lanes)
	for i := range in {
		in[i] = hash.Input{Blob: make([]byte, blobSize), Height: 1}
		in[i].Blob[0] = byte(rand.Uint32())
	}
	out := make([]hash.Digest, lanes)
	rounds := 0
	began := time.Now()
	for time.Since(began) < *seconds/10 {
		require.NoError(t, h.Hash(out[:1], in[:1]))
		rounds++
	}
	one = time.Since(began) / time.Duration(rounds)
	return one, throughVerifier(t, a, rounds), lanes
}

// throughVerifier is the time of a hash when many wait.
func throughVerifier(t *testing.T, a *hash.Algorithm, n int) time.Duration {
	t.Helper()
	v, err := verify.New(verify.Config{Algorithm: a, Threads: 1, Queue: n, NewHasher: cpu.New})
	require.NoError(t, err)
	defer v.Close()
	var wg sync.WaitGroup
	began := time.Now()
	for range n {
		wg.Add(1)
		err := v.Submit(verify.Request{Input: hash.Input{Blob: make([]byte, blobSize), Height: 1}, Done: func(hash.Digest, error) { wg.Done() }}, false)
		require.NoError(t, err)
	}
	wg.Wait()
	return time.Since(began) / time.Duration(n)
}
