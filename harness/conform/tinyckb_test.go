package conform

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/hash"
)

// tinyCKB is a CKB stratum server that does one thing wrong, or none.
type tinyCKB struct {
	tinyChain
	*tinyBooks
	sessions map[*tinyCKBSession]bool
	count    uint32
	renewals int
	seen     map[string]bool
}

type tinyCKBSession struct {
	s  *tinyCKB
	nc net.Conn
	*outbox
	fixed   bool
	party   tinyParty
	diff    uint64
	good    int
	nonce1  []byte
	again   bool // subscribed before
	renames bool // takes another nonce1
	workers map[string]bool
	jobs    map[string]tinyCNJob // blob: the pow hash
	seq     int
}

func newTinyCKB(defect string) *tinyCKB {
	s := &tinyCKB{tinyBooks: newTinyBooks(defect), sessions: map[*tinyCKBSession]bool{}, seen: map[string]bool{}}
	s.height, s.difficulty, s.nets = 100, math.MaxInt64, []uint64{math.MaxInt64}
	s.changed = func() {
		for c := range s.sessions {
			c.setTarget()
			c.notify(true)
		}
	}
	return s
}

// config is how to test the server; it is not served yet.
func (s *tinyCKB) config(t *testing.T) Config {
	t.Helper()
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	return Config{Profile: CKB, Login: "good", ForeignLogin: "foreign", SecondLogin: "other", Pass: "x", Algorithm: a, NewHasher: newCheap, Node: s, Control: s.tinyBooks, Ledger: s.tinyBooks, Operator: s.tinyBooks, Seed: 7}
}

// memCKB serves a server with a defect in memory.
func memCKB(t *testing.T, defect string) Config {
	t.Helper()
	s, network := newTinyCKB(defect), newMemNet()
	s.renew(t)
	serveTiny(t, network, s.serve)
	return virtual(s.config(t), network)
}

// tcpCKB serves a server without defects on loopback.
func tcpCKB(t *testing.T) Config {
	t.Helper()
	s := newTinyCKB("")
	cfg := s.config(t)
	cfg.Target, cfg.Timeout, cfg.Jobs, cfg.Strict, cfg.Crowd = tinyListener(t, s.serve), 30*time.Second, 8, true, 40
	cfg.Control, cfg.Operator, cfg.Slack = nil, nil, time.Minute // it ends with the test; the machine may be slow
	cfg.Declared.WorkerSeparator = "."
	return cfg
}

func (s *tinyCKB) is(defect string) bool { return s.defect == defect }

func (s *tinyCKB) serve(nc net.Conn) {
	c := &tinyCKBSession{s: s, nc: nc, outbox: newOutbox(nc, false), diff: tinyDifficulty, fixed: nc.LocalAddr().String() == tinyFixed,
		workers: map[string]bool{}, jobs: map[string]tinyCNJob{}}
	if !s.enter(c.outbox) {
		return
	}
	defer s.leave(c.outbox)
	c.party.client = tinyHost(nc)
	if nc.LocalAddr().String() == tinyProxy {
		if c.party.client = tinyHeader(nc); c.party.client == "" {
			return
		}
	}
	var writer sync.WaitGroup
	writer.Go(c.run)
	defer writer.Wait()
	defer c.end()
	defer c.flush()
	_ = nc.SetReadDeadline(time.Now().Add(tinyLogin))
	(&tinyReader{nc: nc, defect: s.defect}).lines(c.send, c.handle)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
}

// renew gives every session other work of the same height, now and then.
func (s *tinyCKB) renew(t *testing.T) {
	ticker, done := time.NewTicker(tinyRefresh), make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.mu.Lock()
				s.renewals++
				for c := range s.sessions {
					c.rename()
					c.notify(s.is("clean refresh"))
				}
				s.mu.Unlock()
			case <-done:
				return
			}
		}
	})
	t.Cleanup(func() { close(done); running.Wait() })
}

func (c *tinyCKBSession) ok(id, result string) {
	c.send(fmt.Sprintf(`{"id":%s,"result":%s,"error":null}`, id, result))
}

func (c *tinyCKBSession) fail(id string, code int, text string) {
	result := "null"
	switch {
	case c.s.is("refusal with true"):
		result = "true"
	case c.s.is("other codes"):
		code = 20
	}
	c.send(fmt.Sprintf(`{"id":%s,"result":%s,"error":[%d,%q,null]}`, id, result, code, text))
}

