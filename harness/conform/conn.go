package conform

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aditmine/adit/harness/trace"
)

// Bounds on what a pool can make the suite hold.
const (
	maxLine   = 1 << 20 // of one line of the pool
	maxEvents = 64      // lines that were read and not looked at yet
	maxKept   = 4096    // replies and pushes of one connection
	// maxKeptBytes bounds them together, and bigLine is the length from which on
	// no second line is read before the first was looked at.
	maxKeptBytes = 8 << 20
	bigLine      = 16 << 10
)

// Event is what arrives on a connection: a Line, Closed or Silence.
type Event interface{ event() }

// Line is a line of the pool; Message is nil when it is no JSON object.
type Line struct {
	Raw     []byte
	Message *Message
}

// itoa writes a request's number.
func itoa(n int) string { return strconv.Itoa(n) }

// Closed is the end of the connection.
type Closed struct{ Err error }

// Silence is that nothing arrived in time.
type Silence struct{}

func (Line) event()    {}
func (Closed) event()  {}
func (Silence) event() {}

// Conn is one connection to the pool, used by one goroutine.
type Conn struct {
	ctx     context.Context
	nc      net.Conn
	timeout time.Duration
	log     *transcript
	rec     *recorder
	number  uint64 // in the trace
	tips    tips
	nextID  int

	events chan Event
	done   chan struct{}
	reader sync.WaitGroup
	once   sync.Once

	closed  bool
	replies map[string][]Answer
	pushes  []*Message // messages with a method, oldest first
	foreign []string   // lines that are no JSON object
	kept    int
	bytes   int           // of what was kept
	big     chan struct{} // capacity 1: a big line waits to be looked at
}

func newConn(e *Env, nc net.Conn) *Conn {
	c := &Conn{ctx: e.ctx, nc: nc, timeout: e.cfg.Timeout, log: &e.log, rec: &e.rec, tips: e.tips,
		number: e.rec.open(e.cfg.Target), events: make(chan Event, maxEvents),
		done: make(chan struct{}), big: make(chan struct{}, 1), replies: map[string][]Answer{}}
	c.reader.Go(c.read)
	return c
}

// client is the address that the pool sees, without its port.
func (c *Conn) client() string {
	address := c.nc.LocalAddr().String()
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

// read hands on what arrives until the connection ends.
func (c *Conn) read() {
	r := bufio.NewReaderSize(c.nc, 4096)
	for {
		line, err := readLine(r)
		if len(bytes.TrimSpace(line)) > 0 {
			message, _ := ParseMessage(line) // nil says it all
			if message != nil {
				message.at = time.Now()
			}
			if !c.reserve(line) || !c.hand(Line{Raw: line, Message: message}) {
				return
			}
		}
		if err != nil {
			c.hand(Closed{err})
			return
		}
	}
}

// reserve waits until a big line may be handed on.
func (c *Conn) reserve(line []byte) bool {
	if len(line) < bigLine {
		return true
	}
	select {
	case c.big <- struct{}{}:
		return true
	case <-c.done:
		return false
	}
}

func (c *Conn) hand(ev Event) bool {
	select {
	case c.events <- ev:
		return true
	case <-c.done:
		return false
	}
}

// readLine reads to the next line feed, but no endless line.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return line[:maxLine], fmt.Errorf("the pool sent a line of more than %d bytes", maxLine)
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}

// Close ends the connection and its reader.
func (c *Conn) Close() {
	c.once.Do(func() {
		close(c.done)
		_ = c.nc.Close() // it is over either way
		if !c.closed {
			c.rec.close(c.number, trace.ByMiner)
		}
	})
	c.reader.Wait()
}

// Write sends bytes as they are. A pool that closed early is no error: what it
// did shows in the events.
func (c *Conn) Write(b []byte) {
	c.log.add(">", b)
	c.rec.data(c.number, trace.CodeToPool, bytes.Clone(b))
	_ = c.nc.SetWriteDeadline(time.Now().Add(c.timeout)) // a dead socket shows at once
	_, _ = c.nc.Write(b)                                 // see above
}

