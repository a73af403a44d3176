package replay

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// fakePool is a small correct pool of either dialect, written without the
// stratum packages. The test moves it to the next block.
type fakePool struct {
	t      *testing.T
	proto  string
	algo   *hash.Algorithm
	diff   uint64
	refuse string // answers every login with this error
	hangUp bool   // closes the connection on a malformed share
	wrong  bool   // accepts everything
	l      net.Listener
	done   sync.WaitGroup

	mu     sync.Mutex
	hasher hash.Hasher
	seen   map[string]bool
	height int
	conns  map[*fakeConn]bool
}

type fakeConn struct {
	pool   *fakePool
	conn   net.Conn
	n      int
	jobs   map[string]fakeJob
	issued int
}

type fakeJob struct {
	input  []byte
	height int
}

func newFakePool(t *testing.T, proto, algo string, diff uint64) *fakePool {
	t.Helper()
	a, err := hash.Lookup(algo)
	require.NoError(t, err)
	h, err := cpu.New(a)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &fakePool{t: t, proto: proto, algo: a, diff: diff, l: l, hasher: h,
		seen: map[string]bool{}, conns: map[*fakeConn]bool{}, height: 10}
	p.done.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for c := range p.conns {
			_ = c.conn.Close()
		}
		p.mu.Unlock()
		p.done.Wait()
		_ = h.Close()
	})
	return p
}

func (p *fakePool) addr() string { return p.l.Addr().String() }

func (p *fakePool) accept() {
	for n := 1; ; n++ {
		conn, err := p.l.Accept()
		if err != nil {
			return
		}
		c := &fakeConn{pool: p, conn: conn, n: n, jobs: map[string]fakeJob{}}
		p.mu.Lock()
		p.conns[c] = true
		p.mu.Unlock()
		p.done.Go(c.serve)
	}
}

// newBlock moves every session to the next block.
func (p *fakePool) newBlock() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.height++
	for c := range p.conns {
		if c.issued > 0 {
			c.push()
		}
	}
}

// refresh gives every session a new job on the same block.
func (p *fakePool) refresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if c.issued > 0 {
			c.push()
		}
	}
}

func (c *fakeConn) serve() {
	defer func() {
		_ = c.conn.Close()
		c.pool.mu.Lock()
		delete(c.pool.conns, c)
		c.pool.mu.Unlock()
	}()
	dec := json.NewDecoder(c.conn)
	for {
		var m struct {
			ID     any
			Method string
			Params json.RawMessage
		}
		if dec.Decode(&m) != nil {
			return
		}
		c.pool.mu.Lock()
		c.handle(m.ID, m.Method, m.Params)
		c.pool.mu.Unlock()
	}
}

func (c *fakeConn) line(format string, args ...any) {
	_, _ = fmt.Fprintf(c.conn, format+"\n", args...) // a lost client is seen by serve
}

func (c *fakeConn) ok(id any) { c.line(`{"id":%v,"result":%s,"error":null}`, id, c.yes()) }
func (c *fakeConn) no(id any, text string) {
	c.line(`{"id":%v,"result":null,"error":%s}`, id, c.err(text))
}
func (c *fakeConn) session() string        { return fmt.Sprintf("session-%d", c.n) }
func (c *fakeConn) nonce1() []byte         { return []byte{0xa0, byte(c.n), 0, 1} }
func (c *fakeConn) parent() []byte         { return bytes.Repeat([]byte{byte(c.pool.height)}, 32) }
func (c *fakeConn) target() (s string)     { return chain.TargetHex(c.pool.diff, true) }
func (c *fakeConn) bigTarget() hash.Target { return chain.TargetFromDifficulty(c.pool.diff) }

func (c *fakeConn) yes() string {
	if c.pool.proto == "cn" {
		return `{"status":"OK"}`
	}
	return "true"
}

func (c *fakeConn) err(text string) string {
	if c.pool.proto == "cn" {
		return fmt.Sprintf(`{"code":-1,"message":%q}`, text)
	}
	return fmt.Sprintf(`[20,%q,null]`, text)
}

