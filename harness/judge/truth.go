package judge

import (
	"time"

	"github.com/aditmine/adit/harness/wire"
)

// Truth is what a share really was.
type Truth string

// The truth classes. A share with several faults has the one that is listed
// first here, since a pool checks in this order.
const (
	Malformed Truth = "malformed"
	Unauth    Truth = "unauth"
	BadJob    Truth = "badjob"
	StalePrev Truth = "stale-prev" // for another block than the current one
	StaleOld  Truth = "stale-old"  // same block, but a newer job replaced it
	Duplicate Truth = "dup"
	BadHash   Truth = "badhash"
	Low       Truth = "low"
	// Boundary shares lie between the target a miner works to and the easiest
	// one the pool can have meant: both verdicts are right.
	Boundary Truth = "boundary"
	Valid    Truth = "valid"
	// Unknown: the trace does not hold what is needed to tell.
	Unknown Truth = "unknown"
)

// Truths lists the classes in report order.
func Truths() []Truth {
	return []Truth{Valid, Boundary, Low, Duplicate, BadHash, StalePrev, StaleOld, BadJob, Malformed, Unauth, Unknown}
}

// flaw is one fault of a share; a share may have several.
type flaw uint16

const (
	flawMalformed flaw = 1 << iota
	flawUnauth
	flawBadJob
	flawStalePrev
	flawStaleOld
	flawDuplicate
	flawBadHash
	flawLow
	flawBoundary
	// flawRepeat: the nonce was tried before, in a share that earned nothing.
	// A pool may remember the attempt or not.
	flawRepeat
)

// mustReject are the faults with which no share may be accepted.
const mustReject = flawMalformed | flawUnauth | flawBadJob | flawDuplicate | flawBadHash | flawLow

// faults pairs flaws with their class and the reasons that fit them, in the
// order of precedence.
var faults = []struct {
	flaw    flaw
	truth   Truth
	reasons []wire.Reason
}{
	{flawMalformed, Malformed, []wire.Reason{wire.ReasonMalformed}},
	{flawUnauth, Unauth, []wire.Reason{wire.ReasonAuth}},
	{flawBadJob, BadJob, []wire.Reason{wire.ReasonJob, wire.ReasonStale}},
	{flawStalePrev, StalePrev, []wire.Reason{wire.ReasonStale, wire.ReasonJob}},
	{flawStaleOld, StaleOld, []wire.Reason{wire.ReasonStale, wire.ReasonJob}},
	{flawDuplicate, Duplicate, []wire.Reason{wire.ReasonDuplicate}},
	{flawBadHash, BadHash, []wire.Reason{wire.ReasonHash}},
	{flawLow, Low, []wire.Reason{wire.ReasonLow}},
	{flawBoundary, Boundary, []wire.Reason{wire.ReasonLow}},
	{flawRepeat, Valid, []wire.Reason{wire.ReasonDuplicate}},
}

// primary is the class of a set of flaws.
func (f flaw) primary() Truth {
	for _, fault := range faults {
		if f&fault.flaw != 0 {
			return fault.truth
		}
	}
	return Valid
}

// fits reports whether a reason is right for one of the flaws. A reason that
// names none ("rejected") is not wrong.
func (f flaw) fits(r wire.Reason) bool {
	if r == wire.ReasonOther || r == wire.ReasonThrottled {
		return true
	}
	for _, fault := range faults {
		if f&fault.flaw == 0 {
			continue
		}
		for _, right := range fault.reasons {
			if r == right {
				return true
			}
		}
	}
	return false
}

// Finding says how a verdict compares with the truth.
type Finding string

// The findings.
const (
	Agrees        Finding = "agrees"
	FalseAccept   Finding = "false-accept"
	FalseReject   Finding = "false-reject"
	Misreason     Finding = "misreason"      // rightly rejected, for the wrong reason
	StaleAccepted Finding = "stale-accepted" // a matter of the pool's declared policy
	NotJudged     Finding = "not-judged"     // truth or verdict is not known
)

// compare judges a verdict on a share whose flaws are known.
func compare(s *share, opts *Options) Finding {
	switch s.verdict() {
	case wire.Accepted:
		return compareAccepted(s, opts.StaleGrace)
	case wire.Rejected:
		return compareRejected(s)
	case wire.None, wire.Closed:
		if s.flaws&^(flawBoundary|flawRepeat) == 0 {
			return FalseReject // good work that was never credited, as far as the miner can tell
		}
		return Agrees
	}
	return NotJudged
}

func compareAccepted(s *share, grace time.Duration) Finding {
	switch {
	case s.flaws&mustReject != 0:
		return FalseAccept
	case s.flaws&flawStalePrev == 0:
		return Agrees
	case grace > 0 && s.staleBy > grace:
		return FalseAccept
	}
	return StaleAccepted
}

func compareRejected(s *share) Finding {
	hard := s.flaws &^ (flawBoundary | flawRepeat | flawStaleOld)
	switch {
	case hard == 0 && !excused(s.flaws, s.result.Reason):
		return FalseReject
	case s.flaws.fits(s.result.Reason):
		return Agrees
	}
	return Misreason
}

// excused reports whether a share that could have been accepted may also be
// rejected for the reason given.
func excused(f flaw, r wire.Reason) bool {
	switch {
	case f&flawRepeat != 0 && r == wire.ReasonDuplicate:
		return true
	case f&(flawBoundary|flawStaleOld) == 0:
		return false
	}
	return (f &^ flawRepeat).fits(r)
}
