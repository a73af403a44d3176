package conform

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

const tinyDifficulty = 16

// tinyCN is a CryptoNote server that does one thing wrong, or none.
type tinyCN struct {
	tinyChain
	*tinyBooks
	sessions map[*tinyCNSession]bool
	ids      map[string]bool // live session ids
	logins   int
	seen     map[string]bool      // shares that were accepted
	retired  map[string]tinyCNJob // of sessions that ended
	banned   bool
	dead     bool
	noProxy  bool // the port for PROXY headers is dead
	renewals int  // refreshed templates
	gone     []time.Time
	came     []time.Time
	handling []time.Time
	slow     time.Time // logins are slow until then
	unpaid   bool      // the share that is being judged
}

type tinyCNSession struct {
	s  *tinyCN
	nc net.Conn
	*outbox
	fixed bool // the difficulty
	diff  uint64
	party tinyParty
	user  string
	byte  byte // of NiceHash mode
	id    string
	extra int
	jobs  map[string]tinyCNJob
	last  string
	seq   int
	good  int
	asked []time.Time // keepalives
}

type tinyCNJob struct {
	blob    []byte
	height  uint64
	diff    uint64
	renewal int
	nonce1  []byte // CKB
}

func newTinyCN(defect string) *tinyCN {
	s := &tinyCN{tinyBooks: newTinyBooks(defect), sessions: map[*tinyCNSession]bool{}, ids: map[string]bool{}, seen: map[string]bool{}, retired: map[string]tinyCNJob{}}
	s.height, s.difficulty, s.nets = 100, math.MaxInt64, []uint64{math.MaxInt64}
	s.changed = s.push
	return s
}

func (s *tinyCN) is(defect string) bool { return s.defect == defect }

func (s *tinyCN) serve(nc net.Conn) {
	c := &tinyCNSession{s: s, nc: nc, outbox: newOutbox(nc, s.is("deaf kept") || s.is("hoards")), diff: tinyDifficulty, fixed: nc.LocalAddr().String() == tinyFixed}
	c.hoard = s.is("hoards")
	s.mu.Lock()
	banned, dead := s.banned, s.dead
	s.mu.Unlock()
	if banned || dead || !s.enter(c.outbox) {
		return
	}
	defer s.leave(c.outbox)
	var admitted bool
	if c.party.client, admitted = s.admit(nc); !admitted {
		return
	}
	var writer sync.WaitGroup
	writer.Go(c.run)
	defer writer.Wait()
	defer c.end()
	defer c.flush()
	if s.is("greeting") {
		c.send(`{"jsonrpc":"2.0","method":"hello","params":{}}`)
	}
	if s.is("banner") {
		c.send("welcome")
	}
	if !s.is("no login timeout") {
		_ = nc.SetReadDeadline(time.Now().Add(tinyLogin))
	}
	if s.is("believes strangers") {
		nc = unheaded(nc)
	}
	(&tinyReader{nc: nc, defect: s.defect}).lines(c.send, c.handle)
	if s.is("half-closed kept") {
		time.Sleep(time.Minute)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[c] {
		s.gone = append(s.gone, time.Now())
	}
	delete(s.sessions, c)
	delete(s.ids, c.id)
	maps.Copy(s.retired, c.jobs)
}

// admit looks at what comes before the first line, and says who the client is.
func (s *tinyCN) admit(nc net.Conn) (client string, admitted bool) {
	client = tinyHost(nc)
	if nc.LocalAddr().String() == tinyProxy {
		s.mu.Lock()
		dead := s.noProxy
		s.mu.Unlock()
		if dead {
			return "", false
		}
		behind := tinyHeader(nc)
		if behind != "" && !s.is("bans the proxy") {
			client = behind
		}
		if behind == "" && !s.is("header optional") {
			if s.is("dies on bad header") {
				s.mu.Lock()
				s.noProxy = true
				s.mu.Unlock()
			}
			return "", false
		}
	}
	return client, true
}

// renew gives every session other work of the same height, now and then.
func (s *tinyCN) renew(t *testing.T) {
	ticker, done := time.NewTicker(tinyRefresh), make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.mu.Lock()
				s.renewals++
				s.push()
				s.mu.Unlock()
			case <-done:
				return
			}
		}
	})
	t.Cleanup(func() { close(done); running.Wait() })
}

