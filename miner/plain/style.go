package plain

import "github.com/aditmine/adit/miner"

// ANSI colours, used on terminals only.
const (
	reset   = "\x1b[0m"
	bold    = "\x1b[1m"
	red     = "\x1b[31m"
	green   = "\x1b[32m"
	yellow  = "\x1b[33m"
	blue    = "\x1b[34m"
	magenta = "\x1b[35m"
	cyan    = "\x1b[36m"
	grey    = "\x1b[90m"
)

// tagOf is the part of the miner an event comes from, and the tag's colour.
func tagOf(kind miner.EventKind) (tag, color string) {
	switch kind {
	case miner.EventNetwork, miner.EventOffline, miner.EventJob:
		return "net", blue
	case miner.EventAccepted, miner.EventRejected, miner.EventStale, miner.EventInvalid:
		return "cpu", cyan
	}
	return "miner", magenta
}

// colorOf is the colour of an event's text; "" leaves it as it is.
func colorOf(kind miner.EventKind) string {
	switch kind {
	case miner.EventAccepted, miner.EventResumed:
		return green
	case miner.EventRejected, miner.EventInvalid, miner.EventOffline:
		return red
	case miner.EventStale, miner.EventWarning, miner.EventPaused:
		return yellow
	}
	return ""
}

// paint colours text where colours are wanted.
func paint(on bool, color, text string) string {
	if !on || color == "" {
		return text
	}
	return color + text + reset
}
