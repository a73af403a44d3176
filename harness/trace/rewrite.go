package trace

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"time"
)

// WhySalvaged is the end record's reason in a file made of a damaged or
// truncated one.
const WhySalvaged = "salvaged"

// RewriteOptions say how Rewrite writes. The zero value keeps everything.
type RewriteOptions struct {
	// Gzip writes gzip members; otherwise plain text.
	Gzip bool
	// Redactor replaces secrets; nil keeps everything.
	Redactor *Redactor
	// CheckpointEvents closes a segment after so many events; 0 means 4096.
	CheckpointEvents int
}

// ErrRedacted is returned for a trace that is to be redacted a second time:
// its placeholders would be taken for secrets.
var ErrRedacted = errors.New("the trace is redacted already")

// Rewrite writes the events that r yields as a new, whole trace, with their
// times and facts, and returns its end record. Checkpoints and sums are made
// anew. Where r skipped damage or ends without an end record, a "dropped"
// marker says so and the end record counts what is missing, one at least.
// Annotations follow the lines they are about. What a later version of the
// format has added is left out.
func Rewrite(out io.Writer, r *Reader, opts RewriteOptions) (*End, error) {
	h := *r.Header()
	if opts.Redactor != nil {
		if h.Redact != nil {
			return nil, ErrRedacted
		}
		opts.Redactor.header(&h)
	}
	if opts.CheckpointEvents <= 0 {
		opts.CheckpointEvents = 4096
	}
	h.Version = Version
	w := &rewriter{opts: opts, enc: newEncoder(out, opts.Gzip)}
	if err := w.enc.header(&h); err != nil {
		return nil, fmt.Errorf("writing trace header: %w", err)
	}
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return w.end(r.Summary())
		}
		if err == nil {
			err = w.event(ev)
		}
		if err != nil {
			return nil, err
		}
	}
}

// rewriter is one rewriting under way.
type rewriter struct {
	opts RewriteOptions
	enc  *encoder
	lost uint64
	runs []run // in order of from
}

// run is a row of events that stand together in both files, from one index in
// the old and another in the new.
type run struct{ from, to, count uint64 }

// event writes one event of the old file.
func (w *rewriter) event(ev *Event) error {
	switch {
	case ev.Checkpoint != nil, ev.End != nil:
		return nil
	case ev.Marker.Kind() == MarkerGap:
		return w.missing(ev.Time, gapEvents(ev.Marker), ev.Marker["why"])
	case ev.Annotation != nil:
		of, known := w.index(ev.Annotation.Of)
		if !known {
			w.lost++ // the line it is about is gone
			return nil
		}
		ev.Annotation.Of = of
	}
	w.place(ev.Index)
	if w.opts.Redactor != nil {
		w.opts.Redactor.Event(ev)
	}
	return w.write(ev)
}

func (w *rewriter) write(ev *Event) error {
	if err := w.enc.event(ev); err != nil {
		return fmt.Errorf("writing trace: %w", err)
	}
	if w.enc.full(w.opts.CheckpointEvents) {
		return w.enc.cut()
	}
	return nil
}

// place notes where an event of the old file stands in the new one.
func (w *rewriter) place(index uint64) {
	to := w.enc.events
	if n := len(w.runs); n > 0 {
		last := &w.runs[n-1]
		if index == last.from+last.count && to == last.to+last.count {
			last.count++
			return
		}
	}
	w.runs = append(w.runs, run{from: index, to: to, count: 1})
}

// index finds an event of the old file in the new one.
func (w *rewriter) index(old uint64) (uint64, bool) {
	i := sort.Search(len(w.runs), func(i int) bool { return w.runs[i].from > old }) - 1
	if i < 0 || old-w.runs[i].from >= w.runs[i].count {
		return 0, false
	}
	return w.runs[i].to + old - w.runs[i].from, true
}

// missing writes that events are lost here.
func (w *rewriter) missing(at time.Duration, n uint64, why any) error {
	n = max(n, 1)
	w.lost += n
	return w.write(&Event{Time: at, Code: CodeMarker, Marker: Marker{"ev": MarkerDropped, "n": n, "why": why}})
}

// gapEvents is how many events a gap marker says are lost, 0 when it cannot
// tell.
func gapEvents(m Marker) uint64 {
	n, _ := m["events"].(uint64)
	return n
}

// end completes the new file by what is known of the old one's end.
func (w *rewriter) end(s Summary) (*End, error) {
	why, dropped := WhySalvaged, uint64(0)
	if s.End != nil {
		dropped = s.End.Dropped
		if s.Gaps == 0 {
			why = s.End.Why
		}
	} else if err := w.missing(s.LastTime, 0, "the recording ends without an end record"); err != nil {
		return nil, err
	}
	end, err := w.enc.end(s.LastTime, dropped+w.lost, why)
	if err != nil {
		return nil, fmt.Errorf("writing trace: %w", err)
	}
	return end, nil
}

// header takes what may name the pool or a person out of a header.
func (r *Redactor) header(h *Header) {
	h.Target = ""
	h.Redact = &Redaction{Policy: RedactionPolicy}
	clean := make(map[string]any, len(h.Config))
	for k, v := range h.Config {
		if s, ok := v.(string); ok {
			v = r.text(s)
		}
		clean[k] = v
	}
	if h.Config != nil {
		h.Config = clean
	}
}