// recent counts the times that lie within d.
func recent(times []time.Time, d time.Duration) (n int) {
	for _, at := range times {
		if time.Since(at) <= d {
			n++
		}
	}
	return n
}

func (c *tinyCNSession) ok(id, result string) {
	c.send(fmt.Sprintf(`{"id":%s,"jsonrpc":"2.0","error":null,"result":%s}`, id, result))
}

func (c *tinyCNSession) fail(id, text string) {
	if c.s.is("error as text") {
		c.send(fmt.Sprintf(`{"id":%s,"jsonrpc":"2.0","error":%q}`, id, text))
		return
	}
	if c.s.is("error with result") {
		c.send(fmt.Sprintf(`{"id":%s,"error":{"code":-1,"message":%q},"result":false}`, id, text))
		return
	}
	c.send(fmt.Sprintf(`{"id":%s,"jsonrpc":"2.0","error":{"code":-1,"message":%q}}`, id, text))
}

func (c *tinyCNSession) handle(r tinyRequest) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if idle := !c.s.is("no idle timeout"); idle && c.id != "" && (r.Method != "keepalived" || !c.s.is("idle despite keepalive")) {
		c.s.awaits(c.nc, tinyIdle)
	} else if !idle {
		c.s.awaits(c.nc, 24*time.Hour)
	}
	if c.id != "" && c.s.tinyBooks.banned(c.party) && !c.s.is("banned stay") {
		c.fail(r.id(), "Banned")
		return false
	}
	id := r.id()
	if c.s.is("id as text") && !strings.HasPrefix(id, `"`) {
		id = `"` + id + `"`
	}
	switch r.Method {
	case "login":
		return c.login(id, r)
	case "submit":
		return c.submit(id, r)
	case "keepalived":
		if c.s.is("logins block") && recent(c.s.came, time.Second) > 10 {
			c.after(3*time.Second, fmt.Sprintf(`{"id":%s,"result":{"status":"KEEPALIVED"}}`, id))
			return true
		}
		if c.s.is("lines lost") && len(c.asked) > 5 && time.Since(c.asked[len(c.asked)-5]) == 0 {
			return true
		}
		c.asked = append(c.asked, time.Now())
		if !c.s.is("no keepalive") {
			c.ok(id, `{"status":"KEEPALIVED"}`)
			return true
		}
		c.ok(id, `{"status":"OK"}`)
	case "getjob":
		if c.s.is("fresh getjob") {
			c.extra += 1000
			c.newJob()
		}
		c.ok(id, c.job(c.last))
	case "GET":
	default:
		if c.s.is("silent method") {
			return true
		}
		text := "Invalid method"
		if c.s.is("tells job ids") {
			for other := range c.s.sessions {
				text += " " + other.last
			}
		}
		c.fail(id, text)
		return !c.s.is("method closes")
	}
	return true
}

