package wire

import (
	"bytes"
	"encoding/hex"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
)

// Bounds on what one connection may make its follower remember. Beyond them
// the oldest is forgotten and what depends on it becomes unsure.
const (
	maxJobs    = 4096
	maxPending = 16384
	maxWorkers = 4096
)

// Conn follows one connection. It is used by one goroutine.
type Conn struct {
	proto string
	algo  *hash.Algorithm // for jobs that do not say

	jobs    map[string]*Job
	order   []*Job // in issue order, for forgetting
	current *Job
	forgot  bool // there may be jobs that are not in the map
	unsure  bool // lines were lost

	pending map[stratum.ID][]*request
	waiting int

	session string // CryptoNote session id, "" before login
	ready   bool

	nonce1   []byte // CKB
	nonce2   int
	target   *hash.Target
	workers  map[string]bool // user -> the pool has agreed
	cleanCnt int
}

// request is a request that awaits its reply.
type request struct {
	kind   kind
	submit *Submit
	worker string
}

type kind uint8

const (
	kindOther kind = iota
	kindLogin
	kindGetJob
	kindSubscribe
	kindAuthorize
	kindSubmit
)

// NewConn follows a connection in the given dialect (trace.ProtoCryptoNote or
// trace.ProtoCKB); any other value has it recognised from the first line that
// tells. algo serves jobs that do not name an algorithm and may be nil.
func NewConn(proto string, algo *hash.Algorithm) *Conn {
	if proto != trace.ProtoCryptoNote && proto != trace.ProtoCKB {
		proto = ""
	}
	return &Conn{proto: proto, algo: algo, jobs: map[string]*Job{},
		pending: map[stratum.ID][]*request{}, workers: map[string]bool{}}
}

// Proto is the dialect, empty while unknown.
func (c *Conn) Proto() string { return c.proto }

// Current is the newest job, nil before the first.
func (c *Conn) Current() *Job { return c.current }

// Session is the CryptoNote session id, or the CKB extranonce1 in hex.
func (c *Conn) Session() string {
	if c.proto == trace.ProtoCKB {
		return hex.EncodeToString(c.nonce1)
	}
	return c.session
}

// Nonce2Size is how many nonce bytes a CKB miner chooses.
func (c *Conn) Nonce2Size() int { return c.nonce2 }

// Ready reports whether the pool accepted a login.
func (c *Conn) Ready() bool { return c.ready }

// Lost notes that lines of this connection were lost: what is not known from
// here on cannot be held against anybody. A CKB target must be seen again.
func (c *Conn) Lost() {
	c.unsure, c.target = true, nil
	clear(c.pending)
	c.waiting = 0
}

// Missed notes that the pool sent something that could not be read: it may
// have been a job, so that a share for a job that is not known is nobody's
// fault from now on.
func (c *Conn) Missed() { c.forgot = true }

// ToPool takes a line from the miner. The event is nil when the line has
// nothing to do with shares.
func (c *Conn) ToPool(at time.Duration, line []byte) Event {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	c.recognise(m.Method)
	var ev Event
	switch c.proto {
	case trace.ProtoCryptoNote:
		ev = c.cnToPool(at, line, m, err)
	case trace.ProtoCKB:
		ev = c.ckbToPool(at, line, m, err)
	}
	if s, ok := ev.(*Submit); ok && s.Malformed != nil {
		s.Raw = bytes.Clone(line)
	}
	return ev
}

// ToMiner takes a line from the pool. A login reply can both complete the
// login and bring a job, so there may be several events.
func (c *Conn) ToMiner(at time.Duration, line []byte) []Event {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	if err != nil {
		c.Missed()
		return nil
	}
	c.recognise(m.Method)
	switch c.proto {
	case trace.ProtoCryptoNote:
		return c.cnToMiner(at, line)
	case trace.ProtoCKB:
		return c.ckbToMiner(at, line)
	}
	return nil
}

// recognise sets the dialect by a method's name.
func (c *Conn) recognise(method string) {
	if c.proto != "" {
		return
	}
	switch {
	case strings.HasPrefix(method, "mining."):
		c.proto = trace.ProtoCKB
	case method == "login" || method == "submit" || method == "keepalived" || method == "getjob" || method == "job":
		c.proto = trace.ProtoCryptoNote
	}
}

// ask remembers a request until its reply, and reports whether it can.
func (c *Conn) ask(id stratum.ID, r *request) bool {
	if !id.Awaited() || c.waiting >= maxPending {
		return false
	}
	c.pending[id] = append(c.pending[id], r)
	c.waiting++
	return true
}

// answered finds the request that a reply belongs to: the oldest with its id.
func (c *Conn) answered(id stratum.ID) *request {
	queue := c.pending[id]
	if len(queue) == 0 {
		return nil
	}
	c.waiting--
	if len(queue) == 1 {
		delete(c.pending, id)
	} else {
		c.pending[id] = queue[1:]
	}
	return queue[0]
}

// submit completes a share with what the connection knows of its job.
func (c *Conn) submit(s *Submit) *Submit {
	s.Current = c.current
	s.Unsure = c.unsure
	if s.Malformed == nil {
		s.Job = c.jobs[s.JobID]
		s.Unsure = s.Unsure || s.Job == nil && c.forgot || s.Job != nil && s.Job.Unsure
	}
	if s.Job != nil && s.Job != c.current && s.Job.SameParent(c.current) {
		// A CKB job stays good until a clean one comes; CryptoNote has no such
		// flag, so any newer job supersedes it.
		s.Superseded = c.proto == trace.ProtoCryptoNote || s.Job.clean < c.cleanCnt
	}
	if !c.ask(s.ID, &request{kind: kindSubmit, submit: s}) {
		s.Unsure = true // its answer will not be recognised
	}
	return s
}

// issue takes a new job.
func (c *Conn) issue(j *Job) *JobIssued {
	j.clean = c.cleanCnt
	if len(c.order) >= maxJobs {
		oldest := c.order[0]
		c.order, c.forgot = c.order[1:], true
		if c.jobs[oldest.ID] == oldest {
			delete(c.jobs, oldest.ID)
		}
	}
	c.jobs[j.ID] = j
	c.order = append(c.order, j)
	c.current = j
	return &JobIssued{Job: j}
}

// answer is what a reply to a share says, before it is classified.
type answer struct {
	yes bool // the result reads as success
	no  bool // the result reads as refusal
	err *stratum.ReplyError
}

// result classifies a reply. Saying yes and no at once is unclear, and so is
// saying neither.
func result(s *Submit, at time.Duration, a answer) *Result {
	r := &Result{Submit: s, At: at, Verdict: Unclear}
	switch {
	case a.err != nil && !a.yes:
		r.Verdict, r.Code, r.Text = Rejected, a.err.Code, a.err.Message
		r.Reason = ClassifyReason(a.err.Code, a.err.Message)
	case a.err == nil && a.yes:
		r.Verdict = Accepted
	case a.err == nil && a.no:
		r.Verdict, r.Reason = Rejected, ReasonOther
	}
	return r
}

// lookup resolves an algorithm name, falling back to the connection's.
func (c *Conn) lookup(name string) *hash.Algorithm {
	if name == "" {
		return c.algo
	}
	a, err := hash.Lookup(name)
	if err != nil {
		return nil
	}
	return a
}
