package judge

import (
	"time"

	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/wire"
)

// coverageLimit is how soon every connection must have work on a new block.
const coverageLimit = 5 * time.Second

// maxTips bounds how many blocks are remembered; the oldest go first.
const maxTips = 256

// tip is a block that jobs began to build on.
type tip struct {
	first  time.Duration
	expect map[*connection]bool // ready connections still without such a job
}

// tips measures how a new block's work spreads over the connections.
type tips struct {
	known  map[string]*tip
	recent []string
	last   time.Duration
	count  int

	intervals stats.Latency // between new blocks
	skew      stats.Latency // arrival - first arrival, other connections
	expected  int           // arrivals there should have been
	inTime    int           // those within coverageLimit
}

func newTips() tips { return tips{known: map[string]*tip{}} }

// arrival takes the first job on a block that a connection gets. A
// connection's very first job comes with its login and tells nothing.
func (t *tips) arrival(all []*connection, conn *connection, j *wire.Job, last *wire.Job) {
	tp := t.known[j.Parent]
	switch {
	case tp == nil:
		t.start(all, conn, j, last != nil)
	case tp.expect[conn]:
		delete(tp.expect, conn)
		t.skew.Add(j.At - tp.first)
		if j.At-tp.first <= coverageLimit {
			t.inTime++
		}
	}
}

// start notes a block that nobody had work on before.
func (t *tips) start(all []*connection, conn *connection, j *wire.Job, pushed bool) {
	if len(t.recent) >= maxTips {
		delete(t.known, t.recent[0])
		t.recent = t.recent[1:]
	}
	tp := &tip{first: j.At, expect: map[*connection]bool{}}
	t.known[j.Parent] = tp
	t.recent = append(t.recent, j.Parent)
	t.count++
	if t.count > 1 {
		t.intervals.Add(j.At - t.last)
	}
	t.last = j.At
	if !pushed {
		return // seen at a login: others may have been told elsewhere before
	}
	for _, other := range all {
		if other != conn && other.ready && other.closed == 0 && other.lastJob != nil {
			tp.expect[other] = true
			t.expected++
		}
	}
}

// gone takes a closed connection out of what is expected.
func (t *tips) gone(conn *connection) {
	for _, tp := range t.known {
		if tp.expect[conn] {
			delete(tp.expect, conn)
			t.expected--
		}
	}
}