func (c *tinyCNSession) login(id string, r tinyRequest) bool {
	s := c.s
	var p struct {
		Login string
		Pass  *string
		Agent *string
		RigID string
		Algo  []string
	}
	if s.is("crlf refused") && strings.HasSuffix(r.raw, "\r\n") {
		return false
	}
	if s.is("dies on bad login") && json.Unmarshal(r.Params, &p) != nil {
		s.dead = true
		return false
	}
	bad := json.Unmarshal(r.Params, &p) != nil || p.Login == ""
	base, worker, wish, wished := tinyWords(p.Login)
	s.came = append(s.came, time.Now())
	switch {
	case s.is("silent login") && bad, s.is("silent without id") && r.ID == nil:
		return true
	case bad:
		c.fail(id, "Missing login")
		return true
	case s.is("storm") && recent(s.gone, 100*time.Millisecond) > 30:
		return false
	case s.failing && len(s.sessions) == 0 && !s.is("empty job"):
		c.fail(id, "No template yet")
		return true
	case s.tinyBooks.banned(s.party(c.party.client, base)):
		c.fail(id, "Banned")
		return false
	case wished && s.is("bad wish closes") && wish == 0:
		s.locked(func() { s.bans[s.party(c.party.client, base)] = time.Now().Add(tinyBan) })
		return false
	case wished && wish == 0 && !s.is("any wish"):
		c.fail(id, "Invalid difficulty")
		return true
	case !s.is("any address") && base != "good" && base != "other" && !(s.is("any network") && p.Login == "foreign"):
		c.fail(id, "Invalid address used for login")
		return true
	case s.is("no rigid") && p.RigID == "rig-7":
		c.fail(id, "rigid")
		return true
	case s.is("long agent silent") && p.Agent != nil && len(*p.Agent) > 500:
		return true
	case !s.is("any algo") && p.Algo != nil && !strings.Contains(strings.Join(p.Algo, " "), "cn/upx2"):
		c.fail(id, "No compatible algorithm found")
		return true
	}
	if !s.is("old session earns") {
		delete(s.ids, c.id)
	}
	c.user, c.party = strings.TrimSuffix(base+"."+worker, "."), s.party(c.party.client, base)
	c.diff = s.resume(worker, c.diff)
	c.wish(wish)
	if p.Agent != nil {
		s.noted(*p.Agent)
		if *p.Agent == "harness-nicehash" {
			c.byte = byte(1 + s.logins%200)
		}
	}
	c.start()
	if s.is("empty job") && s.failing && len(s.sessions) == 1 {
		c.ok(id, fmt.Sprintf(`{"id":%q,"job":{"blob":"","job_id":"1","target":"ffffff00"},"status":"OK"}`, c.id))
		return true
	}
	if time.Now().Before(s.slow) {
		c.after(15*time.Second, fmt.Sprintf(`{"id":%s,"error":null,"result":{"id":%q,"job":%s,"status":"OK"}}`, id, c.id, c.job(c.last)))
		return true
	}
	status := "OK"
	if s.is("status missing") {
		status = "fine"
	}
	c.ok(id, fmt.Sprintf(`{"id":%q,"job":%s,"status":%q}`, c.id, c.job(c.last), status))
	return true
}

// start opens a session.
func (c *tinyCNSession) start() {
	s := c.s
	s.logins++
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	c.id = hex.EncodeToString(random[:])
	if s.is("counted sessions") {
		c.id = fmt.Sprintf("%08x", s.logins)
	}
	if s.is("one session id") {
		c.id = "5e5510"
	}
	s.ids[c.id] = true
	if s.is("no idle timeout") {
		s.awaits(c.nc, 24*time.Hour)
	} else {
		s.awaits(c.nc, tinyIdle)
	}
	s.sessions[c] = true
	if s.restarted() && s.is("extranonce again") {
		c.extra = s.logins % 3
	} else {
		c.extra = s.logins
	}
	if s.is("one extranonce") {
		c.extra = 0
	}
	if c.jobs == nil || !s.is("old session earns") {
		c.jobs = map[string]tinyCNJob{}
	}
	c.newJob()
}

func (c *tinyCNSession) newJob() {
	parent := c.s.parent()
	if c.byte != 0 && c.s.is("moving byte") {
		c.byte++
	}
	root := sha256.Sum256(fmt.Append(nil, parent, c.extra, c.s.renewals))
	blob := append([]byte{16, 16, 1, 2, 3, 4, 5}, parent[:]...)
	blob = append(blob, 0, 0, 0, c.byte)
	blob = append(append(blob, root[:]...), 1)
	switch {
	case c.s.is("short blob"):
		blob = blob[:40]
	case c.s.is("used nonce"):
		blob[39] = 7
	}
	c.seq++
	c.last = fmt.Sprintf("%s-%d", c.id, c.seq)
	if c.s.is("one job id") {
		c.last = c.id
	}
	c.jobs[c.last] = tinyCNJob{blob, c.s.height + 1, c.diff, c.s.renewals, nil}
}

