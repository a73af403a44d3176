package judge

import (
	"time"

	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash"
)

// share is one submit of the trace and all that becomes known of it.
type share struct {
	conn   *connection
	submit *wire.Submit
	result *wire.Result // nil while, or if never, answered
	ended  wire.Verdict // why there is no answer

	digest  hash.Digest
	hashed  bool
	unknown string // why the truth cannot be told, "" if it can
	flaws   flaw
	staleBy time.Duration // how long the block had been superseded (stale-prev)
	// inFlight: the share was good when it was sent, and was overtaken by a
	// new job on its way.
	inFlight bool
	finding  Finding
}

// verdict is what the pool did.
func (s *share) verdict() wire.Verdict {
	if s.result == nil {
		return s.ended
	}
	return s.result.Verdict
}

// truth is the share's class.
func (s *share) truth() Truth {
	if s.unknown != "" {
		return Unknown
	}
	return s.flaws.primary()
}

// unhashable says why a share cannot be hashed, "" when it can.
func (s *share) unhashable() string {
	job := s.submit.Job
	switch {
	case s.submit.Malformed != nil || job == nil:
		return "" // decided without a hash
	case s.submit.Unsure:
		return "lines before it are missing from the trace"
	case job.Algo == nil && job.AlgoName == "":
		return "neither its job nor the trace names an algorithm: give --algo"
	case job.Algo == nil:
		return "algorithm " + printable(job.AlgoName) + " is not known here"
	case job.Algo.NeedsHeight && job.Height == 0:
		return "its job names no height, which " + job.Algo.Name + " needs"
	}
	return ""
}

// workKey identifies the work a share proves: equal keys mean equal hashes.
func (s *share) workKey() string {
	job := s.submit.Job
	return job.Algo.Name + "\x00" + string(job.Message(s.submit.Nonce))
}

// printable keeps a name from the wire short and free of control characters.
func printable(s string) string {
	const most = 40
	out := make([]rune, 0, most)
	for _, r := range s {
		if len(out) == most {
			break
		}
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			r = '?'
		}
		out = append(out, r)
	}
	return string(out)
}
