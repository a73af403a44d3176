package pool

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
)

// maxJobs is how many jobs of a session are remembered. Shares for older ones
// are stale.
const maxJobs = 16

// job is a piece of work as it was given to a session: all that is needed to
// judge its shares, whatever has changed since.
type job struct {
	seq        uint32
	difficulty uint64
	round      *round
	extra      coin.Extra
}

// target is the bound that the job's shares must meet.
func (j *job) target() hash.Target { return chain.TargetFromDifficulty(j.difficulty) }

// jobBook is the jobs of one login. Job ids begin with a tag drawn for it, so
// that a job of somebody else is never taken for one of this session.
type jobBook struct {
	tag  uint32
	seq  uint32
	jobs []job // newest last
}

func (b *jobBook) id(j *job) string {
	text := hex.AppendEncode(make([]byte, 0, 16), binary.BigEndian.AppendUint32(nil, b.tag))
	return string(strconv.AppendUint(text, uint64(j.seq), 16))
}

// add appends a job and numbers it. Jobs of rounds that nobody can submit for
// any more make room first.
func (b *jobBook) add(j job) *job {
	b.seq++
	j.seq = b.seq
	keep := b.jobs[:0]
	for i, old := range b.jobs {
		recent := old.round.tip+1 >= j.round.tip || old.round.Parent == j.round.Parent
		if recent && len(b.jobs)-i < maxJobs {
			keep = append(keep, old)
		}
	}
	clear(b.jobs[len(keep):])
	b.jobs = append(keep, j)
	return &b.jobs[len(b.jobs)-1]
}

// last is the newest job, nil before the first.
func (b *jobBook) last() *job {
	if len(b.jobs) == 0 {
		return nil
	}
	return &b.jobs[len(b.jobs)-1]
}

// find looks a job up by its id: the job, Stale for one given out but
// forgotten, or UnknownJob.
func (b *jobBook) find(id string) (job, Reason) {
	if len(id) < 9 || len(id) > 16 {
		return job{}, UnknownJob
	}
	seq, err := strconv.ParseUint(id[8:], 16, 32)
	if err != nil || seq == 0 || seq > uint64(b.seq) || id != b.id(&job{seq: uint32(seq)}) {
		return job{}, UnknownJob
	}
	for i := range b.jobs {
		if uint64(b.jobs[i].seq) == seq {
			return b.jobs[i], accepted
		}
	}
	return job{}, Stale
}
