package miner

import (
	"context"
	"sync"
	"sync/atomic"
)

// posting is what the board shows at a moment. It never changes: a worker
// compares pointers between two calls of Search to learn that it is outdated.
type posting struct {
	unit    *unit // nil without work
	paused  bool
	ended   bool
	changed chan struct{} // closed when the next posting replaces this one
}

// idle reports whether there is nothing to do under this posting.
func (p *posting) idle() bool { return p.unit == nil || p.paused }

// board is where the engine posts work and all workers look.
type board struct {
	mu      sync.Mutex // held by writers
	current atomic.Pointer[posting]
}

func newBoard() *board {
	b := &board{}
	b.current.Store(&posting{changed: make(chan struct{})})
	return b
}

// load returns the current posting.
func (b *board) load() *posting { return b.current.Load() }

// change replaces the posting with an edited copy and wakes who waits on the
// old one. Nothing follows an ended posting.
func (b *board) change(edit func(*posting)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.current.Load()
	if old.ended {
		return
	}
	next := *old
	edit(&next)
	next.changed = make(chan struct{})
	b.current.Store(&next)
	close(old.changed)
}

// post gives the workers something else to do; nil gives them a rest.
func (b *board) post(u *unit) { b.change(func(p *posting) { p.unit = u }) }

// pause stops the workers, or lets them go on where they stopped. It reports
// whether that changed anything.
func (b *board) pause(on bool) (changed bool) {
	b.change(func(p *posting) { changed, p.paused = p.paused != on, on })
	return changed
}

// end sends the workers home.
func (b *board) end() { b.change(func(p *posting) { p.ended = true }) }

// next blocks until there is work under a posting other than done, which may
// be nil. It returns nil when the board has ended or ctx has.
func (b *board) next(ctx context.Context, done *posting) *posting {
	for {
		p := b.load()
		if p.ended {
			return nil
		}
		if p != done && !p.idle() {
			return p
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return nil
		}
	}
}
