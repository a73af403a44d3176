package record

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
)

// rig is a proxy between a test and a pool the test plays itself.
type rig struct {
	t     *testing.T
	proxy *Proxy
	addr  string
	pool  net.Listener
	out   bytes.Buffer
	w     *trace.Writer
	stop  context.CancelFunc
	done  chan error
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func newRig(t *testing.T, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, pool: listen(t), done: make(chan error, 1)}
	front := listen(t)
	r.addr = front.Addr().String()
	var err error
	r.w, err = trace.NewWriter(&r.out, trace.Header{Role: "proxy"}, trace.WriterOptions{})
	require.NoError(t, err)
	cfg := Config{Listener: front, Upstream: r.pool.Addr().String(), Trace: r.w}
	if change != nil {
		change(&cfg)
	}
	r.proxy, err = New(cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() { r.done <- r.proxy.Run(ctx) }()
	return r
}

// dial connects a miner and returns both ends of the connection.
func (r *rig) dial() (miner, pool *net.TCPConn) {
	r.t.Helper()
	m, err := net.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	p, err := r.pool.Accept()
	require.NoError(r.t, err)
	for _, c := range []net.Conn{m, p} {
		require.NoError(r.t, c.SetDeadline(time.Now().Add(20*time.Second)))
		r.t.Cleanup(func() { _ = c.Close() })
	}
	return m.(*net.TCPConn), p.(*net.TCPConn)
}

// events ends the proxy and returns the trace.
func (r *rig) events() []*trace.Event {
	r.t.Helper()
	r.stop()
	require.NoError(r.t, <-r.done)
	require.NoError(r.t, r.w.Close("done"))
	rd, err := trace.NewReader(&r.out, trace.Options{})
	require.NoError(r.t, err)
	var out []*trace.Event
	for {
		ev, err := rd.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(r.t, err)
		out = append(out, ev)
	}
	require.True(r.t, rd.Summary().Complete)
	return out
}

// waitOpen waits until so many connections are open.
func (r *rig) waitOpen(n int64) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return r.proxy.Stats().Open == n }, 10*time.Second, time.Millisecond)
}

// joined concatenates what was recorded of one direction.
func joined(events []*trace.Event, conn uint64, code trace.Code) []byte {
	var out []byte
	for _, ev := range events {
		if ev.Conn == conn && ev.Code == code {
			out = append(out, ev.Data...)
		}
	}
	return out
}

// only returns the events of one kind.
func only(events []*trace.Event, code trace.Code) []*trace.Event {
	var out []*trace.Event
	for _, ev := range events {
		if ev.Code == code {
			out = append(out, ev)
		}
	}
	return out
}

func TestEveryByteArrivesAndIsRecorded(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxLine = 1000 })
	miner, pool := r.dial()
	rng := rand.New(rand.NewPCG(3, 4))
	up, down := make([]byte, 200_000), make([]byte, 300_000)
	for _, b := range [][]byte{up, down} {
		for i := range b {
			b[i] = byte(rng.UintN(256))
		}
		copy(b[5000:], strings.Repeat("x", 3500)) // a line longer than MaxLine
	}
	go chop(miner, up)
	go chop(pool, down)
	gotUp, gotDown := make([]byte, len(up)), make([]byte, len(down))
	read := make(chan error, 2)
	go func() { _, err := io.ReadFull(pool, gotUp); read <- err }()
	go func() { _, err := io.ReadFull(miner, gotDown); read <- err }()
	require.NoError(t, <-read)
	require.NoError(t, <-read)
	require.Equal(t, up, gotUp)
	require.Equal(t, down, gotDown)
	require.NoError(t, miner.Close())
	require.NoError(t, pool.Close())
	r.waitOpen(0)

	events := r.events()
	require.Equal(t, up, joined(events, 1, trace.CodeToPool))
	require.Equal(t, down, joined(events, 1, trace.CodeToMiner))
	for _, ev := range append(only(events, trace.CodeToPool), only(events, trace.CodeToMiner)...) {
		require.LessOrEqual(t, len(ev.Data), 1000)
		more := ev.Line != nil && ev.Line.More
		require.Equal(t, more, len(ev.Data) == 1000 && ev.Data[999] != '\n')
	}
}

// chop writes in pieces of odd sizes.
func chop(c net.Conn, data []byte) {
	for n := 1; len(data) > 0; n = n%977 + 13 {
		n = min(n, len(data))
		if _, err := c.Write(data[:n]); err != nil {
			return
		}
		data = data[n:]
	}
}

