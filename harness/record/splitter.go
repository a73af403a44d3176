package record

import (
	"bytes"
	"sync/atomic"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/stratum"
)

// journal is where a recorder's lines go, and what it counts.
type journal struct {
	trace   *trace.Writer
	proto   string // known dialect, else recognised per connection
	maxLine int

	toPool, toMiner          atomic.Uint64 // lines
	bytesToPool, bytesToPeer atomic.Uint64
}

// close records the end of a connection.
func (j *journal) close(id uint64, end ending) {
	info := &trace.CloseInfo{By: end.by, How: end.how()}
	if end.err != nil {
		info.Err = end.err.Error()
	}
	j.trace.Record(&trace.Event{Code: trace.CodeClose, Conn: id, Close: info})
}

// splitter cuts one direction into lines for the trace. Concatenated, what it
// records is exactly what was read.
type splitter struct {
	journal *journal
	conn    uint64
	code    trace.Code
	buf     []byte
	named   bool // the dialect was recorded already
}

func newSplitter(j *journal, conn uint64, code trace.Code) *splitter {
	known := j.proto == trace.ProtoCryptoNote || j.proto == trace.ProtoCKB
	return &splitter{journal: j, conn: conn, code: code, named: known || code == trace.CodeToMiner}
}

// write takes what one read returned.
func (s *splitter) write(p []byte) {
	s.count(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n') + 1
		if i == 0 {
			i = len(p)
		}
		if room := s.journal.maxLine - len(s.buf); i > room {
			s.buf = append(s.buf, p[:room]...)
			p = p[room:]
			s.emit(&trace.LineInfo{More: true})
			continue
		}
		s.buf = append(s.buf, p[:i]...)
		p = p[i:]
		if s.buf[len(s.buf)-1] == '\n' {
			s.emit(nil)
		}
	}
}

// flush records an incomplete last line.
func (s *splitter) flush() {
	if len(s.buf) > 0 {
		s.emit(nil)
	}
}

// emit hands the buffer to the trace, which owns it from then on.
func (s *splitter) emit(info *trace.LineInfo) {
	if !s.named {
		s.name()
	}
	s.journal.trace.Record(&trace.Event{Code: s.code, Conn: s.conn, Data: s.buf, Line: info})
	s.buf = nil
}

// name records the dialect of the connection, judged by its first line that
// names a method.
func (s *splitter) name() {
	proto := Dialect(s.buf)
	if proto == "" {
		return
	}
	s.named = true
	s.journal.trace.Record(&trace.Event{Code: trace.CodeMarker, Conn: s.conn,
		Marker: trace.Marker{"ev": trace.MarkerProto, "proto": proto}})
}

func (s *splitter) count(p []byte) {
	lines := uint64(bytes.Count(p, []byte{'\n'}))
	if s.code == trace.CodeToPool {
		s.journal.toPool.Add(lines)
		s.journal.bytesToPool.Add(uint64(len(p)))
		return
	}
	s.journal.toMiner.Add(lines)
	s.journal.bytesToPeer.Add(uint64(len(p)))
}

// Dialect recognises the dialect of a line by its method: "mining." starts
// every method of CKB stratum, CryptoNote has five of its own. Empty when the
// line does not tell.
func Dialect(line []byte) string {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	if err != nil {
		return ""
	}
	switch m.Method {
	case "login", "submit", "keepalived", "getjob", "job":
		return trace.ProtoCryptoNote
	}
	if len(m.Method) > 7 && m.Method[:7] == "mining." {
		return trace.ProtoCKB
	}
	return ""
}