func (c *tinyCKBSession) handle(r tinyRequest) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(c.workers) > 0 {
		c.s.awaits(c.nc, tinyIdle)
	}
	if len(c.workers) > 0 && c.s.banned(c.party) {
		c.fail(r.id(), 24, "Banned")
		return false
	}
	if strings.HasPrefix(r.Method, "ckb_") {
		c.older(r)
		return true
	}
	var p []any
	bad := json.Unmarshal(r.Params, &p) != nil
	arg := func(i int) string {
		if i >= len(p) {
			return ""
		}
		s, _ := p[i].(string) // anything else is no name
		return s
	}
	switch {
	case bad:
		c.fail(r.id(), 20, "Malformed params")
	case r.Method == "mining.subscribe":
		c.subscribe(r.id(), arg(1))
	case r.Method == "mining.authorize":
		c.authorize(r.id(), arg(0))
	case r.Method == "mining.submit":
		c.judge(r.id(), arg(0), arg(1), arg(2))
	case strings.HasPrefix(r.Method, "mining.suggest") && !c.s.is("no suggestions"):
		c.ok(r.id(), "true")
	case r.Method == "mining.extranonce.subscribe":
		c.renames = true
		c.ok(r.id(), "true")
	default:
		c.fail(r.id(), 20, "Unknown method")
	}
	return true
}

func (c *tinyCKBSession) subscribe(id, resume string) {
	if b, err := hex.DecodeString(resume); err == nil && len(b) == 4 && c.s.is("resumes") {
		c.nonce1 = b
	}
	if c.nonce1 == nil {
		c.s.count++
		if c.s.restarted() && c.s.is("nonce1 again") {
			c.s.count = 1
		}
		c.nonce1 = fmt.Appendf(nil, "%04d", c.s.count)
		if c.s.is("small nonce2") {
			c.nonce1 = fmt.Appendf(nil, "%013d", c.s.count)
		}
	}
	told, size, first := c.nonce1, ckbNonceSize-len(c.nonce1), "null"
	switch {
	case c.s.is("one nonce1"):
		c.nonce1 = []byte("aaaa")
		told = c.nonce1
	case c.s.is("wrong size"):
		size = 11
	case c.s.is("text null"):
		first = `"null"`
	case c.s.is("lost nonce1") && c.again:
		told = []byte("lost")
	}
	c.again = true
	c.ok(id, fmt.Sprintf(`[%s,"%x",%d]`, first, told, size))
	if c.s.is("early job") {
		c.notify(true)
	}
}

func (c *tinyCKBSession) authorize(id, worker string) {
	base, _, _ := strings.Cut(worker, ".")
	switch {
	case c.nonce1 == nil:
		c.fail(id, 25, "Not subscribed")
		return
	case c.s.tinyBooks.banned(c.s.party(c.party.client, base)):
		c.fail(id, 24, "Banned")
		return
	case !c.s.takes(base) && !c.s.is("any worker"):
		c.fail(id, 24, "Unauthorized worker")
		return
	}
	c.workers[worker] = true
	c.diff = c.s.resume(strings.TrimPrefix(worker, "good"), c.diff)
	c.party = c.s.party(c.party.client, base)
	c.s.noted(worker)
	c.s.awaits(c.nc, tinyIdle)
	if c.s.is("numeric true") {
		c.ok(id, "1")
	} else {
		c.ok(id, "true")
	}
	if c.s.sessions[c] {
		return
	}
	c.s.sessions[c] = true
	if c.s.is("late target") {
		c.notify(true)
	}
	c.setTarget()
	c.notify(true)
}

// takes reports whether rewards can go to a login.
func (s *tinyCKB) takes(base string) bool {
	a, err := ckb.ParseAddressOn(ckb.Testnet, base)
	deprecated := a.Format == ckb.FormatFullType && !s.is("deprecated taken")
	return base == "good" || base == "other" || err == nil && !deprecated
}

// rename changes the nonce1 of a session that can take it.
func (c *tinyCKBSession) rename() {
	if !c.renames {
		return
	}
	c.s.count++
	c.nonce1 = fmt.Appendf(nil, "%04d", c.s.count)
	c.send(fmt.Sprintf(`{"id":null,"method":"mining.set_extranonce","params":["%x",%d]}`, c.nonce1, ckbNonceSize-len(c.nonce1)))
}

// older is the dialect of ckb_submitLogin.
func (c *tinyCKBSession) older(r tinyRequest) {
	if c.nonce1 == nil {
		c.s.count++
		c.nonce1 = fmt.Appendf(nil, "%04d", c.s.count)
	}
	pow := sha256.Sum256(append([]byte("older"), c.nonce1...))
	if c.s.is("one work for all") {
		pow = [32]byte{1}
	}
	target := chain.TargetFromDifficulty(c.diff)
	var p map[string]any
	switch bad := json.Unmarshal(r.Params, &p) != nil; {
	case bad || r.Method == "ckb_submitWork":
		c.send(fmt.Sprintf(`{"id":%s,"error":{"code":"101","message":"bad share"}}`, r.id()))
	case r.Method == "ckb_submitLogin":
		c.ok(r.id(), "true")
	case r.Method == "ckb_getWork" && c.s.is("older without target"):
		c.ok(r.id(), fmt.Sprintf(`{"pow_hash":"0x%x"}`, pow))
	case r.Method == "ckb_getWork":
		c.ok(r.id(), fmt.Sprintf(`{"pow_hash":"0x%x","target":"0x%x"}`, pow, target[:]))
	}
}

