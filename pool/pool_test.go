package pool

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

func refused(reason string) error { return &coin.RefusedError{Reason: reason} }

func TestWaitsForTheNode(t *testing.T) {
	var xmr *fakeCoin
	l := newLab(t, func(_ *config.Config, d *Deps) {
		inner := d.NewCoin
		d.NewCoin = func(c config.Coin) (coin.Coin, error) {
			made, err := inner(c)
			if c.Name == "xmr" {
				xmr = made.(*fakeCoin)
				xmr.fail = errNode
			}
			return made, err
		}
	})
	l.eventually("it says what it waits for", func() bool { return strings.Contains(l.log.String(), "connection refused") })
	xmr.change(func() { xmr.fail, xmr.notSynced = nil, true })
	l.eventually("it says how far the node is", func() bool { return strings.Contains(l.log.String(), "synchronising: height 1 of 2") })
	select {
	case <-l.Ready():
		t.Fatal("ready without a node")
	default:
	}
	xmr.change(func() { xmr.notSynced = false })
	select {
	case <-l.Ready():
	case <-time.After(5 * time.Second):
		t.Fatal("not ready")
	}
	l.login()
}

func TestCannotStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	held := t.TempDir() + "/held.db"
	store, err := ledger.Open(t.Context(), held, time.Now())
	require.NoError(t, err)
	defer store.Close()
	for _, tc := range []struct {
		name   string
		change func(*config.Config, *Deps)
		want   string
	}{
		{"port in use", func(c *config.Config, _ *Deps) { c.Ports[0].Listen = busy.Addr().String() }, "address already in use"},
		{"ledger in use", func(c *config.Config, d *Deps) { c.Ledger.Path, d.Store = held, nil }, "in use by another pool"},
		{"no hasher", func(_ *config.Config, d *Deps) {
			d.NewHasher = func(*hash.Algorithm) (hash.Hasher, error) { return nil, errors.New("out of memory") }
		}, "setting up verification of cn/r: out of memory"},
		{"no randomness", func(_ *config.Config, d *Deps) { d.Rand = strings.NewReader("") }, "reading random bytes"},
		{"node refuses", func(_ *config.Config, d *Deps) {
			inner := d.NewCoin
			d.NewCoin = func(c config.Coin) (coin.Coin, error) {
				made, err := inner(c)
				made.(*fakeCoin).fail = &coin.SetupError{What: "wrong network"}
				return made, err
			}
		}, "at http://fake: wrong network"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLab(t, tc.change)
			select {
			case err := <-l.done:
				require.ErrorContains(t, err, tc.want)
				require.NotContains(t, err.Error(), "\n", "one line")
				l.done <- err
			case <-time.After(10 * time.Second):
				t.Fatal("it neither starts nor fails")
			}
		})
	}
	_, err = New(config.Default(), Deps{})
	require.ErrorContains(t, err, "there is no [[coin]]")
}

// Ending the pool answers what is in flight, closes what is idle, and leaves
// nothing behind.
func TestGracefulEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	l := startLab(t, nil)
	idle, c := l.login(), l.login()
	l.dial(1)
	l.gate.mu.Lock()
	const n = 10
	for i := range n {
		nonce, d := mine(t, c.job, i, 16, 1<<30)
		c.write(fmt.Sprintf(`{"id":%d,"method":"submit","params":%s}`, i, c.submitParams(c.job.JobID, nonce, d)))
	}
	l.eventually("all are waiting", func() bool { return l.Stats().Coins[0].Verifying >= n-4 })
	l.stop()
	time.Sleep(50 * time.Millisecond)
	l.gate.mu.Unlock()
	for range n {
		require.False(t, c.read().failed())
	}
	c.expectClosed()
	idle.expectClosed()
	select {
	case err := <-l.done:
		require.NoError(t, err)
		l.done <- nil
	case <-time.After(10 * time.Second):
		t.Fatal("the pool does not end")
	}
	require.EqualValues(t, n, l.totals()[0].Shares)
	require.Contains(t, l.log.String(), "accepted=10")
	l.eventually("every goroutine has ended", func() bool { return runtime.NumGoroutine() <= before+4 }) // the test's own ledger
}

// Extra nonces do not repeat over restarts: a share of before a restart cannot
// be earned again after it.
func TestWorkIsUniqueAcrossRestarts(t *testing.T) {
	path := t.TempDir() + "/ledger.db"
	seen := make(map[string]bool)
	for range 3 {
		l := startLab(t, func(c *config.Config, d *Deps) { c.Ledger.Path, d.Store = path, nil })
		for range 5 {
			blob := l.login().job.Blob
			require.False(t, seen[blob], "the same work twice")
			seen[blob] = true
		}
		l.end()
	}
}

func TestSessionIDsAreUnguessableAndUnique(t *testing.T) {
	l := startLab(t, nil)
	seen := make(map[string]bool)
	for range 200 {
		c := l.login()
		require.Len(t, c.rpcID, 32)
		require.False(t, seen[c.rpcID])
		seen[c.rpcID] = true
		c.nc.Close()
	}
}