func (c *tinyCNSession) job(id string) string {
	j := c.jobs[id]
	target := c.s.target(j.diff)
	if c.s.is("zero target") && j.diff > tinyDifficulty && !c.fixed {
		target = make([]byte, 4)
	}
	if c.s.is("three byte target") {
		target = target[1:]
	}
	algo := `"algo":"cn/upx2",`
	if c.s.is("no algo") {
		algo = ""
	}
	if c.s.is("no height") {
		return fmt.Sprintf(`{"blob":"%x","job_id":%q,"target":"%x","algo":"cn/r","id":%q}`, j.blob, id, target, c.id)
	}
	return fmt.Sprintf(`{"blob":"%x","job_id":%q,"target":"%x",%s"height":%d,"id":%q}`, j.blob, id, target, algo, j.height, c.id)
}

// target writes a difficulty as its target, in eight bytes where four are too
// few.
func (s *tinyCN) target(difficulty uint64) []byte {
	switch {
	case difficulty >= 1<<32 && s.is("difficulty as target"):
		return binary.LittleEndian.AppendUint64(nil, difficulty)
	case difficulty >= 1<<25 && difficulty < 1<<32 && s.is("four bytes"), difficulty < 1<<25:
		return binary.LittleEndian.AppendUint32(nil, uint32(math.MaxUint32/difficulty))
	}
	return binary.LittleEndian.AppendUint64(nil, math.MaxUint64/difficulty)
}

// wish sets the difficulty that a login asks for, if it does.
func (c *tinyCNSession) wish(d uint64) {
	switch {
	case d == 0:
	case c.s.is("wishes dropped") && (d < tinyDifficulty/4 || d > tinyMost):
	default:
		c.diff, c.fixed = min(max(d, tinyDifficulty/4), tinyMost), true
	}
}

// tinyWords takes a login apart: ADDRESS.worker+difficulty. A wish that is none
// is 0.
func tinyWords(login string) (base, worker string, wish uint64, wished bool) {
	login, text, wished := strings.Cut(login, "+")
	wish, err := strconv.ParseUint(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		wish = math.MaxUint64
	} else if err != nil {
		wish = 0
	}
	base, worker, _ = strings.Cut(login, ".")
	return base, worker, wish, wished
}

// push gives every session a job on the new tip; mu is held.
func (s *tinyCN) push() {
	if s.is("no push") {
		return
	}
	n := 0
	for c := range s.sessions {
		n++
		c.notify(s.is("late jobs") && n > 20)
	}
}

// notify pushes a new job.
func (c *tinyCNSession) notify(late bool) {
	c.newJob()
	id := ""
	if c.s.is("push with id") {
		id = `"id":1,`
	}
	line := fmt.Sprintf(`{%s"jsonrpc":"2.0","method":"job","params":%s}`, id, c.job(c.last))
	if late {
		c.after(7*time.Second, line)
		return
	}
	c.send(line)
}

