package pool

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// memoryStore is a ledger without a disk, for virtual time.
type memoryStore struct {
	ledger.Store // nil: what is not below is not called

	mu     sync.Mutex
	shares []ledger.Share
	next   map[string]uint64
}

func (s *memoryStore) AppendShares(shares []ledger.Share) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shares = append(s.shares, shares...)
	return nil
}

func (s *memoryStore) ReserveExtranonces(_ context.Context, coin string, n uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[coin] += n
	return s.next[coin] - n, nil
}

func (s *memoryStore) AddBlock(_ context.Context, b ledger.Block) (int64, error) {
	return 1, s.AppendShares([]ledger.Share{*b.Share})
}
func (s *memoryStore) SettleBlock(context.Context, int64, ledger.BlockState, string, time.Time) error {
	return nil
}
func (s *memoryStore) Totals(context.Context) ([]ledger.Total, error)      { return nil, nil }
func (s *memoryStore) Blocks(context.Context, int) ([]ledger.Block, error) { return nil, nil }
func (s *memoryStore) Close() error                                        { return nil }
func (s *memoryStore) Epoch() uint64                                       { return 1 }

// pipeListener hands out in-memory connections.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (l *pipeListener) dial() net.Conn {
	ours, theirs := net.Pipe()
	l.conns <- theirs
	return ours
}

// virtually runs a pool in virtual time: an hour takes no time.
func virtually(t *testing.T, change func(*config.Config), test func(t *testing.T, p *Pool, l *pipeListener, store *memoryStore)) {
	synctest.Test(t, func(t *testing.T) {
		cfg := labConfig()
		cfg.Coins, cfg.Ports = cfg.Coins[:1], cfg.Ports[:1]
		cfg.Coins[0].Poll = time.Second
		if change != nil {
			change(&cfg)
		}
		listener := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		store := &memoryStore{next: make(map[string]uint64)}
		g := &gate{}
		p, err := New(cfg, Deps{
			Store:  store,
			Listen: func(string, string) (net.Listener, error) { return listener, nil },
			NewHasher: func(a *hash.Algorithm) (hash.Hasher, error) {
				return &quickHasher{a: a, gate: g, count: new(atomic.Int64)}, nil
			},
			NewCoin: func(c config.Coin) (coin.Coin, error) { return newFakeCoin(c), nil },
		})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		<-p.Ready()
		test(t, p, listener, store)
		stop()
		require.NoError(t, <-ended)
	})
}

func send(t *testing.T, nc net.Conn, line string) {
	t.Helper()
	_, err := io.WriteString(nc, line+"\n")
	require.NoError(t, err)
}

const loginLine = `{"id":1,"method":"login","params":{"login":"wallet","pass":"x"}}`

func TestSilentStrangerIsClosedAfterTheLoginTimeout(t *testing.T) {
	virtually(t, nil, func(t *testing.T, p *Pool, l *pipeListener, _ *memoryStore) {
		nc := l.dial()
		began := time.Now()
		nc.SetWriteDeadline(time.Now().Add(time.Hour))
		for i := range 8 { // slowly, a byte a second, never a whole line
			_, err := nc.Write([]byte{"{\"id\":1,"[i]})
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		_, err := nc.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, p.cfg.Limits.LoginTimeout, time.Since(began))
	})
}

func TestIdleTimeoutAndKeepalive(t *testing.T) {
	virtually(t, nil, func(t *testing.T, p *Pool, l *pipeListener, _ *memoryStore) {
		nc := l.dial()
		lines := bufio.NewReader(nc)
		send(t, nc, loginLine)
		_, err := lines.ReadBytes('\n')
		require.NoError(t, err)
		for i := range 120 { // an hour of nothing but keepalives
			time.Sleep(30 * time.Second)
			send(t, nc, fmt.Sprintf(`{"id":%d,"method":"keepalived","params":{}}`, i))
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Contains(t, line, "KEEPALIVED")
		}
		last := time.Now()
		_, err = lines.ReadBytes('\n')
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, p.cfg.Limits.IdleTimeout, time.Since(last), "not before, and then surely")
	})
}

func TestMinerWhoNeverReadsIsDroppedAfterTheWriteTimeout(t *testing.T) {
	virtually(t, nil, func(t *testing.T, p *Pool, l *pipeListener, _ *memoryStore) {
		nc := l.dial()
		send(t, nc, loginLine)
		time.Sleep(p.cfg.Limits.WriteTimeout + time.Second)
		synctest.Wait()
		_, err := nc.Write([]byte("x"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
		require.Zero(t, p.Stats().Ports[0].Connections)
	})
}

// A simulated miner on the wire: vardiff brings it to one share an interval
// from a start a hundred times too low, and lets it fall when it stops.
func TestVardiffOverTheWire(t *testing.T) {
	const interval = 15 * time.Second
	change := func(c *config.Config) {
		c.Ports[0] = config.Port{Listen: "x:1", Coin: "xmr", Start: 10, Min: 1, Interval: interval, Window: 30}
		c.Limits.IdleTimeout = 24 * time.Hour
	}
	virtually(t, change, func(t *testing.T, p *Pool, l *pipeListener, store *memoryStore) {
		nc := l.dial()
		jobs := make(chan struct{}, 1000)
		go func() {
			for r := bufio.NewReader(nc); ; jobs <- struct{}{} {
				if _, err := r.ReadBytes('\n'); err != nil {
					return
				}
			}
		}()
		send(t, nc, loginLine)
		synctest.Wait()
		s := p.sessionsOf(nil)[0]
		rate := 1000 / interval.Seconds() // the ideal difficulty is 1000
		rng := rand.New(rand.NewPCG(1, 1))
		mineFor := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); {
				s.mu.Lock()
				j, vd := *s.book.last(), s.vd
				s.mu.Unlock()
				time.Sleep(time.Duration(rng.ExpFloat64() * float64(j.difficulty) / rate * 1e9))
				// The proof of work is not the point here: the share enters
				// behind the hash.
				s.slots <- struct{}{}
				(&submission{session: s, miner: s.miner, vd: vd, job: j, at: time.Now()}).record(false)
				synctest.Wait()
			}
		}
		mineFor(20 * interval)
		require.InEpsilon(t, 1000, s.book.last().difficulty, 0.6)
		counted := len(store.shares)
		mineFor(100 * interval)
		require.InDelta(t, 100, len(store.shares)-counted, 30)
		time.Sleep(200 * interval)
		synctest.Wait()
		require.EqualValues(t, 1, s.book.last().difficulty, "silence leads to the floor")
		require.Equal(t, 1, p.Stats().Ports[0].Connections, "and to nothing worse")
		nc.Close()
	})
}
