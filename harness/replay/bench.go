package replay

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
)

// bench is the set of finders that all players share: as many shares are
// searched for at once as there are threads.
type bench struct {
	cfg  *Config
	free chan *rig.Finder
	all  []*rig.Finder
	// conns numbers the live connections.
	conns atomic.Uint64
}

func newBench(cfg *Config) (*bench, error) {
	b := &bench{cfg: cfg, free: make(chan *rig.Finder, cfg.Threads)}
	for range cfg.Threads {
		s, err := cfg.Searcher()
		if err != nil {
			b.close()
			return nil, fmt.Errorf("preparing the search for shares: %w", err)
		}
		f := rig.NewFinder(s, cfg.Hasher)
		if cfg.Bank != nil {
			f.UseBank(cfg.Bank)
		}
		b.all = append(b.all, f)
		b.free <- f
	}
	return b, nil
}

func (b *bench) close() {
	for _, f := range b.all {
		_ = f.Close() // memory only
	}
}

// borrow waits for a finder; done hands it back and counts what it hashed.
func (b *bench) borrow(ctx context.Context, spent *effort) (f *rig.Finder, done func(), err error) {
	select {
	case f = <-b.free:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	before, spentBefore := f.Hashes, spent.hashes
	return f, func() { spent.hashes = spentBefore + f.Hashes - before; b.free <- f }, nil
}

// effort counts what the search for one share has cost.
type effort struct {
	hashes uint64
	until  time.Time
	banked bool // the share was in the bank
}

// tooFar is the reason of a skipped share.
type tooFar struct{ why string }

func (e *tooFar) Error() string { return e.why }

// search looks for shares of a job from a nonce upwards. It returns none
// without an error when stop says so. next is where to go on.
func (b *bench) search(ctx context.Context, job *wire.Job, next *uint64, spent *effort, stop func() bool) ([]*rig.Share, error) {
	f, done, err := b.borrow(ctx, spent)
	if err != nil {
		return nil, err
	}
	defer done()
	before := f.Hashes
	hashed := spent.hashes
	for !stop() {
		if err := b.allowed(ctx, job, hashed, spent.until); err != nil {
			return nil, err
		}
		found, err := f.Search(job, next, b.cfg.MaxHashes-hashed, nil)
		if len(found) > 0 || err != nil {
			return found, err
		}
		hashed = spent.hashes + f.Hashes - before
	}
	return nil, nil
}

// allowed checks the bounds on one share's effort.
func (b *bench) allowed(ctx context.Context, job *wire.Job, hashed uint64, until time.Time) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case hashed >= b.cfg.MaxHashes:
		return &tooFar{fmt.Sprintf("not found in %d hashes: difficulty %d takes about as many", hashed, job.Difficulty)}
	case time.Now().After(until):
		return &tooFar{fmt.Sprintf("not found in %v (%d hashes): difficulty %d takes about as many",
			b.cfg.ShareTimeout, hashed, job.Difficulty)}
	}
	return nil
}

// low looks for a nonce whose digest misses even the loosest target.
func (b *bench) low(ctx context.Context, job *wire.Job, next *uint64, spent *effort) (*rig.Share, error) {
	f, done, err := b.borrow(ctx, spent)
	if err != nil {
		return nil, err
	}
	defer done()
	return f.Low(job, next)
}