func (c *tinyCNSession) submit(id string, r tinyRequest) bool {
	s := c.s
	var p struct {
		ID     string
		JobID  string `json:"job_id"`
		Nonce  string
		Result string
		Algo   string
	}
	s.handling = append(s.handling, time.Now())
	if s.is("overload lasts") && recent(s.handling, 0) > 150 {
		s.slow = time.Now().Add(time.Minute)
	}
	if s.is("burst closes") && recent(s.handling, 0) > 80 {
		return false
	}
	bad := json.Unmarshal(r.Params, &p) != nil
	if s.is("dies on bad submit") && bad {
		s.dead = true
		return false
	}
	written := p.Nonce + p.Result
	if s.is("sloppy nonce") {
		written = fmt.Sprint(len(p.Nonce))
		p.Nonce = strings.TrimPrefix(strings.TrimSpace(p.Nonce), "0x") + "00000000"
		p.Nonce = p.Nonce[:8]
	}
	nonce, err := hex.DecodeString(p.Nonce)
	result, err2 := hex.DecodeString(p.Result)
	malformed := bad || err != nil || err2 != nil || len(nonce) != 4 || len(result) != 32
	job, known := c.findJob(p.ID, p.JobID)
	authorised := p.ID == c.id && c.id != "" || s.is("global sessions") && s.ids[p.ID] || s.is("old session earns") && s.ids[p.ID] && c.id != "" ||
		s.is("no login needed") && c.id == ""
	text := ""
	switch {
	case s.is("silent malformed") && malformed:
		return true
	case s.is("malformed bans") && malformed:
		s.banned = true
		return false
	case malformed:
		text = "Malformed share"
	case !authorised:
		text = "Unauthenticated"
	case c.byte != 0 && nonce[3] != c.byte && !s.is("any nonce byte"):
		text = "Invalid nonce"
	case p.Algo != "" && p.Algo != "cn/upx2" && !s.is("any share algo"):
		text = "Incorrect algorithm"
	case !known && s.is("unknown job closes"):
		return false
	case !known:
		text = "Invalid job id"
	case job.height+2 < s.height+1 && !s.is("old work"):
		text = "Block expired"
	case job.height < s.height+1 && s.is("stale unnamed"):
		text = "Low difficulty share"
	case s.is("replaced refused") && job.renewal < s.renewals:
		text = "Block expired"
	case s.is("late refused") && job.height < s.height+1:
		text = "Block expired"
	}
	if s.is("hashes first") {
		s.hashed()
	}
	if text == "" {
		text = c.verify(job, nonce, result, written)
	}
	s.judged(text == "", text == "Block expired")
	if text != "Block expired" && c.party.login+c.party.client != "" {
		s.mark(c.party, text == "")
	}
	switch {
	case text == "" && s.is("share status"):
		c.ok(id, `{"status":"ACCEPTED"}`)
	case text == "":
		c.ok(id, `{"status":"OK"}`)
	case s.is("one reason"):
		c.fail(id, "Low difficulty share")
	default:
		c.fail(id, text)
	}
	if unpaid := s.unpaid; (text == "" || s.is("credits refused") && known) && !unpaid {
		c.s.credit(c.user, job.credit(c))
	}
	s.unpaid = false
	if text == "" {
		c.retarget()
	}
	if text == "" && s.is("answers twice") {
		c.ok(id, `{"status":"OK"}`)
	}
	return true
}

// credit is what a share of the job is worth.
func (j *tinyCNJob) credit(c *tinyCNSession) uint64 {
	if c.s.is("live difficulty") {
		return c.diff
	}
	return j.diff
}

// retarget raises the difficulty once, after some good shares.
func (c *tinyCNSession) retarget() {
	if c.good == tinyRetargetAfter && (!c.fixed || c.s.is("drifting")) && !c.s.is("no push") {
		c.diff *= tinyRaise
		if c.s.is("out of bounds") {
			c.diff = 4 * tinyMost
		}
		c.s.keep(strings.TrimPrefix(c.user, "good."), c.diff)
		c.notify(false)
	}
}

func (c *tinyCNSession) findJob(session, id string) (tinyCNJob, bool) {
	if j, ok := c.jobs[id]; ok {
		return j, true
	}
	for other := range c.s.sessions {
		theirs := c.s.is("global sessions") && session == other.id || c.s.is("no login needed") && c.id == ""
		if j, ok := other.jobs[id]; ok && (theirs || c.s.is("global jobs")) {
			return j, true
		}
	}
	j, ok := c.s.retired[id]
	return j, ok && c.s.is("duplicates after reconnect")
}

