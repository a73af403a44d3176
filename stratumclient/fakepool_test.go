package stratumclient

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
)

// peer is the pool's end of a connection, driven by a script.
type peer struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func newPeer(t testing.TB, conn net.Conn) *peer {
	return &peer{t: t, conn: conn, r: bufio.NewReader(conn)}
}

// read returns the client's next line, empty at the end of the connection.
func (p *peer) read() string {
	line, err := p.r.ReadString('\n')
	if err != nil {
		return ""
	}
	return line
}

// expect reads a line and requires it to hold the text. The end of the
// connection is no failure: the client may leave at any time.
func (p *peer) expect(text string) string {
	p.t.Helper()
	line := p.read()
	if line != "" && !strings.Contains(line, text) {
		p.t.Errorf("client sent %q, want %q in it", line, text)
	}
	return line
}

// send writes lines. The end of the connection is no failure: the script goes
// on and ends.
func (p *peer) send(lines ...string) {
	for _, line := range lines {
		if _, err := p.conn.Write([]byte(line + "\n")); err != nil {
			return
		}
	}
}

// idOf is the id of a request, as it stands.
func idOf(t testing.TB, line string) string {
	t.Helper()
	if line == "" {
		return "null"
	}
	m, err := stratum.ParseMessage([]byte(line), stratum.DefaultLimits())
	if err != nil {
		t.Errorf("client sent %q: %v", line, err)
	}
	return m.ID.String()
}

// login answers a CryptoNote login.
func (p *peer) login(job string, extensions ...string) {
	p.t.Helper()
	p.expect(`"method":"login"`)
	p.send(loginReply(job, extensions...))
}

// ckbLogin answers the requests that open a CKB session.
func (p *peer) ckbLogin() {
	p.t.Helper()
	p.expect("mining.subscribe")
	p.send(ckbSubOK)
	p.expect("mining.authorize")
	p.send(ckbOK)
}

// serveShares answers every submit with OK until the connection ends.
func (p *peer) serveShares() {
	for line := p.read(); line != ""; line = p.read() {
		p.send(`{"id":` + idOf(p.t, line) + `,"error":null,"result":{"status":"OK"}}`)
	}
}

// hold keeps the connection open, reading, until the client ends it.
func (p *peer) hold() {
	for p.read() != "" {
	}
}

// network connects to scripted pools in memory.
type network struct {
	t     testing.TB
	mu    sync.Mutex
	pools map[string]func(*peer) // by address; nil refuses
	dials []string
	peers sync.WaitGroup
}

func newNetwork(t testing.TB) *network {
	return &network{t: t, pools: make(map[string]func(*peer))}
}

// pool sets what happens at an address; nil refuses connections.
func (n *network) pool(addr string, script func(*peer)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pools[addr] = script
}

var errRefused = errors.New("connection refused")

func (n *network) dial(_ context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dials = append(n.dials, addr)
	script := n.pools[addr]
	if script == nil {
		return nil, errRefused
	}
	ours, theirs := net.Pipe()
	n.peers.Go(func() {
		defer theirs.Close()
		script(newPeer(n.t, theirs))
	})
	return ours, nil
}

func (n *network) dialled() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.dials...)
}

func (n *network) settings() Settings {
	return Settings{Dial: n.dial, Agent: "adit/test"}
}

func cnEndpoint(t testing.TB, host string) Endpoint {
	return Endpoint{Host: host, User: "4AWALLET", Pass: "x", Algorithm: algorithm(t, "cn/0")}
}

// open connects and logs in a session with a scripted pool.
func open(t testing.TB, e Endpoint, script func(*peer)) (*Session, []Message) {
	t.Helper()
	n := newNetwork(t)
	n.pool(e.Host, script)
	s, err := Connect(context.Background(), e, n.settings())
	require.NoError(t, err)
	messages, err := s.Login(context.Background())
	require.NoError(t, err)
	return s, messages
}

func eventsOf(messages ...Message) []Event {
	var events []Event
	for _, m := range messages {
		events = append(events, m.Events...)
	}
	return events
}

// nextEvent reads messages until one holds an event.
func nextEvent(t testing.TB, s *Session) Event {
	t.Helper()
	for {
		m, err := s.Next(context.Background())
		require.NoError(t, err)
		if len(m.Events) > 0 {
			require.Len(t, m.Events, 1)
			return m.Events[0]
		}
	}
}

func shareOf(job *Job, nonce byte) Share {
	n := make([]byte, job.NonceSize)
	n[0] = nonce
	return Share{Job: job, Nonce: n, Digest: hash.Digest{nonce}}
}

// rig is a running client with scripted pools around it.
type rig struct {
	*Client
	*network
	t      testing.TB
	cancel context.CancelFunc
	ended  chan error
}

// run starts a client on the endpoints. Random numbers are all rand.
func run(t testing.TB, n *network, rand float64, edit func(*Config), endpoints ...Endpoint) *rig {
	t.Helper()
	cfg := Config{Settings: n.settings(), Endpoints: endpoints, Rand: func() float64 { return rand }}
	if edit != nil {
		edit(&cfg)
	}
	c, err := New(cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &rig{Client: c, network: n, t: t, cancel: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- c.Run(ctx) }()
	return r
}

// stop ends the client and returns the events that were left.
func (r *rig) stop() []Event {
	r.t.Helper()
	r.cancel()
	var rest []Event
	for e := range r.Events() {
		rest = append(rest, e)
	}
	require.NoError(r.t, <-r.ended)
	r.peers.Wait()
	return rest
}

// want reads the next event, which must be of type E.
func want[E Event](r *rig) E {
	r.t.Helper()
	select {
	case e, ok := <-r.Events():
		require.True(r.t, ok, "the client ended")
		require.IsType(r.t, *new(E), e, "%+v", e)
		return e.(E)
	case <-time.After(2 * time.Hour):
		require.FailNow(r.t, "no event")
	}
	panic("unreachable")
}

// wantPool reads the events of a successful login and returns the job.
func (r *rig) wantPool(host string) *Job {
	r.t.Helper()
	require.Equal(r.t, host, want[Connected](r).Pool)
	require.Equal(r.t, host, want[LoggedIn](r).Pool)
	job := want[NewJob](r).Job
	require.Equal(r.t, host, job.Pool)
	require.True(r.t, job.Clean)
	return job
}
