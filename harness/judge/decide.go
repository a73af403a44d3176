package judge

import (
	"bytes"
	"sort"
	"time"

	"github.com/aditmine/adit/harness/wire"
)

// ownFlaws are the faults of a share by itself.
func ownFlaws(s *share) flaw {
	var f flaw
	sub := s.submit
	if sub.Malformed != nil {
		return flawMalformed
	}
	if sub.Unauthorized {
		f |= flawUnauth
	}
	if sub.Job == nil {
		if sub.Unsure {
			s.unknown = "the trace may lack the job it names"
		}
		return f | flawBadJob
	}
	switch {
	case !sub.Job.SameParent(sub.Current):
		f |= flawStalePrev
	case sub.Superseded:
		f |= flawStaleOld
	}
	if s.hashed {
		f |= workFlaws(s)
	}
	return f
}

// workFlaws compares digest, claim and targets.
func workFlaws(s *share) flaw {
	var f flaw
	job, claimed := s.submit.Job, s.submit.Claimed
	if claimed != nil && *claimed != s.digest {
		f |= flawBadHash
		// A pool may look at the claim before it hashes.
		if n := job.Algo.Number(claimed); bytes.Compare(n[:], job.Loose[:]) > 0 {
			f |= flawLow
		}
	}
	number := job.Algo.Number(&s.digest)
	switch {
	case bytes.Compare(number[:], job.Target[:]) <= 0:
	case bytes.Compare(number[:], job.Loose[:]) <= 0:
		f |= flawBoundary
	default:
		f |= flawLow
	}
	return f
}

// markRepeats finds shares that prove the same work. Of those that could earn
// something one is the original: the first that was accepted, else the first.
func markRepeats(shares []*share) {
	groups := map[string][]*share{}
	for _, s := range shares {
		if s.hashed && s.unknown == "" {
			key := s.workKey()
			groups[key] = append(groups[key], s)
		}
	}
	for _, group := range groups {
		if len(group) > 1 {
			markGroup(group)
		}
	}
}

func markGroup(group []*share) {
	var original *share
	for _, s := range group {
		if s.flaws&mustReject != 0 {
			continue
		}
		if original == nil || original.verdict() != wire.Accepted && s.verdict() == wire.Accepted {
			original = s
		}
	}
	for i, s := range group {
		switch {
		case s == original && i > 0:
			s.flaws |= flawRepeat
		case s == original:
		case original != nil && s.flaws&mustReject == 0:
			s.flaws |= flawDuplicate
		case i > 0:
			s.flaws |= flawRepeat
		}
	}
}

// overtaken recognises a good share that was rejected as stale because a new
// job was on its way: at the recorder the share came first, at the pool the
// new block did.
func overtaken(s *share, changes []change, window time.Duration) {
	r := s.result
	if s.flaws&^flawRepeat != 0 || r == nil || r.Verdict != wire.Rejected ||
		r.Reason != wire.ReasonStale && r.Reason != wire.ReasonJob {
		return
	}
	until := r.At + window
	switch {
	case movedOn(s.submit.Job, changes, until):
		s.flaws |= flawStalePrev
	case refreshed(s.conn, s.submit.Job, until):
		s.flaws |= flawStaleOld
	default:
		return
	}
	s.inFlight = true
}

// movedOn reports whether some connection got work on another block after a
// job was issued, up to a time.
func movedOn(job *wire.Job, changes []change, until time.Duration) bool {
	from := sort.Search(len(changes), func(i int) bool { return changes[i].at > job.At })
	for _, c := range changes[from:] {
		if c.at > until {
			return false
		}
		if c.parent != job.Parent {
			return true
		}
	}
	return false
}

// refreshed reports whether a job was voided by a newer one on its block.
func refreshed(conn *connection, job *wire.Job, until time.Duration) bool {
	i := sort.Search(len(conn.refreshes), func(i int) bool { return conn.refreshes[i] > job.At })
	return i < len(conn.refreshes) && conn.refreshes[i] <= until
}
