package miner

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratumclient"
)

// spaceHistory is how many nonce spaces are remembered, so that a blob that
// comes back is not searched from its beginning again.
const spaceHistory = 4

// unit is a job made ready for the workers.
type unit struct {
	serial uint64
	job    *stratumclient.Job
	space  *space
	work   hash.Work
	// failed is set by the first worker that cannot work on it, which then
	// reports it for all.
	failed atomic.Bool
}

// accept turns a new job into work. A job that no worker could use leaves them
// idle: what they did before is outdated.
func (e *Engine) accept(job *stratumclient.Job) {
	e.serial++
	if job.Clean {
		// Most pools take shares for the block before for a moment longer.
		e.validFrom.Store(e.cleaned)
		e.cleaned = e.serial
	}
	sp, err := e.spaceOf(job)
	if err != nil {
		e.job = nil
		e.board.post(nil)
		e.noteLocked(EventWarning, "cannot use a job from %s: %v", job.Pool, err)
		return
	}
	u := &unit{serial: e.serial, job: job, space: sp, work: hash.Work{
		Algorithm: job.Algorithm, Blob: sp.blob, Height: job.Height,
		NonceOffset: job.NonceOffset, NonceSize: sp.counterBytes(), Target: job.Target,
	}}
	e.jobs++
	e.job = &jobState{unit: u, received: time.Now()}
	e.board.post(u)
	e.noteJob(job)
}

func (e *Engine) noteJob(job *stratumclient.Job) {
	if job.Height == 0 {
		e.noteLocked(EventJob, "new job from %s diff %d algo %s", job.Pool, job.Difficulty, job.Algorithm.Name)
		return
	}
	e.noteLocked(EventJob, "new job from %s diff %d algo %s height %d",
		job.Pool, job.Difficulty, job.Algorithm.Name, job.Height)
}

// spaceOf finds the job's nonce space among the latest ones or opens it.
func (e *Engine) spaceOf(job *stratumclient.Job) (*space, error) {
	if job.Algorithm == nil {
		return nil, errors.New("it names no algorithm")
	}
	f := nonceField{
		algorithm: job.Algorithm, blob: job.Blob, height: job.Height,
		offset: job.NonceOffset, size: job.NonceSize,
	}
	for _, s := range e.spaces {
		if s.same(f) {
			return s, nil
		}
	}
	s, err := newSpace(f, e.deps.Rand)
	if err != nil {
		return nil, err
	}
	if len(e.spaces) == spaceHistory {
		e.spaces = e.spaces[1:]
	}
	e.spaces = append(e.spaces, s)
	return s, nil
}
