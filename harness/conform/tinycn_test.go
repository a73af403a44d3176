package conform

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net"
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
	defect   string
	sessions map[*tinyCNSession]bool
	ids      map[string]bool // live session ids
	logins   int
	seen     map[string]bool      // shares that were accepted
	retired  map[string]tinyCNJob // of sessions that ended
	banned   bool
	dead     bool
}

type tinyCNSession struct {
	s     *tinyCN
	nc    net.Conn
	write sync.Mutex
	id    string
	extra int
	jobs  map[string]tinyCNJob
	last  string
	seq   int
	good  int
}

type tinyCNJob struct {
	blob   []byte
	height uint64
}

func newTinyCN(defect string) *tinyCN {
	s := &tinyCN{defect: defect, sessions: map[*tinyCNSession]bool{}, ids: map[string]bool{}, seen: map[string]bool{}, retired: map[string]tinyCNJob{}}
	s.height, s.difficulty = 100, math.MaxInt64
	s.changed = s.push
	return s
}

func (s *tinyCN) is(defect string) bool { return s.defect == defect }

func (s *tinyCN) serve(nc net.Conn) {
	c := &tinyCNSession{s: s, nc: nc}
	s.mu.Lock()
	banned, dead := s.banned, s.dead
	s.mu.Unlock()
	if banned || dead {
		return
	}
	if s.is("greeting") {
		c.send(`{"jsonrpc":"2.0","method":"hello","params":{}}`)
	}
	if s.is("banner") {
		c.send("welcome")
	}
	tinyLines(nc, c.send, c.handle)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
	delete(s.ids, c.id)
	maps.Copy(s.retired, c.jobs)
}

// send writes a line; a peer that left is no concern of this server.
func (c *tinyCNSession) send(line string) {
	c.write.Lock()
	defer c.write.Unlock()
	_, _ = c.nc.Write([]byte(line + "\n"))
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
		c.fail(id, "Invalid method")
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
	switch {
	case s.is("silent login") && bad, s.is("silent without id") && r.ID == nil:
		return true
	case bad:
		c.fail(id, "Missing login")
		return true
	case !s.is("any address") && p.Login != "good" && !(s.is("any network") && p.Login == "foreign"):
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
	c.start()
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
	s.sessions[c] = true
	if c.extra = s.logins; s.is("one extranonce") {
		c.extra = 0
	}
	if c.jobs == nil || !s.is("old session earns") {
		c.jobs = map[string]tinyCNJob{}
	}
	c.newJob()
}

func (c *tinyCNSession) newJob() {
	parent := c.s.parent()
	root := sha256.Sum256(fmt.Append(nil, parent, c.extra))
	blob := append([]byte{16, 16, 1, 2, 3, 4, 5}, parent[:]...)
	blob = append(blob, 0, 0, 0, 0)
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
	c.jobs[c.last] = tinyCNJob{blob, c.s.height + 1}
}

func (c *tinyCNSession) job(id string) string {
	j := c.jobs[id]
	target := binary.LittleEndian.AppendUint32(nil, math.MaxUint32/tinyDifficulty)
	if c.s.is("three byte target") {
		target = target[1:]
	}
	algo := `"algo":"cn/upx2",`
	if c.s.is("no algo") {
		algo = ""
	}
	return fmt.Sprintf(`{"blob":"%x","job_id":%q,"target":"%x",%s"height":%d,"id":%q}`, j.blob, id, target, algo, j.height, c.id)
}

// push gives every session a job on the new tip; mu is held.
func (s *tinyCN) push() {
	if s.is("no push") {
		return
	}
	for c := range s.sessions {
		c.newJob()
		id := ""
		if s.is("push with id") {
			id = `"id":1,`
		}
		c.send(fmt.Sprintf(`{%s"jsonrpc":"2.0","method":"job","params":%s}`, id, c.job(c.last)))
	}
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
	case s.is("late refused") && job.height < s.height+1:
		text = "Block expired"
	}
	if text == "" {
		text = c.verify(job, nonce, result, written)
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
	if text == "" && s.is("answers twice") {
		c.ok(id, `{"status":"OK"}`)
	}
	return true
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
	trusted := s.is("no verification") || s.is("trust") && c.good >= 5
	switch {
	case claimed != digest && !trusted && !s.is("false blocks"):
		return "Invalid share"
	case topOf(claimed) > math.MaxUint64/tinyDifficulty && !s.is("no target"):
		return "Low difficulty share"
	case s.seen[key]:
		return "Duplicate share"
	}
	if topOf(claimed) <= math.MaxUint64/s.difficulty {
		switch {
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

// topOf is a digest's most significant 64 bits.
func topOf(digest [32]byte) uint64 { return binary.LittleEndian.Uint64(digest[24:]) }

// config is how to test the server; it is not served yet.
func (s *tinyCN) config(t *testing.T) Config {
	t.Helper()
	a, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	return Config{Profile: CN, Login: "good", ForeignLogin: "foreign", Pass: "x", Algorithm: a, NewHasher: newCheap, Node: s, Seed: 7}
}

// memCN serves a server with a defect in memory.
func memCN(t *testing.T, defect string) Config {
	t.Helper()
	s, network := newTinyCN(defect), newMemNet()
	serveTiny(t, network, s.serve)
	return virtual(s.config(t), network)
}

// tcpCN serves a server without defects on loopback.
func tcpCN(t *testing.T) Config {
	t.Helper()
	s := newTinyCN("")
	cfg := s.config(t)
	cfg.Target, cfg.Timeout, cfg.Jobs, cfg.Strict, cfg.Crowd = tinyListener(t, s.serve), 30*time.Second, 8, true, 40
	return cfg
}

func TestCorrectCryptoNoteServerPasses(t *testing.T) {
	found, odd := findings(t, tcpCN(t), implemented(t, CN))
	require.Equal(t, []string{"CN-CONN-07"}, found) // it has no HTTP, which is a MAY
	require.Empty(t, odd)
}
