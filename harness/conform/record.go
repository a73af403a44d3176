package conform

import (
	"bytes"
	"sync/atomic"

	"github.com/aditmine/adit/harness/trace"
)

// Kinds of marker that a run adds to its trace, and their keys.
const (
	MarkerCheck   = "check"   // with a connection: "check" is the id it belongs to
	MarkerVerdict = "verdict" // "check", "verdict" and, for a finding, "got"
)

// recorder writes the connections of one check to the run's trace.
type recorder struct {
	check   string
	numbers *atomic.Uint64
	tell    func(*trace.Event)
}

// open gives a connection its number.
func (r *recorder) open(target string) uint64 {
	conn := r.numbers.Add(1)
	r.tell(&trace.Event{Code: trace.CodeOpen, Conn: conn, Open: &trace.OpenInfo{Peer: r.check, Local: target}})
	r.tell(&trace.Event{Code: trace.CodeMarker, Conn: conn, Marker: trace.Marker{"ev": MarkerCheck, "check": r.check}})
	return conn
}

// data writes bytes down line by line.
func (r *recorder) data(conn uint64, code trace.Code, b []byte) {
	for line := range bytes.Lines(b) {
		ev := &trace.Event{Code: code, Conn: conn, Data: line}
		if !bytes.HasSuffix(line, []byte("\n")) {
			ev.Line = &trace.LineInfo{More: true}
		}
		r.tell(ev)
	}
}

// close says how a connection ended, and by whom.
func (r *recorder) close(conn uint64, by string) {
	r.tell(&trace.Event{Code: trace.CodeClose, Conn: conn, Close: &trace.CloseInfo{By: by, How: "fin"}})
}

// marker is the result as it stands in a trace.
func (r *Result) marker() *trace.Event {
	m := trace.Marker{"ev": MarkerVerdict, "check": r.ID, "verdict": string(r.Verdict)}
	if r.Got != "" {
		m["got"] = r.Got
	}
	return &trace.Event{Code: trace.CodeMarker, Marker: m}
}
