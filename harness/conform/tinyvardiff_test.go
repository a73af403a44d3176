package conform

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

// tinyInterval is the share interval that the server aims at, tinyFloor its
// least difficulty.
const (
	tinyInterval = 250 * time.Millisecond
	tinyFloor    = 1
	tinyWindow   = 40 * tinyInterval
)

// tinyVardiff is a CryptoNote server whose difficulty follows its miners well, or
// badly in one way.
type tinyVardiff struct {
	tinyChain
	defect string
	start  uint64

	sessions map[*tinyFollower]bool
	kept     map[string]uint64 // difficulties by login
	credits  map[string]*Credit
	work     map[string][]tinyWork // what was credited, for the shown hashrate
	shift    time.Duration
	judged   []time.Time // shares that were hashed
	logins   int
}

type tinyWork struct {
	at   time.Time
	work float64
}

// tinyFollower is a session.
type tinyFollower struct {
	s *tinyVardiff
	*outbox
	login string
	jobs  map[string]tinyCNJob
	last  string
	seen  map[string]bool
	diff  uint64
	tops  []uint64 // difficulties that were given
	seq   int

	// The estimate: work and time, both decaying.
	at         time.Time
	work, time float64
	swing      int
	first      time.Time
	judged     []time.Time
}

// tinyMemory is the time that the estimate goes back over.
const tinyMemory = 12 * float64(tinyInterval)

func newTinyVardiff(start uint64, defect string) *tinyVardiff {
	s := &tinyVardiff{defect: defect, start: start, sessions: map[*tinyFollower]bool{}, kept: map[string]uint64{}, credits: map[string]*Credit{}, work: map[string][]tinyWork{}}
	s.height, s.difficulty = 100, math.MaxInt64
	s.changed = s.push
	return s
}

func (s *tinyVardiff) is(defect string) bool { return s.defect == defect }

// now is the server's clock, which can be moved.
func (s *tinyVardiff) now() time.Time { return time.Now().Add(s.shift) }

func (s *tinyVardiff) Shift(_ context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift += d
	return nil
}

func (s *tinyVardiff) Credits(context.Context) (out []Credit, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for login, c := range s.credits {
		credit := *c
		for _, w := range s.work[login] {
			if time.Since(w.at) <= tinyWindow {
				credit.Hashrate += w.work / tinyWindow.Seconds()
			}
		}
		if s.is("doubled hashrate") {
			credit.Hashrate *= 2
		}
		out = append(out, credit)
	}
	return out, nil
}

func (s *tinyVardiff) serve(nc net.Conn) {
	c := &tinyFollower{s: s, outbox: newOutbox(nc, false), jobs: map[string]tinyCNJob{}, seen: map[string]bool{}}
	var writer sync.WaitGroup
	writer.Go(c.run)
	defer writer.Wait()
	defer c.end()
	done := make(chan struct{})
	defer close(done)
	writer.Go(func() { c.ticks(done) })
	(&tinyReader{nc: nc}).lines(c.send, c.handle)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
	if !s.is("forgets") {
		s.kept[c.login] = c.diff
	}
}

// ticks looks at silent sessions.
func (c *tinyFollower) ticks(done chan struct{}) {
	ticker := time.NewTicker(tinyInterval / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.s.mu.Lock()
			if c.diff > 0 && !c.s.is("on submit only") {
				c.follow(0)
			}
			if c.s.is("silent are banned") && c.diff > 0 && time.Since(c.first) > 8*tinyInterval && len(c.seen) < 40 {
				c.s.mu.Unlock()
				c.end()
				return
			}
			c.s.mu.Unlock()
		case <-done:
			return
		}
	}
}