func TestManyConnectionsLeaveNothingBehind(t *testing.T) {
	l := startLab(t, nil)
	base := runtime.NumGoroutine()
	for range 200 {
		c := l.login()
		c.nc.Close()
	}
	l.eventually("all sessions are gone", func() bool {
		s := l.Stats()
		return s.Ports[0].Connections == 0 && s.Coins[0].Sessions == 0 && len(l.sessionsOf(nil)) == 0
	})
	l.eventually("goroutines are back to base", func() bool { return runtime.NumGoroutine() <= base+2 })
	require.Empty(t, l.addresses)
}

func TestEventsTellTheStory(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	nonce, d := mine(t, c.job, 0, 16, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	require.NotEmpty(t, c.submit(c.job.JobID, nonce, d))
	c.nc.Close()
	for name, match := range map[string]func(Event) bool{
		"template": func(e Event) bool { v, ok := e.(*TemplateChanged); return ok && v.Coin == "xmr" && v.NewTip },
		"opened":   func(e Event) bool { v, ok := e.(*SessionOpened); return ok && v.Agent == "XMRig/6.26.0" },
		"accepted": func(e Event) bool { v, ok := e.(*ShareAccepted); return ok && v.Difficulty == 16 },
		"rejected": func(e Event) bool { v, ok := e.(*ShareRejected); return ok && v.Reason == Duplicate },
		"closed":   func(e Event) bool { _, ok := e.(*SessionClosed); return ok },
	} {
		l.eventually(name, func() bool { return l.seen(match) })
	}
}

func TestCredentials(t *testing.T) {
	seps := config.Login{WorkerSeparator: ".", DifficultySeparator: "+"}
	for _, tc := range []struct {
		login, pass string
		want        credentials
		bad         bool
	}{
		{"a", "", credentials{address: "a"}, false},
		{"a.w", "p", credentials{address: "a", worker: "w"}, false},
		{"a.w.x+7", "p", credentials{address: "a", worker: "w.x", difficulty: 7}, false},
		{"a+7.w", "", credentials{address: "a", worker: "w", difficulty: 7}, false},
		{"a", "rig", credentials{address: "a", worker: "rig"}, false},
		{"a", "x;d=5", credentials{address: "a", difficulty: 5}, false},
		{"a", "m=solo", credentials{address: "a"}, false},
		{"a+18446744073709551616", "", credentials{address: "a", difficulty: 1<<63 - 1}, false},
		{"a+", "", credentials{address: "a"}, true},
		{"a++5", "", credentials{address: "a"}, true},
		{"a+5", "d=6", credentials{address: "a", difficulty: 5}, true},
		{".w", "", credentials{worker: "w"}, false},
	} {
		got, err := parseCredentials(tc.login, tc.pass, seps)
		require.Equal(t, tc.bad, err != nil, "%+v: %v", tc, err)
		if !tc.bad {
			require.Equal(t, tc.want, got)
		}
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"rig-1_a.b":              "rig-1_a.b",
		"<script>":               "?script?",
		"a\x1b[31m\n":            "a?[31m?",
		strings.Repeat("é", 100): strings.Repeat("é", maxName),
		"\xff\xfe":               "??",
		"  x ":                   "x",
	} {
		require.Equal(t, want, cleanName(in))
	}
}

func FuzzCredentials(f *testing.F) {
	f.Add("wallet.rig+5000", "d=3,x")
	f.Add("+.+.", ";;d=")
	f.Fuzz(func(t *testing.T, login, pass string) {
		c, err := parseCredentials(login, pass, config.Default().Login)
		if err != nil {
			return
		}
		require.LessOrEqual(t, c.difficulty, uint64(1<<63-1))
		require.NotContains(t, c.worker, "\n")
		require.NotContains(t, c.worker, "<")
		require.True(t, strings.HasPrefix(login, c.address))
	})
}

func TestJobBook(t *testing.T) {
	b := jobBook{tag: 0xabc}
	r := &round{Template: &coin.Template{}, tip: 5}
	first := b.id(b.add(job{round: r}))
	require.Equal(t, "00000abc1", first)
	for range maxJobs - 1 {
		b.add(job{round: r})
	}
	_, verdict := b.find(first)
	require.Equal(t, accepted, verdict)
	b.add(job{round: r})
	_, verdict = b.find(first)
	require.Equal(t, Stale, verdict)
	require.Len(t, b.jobs, maxJobs)
	for _, id := range []string{"", "00000abc", "00000abc0", "00000abcfff", "00000abc01", "00000ABC1", "00000abd1", "00000abc-1", "00000abc+1", "x", strings.Repeat("0", 100)} {
		_, verdict := b.find(id)
		require.Equal(t, UnknownJob, verdict, id)
	}
	b.add(job{round: &round{Template: &coin.Template{Parent: "p"}, tip: 7}})
	require.Len(t, b.jobs, 1, "jobs two tips back are forgotten at once")
	b.add(job{round: &round{Template: &coin.Template{}, tip: 8}})
	b.add(job{round: &round{Template: &coin.Template{Parent: "p"}, tip: 9}})
	require.Len(t, b.jobs, 3, "but not when the chain comes back to their tip")
}
