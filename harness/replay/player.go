package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
)

// player replays one recorded session.
type player struct {
	cfg     *Config
	bench   *bench
	session *judge.Session
	started time.Time

	link  *link
	job   *wire.Job    // the job next counts on
	next  uint64       // the next nonce to try
	stock []*rig.Share // of the job, found and not handed in yet
	last  *rig.Share   // the last that was accepted
}

// maxRetries is how often a share is found anew because the next block
// overtook it on its way.
const maxRetries = 3

// play replays the session's shares in order.
func (p *player) play(ctx context.Context) ([]Outcome, error) {
	sleepUntil(ctx, p.cfg.due(p.started, p.session.Opened))
	defer p.drop()
	if p.session.Proto != trace.ProtoCryptoNote && p.session.Proto != trace.ProtoCKB {
		return nil, errors.New("no recorded line tells the dialect of the connection")
	}
	err := p.ensure(ctx)
	if err != nil {
		p.cfg.Log.Warn("a recorded connection cannot be replayed", "conn", p.session.Conn, "err", err)
	}
	outcomes := make([]Outcome, 0, len(p.session.Shares))
	for i := range p.session.Shares {
		label := &p.session.Shares[i]
		o := Outcome{Conn: p.session.Conn, At: int64(label.Submit.At), Truth: label.Truth, Recorded: label.Verdict}
		if label.Result != nil {
			o.RecordedReason = label.Result.Reason
		}
		if err != nil {
			o.Skipped = err.Error()
		} else {
			sleepUntil(ctx, p.cfg.due(p.started, label.Submit.At))
			p.share(ctx, label, &o)
		}
		outcomes = append(outcomes, o)
	}
	if err == nil {
		sleepUntil(ctx, p.cfg.due(p.started, p.session.Closed))
	}
	return outcomes, err
}

// drop closes the live connection.
func (p *player) drop() {
	if p.link != nil {
		p.link.Close()
		p.link = nil
	}
}

// ensure connects when there is no live connection, as after the target hung
// up on a bad share.
func (p *player) ensure(ctx context.Context) error {
	if p.link != nil && p.link.Alive() {
		return nil
	}
	p.drop()
	l, err := connect(ctx, p.cfg, p.bench.conns.Add(1), p.session)
	if err != nil {
		return err
	}
	p.link, p.last = l, nil
	p.onJob(nil)
	return nil
}

// share replays one share and fills in the outcome.
func (p *player) share(ctx context.Context, label *judge.Label, o *Outcome) {
	spent := &effort{until: time.Now().Add(p.cfg.ShareTimeout)}
	for try := 0; ; try++ {
		r, err := p.attempt(ctx, label, spent)
		o.Hashes, o.Banked = spent.hashes, spent.banked
		if err != nil {
			o.Skipped = err.Error()
			return
		}
		o.Live, o.LiveReason, o.LiveText = r.Verdict, r.Reason, r.Text
		if try == maxRetries || !p.overtaken(label.Truth, r) {
			return
		}
	}
}

// overtaken reports whether a share was called stale that was not meant to be
// and whose job is no longer the current one.
func (p *player) overtaken(truth judge.Truth, r *wire.Result) bool {
	stale := r.Verdict == wire.Rejected && (r.Reason == wire.ReasonStale || r.Reason == wire.ReasonJob)
	switch truth {
	case judge.StalePrev, judge.StaleOld, judge.BadJob:
		return false
	}
	return stale && r.Submit.Job != nil && r.Submit.Job != p.link.Job()
}

// attempt sends one share of the label's kind and waits for the answer.
func (p *player) attempt(ctx context.Context, label *judge.Label, spent *effort) (*wire.Result, error) {
	if err := p.ensure(ctx); err != nil {
		return nil, err
	}
	line, honest, err := p.line(ctx, label, spent)
	if err != nil {
		return nil, err
	}
	r, err := p.send(ctx, line)
	if err == nil && r.Verdict == wire.Accepted && honest != nil {
		p.last = honest
	}
	return r, err
}

// send hands a share in and waits for the answer.
func (p *player) send(ctx context.Context, line request) (*wire.Result, error) {
	sub, err := p.link.Send(line)
	if err != nil {
		return nil, err
	}
	if sub == nil {
		return nil, &tooFar{"the rewritten line is no submit any more"}
	}
	return p.link.answer(ctx, sub)
}

