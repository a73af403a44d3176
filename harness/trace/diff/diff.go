package diff

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/aditmine/adit/harness/trace"
)

// maxEvents bounds how much of a trace is kept.
const maxEvents = 1 << 22

// Options say what is left aside beside times and request ids.
type Options struct {
	// Ignore are patterns of paths (path.Match with "." for "/"), such as
	// "params.nonce" or "result.*.blob".
	Ignore []string
	// Shape compares which messages there are and which members of which JSON
	// type they have, not the values.
	Shape bool
}

// Difference is one of them. A or B is empty where that trace has no such
// message, or no such member of it.
type Difference struct {
	Conn    int    `json:"conn"` // in the order of opening, from 1
	Message string `json:"message,omitempty"`
	Path    string `json:"path,omitempty"` // empty: the whole message
	A       string `json:"a,omitempty"`
	B       string `json:"b,omitempty"`
}

// present stands for a message or connection that the other trace lacks.
const present = "present"

// Report is what Compare has found.
type Report struct {
	Connections [2]int       `json:"connections"`
	Messages    [2]int       `json:"messages"`
	Differences []Difference `json:"differences"`
}

// Compare reads both traces to their ends. Errors are those of reading and of
// ctx.
func Compare(ctx context.Context, a, b *trace.Reader, opts Options) (*Report, error) {
	for i, p := range opts.Ignore {
		opts.Ignore[i] = strings.ReplaceAll(p, ".", "/")
		if _, err := path.Match(opts.Ignore[i], ""); err != nil {
			return nil, fmt.Errorf("pattern %q: %w", p, err)
		}
	}
	rep := &Report{Differences: []Difference{}}
	var sides [2][]*stream
	for i, r := range []*trace.Reader{a, b} {
		var err error
		if sides[i], rep.Messages[i], err = read(ctx, r); err != nil {
			return nil, err
		}
		rep.Connections[i] = len(sides[i])
	}
	c := &comparison{opts: opts, report: rep}
	for i := range max(len(sides[0]), len(sides[1])) {
		c.conn = i + 1
		switch {
		case i >= len(sides[0]):
			c.found("", "", "", present)
		case i >= len(sides[1]):
			c.found("", "", present, "")
		default:
			c.streams(sides[0][i], sides[1][i])
		}
	}
	return rep, nil
}

// read sorts a trace's messages by connection.
func read(ctx context.Context, r *trace.Reader) (streams []*stream, messages int, err error) {
	conns := map[uint64]*stream{}
	for events := 0; ; events++ {
		ev, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			for _, s := range streams {
				messages += len(s.messages)
			}
			return streams, messages, nil
		case err != nil:
			return nil, 0, err
		case ctx.Err() != nil:
			return nil, 0, ctx.Err()
		case ev.Conn == 0:
			continue
		}
		if events == maxEvents {
			return nil, 0, fmt.Errorf("the trace has more than %d events: too many to compare", maxEvents)
		}
		s := conns[ev.Conn]
		if s == nil {
			s = newStream()
			conns[ev.Conn] = s
			streams = append(streams, s)
		}
		s.event(ev)
	}
}

// comparison compares the connections of two traces.
type comparison struct {
	opts   Options
	report *Report
	conn   int
}

func (c *comparison) found(message, path, a, b string) {
	c.report.Differences = append(c.report.Differences, Difference{Conn: c.conn, Message: message, Path: path, A: a, B: b})
}

// streams compares two connections in the first one's order; what only the
// second has comes last.
func (c *comparison) streams(a, b *stream) {
	for _, m := range a.messages {
		if other := b.byKey[m.key]; other != nil {
			c.messages(m, other)
		} else {
			c.found(m.key, "", present, "")
		}
	}
	for _, m := range b.messages {
		if a.byKey[m.key] == nil {
			c.found(m.key, "", "", present)
		}
	}
}

// messages compares two messages member by member.
func (c *comparison) messages(a, b *message) {
	paths := maps.Clone(a.fields)
	maps.Copy(paths, b.fields)
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		va, vb := a.fields[p], b.fields[p]
		if c.opts.Shape {
			va, vb = kind(va), kind(vb)
		}
		if va != vb && !c.ignored(p) {
			c.found(a.key, p, va, vb)
		}
	}
}

func (c *comparison) ignored(p string) bool {
	p = strings.ReplaceAll(p, ".", "/")
	return slices.ContainsFunc(c.opts.Ignore, func(pattern string) bool {
		ok, _ := path.Match(pattern, p) // checked before
		return ok
	})
}

// kind names the JSON type of a value.
func kind(value string) string {
	if value == "" {
		return ""
	}
	switch value[0] {
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	case '{':
		return "object"
	case '[':
		return "array"
	}
	return "number"
}
