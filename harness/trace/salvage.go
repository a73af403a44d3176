package trace

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// salvager reads a damaged trace segment by segment, a segment being what
// lies between two checkpoints. Only segments whose checksum is right are
// yielded, plus what follows the last checkpoint of a truncated file.
type salvager struct {
	r       *Reader
	ready   []*Event // verified, to be yielded
	segment []*Event // waiting for their checkpoint
	size    int64    // bytes in segment
	from    int64    // where the segment starts
	since   uint64   // events before the segment
	damage  string   // why the segment is damaged, "" while it looks sound
	last    time.Duration
	end     error // set once the file is exhausted
}

// next yields one event.
func (s *salvager) next() (*Event, error) {
	for len(s.ready) == 0 {
		if s.end != nil {
			return nil, s.end
		}
		s.step()
	}
	ev := s.ready[0]
	s.ready = s.ready[1:]
	s.last = max(s.last, ev.Time)
	return ev, nil
}

// step reads one line.
func (s *salvager) step() {
	ev, known, err := s.r.read()
	var corrupt *CorruptError
	switch {
	case errors.Is(err, io.EOF):
		s.fileEnd()
	case errors.As(err, &corrupt):
		s.spoil(corrupt.Why)
		s.resync(err)
	case err != nil:
		s.end = err
	case ev.Checkpoint != nil:
		s.checkpoint(ev)
	case ev.End != nil:
		s.endRecord(ev)
	default:
		s.hold(ev, known)
	}
}

// spoil marks the present segment as damaged; its first damage is reported.
func (s *salvager) spoil(why string) {
	if s.damage == "" {
		s.damage = why
	}
	s.segment = nil
}

// resync jumps to the next member when compressed data broke.
func (s *salvager) resync(cause error) {
	if !errors.Is(cause, errDamaged) {
		return // a bad line: the next line is read as usual
	}
	ok, err := s.r.src.resync()
	switch {
	case err != nil:
		s.end = fmt.Errorf("salvaging trace: %w", err)
	case !ok:
		s.finish()
	}
}

// hold keeps an event until its segment is verified.
func (s *salvager) hold(ev *Event, known bool) {
	s.r.count(ev, known)
	if s.size = s.r.offset - s.from; s.size > MaxSegment {
		s.spoil(fmt.Sprintf("no checkpoint within %d bytes", MaxSegment))
	}
	if s.damage == "" && known {
		s.segment = append(s.segment, ev)
	}
}

// checkpoint releases the segment or replaces it by a gap, and starts the
// next one at ev.
func (s *salvager) checkpoint(ev *Event) {
	k := ev.Checkpoint
	if s.damage == "" {
		s.damage = s.r.sum.mismatch(k, s.r.summary.Events, ev.Offset)
	}
	if s.damage == "" {
		s.release()
	} else {
		s.gap(k.Offset, k.Events)
		// Trust this checkpoint: the next one covers its line.
		s.r.offset += k.Offset - ev.Offset
		s.r.summary.Events = k.Events
		ev.Offset = k.Offset
	}
	s.r.summary.Unverified = 0
	s.r.summary.GoodOffset = s.r.offset
	s.r.sum.restart(k.Offset)
	s.from, s.since = k.Offset, k.Events
	s.ready = append(s.ready, ev)
}

// endRecord closes the last segment. After a gap the SHA-256 can no longer be
// computed, so the trace is then not complete, but not truncated either.
func (s *salvager) endRecord(ev *Event) {
	if s.damage == "" && s.r.summary.Gaps == 0 {
		s.damage = s.r.sum.endMismatch(ev.End, s.r.summary.Events)
	}
	if s.damage == "" {
		s.release()
	} else {
		s.gap(ev.Offset, ev.End.Events)
	}
	s.r.summary.End = ev.End
	s.r.summary.Complete = s.r.summary.Gaps == 0
	s.r.summary.GoodOffset = s.r.offset
	s.ready = append(s.ready, ev)
}

// release hands the segment's events out.
func (s *salvager) release() {
	s.ready = append(s.ready, s.segment...)
	s.segment = nil
}

// gap puts a marker where the segment was. Its last facts come from the
// record behind the gap.
func (s *salvager) gap(to int64, events uint64) {
	s.r.summary.Gaps++
	m := Marker{"ev": MarkerGap, "from": s.from, "to": to, "why": s.damage}
	if events >= s.since {
		m["events"] = events - s.since
	}
	at := s.last
	if n := len(s.ready); n > 0 {
		at = s.ready[n-1].Time
	}
	s.ready = append(s.ready, &Event{Time: at, Code: CodeMarker, Marker: m, Offset: s.from})
	s.segment, s.damage = nil, ""
}

// fileEnd looks for members behind one that does not end.
func (s *salvager) fileEnd() {
	if s.r.summary.End == nil && s.r.src.cutInMember() {
		if more, err := s.r.src.resync(); err == nil && more {
			s.spoil("a gzip member does not end")
			return
		}
	}
	s.finish()
}

// finish handles the end of the file.
func (s *salvager) finish() {
	if s.damage == "" {
		s.release()
	} else {
		s.r.summary.Unverified = 0
		s.gap(s.r.offset, s.r.summary.Events)
	}
	s.r.summary.Truncated = s.r.summary.End == nil
	s.end = io.EOF
}
