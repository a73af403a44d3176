package miner

import (
	"strings"
	"time"
	"unicode"
)

// EventKind says what an event is about; interfaces choose marks, tags and
// colours by it.
type EventKind uint8

// The kinds of events.
const (
	EventInfo     EventKind = iota // something worth knowing
	EventWarning                   // something to look at
	EventNetwork                   // connected, logged in
	EventOffline                   // connection lost or refused
	EventJob                       // new work
	EventAccepted                  // a share the pool took
	EventRejected                  // a share the pool refused
	EventStale                     // a share that came too late
	EventInvalid                   // a hit that failed its re-check and was not sent
	EventPaused                    // mining stopped by hand
	EventResumed                   // and went on
)

// eventLimit is how many events are kept.
const eventLimit = 256

// textLimit bounds what a pool may have printed, in runes.
const textLimit = 200

// Event is one line of the engine's log.
type Event struct {
	// Seq counts from 1 without gaps, so that a reader sees what it missed.
	Seq  uint64
	Time time.Time
	Kind EventKind
	// Text is one printable line without a time, a mark or a colour.
	Text string
}

// eventLog keeps the newest events. It is not safe for concurrent use.
type eventLog struct {
	ring []Event
	seq  uint64
}

// add appends an event.
func (l *eventLog) add(at time.Time, kind EventKind, text string) {
	l.seq++
	if len(l.ring) == eventLimit {
		copy(l.ring, l.ring[1:])
		l.ring = l.ring[:eventLimit-1]
	}
	l.ring = append(l.ring, Event{Seq: l.seq, Time: at, Kind: kind, Text: text})
}

// printable makes text from the network fit to print: one line, no control
// characters that could drive a terminal, and of bounded length.
func printable(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == textLimit {
			b.WriteString("...")
			break
		}
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
