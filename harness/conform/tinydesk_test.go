package conform

import (
	"context"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"
)

// tinyDesk is what a tiny server's operator sees. Its books' mutex guards it.
type tinyDesk struct {
	leaked int // descriptors
	hashes int
	counts Counters
	log    strings.Builder
	names  []string
}

// hashed counts a hash.
func (b *tinyBooks) hashed() { b.locked(func() { b.hashes++ }) }

// judged counts a verdict.
func (b *tinyBooks) judged(good, stale bool) {
	b.locked(func() {
		switch {
		case good:
			b.counts.Accepted++
		case b.defect == "refusals uncounted":
		case stale:
			b.counts.Stale++
			fallthrough
		default:
			b.counts.Rejected++
		}
	})
}

// noted logs that somebody of a name has come.
func (b *tinyBooks) noted(name string) {
	b.locked(func() {
		b.names = append(b.names, name)
		if b.defect == "raw log" {
			fmt.Fprintln(&b.log, "login of", name)
		} else {
			fmt.Fprintf(&b.log, "login of %q\n", name)
		}
	})
}

// Usage is what the server holds; a hash takes ten milliseconds.
func (b *tinyBooks) Usage(context.Context) (Usage, error) {
	var u Usage
	b.locked(func() {
		u = Usage{CPU: time.Duration(b.hashes) * 10 * time.Millisecond, Memory: 1 << 20, Files: 10 + len(b.lines) + b.leaked, Threads: 8}
		for o := range b.lines {
			o.mu.Lock()
			u.Memory += uint64(len(o.data))
			o.mu.Unlock()
		}
	})
	return u, nil
}

// Listening are the tiny server's ports.
func (b *tinyBooks) Listening(context.Context) ([]string, error) {
	ports := []string{tinyTarget, tinyProxy, tinyFixed}
	if b.defect == "port for all" {
		ports = append(ports, "0.0.0.0:9999")
	}
	return ports, nil
}

// Private is one page.
func (b *tinyBooks) Private(context.Context) (map[string]int, error) {
	status := 401
	if b.defect == "open administration" {
		status = 200
	}
	return map[string]int{"http://pool.test/admin": status}, nil
}

// Shown are the log and a page in two forms.
func (b *tinyBooks) Shown(context.Context) (out []Shown, err error) {
	b.locked(func() {
		var page, table strings.Builder
		for _, name := range b.names {
			if b.defect == "raw page" {
				page.WriteString("<td>" + name)
			} else {
				page.WriteString("<td>" + html.EscapeString(strconv.QuoteToGraphic(name)))
			}
			if b.defect == "raw table" {
				table.WriteString(name + ",1\n")
			} else {
				table.WriteString("'" + strconv.QuoteToGraphic(name) + ",1\n")
			}
		}
		out = []Shown{
			{LogName, "text/plain", b.log.String()},
			{"http://pool.test/miners", "text/html; charset=utf-8", page.String()},
			{"http://pool.test/miners.csv", "text/csv", table.String()},
		}
		if b.defect == "tells passwords" {
			out[0].Text += "x password-of-a-miner"
		}
	})
	return out, nil
}

// Counters are the verdicts so far.
func (b *tinyBooks) Counters(context.Context) (c Counters, err error) {
	b.locked(func() { c = b.counts })
	return c, nil
}

// StartsWith has one unsafe setting.
func (b *tinyBooks) StartsWith(context.Context) (taken []string, tried int, err error) {
	if b.defect == "test settings" {
		taken = []string{"skip_verification = true"}
	}
	return taken, 1, nil
}
