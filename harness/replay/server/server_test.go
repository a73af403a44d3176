package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
)

// record makes a script of events, each at its index in milliseconds.
func record(t testing.TB, events ...*trace.Event) *Script {
	t.Helper()
	var out bytes.Buffer
	var now time.Duration
	w, err := trace.NewWriter(&out, trace.Header{}, trace.WriterOptions{Now: func() time.Duration { now += time.Millisecond; return now }})
	require.NoError(t, err)
	for _, ev := range events {
		if ev.Conn == 0 {
			ev.Conn = 1
		}
		w.Record(ev)
	}
	require.NoError(t, w.Close("done"))
	r, err := trace.NewReader(&out, trace.Options{})
	require.NoError(t, err)
	s, err := Load(t.Context(), r)
	require.NoError(t, err)
	return s
}

func up(line string) *trace.Event   { return &trace.Event{Code: trace.CodeToPool, Data: []byte(line)} }
func down(line string) *trace.Event { return &trace.Event{Code: trace.CodeToMiner, Data: []byte(line)} }
func closed(by, how string) *trace.Event {
	return &trace.Event{Code: trace.CodeClose, Close: &trace.CloseInfo{By: by, How: how}}
}

// session: a mad pool whose bytes must come back as they are.
func session() []*trace.Event {
	return []*trace.Event{
		up(`{"id":1,"method":"login"}` + "\n"),
		down("{\"id\":1 , \"result\":\"\xff\"}\r\n"),
		down("job 1\n"),
		up(`{"id":2,"method":"submit"}` + "\n"),
		up(`{"id":3,"method":"submit"}` + "\n"),
		down("\n\nok 2 and 3"),
		up("not json\n"),
		up(`{"id":4,"method":"keepalived"}` + "\n"),
		down("alive\n"),
		closed(trace.ByPool, "fin"),
	}
}

// played is a server and what came of it.
type played struct {
	t    *testing.T
	addr string
	stop context.CancelFunc
	done chan struct{}
	out  []Outcome
	err  error
}

func play(t *testing.T, script *Script, change func(*Config)) *played {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg := Config{Script: script, Listener: l}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	p := &played{t: t, addr: l.Addr().String(), stop: stop, done: make(chan struct{})}
	go func() { defer close(p.done); p.out, p.err = s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-p.done })
	return p
}

