package record

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/stratumclient"
)

// ckbPool is the pool's side of CKB sessions: it takes every share, but cuts
// the first connection after the first one.
type ckbPool struct {
	t    *testing.T
	done sync.WaitGroup

	mu    sync.Mutex
	conns int
	said  map[int]*bytes.Buffer // per connection, from 1
	heard map[int]*bytes.Buffer
}

func newCKBPool(t *testing.T, l net.Listener) *ckbPool {
	p := &ckbPool{t: t, said: map[int]*bytes.Buffer{}, heard: map[int]*bytes.Buffer{}}
	p.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.done.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); p.done.Wait() })
	return p
}

func (p *ckbPool) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	p.mu.Lock()
	p.conns++
	n := p.conns
	said, heard := new(bytes.Buffer), new(bytes.Buffer)
	p.said[n], p.heard[n] = said, heard
	p.mu.Unlock()
	in := bufio.NewReader(io.TeeReader(conn, heard))
	for {
		line, err := in.ReadBytes('\n')
		var m struct {
			ID     int
			Method string
		}
		if err != nil || json.Unmarshal(line, &m) != nil {
			return
		}
		out := fmt.Sprintf(`{"id":%d,"result":true,"error":null}`+"\r\n", m.ID)
		switch m.Method {
		case "mining.subscribe":
			out = fmt.Sprintf(`{"id":%d,"result":[null,"00c904%02x",12],"error":null}`+"\n", m.ID, n)
		case "mining.authorize":
			out += `{"id":null,"method":"mining.set_target","params":["000` + strings.Repeat("f", 61) + `"]}` + "\n" +
				`{"id":null,"method":"mining.notify","params":["j","` + strings.Repeat("1", 64) + `",9,"` + strings.Repeat("2", 64) + `",true]}` + "\n"
		case "mining.submit":
			if n == 1 {
				return
			}
		}
		said.WriteString(out)
		if _, err := io.WriteString(conn, out); err != nil {
			return
		}
	}
}

// record runs a client to its end and returns the trace.
func (p *ckbPool) record(cfg ClientConfig, while func(*Client)) (*Client, []*trace.Event) {
	var file bytes.Buffer
	w, err := trace.NewWriter(&file, trace.Header{Role: "client"}, trace.WriterOptions{})
	require.NoError(p.t, err)
	cfg.Trace = w
	cfg.Endpoint.User, cfg.Endpoint.Pass = "WALLET", "x"
	cfg.Endpoint.Algorithm, err = hash.Lookup("eaglesong")
	require.NoError(p.t, err)
	c, err := NewClient(cfg)
	require.NoError(p.t, err)
	ctx, stop := context.WithCancel(p.t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	if while != nil {
		while(c)
		stop()
	}
	require.NoError(p.t, <-done)
	require.NoError(p.t, w.Close("done"))
	r, err := trace.NewReader(&file, trace.Options{})
	require.NoError(p.t, err)
	var events []*trace.Event
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c, events
		}
		require.NoError(p.t, err)
		events = append(events, ev)
	}
}

// TestClientMinesAndRecords: what the pool said and heard is in the trace,
// byte for byte, connection by connection; a lost one is made anew.
func TestClientMinesAndRecords(t *testing.T) {
	for _, encrypt := range []bool{false, true} {
		l := listen(t)
		cfg := ClientConfig{Endpoint: stratumclient.Endpoint{Host: l.Addr().String()}, Effort: 1, Shares: 2,
			Searcher: func() (hash.Searcher, error) { return cpu.NewSearcher(cpu.SearcherOptions{}) }}
		front := l
		if encrypt {
			cert, print := testCertificate(t)
			front = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
			cfg.Endpoint.TLS, cfg.Endpoint.Fingerprint = true, print
		}
		p := newCKBPool(t, front)
		c, events := p.record(cfg, nil)
		_ = l.Close()
		p.done.Wait()
		require.GreaterOrEqual(t, c.Stats().Accepted, uint64(2))
		require.Equal(t, uint64(2), c.Stats().Conns)
		require.Zero(t, c.Stats().Rejected)
		for n := 1; n <= 2; n++ {
			require.True(t, bytes.HasPrefix(joined(events, uint64(n), trace.CodeToPool), p.heard[n].Bytes()))
			require.True(t, bytes.HasPrefix(p.said[n].Bytes(), joined(events, uint64(n), trace.CodeToMiner)))
			require.Contains(t, string(joined(events, uint64(n), trace.CodeToMiner)), `"result":true,"error":null}`+"\r\n")
		}
		require.Equal(t, encrypt, only(events, trace.CodeOpen)[0].Open.TLS != "")
		ends := only(events, trace.CodeClose)
		require.Len(t, ends, 2)
		require.Equal(t, trace.ByPool, ends[0].Close.By)
		require.Equal(t, trace.ByMiner, ends[1].Close.By)
		require.Equal(t, trace.ProtoCKB, only(events, trace.CodeMarker)[0].Marker["proto"])
	}
}

// TestClientOnlyListens sends nothing behind the login.
func TestClientOnlyListens(t *testing.T) {
	l := listen(t)
	p := newCKBPool(t, l)
	c, events := p.record(ClientConfig{Endpoint: stratumclient.Endpoint{Host: l.Addr().String()}}, func(c *Client) {
		require.Eventually(t, func() bool { return c.Stats().Jobs > 0 }, 20*time.Second, time.Millisecond)
	})
	require.Zero(t, c.Stats().Accepted)
	require.Len(t, only(events, trace.CodeToPool), 2)
	require.Len(t, only(events, trace.CodeToMiner), 4)
}

func TestClientConfigIsChecked(t *testing.T) {
	_, err := NewClient(ClientConfig{})
	require.ErrorContains(t, err, "trace")
	_, err = NewClient(ClientConfig{Trace: new(trace.Writer), Effort: 2})
	require.ErrorContains(t, err, "effort 2")
	_, err = NewClient(ClientConfig{Trace: new(trace.Writer)})
	require.ErrorContains(t, err, "no pool given")
}

func TestClientReportsASearchThatFails(t *testing.T) {
	l := listen(t)
	newCKBPool(t, l)
	var file bytes.Buffer
	w, err := trace.NewWriter(&file, trace.Header{}, trace.WriterOptions{})
	require.NoError(t, err)
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	c, err := NewClient(ClientConfig{Trace: w, Endpoint: stratumclient.Endpoint{Host: l.Addr().String(), User: "W", Algorithm: a},
		Searcher: func() (hash.Searcher, error) { return nil, errors.New("no memory") }})
	require.NoError(t, err)
	require.ErrorContains(t, c.Run(t.Context()), "no memory")
	require.NoError(t, w.Close("error"))
}
