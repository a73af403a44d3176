package conform

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// The servers in these tests know the wire alone. They share no code with any
// pool, so that the suite is held to the protocol and to no pool's habits, and
// each can be broken in one way at a time.

// cheap is a hasher that costs nothing: what it computes does not matter as
// long as both sides agree.
type cheap struct{ a *hash.Algorithm }

func newCheap(a *hash.Algorithm) (hash.Hasher, error) { return cheap{a}, nil }

func (c cheap) Algorithm() *hash.Algorithm { return c.a }
func (c cheap) Impl() string               { return "sha256" }
func (c cheap) Lanes() int                 { return 4 }
func (c cheap) Close() error               { return nil }

func (c cheap) Hash(out []hash.Digest, in []hash.Input) error {
	for i := range in {
		out[i] = sha256.Sum256(in[i].Blob)
	}
	return nil
}

// paced is a cheap hasher that takes virtual time, so that a vain search ends.
type paced struct{ cheap }

func newPaced(a *hash.Algorithm) (hash.Hasher, error) { return paced{cheap{a}}, nil }

func (p paced) Hash(out []hash.Digest, in []hash.Input) error {
	time.Sleep(time.Millisecond)
	return p.cheap.Hash(out, in)
}

// tinyListener serves connections until the test ends.
func tinyListener(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serveTiny(t, ln, serve)
	return ln.Addr().String()
}

// serveTiny serves what a listener accepts until the test ends.
func serveTiny(t *testing.T, ln net.Listener, serve func(net.Conn)) {
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[nc] = true
			mu.Unlock()
			all.Go(func() {
				serve(nc)
				nc.Close()
				mu.Lock()
				delete(open, nc)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for nc := range open {
			nc.Close()
		}
		mu.Unlock()
		all.Wait()
	})
}

// tinyReader reads lines as a tiny server does.
type tinyReader struct {
	nc     net.Conn
	defect string
	reads  int // since the last line
}

func (t *tinyReader) Read(b []byte) (int, error) { t.reads++; return t.nc.Read(b) }

// lines calls each for every line until it says stop. A line of more than 16
// KiB, or one that is no JSON object, ends the connection with an error.
func (t *tinyReader) lines(write func(string), each func(tinyRequest) bool) {
	size := 16 << 10
	if t.defect == "short lines" {
		size = 2 << 10
	}
	r := bufio.NewReaderSize(t, size)
	for {
		t.reads = 0
		line, err := r.ReadSlice('\n')
		endless := err == bufio.ErrBufferFull
		for err == bufio.ErrBufferFull && t.defect == "no line limit" {
			line, err = r.ReadSlice('\n')
		}
		if err != nil {
			if err != io.EOF {
				write(`{"id":null,"error":{"code":-1,"message":"too long"}}`)
			}
			return
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		req, good := t.parse(line)
		switch {
		case !good && (t.defect == "silent on bad lines" || endless):
		case !good && t.defect == "echoes bytes":
			write(fmt.Sprintf(`{"id":null,"error":{"code":-1,"message":"not JSON: %s"}}`, bytes.TrimSpace(line)))
			return
		case !good:
			write(`{"id":null,"error":{"code":-1,"message":"not JSON"}}`)
			return
		case !each(req):
			return
		}
	}
}

func (t *tinyReader) parse(line []byte) (req tinyRequest, good bool) {
	req.raw = string(line)
	good = utf8.Valid(line) && json.Unmarshal(line, &req) == nil && req.Method != ""
	return req, good && (t.reads < 2 || t.defect != "pieces refused")
}

// tinyHeader reads a PROXY header and returns the client in it, "" when it is
// not a right one.
func tinyHeader(nc net.Conn) string {
	var line []byte
	for b := make([]byte, 1); len(line) < 108; line = append(line, b[0]) {
		if _, err := nc.Read(b); err != nil {
			return ""
		}
		if b[0] == '\n' {
			return tinyClient(string(line))
		}
	}
	return ""
}

func tinyClient(header string) string {
	parts := strings.Split(header, " ")
	if len(parts) != 6 || parts[0] != "PROXY" || parts[1] != "TCP4" || !strings.HasSuffix(parts[5], "\r") {
		return ""
	}
	_, err := strconv.ParseUint(parts[4], 10, 16)
	if net.ParseIP(parts[2]) == nil || net.ParseIP(parts[3]) == nil || err != nil {
		return ""
	}
	return parts[2]
}

type tinyRequest struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	raw    string
}

