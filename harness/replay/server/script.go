package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/stratum"
)

// maxEvents bounds how much of a trace is kept.
const maxEvents = 1 << 22

// Script is what a recorded pool did, connection by connection in the order of
// opening.
type Script struct{ conns []*recorded }

// Connections is how many miners the script has parts for.
func (s *Script) Connections() int { return len(s.conns) }

// Redacted counts the pieces of the pool whose bytes redaction has changed:
// they are played as the trace has them.
func (s *Script) Redacted() (n int) {
	for _, c := range s.conns {
		n += c.redacted
	}
	return n
}

// recorded is one connection of the script.
type recorded struct {
	id       uint64
	opened   time.Duration
	steps    []step
	redacted int
	piece    []byte // of a request that goes on in the next record
}

// step is one thing that happened on a connection.
type step struct {
	kind act
	at   time.Duration // since the connection opened
	data []byte        // actSend
	// method is the request's, actHear; empty when it cannot be told.
	method string
	reset  bool // actClose
}

type act uint8

const (
	actHear  act = iota // the miner made a request
	actSend             // the pool sent bytes
	actHalf             // the pool finished sending
	actClose            // the pool closed
)

// Load reads a trace to its end.
func Load(ctx context.Context, r *trace.Reader) (*Script, error) {
	s := &Script{}
	conns := map[uint64]*recorded{}
	for n := 0; ; n++ {
		ev, err := r.Next()
		switch {
		case errors.Is(err, io.EOF) && len(s.conns) == 0:
			return nil, errors.New("the trace holds no connection to play")
		case errors.Is(err, io.EOF):
			return s, nil
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case n == maxEvents:
			return nil, fmt.Errorf("the trace has more than %d events: too many to play", maxEvents)
		case ev.Conn == 0:
			continue
		}
		c := conns[ev.Conn]
		if c == nil {
			c = &recorded{id: ev.Conn, opened: ev.Time}
			conns[ev.Conn] = c
			s.conns = append(s.conns, c)
		}
		if err := c.add(ev); err != nil {
			return nil, err
		}
	}
}

// add takes one event of the connection.
func (c *recorded) add(ev *trace.Event) error {
	at := ev.Time - c.opened
	switch ev.Code {
	case trace.CodeToPool:
		c.heard(at, ev)
	case trace.CodeToMiner:
		if ev.Data == nil {
			return fmt.Errorf("%d bytes of the pool on connection %d were withheld from the trace: it cannot be played", ev.Withheld, c.id)
		}
		if ev.Line != nil && ev.Line.Redacted {
			c.redacted++
		}
		c.steps = append(c.steps, step{kind: actSend, at: at, data: ev.Data})
	case trace.CodeHalf:
		if ev.Half == trace.HalfPool {
			c.steps = append(c.steps, step{kind: actHalf, at: at})
		}
	case trace.CodeClose:
		if ev.Close.By == trace.ByPool {
			c.steps = append(c.steps, step{kind: actClose, at: at, reset: ev.Close.How == "rst"})
		}
	}
	return nil
}

// heard notes a request whose method can be told; others cannot be waited for.
func (c *recorded) heard(at time.Duration, ev *trace.Event) {
	c.piece = append(c.piece, ev.Data...)
	if ev.Line != nil && ev.Line.More {
		return
	}
	if method := methodOf(c.piece); method != "" {
		c.steps = append(c.steps, step{kind: actHear, at: at, method: method})
	}
	c.piece = nil
}

// methodOf is the method of a request, empty when the line is none.
func methodOf(line []byte) string {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	if err != nil {
		return ""
	}
	return m.Method
}