func (p *played) dial() *net.TCPConn {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	require.NoError(p.t, err)
	require.NoError(p.t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	p.t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

func (p *played) outcomes() []Outcome {
	p.t.Helper()
	<-p.done
	require.NoError(p.t, p.err)
	return p.out
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

func hear(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

// TestByCausality: nothing comes before its question, everything byte for
// byte, whatever the miner's own ids, order and extra requests are.
func TestByCausality(t *testing.T) {
	p := play(t, record(t, session()...), nil)
	c := p.dial()
	say(t, c, `{"id":"x","method":"getjob"}`+"\n"+`{"id":77,"method":"submit"}`+"\n")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err, "the login has not come yet")
	require.NoError(t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
	say(t, c, `{"method":"login","id":5}`+"\n")
	hear(t, c, "{\"id\":1 , \"result\":\"\xff\"}\r\njob 1\n")
	say(t, c, `{"id":78,"method":"submit"}`+"\n")
	hear(t, c, "\n\nok 2 and 3")
	say(t, c, `{"id":79,"method":"keepalived"}`+"\n")
	hear(t, c, "alive\n")
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, []Outcome{{Conn: 1, Sent: 49, Recorded: 49, Heard: 5, Matched: 4}}, p.outcomes())
}

func TestMinerThatLeavesEarly(t *testing.T) {
	p := play(t, record(t, session()...), nil)
	c := p.dial()
	say(t, c, `{"id":1,"method":"login"}`+"\n")
	hear(t, c, "{\"id\":1 , \"result\":\"\xff\"}\r\njob 1\n")
	require.NoError(t, c.Close())
	o := p.outcomes()[0]
	require.Equal(t, 3, o.Missing)
	require.Equal(t, `waiting for "submit": the miner closed the connection`, o.Err)
}

// TestByTheClock sends without waiting for anybody, and not before its time.
func TestByTheClock(t *testing.T) {
	started := time.Now()
	p := play(t, record(t, session()...), func(c *Config) { c.Speed = 0.05 })
	c := p.dial()
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Len(t, got, 49)
	require.GreaterOrEqual(t, time.Since(started), 160*time.Millisecond)
	require.Equal(t, 4, p.outcomes()[0].Missing)
}

func TestEndsAsRecorded(t *testing.T) {
	p := play(t, record(t, up(`{"method":"login"}`+"\n"), closed(trace.ByPool, "rst")), nil)
	c := p.dial()
	say(t, c, `{"method":"login"}`+"\n")
	_, err := io.ReadAll(c)
	require.ErrorIs(t, err, syscall.ECONNRESET)

	p = play(t, record(t, down("x\n"), &trace.Event{Code: trace.CodeHalf, Half: trace.HalfPool},
		up(`{"method":"late"}`+"\n"), closed(trace.ByMiner, "fin")), nil)
	c = p.dial()
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "x\n", string(got))
	say(t, c, `{"method":"late"}`+"\n")
	require.NoError(t, c.Close())
	require.Equal(t, []Outcome{{Conn: 1, Sent: 2, Recorded: 2, Heard: 1, Matched: 1}}, p.outcomes())
}

// TestConnectionsInTurn: the Nth miner gets the Nth part; --loop begins anew.
func TestConnectionsInTurn(t *testing.T) {
	second := down("two\n")
	second.Conn = 7
	script := record(t, down("one\n"), second)
	require.Equal(t, 2, script.Connections())
	p := play(t, script, func(c *Config) { c.Loop = true })
	for _, want := range []string{"one\n", "two\n", "one\n"} {
		hear(t, p.dial(), want)
	}
	p.stop()
	require.Len(t, p.outcomes(), 3)
}

func TestRefusedTraces(t *testing.T) {
	for file, want := range map[string]string{
		"{\"mtrace\":1}\n":                                   "no connection",
		"{\"mtrace\":1}\n[1,\"<\",4,{\"len\":70}]\n":         "70 bytes of the pool on connection 4 were withheld",
		"{\"mtrace\":1}\n[1,\"<\",4,\"a\"]\n[2,\">\",4,3]\n": "damaged",
	} {
		r, err := trace.NewReader(bytes.NewReader([]byte(file)), trace.Options{})
		require.NoError(t, err)
		_, err = Load(t.Context(), r)
		require.ErrorContains(t, err, want)
	}
	_, err := New(Config{})
	require.Error(t, err)
}

// TestRecordedSessionsArePlayed plays each kept recording to clients that
// say what the recorded miners said: all requests are matched and each byte
// of the pool arrives.
func TestRecordedSessionsArePlayed(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/traces/*.mtrace.gz")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		said, answered := streams(t, file)
		r, err := trace.Open(file, trace.Options{})
		require.NoError(t, err)
		script, err := Load(t.Context(), r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		p := play(t, script, nil)
		for i := range said {
			c := p.dial()
			written := make(chan error, 1)
			go func() {
				_, err := c.Write(said[i])
				written <- errors.Join(err, c.CloseWrite())
			}()
			got, err := io.ReadAll(c)
			require.NoError(t, err)
			require.NoError(t, <-written)
			require.Equal(t, string(answered[i]), string(got), "%s, connection %d", file, i+1)
		}
		for _, o := range p.outcomes() {
			require.Zero(t, o.Missing)
			require.Equal(t, o.Recorded, o.Sent)
			require.Equal(t, o.Heard, o.Matched)
			require.Empty(t, o.Err)
		}
	}
}

// streams returns what each recorded connection said in either direction.
func streams(t *testing.T, file string) (up, down [][]byte) {
	r, err := trace.Open(file, trace.Options{})
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	index := map[uint64]int{}
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return up, down
		}
		require.NoError(t, err)
		if ev.Code == trace.CodeOpen {
			index[ev.Conn] = len(up)
			up, down = append(up, nil), append(down, nil)
		}
		switch i := index[ev.Conn]; ev.Code {
		case trace.CodeToPool:
			up[i] = append(up[i], ev.Data...)
		case trace.CodeToMiner:
			down[i] = append(down[i], ev.Data...)
		}
	}
}
