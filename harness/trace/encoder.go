package trace

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"io"
	"time"
)

// segmentBytes closes a segment early when its events are large.
const segmentBytes = 1 << 20

// encoder writes lines, checkpoints and gzip members. It is used by one
// goroutine.
type encoder struct {
	out     *bufio.Writer
	gz      *gzip.Writer // nil for plain text
	open    bool         // a gzip member is open
	sum     sums
	offset  int64
	events  uint64
	conns   uint64
	pending int   // events since the last cut
	cutAt   int64 // offset of the last cut
	due     bool  // a checkpoint must precede the next line
	line    []byte
}

func newEncoder(out io.Writer, compress bool) *encoder {
	e := &encoder{out: bufio.NewWriterSize(out, 64<<10), sum: newSums()}
	if compress {
		e.gz = gzip.NewWriter(e.out)
	}
	return e
}

// header writes the first line and hands it to the operating system.
func (e *encoder) header(h *Header) error {
	line, err := marshal(h)
	if err != nil {
		return err
	}
	if err := e.write(append(line, '\n')); err != nil {
		return err
	}
	e.sum.add(append(line, '\n'))
	return e.cut()
}

// event writes one event, behind a checkpoint when one is due.
func (e *encoder) event(ev *Event) error {
	if err := e.checkpoint(ev.Time); err != nil {
		return err
	}
	line, err := appendEvent(e.line[:0], ev)
	if err != nil {
		return err
	}
	e.line = line
	e.sum.add(line)
	e.events++
	e.pending++
	if ev.Code == CodeOpen {
		e.conns++
	}
	return e.write(line)
}

// cut ends the segment; the next one starts with a checkpoint.
func (e *encoder) cut() error {
	e.pending, e.cutAt, e.due = 0, e.offset, true
	return e.closeSegment()
}

// full reports whether the segment is long enough to be closed.
func (e *encoder) full(events int) bool {
	return e.pending >= events || e.offset-e.cutAt >= segmentBytes
}

// checkpoint writes the checkpoint that is due.
func (e *encoder) checkpoint(at time.Duration) error {
	if !e.due {
		return nil
	}
	e.due = false
	return e.check(&Event{Time: at, Code: CodeCheckpoint, Checkpoint: e.sum.checkpoint(e.events, e.offset)})
}

// check writes a checkpoint or end line and starts a new CRC range with it.
func (e *encoder) check(ev *Event) error {
	line, err := appendEvent(e.line[:0], ev)
	if err != nil {
		return err
	}
	e.line = line
	e.sum.keep(line)
	e.sum.restart(e.offset)
	return e.write(line)
}

// end writes the last checkpoint and the end record, which it returns.
func (e *encoder) end(at time.Duration, dropped uint64, why string) (*End, error) {
	e.due = true
	if err := e.checkpoint(at); err != nil {
		return nil, err
	}
	end := &End{Events: e.events, SHA256: hex.EncodeToString(e.sum.sha.Sum(nil)),
		Conns: e.conns, Dropped: dropped, Why: why}
	if err := e.check(&Event{Time: at, Code: CodeEnd, End: end}); err != nil {
		return nil, err
	}
	return end, e.closeSegment()
}

// write sends one line to the compressor or the file.
func (e *encoder) write(line []byte) error {
	e.offset += int64(len(line))
	if e.gz == nil {
		_, err := e.out.Write(line)
		return err
	}
	if !e.open {
		e.gz.Reset(e.out)
		e.open = true
	}
	_, err := e.gz.Write(line)
	return err
}

// closeSegment closes the gzip member and empties the buffer.
func (e *encoder) closeSegment() error {
	if e.open {
		e.open = false
		if err := e.gz.Close(); err != nil {
			return err
		}
	}
	return e.out.Flush()
}
