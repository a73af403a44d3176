// Package labtest is a small correct pool of either dialect for the tests of
// the laboratory. It hashes every share for real, always with Eaglesong, also
// in the CryptoNote dialect: the laboratory does not mind and tests stay fast.
//
// It imports stratum, chain, hash and harness/rig; tests of harness/lab's
// packages import it, nothing else.
package labtest

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// Pool is the pool. Its settings are changed before Start.
type Pool struct {
	Proto      string
	Difficulty uint64
	// AcceptAll is a pool that hashes nothing; Mute one that answers no share.
	AcceptAll, Mute bool
	// Delay is how long it lets an answer wait.
	Delay time.Duration
	// Retarget, when set, gives the difficulty of a session after a share.
	Retarget func(shares int, present uint64) uint64
	// Idle is how long a silent connection is kept (0: for ever).
	Idle time.Duration

	ln     net.Listener
	algo   *hash.Algorithm
	served sync.WaitGroup

	mu     sync.Mutex
	height uint64
	conns  map[*client]bool
	count  int
	closed bool
}

// Start opens the pool on a loopback port; the test's end closes it.
func (p *Pool) Start(t testing.TB) *Pool {
	t.Helper()
	var err error
	p.algo, err = hash.Lookup("eaglesong")
	require.NoError(t, err)
	p.ln, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.height, p.conns = 100, map[*client]bool{}
	p.served.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Target is what the laboratory needs to know of the pool.
func (p *Pool) Target() rig.Target {
	return rig.Target{Address: p.ln.Addr().String(), Proto: p.Proto, Login: "nobody", Pass: "x", Algorithm: p.algo, Timeout: 30 * time.Second}
}

// Finder finds shares for the pool's jobs.
func (p *Pool) Finder(t testing.TB) *rig.Finder {
	t.Helper()
	s, err := cpu.NewSearcher(cpu.SearcherOptions{})
	require.NoError(t, err)
	f := rig.NewFinder(s, cpu.New)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// NewTip moves every session to the next block.
func (p *Pool) NewTip() error {
	p.mu.Lock()
	p.height++
	var all []*client
	for c := range p.conns {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		c.issue()
	}
	return nil
}

// Logins is how many connections there have been.
func (p *Pool) Logins() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Close ends the pool.
func (p *Pool) Close() {
	_ = p.ln.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		_ = c.conn.Close()
	}
	p.mu.Unlock()
	p.served.Wait()
}

func (p *Pool) accept() {
	for {
		conn, err := p.ln.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.count++
		c := &client{pool: p, conn: conn, n: p.count, diff: p.Difficulty, jobs: map[string]job{}, seen: map[string]bool{}}
		p.conns[c] = true
		if p.closed {
			_ = conn.Close()
		}
		p.mu.Unlock()
		p.served.Go(func() {
			c.serve()
			p.mu.Lock()
			delete(p.conns, c)
			p.mu.Unlock()
		})
	}
}

// client is one connection of the pool.
type client struct {
	pool *Pool
	conn net.Conn
	n    int

	mu     sync.Mutex
	ready  bool
	diff   uint64
	shares int
	issued int
	jobs   map[string]job
	seen   map[string]bool
	hasher hash.Hasher
}

type job struct {
	input  []byte
	offset int
	target hash.Target
	height uint64
}

func (c *client) serve() {
	defer func() { _ = c.conn.Close() }()
	lines := stratum.NewLineReader(c.conn, stratum.MaxMinerLine)
	for {
		if c.pool.Idle > 0 {
			_ = c.conn.SetReadDeadline(time.Now().Add(c.pool.Idle))
		}
		line, err := lines.ReadLine()
		if err != nil {
			break
		}
		if c.pool.Proto == rig.CKB {
			c.ckb(line)
		} else {
			c.cryptonote(line)
		}
	}
	if c.hasher != nil {
		_ = c.hasher.Close()
	}
}

func (c *client) send(line []byte) { _, _ = c.conn.Write(line) }

// make builds a new job; c.mu is held.
func (c *client) make() (id string, j job) {
	c.pool.mu.Lock()
	height := c.pool.height
	c.pool.mu.Unlock()
	c.issued++
	id = fmt.Sprintf("%d.%d", c.n, c.issued)
	j = job{input: make([]byte, 48), offset: 39, height: height, target: chain.TargetFromDifficulty(c.diff)}
	if c.pool.Proto == rig.CKB {
		j.offset = 36 // behind four bytes of nonce1
		j.input[0], j.input[1] = byte(height), byte(c.issued)
		copy(j.input[32:], c.nonce1())
	} else {
		j.input[0], j.input[7], j.input[8] = 16, byte(height), 1
		j.input[44], j.input[45] = byte(c.n), byte(c.issued)
	}
	c.jobs[id] = j
	return id, j
}

func (c *client) nonce1() []byte { return []byte{byte(c.n), byte(c.n >> 8), 7, 7} }

// issue sends a new job.
func (c *client) issue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ready {
		return
	}
	id, j := c.make()
	if c.pool.Proto == rig.CKB {
		c.send(append(ckb.AppendSetTarget(nil, &ckb.SetTarget{Target: j.target}), c.notify(id, j)...))
		return
	}
	c.send(cryptonote.AppendJob(nil, c.cnJob(id, j)))
}

