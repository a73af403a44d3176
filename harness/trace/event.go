package trace

import (
	"time"
)

// Code is the kind of an event.
type Code byte

// The event codes of version 1. A reader ignores others.
const (
	CodeOpen       Code = 'o' // a connection opened
	CodeToPool     Code = '>' // bytes from the miner to the pool
	CodeToMiner    Code = '<' // bytes from the pool to the miner
	CodeClose      Code = 'x' // a connection closed
	CodeHalf       Code = 'h' // one side finished sending
	CodeMarker     Code = 'm' // something that happened beside the wire
	CodeAnnotation Code = 'a' // a verdict derived from other events
	CodeCheckpoint Code = 'k' // integrity: checksum of what came before
	CodeEnd        Code = 'e' // the trace is complete
)

// Event is one line after the header. Code says which of the fields below
// Conn is meaningful.
type Event struct {
	Time time.Duration // since the header's base, from one monotonic clock
	Code Code
	Conn uint64 // connection number, from 1; 0 where none applies

	Data       []byte    // CodeToPool, CodeToMiner: the bytes, verbatim
	Withheld   int64     // bytes that were not kept, when Data is nil
	Line       *LineInfo // CodeToPool, CodeToMiner: optional facts
	Open       *OpenInfo
	Close      *CloseInfo
	Half       string // HalfMiner or HalfPool
	Marker     Marker
	Annotation *Annotation
	Checkpoint *Checkpoint
	End        *End

	// Offset is where the event's line starts in the uncompressed file. Set
	// by the reader.
	Offset int64
	// Index counts the events before this one in the file, checkpoints and
	// the end left out. Set by the reader; annotations refer to it.
	Index uint64
}

// Values of Event.Half: who finished sending.
const (
	HalfMiner = "peer-half"
	HalfPool  = "upstream-half"
)

// LineInfo is what is known of a line beside its bytes. All is optional.
type LineInfo struct {
	Scheduled int64  `json:"s,omitempty"`   // ns: when it should have left
	Written   int64  `json:"w,omitempty"`   // ns: when the write returned
	Segments  []int  `json:"seg,omitempty"` // sizes of the reads it came in
	Truth     string `json:"truth,omitempty"`
	Issued    uint64 `json:"d,omitempty"`  // difficulty of the job
	True      uint64 `json:"hd,omitempty"` // difficulty of the hash
	Mutation  string `json:"mut,omitempty"`
	// More marks a piece of a line that continues in the next record of the
	// same connection and direction.
	More bool `json:"more,omitempty"`
	// Redacted marks bytes that are no longer what was on the wire.
	Redacted bool `json:"red,omitempty"`
}

// OpenInfo describes a connection.
type OpenInfo struct {
	Peer  string `json:"peer"`            // the miner; "c1", "c2" when redacted
	Local string `json:"local,omitempty"` // where it was accepted
	// Via is who connected, when a PROXY header named Peer and Local;
	// ProxyProto is the header's version.
	Via        string `json:"via,omitempty"`
	ProxyProto int    `json:"proxyproto,omitempty"`
	// TLS is the version that the miner spoke; empty for plain TCP. The
	// recorded bytes are those inside.
	TLS string `json:"tls,omitempty"`
}

// CloseInfo says how a connection ended.
type CloseInfo struct {
	By  string `json:"by"`  // ByMiner, ByPool or ByLocal
	How string `json:"how"` // "fin", "rst", "timeout" or "error"
	Err string `json:"err,omitempty"`
}

// Who ended a connection.
const (
	ByMiner = "peer"
	ByPool  = "upstream"
	ByLocal = "local"
)

// Marker is a set of facts; the key "ev" names the kind.
type Marker map[string]any

// Kinds of marker this package writes itself.
const (
	MarkerGap     = "gap"     // a salvaging reader skipped damage here
	MarkerDropped = "dropped" // the writer's queue overflowed here
	MarkerProto   = "proto"   // the dialect of a connection was recognised
)

// Kind is the marker's "ev" value, empty when it has none.
func (m Marker) Kind() string {
	s, _ := m["ev"].(string)
	return s
}

// Annotation is a verdict on an earlier line, written by a judge.
type Annotation struct {
	Of      uint64 `json:"in"` // index of the line among the file's events, from 0
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	Credit  uint64 `json:"credit,omitempty"`
}

// Checkpoint lets a reader find where a file is damaged.
type Checkpoint struct {
	// Events counts the event lines before this one; checkpoints and the
	// header are not counted.
	Events uint64 `json:"n"`
	// CRC32C is the Castagnoli CRC, 8 hex digits, of the uncompressed bytes
	// from the start of the previous checkpoint's line (or of the file) up to
	// the start of this line.
	CRC32C string `json:"crc32c"`
	// Offset is where this line starts in the uncompressed file.
	Offset int64 `json:"off"`
}

// End closes a complete trace.
type End struct {
	Events uint64 `json:"n"` // as in Checkpoint
	// SHA256 covers every uncompressed byte before this line, hex.
	SHA256  string `json:"sha256"`
	Conns   uint64 `json:"conns"`   // connections opened
	Dropped uint64 `json:"dropped"` // events lost to a full queue
	Why     string `json:"why"`     // "done", "signal", "error" or WhySalvaged
}