func TestLinesMarkersAndClose(t *testing.T) {
	r := newRig(t, nil)
	miner, pool := r.dial()
	_, err := miner.Write([]byte(`{"id":1,"method":"mining.subscribe","params":[]}` + "\r\n"))
	require.NoError(t, err)
	expect(t, pool, `{"id":1,"method":"mining.subscribe","params":[]}`+"\r\n")
	_, err = pool.Write([]byte("{\"id\":1}\n{\"id\":2}\npartial"))
	require.NoError(t, err)
	expect(t, miner, "{\"id\":1}\n{\"id\":2}\npartial")
	require.NoError(t, pool.Close())
	_, err = miner.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, miner.Close())
	r.waitOpen(0)

	events := r.events()
	codes := ""
	for _, ev := range events {
		if ev.Code != trace.CodeCheckpoint {
			codes += string(byte(ev.Code))
		}
	}
	require.Equal(t, "om><<<hxe", codes)
	require.Equal(t, trace.ProtoCKB, only(events, trace.CodeMarker)[0].Marker["proto"])
	require.Equal(t, trace.HalfPool, only(events, trace.CodeHalf)[0].Half)
	require.Equal(t, trace.CloseInfo{By: trace.ByPool, How: "fin"}, *only(events, trace.CodeClose)[0].Close)
	stats := r.proxy.Stats()
	require.EqualValues(t, 1, stats.ToPool)
	require.EqualValues(t, 2, stats.ToMiner)
	require.EqualValues(t, 25, stats.BytesToPeer)
}

func expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

// TestHalfCloseStillDeliversTheAnswer: a miner may stop sending and still
// wait for the reply to its last share.
func TestHalfCloseStillDeliversTheAnswer(t *testing.T) {
	r := newRig(t, nil)
	miner, pool := r.dial()
	_, err := miner.Write([]byte("last\n"))
	require.NoError(t, err)
	require.NoError(t, miner.CloseWrite())
	got, err := io.ReadAll(pool)
	require.NoError(t, err)
	require.Equal(t, "last\n", string(got))
	_, err = pool.Write([]byte("answer\n"))
	require.NoError(t, err)
	require.NoError(t, pool.Close())
	got, err = io.ReadAll(miner)
	require.NoError(t, err)
	require.Equal(t, "answer\n", string(got))
	r.waitOpen(0)
	events := r.events()
	require.Equal(t, trace.HalfMiner, only(events, trace.CodeHalf)[0].Half)
	require.Equal(t, trace.ByMiner, only(events, trace.CodeClose)[0].Close.By)
}

func TestResetIsPassedOn(t *testing.T) {
	r := newRig(t, nil)
	miner, pool := r.dial()
	_, err := miner.Write([]byte("a\n"))
	require.NoError(t, err)
	expect(t, pool, "a\n")
	require.NoError(t, miner.SetLinger(0))
	require.NoError(t, miner.Close())
	_, err = pool.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, io.EOF)
	r.waitOpen(0)
	x := only(r.events(), trace.CodeClose)[0].Close
	require.Equal(t, trace.ByMiner, x.By)
	require.Equal(t, "rst", x.How)
}

// TestAStuckMinerDelaysNobodyElse fills one miner's buffers and checks that
// another connection still works and that shutdown does not wait.
func TestAStuckMinerDelaysNobodyElse(t *testing.T) {
	r := newRig(t, nil)
	_, stuckPool := r.dial()
	miner, pool := r.dial()
	blocked := make(chan int64, 1)
	go func() {
		n, _ := io.Copy(stuckPool, endless{})
		blocked <- n
	}()
	for range 50 {
		_, err := pool.Write([]byte("job\n"))
		require.NoError(t, err)
		expect(t, miner, "job\n")
	}
	events := r.events()
	require.Less(t, <-blocked, int64(256<<20), "back-pressure must reach the pool")
	require.Len(t, only(events, trace.CodeClose), 2)
	for _, ev := range only(events, trace.CodeClose) {
		require.Equal(t, trace.ByLocal, ev.Close.By)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	p[len(p)-1] = '\n'
	return len(p), nil
}

func TestUnreachablePool(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	})
	m, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	require.NoError(t, m.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = m.Read(make([]byte, 1))
	require.Error(t, err)
	require.NoError(t, m.Close())
	r.waitOpen(0)
	require.EqualValues(t, 1, r.proxy.Stats().Refused)
	x := only(r.events(), trace.CodeClose)[0].Close
	require.Equal(t, trace.CloseInfo{By: trace.ByPool, How: "error", Err: "no route"}, *x)
}

func TestConnectionLimit(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxConns = 1 })
	r.dial()
	second, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	require.NoError(t, second.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = second.Read(make([]byte, 1))
	require.Error(t, err)
	require.NoError(t, second.Close())
	require.EqualValues(t, 1, r.proxy.Stats().Refused)
	require.Len(t, only(r.events(), trace.CodeOpen), 1)
}

func TestListenerFailureEndsRun(t *testing.T) {
	r := newRig(t, nil)
	require.NoError(t, r.proxy.cfg.Listener.Close())
	require.ErrorContains(t, <-r.done, "accepting miners")
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{})
	require.Error(t, err)
}

func TestDialect(t *testing.T) {
	for line, want := range map[string]string{
		`{"id":1,"method":"login","params":{}}`:           trace.ProtoCryptoNote,
		`{"id":1,"method":"mining.authorize"}`:            trace.ProtoCKB,
		`{"id":1,"method":"eth_submitLogin"}`:             "",
		`{"id":1}`:                                        "",
		`GET / HTTP/1.1`:                                  "",
		`{"id":1,"method":"keepalived","params":{}} junk`: "",
	} {
		require.Equal(t, want, Dialect([]byte(line)), line)
	}
}
