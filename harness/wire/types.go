package wire

import (
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
)

// Job is work as the pool issued it on one connection.
type Job struct {
	ID string
	At time.Duration
	// Algo is nil when the job's algorithm is unknown here; AlgoName is what
	// the wire said.
	Algo     *hash.Algorithm
	AlgoName string
	// Input is the message to hash, with room for the nonce: NonceSize bytes
	// at NonceOffset are the miner's.
	Input       []byte
	NonceOffset int
	NonceSize   int
	// Fixed holds the nonce bytes behind the miner's that the pool has set
	// (NiceHash mode: one byte); they are part of the submitted nonce.
	Fixed  []byte
	Height uint64
	Parent string // the previous block's id as raw bytes
	// Clean: every job issued before this one is void (CKB).
	Clean bool
	// Target is what a miner works to; Loose is the easiest target that the
	// pool can have meant by what it sent. A compact CryptoNote target is
	// rounded, and digests in between may be judged either way.
	Target, Loose hash.Target
	// Difficulty is what one share is worth.
	Difficulty uint64
	// Unsure: something needed to judge shares of this job was not seen.
	Unsure bool

	clean int // clean notifications seen on the connection, this one included
}

// SameParent reports whether two jobs build on the same block.
func (j *Job) SameParent(k *Job) bool {
	if j.Height != 0 && k.Height != 0 && j.Height != k.Height {
		return false
	}
	return j.Parent == k.Parent
}

// Message returns the input with a submitted nonce in place.
func (j *Job) Message(nonce []byte) []byte {
	blob := append([]byte(nil), j.Input...)
	copy(blob[j.NonceOffset:], nonce)
	return blob
}

// Event is what a line meant: *Submit, *Result, *JobIssued, *Ready or *Refused.
type Event interface{ wireEvent() }

// Submit is a share on its way to the pool.
type Submit struct {
	ID    stratum.ID
	At    time.Duration
	JobID string
	Nonce []byte // as it lies in the message
	// Claimed is the digest the miner states (CryptoNote).
	Claimed *hash.Digest
	// Malformed says why the request cannot be a share at all; Raw is then the
	// line it came in.
	Malformed error
	Raw       []byte
	// Unauthorized: it was sent before a login, or for another session or
	// worker than this connection's.
	Unauthorized bool
	// Job is the job it names, nil when the connection never had it.
	Job *Job
	// Current is the newest job at that moment, nil before the first.
	Current *Job
	// Superseded: a newer job had replaced Job, though on the same block.
	Superseded bool
	// Unsure: lines were lost before, so Job and session may be wrong.
	Unsure bool
}

// Result is the pool's answer to a Submit.
type Result struct {
	Submit  *Submit
	At      time.Duration
	Verdict Verdict
	Reason  Reason // of a rejection
	Code    int
	Text    string
}

// JobIssued is a job on its way to the miner.
type JobIssued struct{ Job *Job }

// Ready says that the pool accepted a login (or authorisation).
type Ready struct{ At time.Duration }

// Refused says that the pool turned a login down.
type Refused struct {
	At   time.Duration
	Text string
}

func (*Refused) wireEvent()   {}
func (*Submit) wireEvent()    {}
func (*Result) wireEvent()    {}
func (*JobIssued) wireEvent() {}
func (*Ready) wireEvent()     {}

// Verdict is what the pool did with a share.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted"
	Rejected Verdict = "rejected"
	None     Verdict = "none"    // no answer while the trace could have shown one
	Closed   Verdict = "closed"  // the pool hung up instead of answering
	Cut      Verdict = "cut"     // the trace, or the miner, ended before the answer
	Unclear  Verdict = "unclear" // an answer that is neither yes nor no
)
