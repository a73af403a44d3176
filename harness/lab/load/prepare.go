package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash"
)

// noJob is a job id that no pool issues.
const noJob = "adit-no-such-job"

// bank finds a connection's shares before the run and writes their lines.
type bank struct {
	cfg  *Config
	ctx  context.Context
	rng  *rand.Rand
	conn *conn
	job  *wire.Job
	old  *wire.Job // of the previous block
	next map[*wire.Job]uint64
	// stock are shares that were found and not used yet; left is how many
	// arrivals are still to be written.
	stock map[*wire.Job][]*rig.Share
	left  int
	sent  []*rig.Share // valid ones so far, for duplicates
}

// prepare finds and writes the lines of all arrivals.
func prepare(ctx context.Context, c *Config, conns []*conn, arrivals []arrival) error {
	ctx, cancel := context.WithTimeout(ctx, c.Prepare)
	defer cancel()
	perConn := make([][]*arrival, len(conns))
	for i := range arrivals {
		perConn[arrivals[i].conn] = append(perConn[arrivals[i].conn], &arrivals[i])
	}
	done := 0
	for i, list := range perConn {
		b := &bank{cfg: c, ctx: ctx, rng: rand.New(rand.NewPCG(c.Seed, uint64(i)+2)), conn: conns[i],
			job: conns[i].session.Job(), old: conns[i].old, next: map[*wire.Job]uint64{}, stock: map[*wire.Job][]*rig.Share{}}
		conns[i].prepared = b.job
		for j, a := range list {
			b.left = len(list) - j
			if err := b.write(a); err != nil {
				return b.explain(err, done, len(arrivals))
			}
			done++
		}
	}
	return nil
}

// explain says why the shares could not be had in time.
func (b *bank) explain(err error, done, all int) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("only %d of %d shares were found within %v at difficulty %d: "+
			"let the pool start lower, or send less", done, all, b.cfg.Prepare, b.job.Difficulty)
	}
	return fmt.Errorf("preparing shares: %w", err)
}

// write makes the line of one arrival.
func (b *bank) write(a *arrival) error {
	share, err := b.make(a)
	if err != nil {
		return err
	}
	c := b.conn
	a.begin = len(c.text)
	c.text = rig.AppendSubmit(c.text, &b.cfg.Target, c.id, firstID+int64(len(c.slots)), share)
	if a.class == Malformed {
		c.text = shorten(c.text, a.begin, share)
	}
	a.end = len(c.text)
	c.slots = append(c.slots, slot{planned: a.at, class: a.class})
	return nil
}

// make finds the share of an arrival. An arrival may become valid where there
// is nothing yet to repeat.
func (b *bank) make(a *arrival) (*rig.Share, error) {
	switch a.class {
	case Duplicate:
		if len(b.sent) > 0 {
			return b.sent[b.rng.IntN(len(b.sent))], nil
		}
		a.class = Valid
	case Low:
		counter := b.next[b.job]
		share, err := b.cfg.Finder.Low(b.job, &counter)
		b.next[b.job] = counter
		return share, err
	case Stale:
		return b.find(b.old)
	case BadHash:
		share, err := b.find(b.job)
		if err == nil {
			share.Digest[hash.Size/2] ^= 1 // as good as before, but no longer true
		}
		return share, err
	case BadJob, Malformed: // no pool should get so far as to hash these
		job := *b.job
		if a.class == BadJob {
			job.ID = noJob
		}
		nonce := make([]byte, b.job.NonceSize+len(b.job.Fixed))
		for i := range nonce {
			nonce[i] = byte(b.rng.Uint32())
		}
		return &rig.Share{Job: &job, Nonce: nonce}, nil
	}
	share, err := b.find(b.job)
	if err == nil {
		b.sent = append(b.sent, share)
	}
	return share, err
}

// find takes the next share of a job, and searches where there is none left.
// What a search finds beyond it is kept.
func (b *bank) find(job *wire.Job) (*rig.Share, error) {
	for len(b.stock[job]) == 0 {
		if err := b.ctx.Err(); err != nil {
			return nil, err
		}
		counter := b.next[job]
		found, err := b.cfg.Finder.Search(job, &counter, uint64(b.left+1)*max(job.Difficulty, 1), nil)
		b.next[job] = counter
		if err != nil {
			return nil, err
		}
		b.stock[job] = found
	}
	share := b.stock[job][0]
	b.stock[job] = b.stock[job][1:]
	b.conn.shares.add(share)
	return share, nil
}

// shorten takes two digits out of the nonce in the last line of text.
func shorten(text []byte, begin int, share *rig.Share) []byte {
	nonce := fmt.Appendf(nil, `"%x"`, share.Nonce)
	line := text[begin:]
	for i := 0; i+len(nonce) <= len(line); i++ {
		if string(line[i:i+len(nonce)]) == string(nonce) {
			cut := begin + i + 1
			return append(text[:cut], text[cut+2:]...)
		}
	}
	return text
}

// tip makes the pool move on to a new block and waits until every connection
// has, so that the jobs before are stale.
func tip(ctx context.Context, c *Config, conns []*conn) error {
	for _, conn := range conns {
		conn.old = conn.session.Job()
	}
	if err := c.NewTip(); err != nil {
		return fmt.Errorf("letting the node find a block: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.Target.Timeout)
	defer cancel()
	for _, conn := range conns {
		for conn.session.Job().SameParent(conn.old) {
			select {
			case <-ctx.Done():
				return errors.New("not every connection got work on the node's new block: is the pool configured to use the harness's node?")
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}
