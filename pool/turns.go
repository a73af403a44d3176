package pool

import (
	"context"
	"slices"
	"sync"
)

// handInsAtOnce is how many blocks of a coin are handed to its node at a time.
// A node checks one after the other anyway; while it is slow, more would only
// make it slower, and hold up the template that ends the flood.
const handInsAtOnce = 2

// turns lets callers in a few at a time: those for the newest tip first, and
// among equals in the order in which they came. A block for an old tip can
// wait, since another was most likely first.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting []*turn
}

// turn is a caller that waits.
type turn struct {
	tip   uint64
	given chan struct{}
}

func newTurns(n int) *turns { return &turns{free: n} }

// take waits for a turn. It reports false when ctx ended before there was one;
// otherwise the caller has to give it back.
func (t *turns) take(ctx context.Context, tip uint64) bool {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return true
	}
	w := &turn{tip: tip, given: make(chan struct{})}
	t.waiting = append(t.waiting, w)
	t.mu.Unlock()
	select {
	case <-w.given:
		return true
	case <-ctx.Done():
		return t.withdraw(w)
	}
}

// withdraw ends the wait of a caller that gave up; it may have got its turn
// just now.
func (t *turns) withdraw(w *turn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.waiting, w)
	if i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	return i < 0
}

// give hands a turn back, or on to the next.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.free++
		return
	}
	best := 0
	for i, w := range t.waiting {
		if w.tip > t.waiting[best].tip {
			best = i
		}
	}
	close(t.waiting[best].given)
	t.waiting = slices.Delete(t.waiting, best, best+1)
}
