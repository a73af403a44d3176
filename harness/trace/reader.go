package trace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Options choose how a reader treats damage.
type Options struct {
	// Salvage continues behind damage: the events between the two
	// checkpoints around it are dropped and a gap marker takes their place.
	// Without it, reading stops at the damage with a *CorruptError.
	Salvage bool
}

// CorruptError reports damage. Offsets count uncompressed bytes.
type CorruptError struct {
	From int64 // the damage lies at or after this byte
	To   int64 // and before this one; equal to From when unknown
	Why  string

	cause error
}

// Unwrap is the error of the layer below, if any.
func (e *CorruptError) Unwrap() error { return e.cause }

// Error names the place.
func (e *CorruptError) Error() string {
	if e.To > e.From {
		return fmt.Sprintf("trace is damaged between byte %d and byte %d: %s", e.From, e.To, e.Why)
	}
	return fmt.Sprintf("trace is damaged at byte %d: %s", e.From, e.Why)
}

// Summary is what a reader has found so far. It is final after Next has
// returned io.EOF.
type Summary struct {
	// Complete: an end record was read and agrees with the file.
	Complete bool
	// Truncated: the file ends without one. Not an error: every complete
	// event was yielded.
	Truncated bool
	// HalfLine counts the bytes of an incomplete last line, which are dropped.
	HalfLine int
	// Events counts the event lines read, checkpoints not counted; Unknown
	// those of them with a code of a later version, which were skipped.
	Events, Unknown uint64
	// Gaps counts the places a salvaging reader skipped.
	Gaps int
	// Unverified counts yielded events after the last good checkpoint.
	Unverified uint64
	// GoodOffset is the uncompressed offset behind the last complete line.
	GoodOffset int64
	// LastTime is the largest time seen.
	LastTime time.Duration
	// End is the end record of a complete trace.
	End *End
}

// Text says in a few words whether the trace is whole.
func (s Summary) Text() string {
	switch {
	case s.Truncated:
		return fmt.Sprintf("truncated: good up to byte %d, %d bytes of a half line dropped", s.GoodOffset, s.HalfLine)
	case !s.Complete:
		return fmt.Sprintf("damaged: %d gaps", s.Gaps)
	}
	return "complete, checksums right"
}

// Reader yields the events of a trace in file order. It is used by one
// goroutine.
type Reader struct {
	src     *source
	file    io.Closer
	header  *Header
	sum     sums
	offset  int64 // of the next line
	summary Summary
	done    error

	salvage *salvager // nil unless asked for
}

// Open reads the trace in a file; Close releases it.
func Open(path string, opts Options) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening trace: %w", err)
	}
	r, err := NewReader(f, opts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	r.file = f
	return r, nil
}

// NewReader reads the header of a trace, gzip or plain. Salvaging a
// compressed trace needs an io.ReadSeeker positioned at its start. Errors wrap
// ErrNotTrace or are a *VersionError when r holds no trace this package reads.
func NewReader(in io.Reader, opts Options) (*Reader, error) {
	src, err := newSource(in)
	if err != nil {
		return nil, fmt.Errorf("reading trace: %w", err)
	}
	line, err := src.line()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errCut):
		return nil, fmt.Errorf("%w: it ends before the header does", ErrNotTrace)
	case err != nil:
		return nil, fmt.Errorf("%w: header: %w", ErrNotTrace, err)
	}
	header, err := parseHeader(line)
	if err != nil {
		return nil, err
	}
	r := &Reader{src: src, header: header, sum: newSums()}
	r.take(line)
	if opts.Salvage {
		r.salvage = &salvager{r: r, from: 0}
	}
	return r, nil
}

// Header is the trace's first line.
func (r *Reader) Header() *Header { return r.header }

// Summary reports what was found up to now.
func (r *Reader) Summary() Summary { return r.summary }