// id is the request's id as JSON.
func (r *tinyRequest) id() string {
	if r.ID == nil {
		return "null"
	}
	return string(r.ID)
}

// tinyChain is the part of a tiny server that the suite steers as its node.
type tinyChain struct {
	mu         sync.Mutex
	height     uint64
	salt       int
	difficulty uint64
	handed     int
	refusing   bool
	refused    int
	nets       []uint64 // difficulties, of the present height last
	failing    bool
	changed    func() // tells the sessions; mu is held
}

func (c *tinyChain) advance(n int, salt int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		c.height++
		c.salt += salt
		c.nets = append(c.nets, c.difficulty)
		c.changed()
	}
	return nil
}

func (c *tinyChain) Height() uint64     { c.mu.Lock(); defer c.mu.Unlock(); return c.height }
func (c *tinyChain) Difficulty() uint64 { c.mu.Lock(); defer c.mu.Unlock(); return c.difficulty }
func (c *tinyChain) Mine(n int) error   { return c.advance(n, 0) }
func (c *tinyChain) Reorg(int) error    { return c.advance(1, 1) }
func (c *tinyChain) FailNext(int)       { c.mu.Lock(); defer c.mu.Unlock(); c.failing = true }
func (c *tinyChain) Recover()           { c.mu.Lock(); defer c.mu.Unlock(); c.failing = false }
func (c *tinyChain) Handed() (taken, refused int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handed, c.refused
}

func (c *tinyChain) RefuseBlocks(yes bool) { c.mu.Lock(); defer c.mu.Unlock(); c.refusing = yes }

// before is the difficulty of the height before.
func (c *tinyChain) before() uint64 { return c.nets[max(0, len(c.nets)-2)] }
func (c *tinyChain) SetDifficulty(d uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.difficulty = d
	return nil
}
func (c *tinyChain) parent() [32]byte { return sha256.Sum256(fmt.Append(nil, c.height, c.salt)) }

// findings runs checks and returns those that found something, as ids, and all
// that ended otherwise than they should against a working server.
func findings(t *testing.T, cfg Config, checks []Check) (found, odd []string) {
	t.Helper()
	report, err := Run(t.Context(), cfg, checks)
	require.NoError(t, err)
	for _, r := range report.Results {
		switch {
		case r.Got != "":
			found = append(found, r.ID)
			t.Logf("%s got %s", r.ID, r.Got)
		case r.Verdict != Pass && r.Verdict != Skip:
			odd = append(odd, fmt.Sprintf("%s %s: %s", r.Verdict, r.ID, r.Reason))
		}
	}
	return found, odd
}

// implemented are the checks of a profile that can be carried out.
func implemented(t *testing.T, profile Profile) []Check {
	t.Helper()
	sel := Selection{}
	all, err := sel.Choose(Catalogue(), profile)
	require.NoError(t, err)
	var runnable []Check
	for _, c := range all {
		if c.Implemented {
			runnable = append(runnable, c)
		}
	}
	return runnable
}

// bubble runs the suite against a server that is configured inside a synctest
// bubble, in virtual time over connections in memory, and returns the ids of
// the checks that found something.
func bubble(t *testing.T, checks []Check, configure func(t *testing.T) Config) (found, odd []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := configure(t)
		if cfg.DialFrom == nil {
			t.Fatal("the server is not in memory")
		}
		found, odd = findings(t, cfg, checks)
	})
	return found, odd
}

// virtual are the settings of a run in virtual time: answers are awaited for
// long, and cost nothing.
func virtual(cfg Config, network *memNet) Config {
	cfg.DialFrom, cfg.Target, cfg.NewHasher = network.from, tinyTarget, newPaced
	cfg.Declared = tinyDeclared()
	cfg.Pass = "password-of-a-miner"
	cfg.TipWait, cfg.Timeout, cfg.Effort, cfg.Jobs, cfg.Strict, cfg.Crowd = 10*time.Second, 20*time.Second, time.Minute, 8, true, 40
	return cfg
}