// line makes the request for a label. honest is the work in it when nothing is
// wrong with it.
func (p *player) line(ctx context.Context, label *judge.Label, spent *effort) (line request, honest *rig.Share, err error) {
	switch label.Truth {
	case judge.Valid, judge.Boundary:
		if honest, err = p.mine(ctx, spent); err != nil {
			return nil, nil, err
		}
		return p.submit(honest, binding{}), honest, nil
	case judge.Low:
		line, err = p.low(ctx, spent)
	case judge.BadHash:
		line, err = p.mined(ctx, spent, binding{badHash: true})
	case judge.BadJob:
		line, err = p.mined(ctx, spent, binding{badJob: true})
	case judge.Unauth:
		line, err = p.mined(ctx, spent, binding{stranger: true})
	case judge.Duplicate:
		line, err = p.duplicate(ctx, spent)
	case judge.StalePrev, judge.StaleOld:
		line, err = p.stale(ctx, label.Truth, spent)
	case judge.Malformed:
		line, err = rebind(label.Submit.Raw, p.link)
	default:
		err = &tooFar{"what it was is not known from the trace"}
	}
	return line, nil, err
}

// mined finds a share and gets something wrong in its request.
func (p *player) mined(ctx context.Context, spent *effort, b binding) (request, error) {
	f, err := p.mine(ctx, spent)
	if err != nil {
		return nil, err
	}
	return p.submit(f, b), nil
}

// low finds a nonce that misses the target.
func (p *player) low(ctx context.Context, spent *effort) (request, error) {
	p.onJob(p.link.Job())
	f, err := p.bench.low(ctx, p.job, &p.next, spent)
	if err != nil {
		return nil, err
	}
	return p.submit(f, binding{}), nil
}

// onJob makes a job the one that is worked on.
func (p *player) onJob(job *wire.Job) {
	if job != p.job {
		p.job, p.next, p.stock = job, 0, nil
	}
}

// mine finds a share of the current job, following the job as it changes.
func (p *player) mine(ctx context.Context, spent *effort) (*rig.Share, error) {
	for {
		p.onJob(p.link.Job())
		if len(p.stock) > 0 {
			f := p.stock[0]
			p.stock = p.stock[1:]
			spent.banked = f.Banked
			return f, nil
		}
		var err error
		p.stock, err = p.bench.search(ctx, p.job, &p.next, spent, func() bool {
			return p.link.Job() != p.job || !p.link.Alive()
		})
		if err != nil {
			return nil, err
		}
		if !p.link.Alive() {
			return nil, errors.New("the target closed the connection during the search")
		}
	}
}

// duplicate repeats the last accepted share while its block is current, and
// otherwise hands in one to repeat first.
func (p *player) duplicate(ctx context.Context, spent *effort) (request, error) {
	if p.last == nil || !p.last.Job.SameParent(p.link.Job()) {
		f, err := p.mine(ctx, spent)
		if err != nil {
			return nil, err
		}
		r, err := p.send(ctx, p.submit(f, binding{}))
		if err != nil {
			return nil, err
		}
		if r.Verdict != wire.Accepted {
			return nil, fmt.Errorf("the share to be repeated was not accepted: %s %q", r.Verdict, r.Text)
		}
		p.last = f
	}
	return p.submit(p.last, binding{}), nil
}

// stale finds a share and holds it until the pool has moved on.
func (p *player) stale(ctx context.Context, truth judge.Truth, spent *effort) (request, error) {
	f, err := p.mine(ctx, spent)
	if err != nil {
		return nil, err
	}
	var now *wire.Job
	err = p.link.Wait(ctx, max(time.Until(spent.until), 0), func(w *wire.Conn) bool {
		now = w.Current()
		if truth == judge.StaleOld {
			// On CKB only a clean job voids those before it.
			return now != f.Job && (p.session.Proto == trace.ProtoCryptoNote || now.Clean || !now.SameParent(f.Job))
		}
		return !now.SameParent(f.Job)
	})
	switch {
	case errors.Is(err, rig.ErrSilent):
		return nil, &tooFar{fmt.Sprintf("the target issued no job that made the share stale within %v", p.cfg.ShareTimeout)}
	case err != nil:
		return nil, err
	case truth == judge.StaleOld && !now.SameParent(f.Job):
		return nil, &tooFar{"a new block came before a new job on the same one"}
	}
	return p.submit(f, binding{}), nil
}