func (c *tinyFollower) handle(r tinyRequest) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch r.Method {
	case "login":
		var p struct{ Login string }
		_ = json.Unmarshal(r.Params, &p) // the suite's
		c.open(p.Login)
		c.send(fmt.Sprintf(`{"id":%s,"error":null,"result":{"id":"s","job":%s,"status":"OK"}}`, r.id(), c.job()))
	case "keepalived":
		c.send(fmt.Sprintf(`{"id":%s,"error":null,"result":{"status":"KEEPALIVED"}}`, r.id()))
	case "submit":
		if text := c.submit(r); text != "" {
			c.answer(fmt.Sprintf(`{"id":%s,"error":{"code":-1,"message":%q}}`, r.id(), text))
			return true
		}
		c.answer(fmt.Sprintf(`{"id":%s,"error":null,"result":{"status":"OK"}}`, r.id()))
	}
	return true
}

// answer answers a share, in its own time.
func (c *tinyFollower) answer(line string) {
	if c.s.is("slow answers") {
		c.after(200*time.Millisecond, line)
		return
	}
	c.send(line)
}

func (c *tinyFollower) open(login string) {
	c.s.logins++
	c.seq = 1000 * c.s.logins
	c.login, c.diff = login, c.s.start
	if kept := c.s.kept[login]; kept > 0 {
		c.diff = kept
	}
	c.at, c.first = c.s.now(), time.Now()
	c.work, c.time = float64(c.diff), float64(tinyInterval)
	c.s.sessions[c] = true
	c.issue()
}

// issue makes a job at the present difficulty.
func (c *tinyFollower) issue() {
	c.seq++
	parent := c.s.parent()
	root := sha256.Sum256(fmt.Append(nil, parent, c.seq))
	blob := append([]byte{16, 16, 1, 2, 3, 4, 5}, parent[:]...)
	blob = append(append(append(blob, 0, 0, 0, 0), root[:]...), 1)
	c.last = fmt.Sprint(c.seq)
	c.jobs[c.last] = tinyCNJob{blob: blob, height: c.s.height + 1, diff: c.diff}
	c.tops = append(c.tops, c.diff)
}

func (c *tinyFollower) job() string {
	j := c.jobs[c.last]
	target := binary.LittleEndian.AppendUint32(nil, math.MaxUint32/uint32(j.diff))
	return fmt.Sprintf(`{"blob":"%x","job_id":%q,"target":"%x","algo":"cn/upx2","height":%d,"id":"s"}`, j.blob, c.last, target, j.height)
}

func (c *tinyFollower) push() { c.send(`{"jsonrpc":"2.0","method":"job","params":` + c.job() + `}`) }

// push gives every session work on the new tip; mu is held.
func (s *tinyVardiff) push() {
	for c := range s.sessions {
		c.issue()
		switch line := `{"jsonrpc":"2.0","method":"job","params":` + c.job() + `}`; {
		case s.is("jobs behind shares"):
			time.AfterFunc(5*time.Millisecond, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				c.after(time.Duration(recent(s.judged, 20*time.Millisecond))*10*time.Millisecond, line)
			})
		case s.is("rare polls"):
			c.after(8*time.Second, line)
		default:
			c.send(line)
		}
	}
}

// submit judges a share; it returns what is wrong with it.
func (c *tinyFollower) submit(r tinyRequest) string {
	var p struct {
		JobID         string `json:"job_id"`
		Nonce, Result string
	}
	_ = json.Unmarshal(r.Params, &p) // the suite's
	job, known := c.jobs[p.JobID]
	nonce, err := hex.DecodeString(p.Nonce)
	if !known || err != nil || len(nonce) != 4 {
		return "Invalid job id"
	}
	c.s.judged, c.judged = append(c.s.judged, time.Now()), append(c.judged, time.Now())
	blob := bytes.Clone(job.blob)
	copy(blob[39:], nonce)
	met := math.MaxUint64 / max(1, topOf(sha256.Sum256(blob)))
	switch {
	case met < job.diff:
		if c.s.is("low shares count") {
			c.follow(job.diff)
		}
		return "Low difficulty share"
	case c.seen[string(blob)]:
		return "Duplicate share"
	case c.s.is("floods are cut") && recent(c.judged, 4*tinyInterval) > 20:
		return "Too many shares"
	}
	c.seen[string(blob)] = true
	c.credit(&job, met)
	c.follow(job.diff)
	return ""
}

