package engine

import (
	"fmt"
	"sync"

	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
)

// loops are the programs of an algorithm's main loop: one, or for cn/r one for
// each height, of which the next is built ahead on a goroutine.
type loops struct {
	rt      Runtime
	a       *hash.Algorithm
	unroll  int
	current *loop
	ahead   *loop // under way, or built; nil when there is none
	wait    sync.WaitGroup
}

// loop is the program at a height. Its module and error may be looked at when
// built is closed.
type loop struct {
	height uint64
	built  chan struct{}
	module Module
	main   Kernel
	err    error
}

// kernel is that of the height that use was called with.
func (l *loops) kernel() Kernel { return l.current.main }

// use makes the program of a height the current one. No batch may be under
// way.
func (l *loops) use(height uint64) error {
	if !l.a.NeedsHeight {
		height = 0
	}
	if l.current == nil || l.current.height != height {
		if err := l.turnTo(height); err != nil {
			return fmt.Errorf("building the main loop of %s: %w", l.a.Name, err)
		}
	}
	if l.a.NeedsHeight && l.ahead == nil {
		l.ahead = l.begin(height + 1)
	}
	return nil
}

// turnTo replaces the current program, by the one built ahead if it fits.
func (l *loops) turnTo(height uint64) error {
	next := l.ahead
	l.ahead = nil
	if next != nil && next.height != height {
		other := next
		l.wait.Go(func() { l.drop(other) }) // nobody waits for what is not needed
		next = nil
	}
	if next == nil {
		next = l.begin(height)
	}
	<-next.built
	if next.err != nil {
		return next.err
	}
	l.drop(l.current)
	l.current = next
	return nil
}

// begin builds a program on a goroutine.
func (l *loops) begin(height uint64) *loop {
	p := &loop{height: height, built: make(chan struct{})}
	l.wait.Go(func() {
		defer close(p.built)
		p.module, p.main, p.err = l.build(height)
	})
	return p
}

func (l *loops) build(height uint64) (Module, Kernel, error) {
	text, err := program.Loop(l.a, height, l.unroll)
	if err != nil {
		return nil, nil, err
	}
	module, err := l.rt.Build(text)
	if err != nil {
		return nil, nil, err
	}
	main, err := module.Kernel("cn_loop")
	if err != nil {
		module.Release()
		return nil, nil, fmt.Errorf("cn_loop: %w", err)
	}
	return module, main, nil
}

// drop gives up a program, when it has been built.
func (l *loops) drop(p *loop) {
	if p == nil {
		return
	}
	<-p.built
	if p.module != nil {
		p.module.Release()
	}
}

func (l *loops) close() {
	l.drop(l.ahead)
	l.drop(l.current)
	l.wait.Wait()
	l.ahead, l.current = nil, nil
}