// Close releases the file that Open opened.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Next returns the next event, checkpoints and the end record included.
// io.EOF ends a trace, truncated or not: Summary tells which. Every other
// error is final.
func (r *Reader) Next() (*Event, error) {
	if r.done != nil {
		return nil, r.done
	}
	next := r.strictNext
	if r.salvage != nil {
		next = r.salvage.next
	}
	ev, err := next()
	if err != nil {
		r.done = err
	}
	return ev, err
}

// strictNext reads events until the first damage.
func (r *Reader) strictNext() (*Event, error) {
	for {
		ev, known, err := r.read()
		switch {
		case errors.Is(err, io.EOF):
			return nil, r.finish()
		case err != nil:
			return nil, err
		}
		if err := r.verify(ev); err != nil {
			return nil, err
		}
		r.count(ev, known)
		if known {
			return ev, nil
		}
	}
}

// read parses the next line. io.EOF covers a truncated end.
func (r *Reader) read() (ev *Event, known bool, err error) {
	at := r.offset
	line, err := r.src.line()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errCut):
		r.summary.HalfLine = r.src.half
		return nil, false, io.EOF
	case errors.Is(err, errLong), errors.Is(err, errDamaged):
		return nil, false, &CorruptError{From: at, To: at, Why: err.Error(), cause: err}
	case err != nil:
		return nil, false, fmt.Errorf("reading trace at byte %d: %w", at, err)
	}
	if r.summary.End != nil {
		return nil, false, &CorruptError{From: at, To: at, Why: "there is data behind the end record"}
	}
	ev, known, err = parseEvent(line)
	if err != nil {
		r.offset += int64(len(line))
		return nil, false, &CorruptError{From: at, To: at, Why: err.Error()}
	}
	ev.Offset, ev.Index = at, r.summary.Events
	if ev.Code != CodeCheckpoint && ev.Code != CodeEnd {
		r.take(line)
		return ev, known, nil
	}
	r.sum.keep(line) // covered by what follows, not by itself
	r.offset += int64(len(line))
	return ev, known, nil
}

// take adds a line to the sums and the offset.
func (r *Reader) take(line []byte) {
	r.sum.add(line)
	r.offset += int64(len(line))
	r.summary.GoodOffset = r.offset
}

// verify checks a checkpoint or end record against what was read.
func (r *Reader) verify(ev *Event) error {
	var why string
	switch {
	case ev.Checkpoint != nil:
		why = r.sum.mismatch(ev.Checkpoint, r.summary.Events, ev.Offset)
	case ev.End != nil:
		why = r.sum.endMismatch(ev.End, r.summary.Events)
	default:
		return nil
	}
	if why != "" {
		return &CorruptError{From: r.sum.from, To: ev.Offset, Why: why}
	}
	if ev.Checkpoint != nil {
		r.sum.restart(ev.Offset)
		r.summary.Unverified = 0
	}
	r.summary.GoodOffset = r.offset
	return nil
}

// count keeps the summary.
func (r *Reader) count(ev *Event, known bool) {
	r.summary.LastTime = max(r.summary.LastTime, ev.Time)
	switch {
	case ev.Checkpoint != nil:
	case ev.End != nil:
		r.summary.End = ev.End
		r.summary.Complete, r.summary.Unverified = true, 0
	default:
		r.summary.Events++
		if known {
			r.summary.Unverified++
		} else {
			r.summary.Unknown++
		}
	}
}

// finish decides between a complete, a truncated and a damaged end.
func (r *Reader) finish() error {
	end := r.summary.End != nil
	switch {
	case end && (r.summary.HalfLine > 0 || r.src.junk()):
		r.summary.Complete = false
		return &CorruptError{From: r.offset, To: r.offset, Why: "there is data behind the end record"}
	case !end && r.src.cutInMember():
		if more, err := r.src.resync(); err == nil && more {
			return &CorruptError{From: r.offset, To: r.offset, Why: "a gzip member does not end, but others follow"}
		}
	}
	r.summary.Truncated = !end
	return io.EOF
}