func (c *fakeConn) handle(id any, method string, params json.RawMessage) {
	switch method {
	case "login":
		if c.pool.refuse != "" {
			c.no(id, c.pool.refuse)
			return
		}
		c.line(`{"id":%v,"error":null,"result":{"id":"%s","job":%s,"status":"OK"}}`, id, c.session(), c.job())
	case "mining.subscribe":
		c.line(`{"id":%v,"result":[null,"%x",12],"error":null}`, id, c.nonce1())
	case "mining.authorize":
		if c.pool.refuse != "" {
			c.no(id, c.pool.refuse)
			return
		}
		c.ok(id)
		t := c.bigTarget()
		c.line(`{"id":null,"method":"mining.set_target","params":["%x"]}`, t[:])
		c.push()
	case "submit", "mining.submit":
		why := c.judge(params)
		if c.pool.hangUp && why == "malformed nonce" {
			_ = c.conn.Close()
			return
		}
		if why != "" && !c.pool.wrong {
			c.no(id, why)
			return
		}
		c.ok(id)
	}
}

// push sends a new job.
func (c *fakeConn) push() {
	if c.pool.proto == "cn" {
		c.line(`{"method":"job","params":%s}`, c.job())
		return
	}
	c.issued++
	pow := bytes.Repeat([]byte{byte(c.issued), byte(c.n)}, 16)
	input := append(append(bytes.Clone(pow), c.nonce1()...), make([]byte, 12)...)
	id := fmt.Sprintf("%d.%d", c.n, c.issued)
	c.jobs[id] = fakeJob{input, c.pool.height}
	c.line(`{"id":null,"method":"mining.notify","params":["%s","%x",%d,"%x",%v]}`, id, pow, c.pool.height, c.parent(), true)
}

// job makes a CryptoNote job.
func (c *fakeConn) job() string {
	c.issued++
	blob := append([]byte{14, 14, 1, 2, 3, 4, 5}, c.parent()...)
	blob = append(blob, 0, 0, 0, 0)
	blob = append(append(blob, bytes.Repeat([]byte{byte(c.n), byte(c.issued)}, 16)...), 1)
	id := fmt.Sprintf("%d.%d", c.n, c.issued)
	c.jobs[id] = fakeJob{blob, c.pool.height}
	return fmt.Sprintf(`{"blob":"%x","job_id":"%s","target":"%s","algo":"%s","height":%d}`,
		blob, id, c.target(), c.pool.algo.Name, c.pool.height)
}

// judge returns why a share is bad, "" when it is good.
func (c *fakeConn) judge(params json.RawMessage) string {
	nonce, result, jobID, mine := c.fields(params)
	job, known := c.jobs[jobID]
	switch {
	case nonce == nil:
		return "malformed nonce"
	case !mine:
		return "Unauthenticated"
	case !known:
		return "Job not found"
	case job.height != c.pool.height:
		return "Stale share"
	}
	input := bytes.Clone(job.input)
	at := 39
	if c.pool.proto == "ckb" {
		at = 36
	}
	copy(input[at:], nonce)
	if c.pool.seen[string(input)] {
		return "Duplicate share"
	}
	out := make([]hash.Digest, 1)
	if err := c.pool.hasher.Hash(out, []hash.Input{{Blob: input, Height: uint64(job.height)}}); err != nil {
		return err.Error()
	}
	if c.pool.proto == "cn" && !bytes.Equal(out[0][:], result) {
		return "Invalid share"
	}
	if t := c.bigTarget(); !c.pool.algo.Meets(&out[0], &t) {
		return "Low difficulty share"
	}
	c.pool.seen[string(input)] = true
	return ""
}

// fields reads a submit; nonce is nil when it is malformed.
func (c *fakeConn) fields(params json.RawMessage) (nonce, result []byte, job string, mine bool) {
	if c.pool.proto == "ckb" {
		var p []string
		if json.Unmarshal(params, &p) != nil || len(p) != 3 || len(p[2]) != 24 {
			return nil, nil, "", false
		}
		nonce, _ = hex.DecodeString(p[2])
		return nonce, nil, p[1], !strings.HasSuffix(p[0], "-stranger")
	}
	var p struct{ ID, Job_ID, Nonce, Result string }
	if json.Unmarshal(params, &p) != nil || len(p.Nonce) != 8 {
		return nil, nil, "", false
	}
	n, err := hex.DecodeString(p.Nonce)
	if err != nil || binary.Size(n) != 4 {
		return nil, nil, "", false
	}
	result, _ = hex.DecodeString(p.Result)
	return n, result, p.Job_ID, p.ID == c.session()
}