func (c *client) notify(id string, j job) []byte {
	parent := make([]byte, 32)
	parent[0] = byte(j.height)
	return ckb.AppendNotify(nil, &ckb.Notify{JobID: id, PowHash: [32]byte(j.input), Height: j.height, ParentHash: parent})
}

func (c *client) cnJob(id string, j job) *cryptonote.Job {
	target := make([]byte, 8)
	for i, t := 0, chain.Compact8(c.diff); i < 8; i++ {
		target[i] = byte(t >> (8 * i))
	}
	return &cryptonote.Job{ID: id, Blob: j.input, Target: target, Height: j.height}
}

func (c *client) cryptonote(line []byte) {
	req, err := cryptonote.ParseRequest(line)
	if err != nil {
		m, _ := stratum.ParseMessage(line, stratum.DefaultLimits())
		c.send(cryptonote.AppendError(nil, m.ID, -1, "Malformed share"))
		return
	}
	switch r := req.(type) {
	case *cryptonote.Login:
		c.mu.Lock()
		c.ready = true
		id, j := c.make()
		c.send(cryptonote.AppendLoginResult(nil, r.ID, &cryptonote.LoginResult{RPCID: fmt.Sprint(c.n), Job: c.cnJob(id, j), Status: "OK"}))
		c.mu.Unlock()
	case *cryptonote.Submit:
		digest := hash.Digest(r.Result)
		c.answer(c.judge(r.JobID, r.Nonce[:], &digest), func(text string) []byte {
			if text == "" {
				return cryptonote.AppendOK(nil, r.ID)
			}
			return cryptonote.AppendError(nil, r.ID, -1, text)
		})
	}
}

func (c *client) ckb(line []byte) {
	req, err := ckb.ParseRequest(line)
	if err != nil {
		m, _ := stratum.ParseMessage(line, stratum.DefaultLimits())
		c.send(ckb.AppendError(nil, m.ID, 20, "malformed"))
		return
	}
	switch r := req.(type) {
	case *ckb.Subscribe:
		c.send(ckb.AppendSubscribeResult(nil, r.ID, &ckb.SubscribeResult{Nonce1: c.nonce1(), Nonce2Size: 12}))
	case *ckb.Authorize:
		c.send(ckb.AppendResult(nil, r.ID, true))
		c.mu.Lock()
		c.ready = true
		c.mu.Unlock()
		c.issue()
	case *ckb.Submit:
		c.answer(c.judge(r.JobID, r.Nonce2, nil), func(text string) []byte {
			if text == "" {
				return ckb.AppendResult(nil, r.ID, true)
			}
			return ckb.AppendError(nil, r.ID, 20, text)
		})
	}
}

func (c *client) answer(text string, line func(text string) []byte) {
	if c.pool.Mute {
		return
	}
	if c.pool.Delay > 0 {
		time.Sleep(c.pool.Delay)
	}
	c.send(line(text))
	if text == "" && c.pool.Retarget != nil {
		c.mu.Lock()
		c.shares++
		d := c.pool.Retarget(c.shares, c.diff)
		changed := d != c.diff
		c.diff = d
		c.mu.Unlock()
		if changed {
			c.issue()
		}
	}
}

// judge says what is wrong with a share, "" for nothing.
func (c *client) judge(id string, nonce []byte, claimed *hash.Digest) string {
	if c.pool.AcceptAll {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	j, known := c.jobs[id]
	c.pool.mu.Lock()
	height := c.pool.height
	c.pool.mu.Unlock()
	key := id + string(nonce)
	switch {
	case !known:
		return "unknown job"
	case c.pool.Proto == rig.CKB && len(nonce) != 12:
		return "malformed nonce"
	case j.height != height:
		return "stale share"
	case c.seen[key]:
		return "duplicate share"
	}
	c.seen[key] = true
	return c.hash(j, nonce, claimed)
}

func (c *client) hash(j job, nonce []byte, claimed *hash.Digest) string {
	if c.hasher == nil {
		h, err := cpu.New(c.pool.algo)
		if err != nil {
			return err.Error()
		}
		c.hasher = h
	}
	blob := append([]byte(nil), j.input...)
	copy(blob[j.offset:], nonce)
	out := make([]hash.Digest, 1)
	switch err := c.hasher.Hash(out, []hash.Input{{Blob: blob}}); {
	case err != nil:
		return err.Error()
	case claimed != nil && *claimed != out[0]:
		return "bad hash"
	case !c.pool.algo.Meets(&out[0], &j.target):
		return "low difficulty share"
	}
	return ""
}