// verify judges a share's work.
func (c *tinyCNSession) verify(job tinyCNJob, nonce, result []byte, written string) string {
	s := c.s
	blob := bytes.Clone(job.blob)
	copy(blob[39:], nonce)
	digest := sha256.Sum256(blob)
	if known := s.seen[string(blob)]; !known && !s.is("hashes first") {
		s.hashed()
	}
	claimed := [32]byte(result)
	key := string(blob)
	switch {
	case s.is("duplicates by case"), s.is("sloppy nonce"):
		key += written
	case s.is("duplicates"):
		key += fmt.Sprint(len(s.seen))
	case s.is("duplicates after reconnect"):
		key += c.id
	}
	difficulty := job.diff
	switch {
	case s.is("live difficulty"):
		difficulty = c.diff
	case s.is("old difficulty"):
		difficulty = tinyDifficulty
	}
	trusted := s.is("no verification") || s.is("trust") && c.good >= 5
	switch {
	case claimed != digest && !trusted && !s.is("false blocks"):
		return "Invalid share"
	case topOf(claimed) > math.MaxUint64/difficulty && !s.is("no target"):
		return "Low difficulty share"
	case s.seen[key]:
		return "Duplicate share"
	}
	network := s.difficulty
	if s.is("old network difficulty") {
		network = s.before()
	}
	if topOf(claimed) <= math.MaxUint64/network {
		switch {
		case claimed == digest && (s.refusing || topOf(claimed) > math.MaxUint64/s.difficulty):
			s.refuse()
		case claimed != digest && s.is("false blocks"):
			s.handed++ // the node refuses it: the chain, and the other checks, go on as they were
		case claimed == digest && !s.is("blocks kept"):
			s.handed++
			s.height++
			s.push()
		}
	}
	if claimed != digest && !trusted {
		return "Invalid share"
	}
	s.seen[key] = true
	c.good++
	return ""
}

// refuse is what the node does with a block.
func (s *tinyCN) refuse() {
	s.refused++
	s.unpaid = s.is("refused blocks unpaid")
	if !s.is("refused blocks unheard") {
		s.locked(func() { s.log.WriteString("the node refused a block\n") })
	}
}

// topOf is a digest's most significant 64 bits.
func topOf(digest [32]byte) uint64 { return binary.LittleEndian.Uint64(digest[24:]) }

// config is how to test the server; it is not served yet.
func (s *tinyCN) config(t *testing.T) Config {
	t.Helper()
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	return Config{Profile: CN, Login: "good", ForeignLogin: "foreign", SecondLogin: "other", Pass: "x", Algorithm: a, NewHasher: newCheap, Node: s, Control: s.tinyBooks, Ledger: s.tinyBooks, Operator: s.tinyBooks, Seed: 7}
}

// memCN serves a server with a defect in memory.
func memCN(t *testing.T, defect string) Config {
	t.Helper()
	s, network := newTinyCN(defect), newMemNet()
	s.renew(t)
	serveTiny(t, network, s.serve)
	return virtual(s.config(t), network)
}

// tcpCN serves a server without defects on loopback.
func tcpCN(t *testing.T) Config {
	t.Helper()
	s := newTinyCN("")
	cfg := s.config(t)
	cfg.Target, cfg.Timeout, cfg.Jobs, cfg.Strict, cfg.Crowd = tinyListener(t, s.serve), 30*time.Second, 8, true, 40
	cfg.Control, cfg.Operator, cfg.Slack = nil, nil, time.Minute // it ends with the test; the machine may be slow
	cfg.Declared.WorkerSeparator = "."
	return cfg
}

func TestCorrectCryptoNoteServerPasses(t *testing.T) {
	found, odd := findings(t, tcpCN(t), implemented(t, CN))
	require.Equal(t, []string{"CN-CONN-07"}, found) // it has no HTTP, which is a MAY
	require.Empty(t, odd)
}