func (c *tinyFollower) credit(job *tinyCNJob, met uint64) {
	worth := job.diff
	switch {
	case c.s.is("credits the highest"):
		for _, d := range c.tops {
			if d <= met {
				worth = max(worth, d)
			}
		}
	case c.s.is("first shares are dear") && len(c.seen) <= 6:
		worth *= 2
	}
	base, _, _ := bytes.Cut([]byte(c.login), []byte("."))
	credit := c.s.credits[c.login]
	if credit == nil {
		credit = &Credit{Account: string(base), Worker: c.login}
		c.s.credits[c.login] = credit
	}
	credit.Shares++
	credit.Work += float64(worth)
	c.s.work[c.login] = append(c.s.work[c.login], tinyWork{time.Now(), float64(worth)})
}

// follow takes a share, or none, and sets the difficulty that its rate asks for.
func (c *tinyFollower) follow(share uint64) {
	now := c.s.now()
	passed := now.Sub(c.at)
	if !c.s.is("trusts its clock") && (passed < 0 || passed > time.Minute) {
		passed = 0 // the clock was moved
	}
	if passed < 0 && c.s.is("trusts its clock") {
		return // until the time is back
	}
	c.at = now
	memory := tinyMemory
	if c.s.is("nervous") {
		memory /= 10
	}
	keep := math.Exp(-float64(passed) / memory)
	c.work = c.work*keep + float64(share)
	c.time = c.time*keep + memory*(1-keep)
	c.set(c.work / max(c.time, float64(tinyInterval)/100) * float64(tinyInterval))
}

// set goes to a difficulty, unless it is near the present one.
func (c *tinyFollower) set(d float64) {
	s := c.s
	was := float64(c.diff)
	switch {
	case s.is("biased"):
		d *= 1.5
	case s.is("overshoots") && d > 5*float64(s.start):
		d *= 3
	case s.is("rare polls"), s.is("jobs behind shares"):
		return // a retarget would bring the tip
	case s.is("stops short") && d > 2*float64(s.start):
		d *= 0.4
	case s.is("sinks slowly"):
		d = max(d, was*0.995)
	case s.is("swings"):
		if c.swing++; c.swing%6 == 0 {
			d *= []float64{0.6, 1.6}[c.swing/6%2]
		} else {
			return
		}
	}
	near := 1.35
	if s.is("nervous") {
		near = 1.02
	}
	d = max(d, tinyFloor)
	if d < was*near && d > was/near && d != tinyFloor || uint64(d+0.5) == c.diff {
		return
	}
	c.diff = uint64(d + 0.5)
	c.issue()
	c.push()
}

// quick is a hasher whose time is virtual, and short.
type quick struct {
	cheap
	count *int
}

func newQuick(a *hash.Algorithm) (hash.Hasher, error) { return quick{cheap{a}, new(int)}, nil }

func (q quick) Hash(out []hash.Digest, in []hash.Input) error {
	if *q.count += len(in); *q.count > 1000 {
		*q.count = 0
		time.Sleep(time.Millisecond)
	}
	return q.cheap.Hash(out, in)
}

// memVardiff serves a server whose sessions start at a difficulty.
func memVardiff(t *testing.T, start uint64, defect string) Config {
	t.Helper()
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	s, network := newTinyVardiff(start, defect), newMemNet()
	serveTiny(t, network, s.serve)
	cfg := Config{Profile: CN, Login: "good", Pass: "x", Algorithm: a, Node: s, Ledger: s, Clock: s, Seed: 7}
	cfg = virtual(cfg, network)
	cfg.NewHasher, cfg.Jobs = newQuick, 1
	cfg.Declared = Declared{MinDifficulty: tinyFloor, ShareInterval: tinyInterval, WorkerSeparator: ".",
		Poll: 2 * time.Second, HashrateWindow: tinyWindow}
	return cfg
}