// offer writes bytes to a peer that may not read them, for no longer than d. It
// returns what is left of them, and whether the connection still stands.
func (c *Conn) offer(b []byte, d time.Duration) (rest []byte, open bool) {
	_ = c.nc.SetWriteDeadline(time.Now().Add(d)) // a dead socket shows at once
	n, err := c.nc.Write(b)
	return b[n:], err == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

// Send writes a line.
func (c *Conn) Send(line string) { c.Write([]byte(line + "\n")) }

// Request sends a request under the next number and returns its id.
func (c *Conn) Request(method string, params any) string {
	c.nextID++
	id := strconv.Itoa(c.nextID)
	c.Send(requestLine(id, method, params))
	return id
}

// requestLine writes a request; id is JSON.
func requestLine(id, method string, params any) string {
	b, err := json.Marshal(params)
	if err != nil { // no check makes such params
		b = []byte("null")
	}
	return fmt.Sprintf(`{"id":%s,"jsonrpc":"2.0","method":%q,"params":%s}`, id, method, b)
}

// Call sends a request and waits for its answer.
func (c *Conn) Call(method string, params any) Answer {
	return c.Await(c.Request(method, params))
}

// Next waits for one event, no longer than d.
func (c *Conn) Next(d time.Duration) Event {
	if c.closed {
		return Closed{}
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case ev := <-c.events:
		if line, ok := ev.(Line); ok && len(line.Raw) >= bigLine {
			<-c.big
		}
		c.keep(ev)
		return ev
	case <-timer.C:
		return Silence{}
	case <-c.ctx.Done():
		return Silence{}
	}
}

// keep files an event for those who ask later.
func (c *Conn) keep(ev Event) {
	switch ev := ev.(type) {
	case Closed:
		c.closed = true
		c.rec.close(c.number, trace.ByPool)
		c.log.add("x", nil)
	case Line:
		c.log.add("<", ev.Raw)
		c.rec.data(c.number, trace.CodeToMiner, ev.Raw)
		if ev.Message != nil {
			c.tips.see(ev.Message)
		}
		if c.kept++; c.kept > maxKept || c.bytes+len(ev.Raw) > maxKeptBytes {
			return
		}
		c.bytes += len(ev.Raw)
		switch {
		case ev.Message == nil:
			c.foreign = append(c.foreign, string(ev.Raw))
		case ev.Message.Method() != "":
			c.pushes = append(c.pushes, ev.Message)
		default:
			id := strings.Trim(ev.Message.ID(), `"`) // its type is a check's own matter
			c.replies[id] = append(c.replies[id], newAnswer(ev.Message))
		}
	}
}

// Await waits for the first reply under an id.
func (c *Conn) Await(id string) Answer {
	deadline := time.Now().Add(c.timeout)
	for len(c.replies[id]) == 0 {
		switch c.Next(time.Until(deadline)).(type) {
		case Closed:
			if len(c.replies[id]) == 0 {
				return Answer{Outcome: Ended}
			}
		case Silence:
			return Answer{Outcome: Silent}
		}
	}
	return c.replies[id][0]
}

// AwaitError waits for an error, a close, or silence, where the id that an
// answer would carry is not known.
func (c *Conn) AwaitError() Answer {
	deadline := time.Now().Add(c.timeout)
	for {
		switch ev := c.Next(time.Until(deadline)).(type) {
		case Closed:
			return Answer{Outcome: Ended}
		case Silence:
			return Answer{Outcome: Silent}
		case Line:
			if ev.Message != nil && ev.Message.Method() == "" {
				return newAnswer(ev.Message)
			}
		}
	}
}

// Settle reads until nothing arrives for d.
func (c *Conn) Settle(d time.Duration) {
	for i := 0; i < maxKept; i++ {
		if _, ok := c.Next(d).(Line); !ok {
			return
		}
	}
}

// transcript keeps the end of what was said in a check.
type transcript struct {
	mu    sync.Mutex
	lines []string
}

const maxTranscript = 40

func (t *transcript) add(mark string, raw []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, mark+" "+clip(string(bytes.TrimRight(raw, "\r\n"))))
	if len(t.lines) > maxTranscript {
		t.lines = t.lines[len(t.lines)-maxTranscript:]
	}
}

func (t *transcript) copy() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.lines...)
}
