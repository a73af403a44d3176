// Package trace reads and writes mtrace, the format in which adit keeps
// recorded stratum sessions: newline-delimited JSON, one header object and
// then one array per event, optionally in gzip members. docs/trace-format.md
// specifies it.
//
// The package knows bytes, times and integrity; it knows nothing of what a
// stratum line means, except for the fields redaction must hide. It imports
// nothing of adit. The other harness packages and the commands import it.
package trace

// Version is the major version of the format this package writes, and the
// highest it reads.
const Version = 1

// Limits a file must keep. A reader refuses what exceeds them, so that a
// hostile trace cannot exhaust its memory.
const (
	// MaxLine is the longest line of a file in bytes, line feed included.
	MaxLine = 16 << 20
	// MaxDepth is the deepest nesting of JSON arrays and objects in a line,
	// the event's own array counted.
	MaxDepth = 32
	// maxFacts bounds a marker and the facts beside a line, in bytes.
	maxFacts = 64 << 10
	// MaxSegment is the most bytes between two checkpoints a salvaging
	// reader holds back while it waits for the second one.
	MaxSegment = 64 << 20
)
