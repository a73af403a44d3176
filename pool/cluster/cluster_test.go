package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/ledger/pgtest"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Close()
	os.Exit(code)
}

// quick lets tests see changes soon, and allows a slow machine its time.
var quick = Timing{Ask: 20 * time.Millisecond, Check: 5 * time.Second, Retry: 20 * time.Millisecond}

func join(t *testing.T, address string, timing Timing) *Postgres {
	t.Helper()
	p, err := Join(address, timing, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// terms notes who leads, and how many do at once.
type terms struct {
	now, most atomic.Int32
	began     chan string
}

func (x *terms) lead(name string) func(ctx context.Context) {
	return func(ctx context.Context) {
		n := x.now.Add(1)
		defer x.now.Add(-1)
		for most := x.most.Load(); n > most && !x.most.CompareAndSwap(most, n); most = x.most.Load() {
		}
		x.began <- name
		<-ctx.Done()
	}
}

func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatal("nothing happens")
	}
	return v
}

func TestOneLeadsAndAnotherTakesOver(t *testing.T) {
	address := server.Database(t)
	x := &terms{began: make(chan string, 10)}
	var wg sync.WaitGroup
	resign := make(map[string]context.CancelFunc)
	for i := range 3 {
		name := fmt.Sprint("node", i)
		ctx, cancel := context.WithCancel(t.Context())
		resign[name] = cancel
		p := join(t, address, quick)
		wg.Go(func() { p.Lead(ctx, "unlock", x.lead(name)) })
	}
	for range 3 {
		resign[receive(t, x.began)]()
	}
	wg.Wait()
	require.EqualValues(t, 1, x.most.Load(), "never two at once")
}

func TestLeadsAreIndependent(t *testing.T) {
	address := server.Database(t)
	ctx, cancel := context.WithCancel(t.Context())
	x, p := &terms{began: make(chan string, 10)}, join(t, address, quick)
	var wg sync.WaitGroup
	wg.Go(func() { p.Lead(ctx, "unlock", x.lead("unlock")) })
	wg.Go(func() { p.Lead(ctx, "pay", x.lead("pay")) })
	require.NotEqual(t, receive(t, x.began), receive(t, x.began))
	cancel()
	wg.Wait()
}

// A leader whose connection the server has cut finds out, and stops.
func TestALostConnectionEndsTheLead(t *testing.T) {
	address := server.Database(t)
	timing := quick
	timing.Check = 200 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	x, p := &terms{began: make(chan string, 10)}, join(t, address, timing)
	done := make(chan struct{})
	ended := make(chan struct{}, 10)
	go func() {
		defer close(done)
		p.Lead(ctx, "pay", func(ctx context.Context) {
			x.lead("it")(ctx)
			ended <- struct{}{}
		})
	}()
	receive(t, x.began)
	server.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'adit cluster'`)
	receive(t, ended)
	receive(t, x.began) // it leads again, by a new connection
	cancel()
	<-done
}

func TestMessagesReachAllThatListen(t *testing.T) {
	address := server.Database(t)
	ctx, cancel := context.WithCancel(t.Context())
	heard := make(chan string, 1000)
	var wg sync.WaitGroup
	for i := range 2 {
		p := join(t, address, quick)
		wg.Go(func() { p.Listen(ctx, Tips, func(s string) { heard <- fmt.Sprint(i, s) }) })
	}
	teller := join(t, address, quick)
	until := func(want string) {
		for {
			require.NoError(t, teller.Tell(t.Context(), Bans, "not this"))
			require.NoError(t, teller.Tell(t.Context(), Tips, "xmr"))
			select {
			case got := <-heard:
				if got == want {
					return
				}
				require.Contains(t, []string{"0xmr", "1xmr"}, got)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	until("0xmr")
	until("1xmr")
	server.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'adit cluster' AND query LIKE 'LISTEN%' OR query LIKE 'listen%'`)
	until("0xmr")
	until("1xmr")
	require.Error(t, teller.Tell(t.Context(), Tips, strings.Repeat("x", MaxPayload+1)))
	cancel()
	wg.Wait()
}

func TestADatabaseThatIsAwayEndsNothing(t *testing.T) {
	p := join(t, "postgres://nobody:secret@127.0.0.1:1/none?connect_timeout=1", quick)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { p.Lead(ctx, "pay", func(context.Context) { t.Error("nobody can lead") }) })
	wg.Go(func() { p.Listen(ctx, Tips, func(string) { t.Error("nobody speaks") }) })
	err := p.Tell(t.Context(), Tips, "x")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
	cancel()
	wg.Wait()
	_, err = Join("postgres://u:secret@h:port/x", Timing{}, nil)
	require.ErrorContains(t, err, "postgres://user:password@host")
	require.NotContains(t, err.Error(), "secret")
}

func TestAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	led := false
	Alone{}.Lead(ctx, "x", func(c context.Context) { led = c == ctx })
	require.True(t, led)
	require.NoError(t, Alone{}.Tell(ctx, Tips, "x"))
	cancel()
	Alone{}.Listen(ctx, Tips, nil)
}

func TestRoles(t *testing.T) {
	r, err := ParseRoles("stratum, api,stratum")
	require.NoError(t, err)
	require.Equal(t, Roles{Stratum, API}, r)
	require.Equal(t, "stratum,api", r.String())
	require.True(t, r.Has(API))
	require.False(t, r.Has(Pay))
	require.True(t, Roles(nil).Has(Pay))
	r, err = ParseRoles("all")
	require.NoError(t, err)
	require.Equal(t, AllRoles(), r)
	for _, bad := range []string{"", "stratum,", "miner"} {
		_, err := ParseRoles(bad)
		require.ErrorContains(t, err, "the roles are stratum,jobs,unlock,pay,api", bad)
	}
}
