package fault

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// memory is a listener of pipes; the proxy's upstream is the other one.
type memory struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newMemory() *memory { return &memory{conns: make(chan net.Conn), done: make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.done) }); return nil }
func (m *memory) Addr() net.Addr { return &net.UnixAddr{} }

// through opens a connection through a proxy with rules, in virtual time.
func through(cfg Config) (p *Proxy, miner, pool net.Conn) {
	in := newMemory()
	upstream := make(chan net.Conn, 1)
	cfg.Listener = in
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		upstream <- b
		return a, nil
	}
	p = New(cfg)
	miner, inner := net.Pipe()
	in.conns <- inner
	return p, miner, <-upstream
}

func virtual(t *testing.T, cfg Config, test func(p *Proxy, miner, pool net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		p, miner, pool := through(cfg)
		test(p, miner, pool)
		_, _ = miner.Close(), pool.Close()
		p.Close()
	})
}

// passes writes on one side and reads on the other, and says how long it took.
func passes(t *testing.T, from, to net.Conn, text string) time.Duration {
	t.Helper()
	began := time.Now()
	go func() { _, _ = from.Write([]byte(text)) }()
	got := make([]byte, len(text))
	_, err := io.ReadFull(to, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
	return time.Since(began)
}

func TestNothingIsDisturbedByDefault(t *testing.T) {
	virtual(t, Config{}, func(_ *Proxy, miner, pool net.Conn) {
		require.Zero(t, passes(t, miner, pool, "login"))
		require.Zero(t, passes(t, pool, miner, "job"))
	})
}

func TestLatencyIsPerDirection(t *testing.T) {
	virtual(t, Config{ToPool: Rules{Latency: 30 * time.Millisecond}}, func(p *Proxy, miner, pool net.Conn) {
		require.Equal(t, 30*time.Millisecond, passes(t, miner, pool, "login"))
		require.Zero(t, passes(t, pool, miner, "job"))
		p.Set(Rules{}, Rules{Latency: time.Second})
		require.Zero(t, passes(t, miner, pool, "submit"))
		require.Equal(t, time.Second, passes(t, pool, miner, "OK"))
	})
}

func TestJitterStaysWithinAndKeepsTheOrder(t *testing.T) {
	virtual(t, Config{ToPool: Rules{Latency: 10 * time.Millisecond, Jitter: 20 * time.Millisecond}, Seed: 4}, func(_ *Proxy, miner, pool net.Conn) {
		seen := map[time.Duration]bool{}
		for range 50 {
			d := passes(t, miner, pool, "x")
			require.GreaterOrEqual(t, d, 10*time.Millisecond)
			require.LessOrEqual(t, d, 30*time.Millisecond)
			seen[d] = true
		}
		require.Greater(t, len(seen), 20)
		go func() {
			for b := byte('a'); b <= 'z'; b++ {
				_, _ = miner.Write([]byte{b})
			}
		}()
		all := make([]byte, 26)
		_, err := io.ReadFull(pool, all)
		require.NoError(t, err)
		require.Equal(t, "abcdefghijklmnopqrstuvwxyz", string(all))
	})
}

func TestBandwidthAndSlices(t *testing.T) {
	virtual(t, Config{ToMiner: Rules{Bandwidth: 100, Slice: 10}}, func(_ *Proxy, miner, pool net.Conn) {
		go func() { _, _ = pool.Write(make([]byte, 200)) }()
		began, buf, reads := time.Now(), make([]byte, 500), 0
		for n := 0; n < 200; reads++ {
			got, err := miner.Read(buf)
			require.NoError(t, err)
			require.LessOrEqual(t, got, 10)
			n += got
		}
		require.Equal(t, 2*time.Second, time.Since(began))
		require.Equal(t, 20, reads)
	})
}

func TestCutEndsAfterSoManyBytes(t *testing.T) {
	virtual(t, Config{ToMiner: Rules{Cut: 5}}, func(_ *Proxy, miner, pool net.Conn) {
		go func() { _, _ = pool.Write([]byte("too long a line")) }()
		got, err := io.ReadAll(miner)
		require.NoError(t, err)
		require.Equal(t, "too l", string(got))
	})
}

func TestDropIsSilence(t *testing.T) {
	virtual(t, Config{}, func(p *Proxy, miner, pool net.Conn) {
		passes(t, miner, pool, "login")
		p.Set(Rules{Drop: true}, Rules{Drop: true})
		_, err := miner.Write([]byte("into the void"))
		require.NoError(t, err)
		require.NoError(t, pool.SetReadDeadline(time.Now().Add(time.Hour)))
		_, err = pool.Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, io.EOF)
	})
}

func TestThePoolsEndIsTold(t *testing.T) {
	ended := make(chan time.Time, 1)
	virtual(t, Config{Ended: func(at time.Time) { ended <- at }}, func(p *Proxy, miner, pool net.Conn) {
		p.Set(Rules{Drop: true}, Rules{Drop: true})
		time.Sleep(time.Minute)
		require.Empty(t, ended)
		_ = pool.Close()
		synctest.Wait()
		require.Len(t, ended, 1)
	})
}

// TestReset needs TCP.
func TestReset(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = ln.Close() }()
	go func() {
		c, err := ln.Accept()
		if err == nil {
			_, _ = c.Read(make([]byte, 1))
			_, _ = c.Write([]byte("0123456789"))
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	p, err := Listen(Config{Upstream: ln.Addr().String(), ToMiner: Rules{Reset: 4}})
	require.NoError(t, err)
	defer p.Close()
	c, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadAll(c)
	require.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
}

func TestParse(t *testing.T) {
	r, err := Parse("latency=20ms, jitter=5ms,bandwidth=1000,slice=1,cut=4096,reset=9,drop")
	require.NoError(t, err)
	require.Equal(t, Rules{20 * time.Millisecond, 5 * time.Millisecond, 1000, 1, 4096, 9, true}, r)
	for _, bad := range []string{"", "latency", "latency=-1s", "latency=2h", "bandwidth=0", "cut=1.5", "drop=1", "fire=1", "slice=1,slice=2"} {
		_, err := Parse(bad)
		require.Error(t, err, bad)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("latency=20ms,drop")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(r.String())
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