// difficulty is that of the next job: no share is harder than a block.
func (c *tinyCKBSession) difficulty() uint64 {
	if c.s.is("harder than the network") {
		return c.diff
	}
	return min(c.diff, c.s.difficulty)
}

func (c *tinyCKBSession) setTarget() {
	target := chain.TargetFromDifficulty(c.difficulty())
	c.send(fmt.Sprintf(`{"id":null,"method":"mining.set_target","params":["%x"]}`, target[:]))
}

func (c *tinyCKBSession) notify(fresh bool) {
	parent := c.s.parent()
	pow := sha256.Sum256(fmt.Append([]byte("pow"), parent, c.s.renewals))
	c.seq++
	id := fmt.Sprintf("%x.%d", c.nonce1, c.seq)
	if c.s.is("one job id") {
		id = "1"
	}
	c.jobs[id] = tinyCNJob{pow[:], c.s.height + 1, c.difficulty(), c.s.renewals, c.nonce1}
	height, clean := fmt.Sprint(c.s.height+1), fmt.Sprint(fresh)
	switch {
	case c.s.is("never clean"):
		clean = "false"
	case c.s.is("clean as number"):
		clean = "1"
	case c.s.is("old parent"):
		parent = [32]byte{1}
	}
	c.send(fmt.Sprintf(`{"id":null,"method":"mining.notify","params":[%q,"%x",%s,"%x",%s]}`, id, pow, height, parent, clean))
}

func (c *tinyCKBSession) judge(id, worker, jobID, written string) {
	s := c.s
	if s.is("cut nonce2") {
		written = written[:min(24, len(written))]
	}
	nonce2, err := hex.DecodeString(written)
	job, known := c.jobs[jobID]
	nonce1 := job.nonce1
	if s.is("nonce1 forgotten") || !known {
		nonce1 = c.nonce1
	}
	if s.is("client's nonce1") {
		for other := range s.sessions {
			if j, ok := other.jobs[jobID]; ok {
				job, known, nonce1 = j, true, j.nonce1
			}
		}
	}
	digest := sha256.Sum256(bytes.Join([][]byte{job.blob, nonce1, nonce2}, nil))
	key := string(nonce1) + string(nonce2) + string(job.blob)
	switch {
	case s.is("case counts"):
		key += written
	case s.is("low bytes alone") && len(nonce2) == 12:
		key = string(nonce1) + string(nonce2[:9]) + string(job.blob)
	}
	judged := s.seen[key]
	difficulty := job.diff
	switch {
	case s.is("live target"):
		difficulty = c.diff
	case s.is("old target"):
		difficulty = tinyDifficulty
	}
	refuse := func(code int, text string) {
		c.fail(id, code, text)
		s.judged(false, code == 21)
		if code != 21 {
			s.mark(c.party, false)
		}
	}
	switch {
	case !c.workers[worker] && !s.is("strangers"):
		refuse(24, "Unauthorized worker")
	case err != nil || len(nonce2) != ckbNonceSize-len(nonce1):
		refuse(20, "Malformed nonce2")
	case !known, job.height < s.height+1 && !s.is("old work"):
		refuse(21, "Job not found")
	case difficulty > 0 && binary.BigEndian.Uint64(digest[:]) > math.MaxUint64/difficulty && !s.is("no target"):
		s.hashed()
		refuse(23, "Low difficulty share")
	case s.seen[key]:
		refuse(22, "Duplicate share")
	case s.is("share as text"):
		s.seen[key] = true
		c.ok(id, `"ok"`)
	default:
		s.seen[key] = true
		c.ok(id, "true")
	}
	if s.seen[key] && !judged {
		s.hashed()
		s.judged(true, false)
		s.mark(c.party, true)
		c.count(worker, &job, digest)
	}
}

// count does what follows from a good share.
func (c *tinyCKBSession) count(worker string, job *tinyCNJob, digest [32]byte) {
	s := c.s
	s.credit(worker, job.diff)
	if c.good++; c.good == tinyRetargetAfter && !c.fixed {
		c.diff *= tinyRaise
		for worker := range c.workers {
			c.s.keep(strings.TrimPrefix(worker, "good"), c.diff)
		}
		c.setTarget()
		c.notify(true)
	}
	network := s.difficulty
	if s.is("old network difficulty") {
		network = s.before()
	}
	top := binary.BigEndian.Uint64(digest[:])
	switch {
	case top > math.MaxUint64/network, s.is("blocks kept"):
	case top > math.MaxUint64/s.difficulty || s.refusing:
		s.refused++
		s.locked(func() { s.log.WriteString("the node refused a block\n") })
	default:
		s.handed++
		s.height++
		s.changed()
	}
}

func TestCorrectCKBServerPasses(t *testing.T) {
	found, odd := findings(t, tcpCKB(t), implemented(t, CKB))
	require.Empty(t, found)
	require.Empty(t, odd)
}
