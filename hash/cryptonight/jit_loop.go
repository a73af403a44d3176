//go:build amd64 && !purego

package cryptonight

import (
	"fmt"
	"sync"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/internal/cpufeature"
	"github.com/aditmine/adit/hash/internal/execmem"
)

// NewJIT is NewLanes for the algorithms whose program depends on the height. It
// compiles the main loop for each height, and for the next one ahead. Where
// JITMissing says why that cannot be, it still hashes, but no faster than
// NewLanes.
func NewJIT(a *hash.Algorithm, level cpufeature.Level, lanes int) (hash.Hasher, error) {
	if !a.NeedsHeight {
		return nil, fmt.Errorf("hashing %s with code made at run time: it has no program to compile", a.Name)
	}
	m, err := newMulti(a, level, lanes)
	if err != nil {
		return nil, err
	}
	m.impl = JITImpl(level)
	m.loop = newJITLoop(a, cpufeature.Detect()&level.May, &sharedCode)
	return m, nil
}

// JITImpl is the name of what NewJIT returns.
func JITImpl(level cpufeature.Level) string { return "jit-" + level.Name }

// jitLoop is loopRandom compiled at run time, for the program of each height.
type jitLoop struct {
	cache    *codeCache
	features cpufeature.Features
	turns    int
	ctx      *jitContext
	// same is room for the lanes with the same program.
	same []*Hasher
	// ahead compiles for the next height.
	ahead sync.WaitGroup
}

// newJITLoop returns a loop that uses the features, which must include AES. It
// has the cache open until it is closed.
func newJITLoop(a *hash.Algorithm, features cpufeature.Features, cache *codeCache) *jitLoop {
	cache.open()
	return &jitLoop{
		cache:    cache,
		features: jitFeatures(features),
		turns:    a.Iterations,
		ctx:      newAligned[jitContext](),
		same:     make([]*Hasher, 0, MaxLanes),
	}
}

func (l *jitLoop) close() error {
	l.ahead.Wait()
	return l.cache.close()
}

// run makes the main loops of lanes, those that have the same program at once.
func (l *jitLoop) run(lanes []*Hasher) {
	var done [MaxLanes]bool
	for i, h := range lanes {
		if done[i] {
			continue
		}
		l.same = l.same[:0]
		for j := i; j < len(lanes); j++ {
			if lanes[j].programHeight == h.programHeight {
				l.same = append(l.same, lanes[j])
				done[j] = true
			}
		}
		l.runSame(l.same)
	}
}

// runSame hashes with the interpreter where the code cannot be had, as may
// happen when the system runs out of memory.
func (l *jitLoop) runSame(lanes []*Hasher) {
	key := codeKey{lanes[0].programHeight, len(lanes), l.features}
	loop, first, err := l.cache.acquire(key, true)
	if err != nil {
		portableLoop{}.run(lanes)
		return
	}
	defer l.cache.release(loop)
	if first {
		next := codeKey{key.height + 1, key.lanes, key.features}
		l.ahead.Go(func() { l.compile(next) })
	}
	l.ctx.entry = loop.entry
	for i, h := range lanes {
		l.ctx.start(i, h)
	}
	for turns := l.turns; turns > 0; {
		now := min(turns, callTurns/len(lanes))
		l.ctx.turns = uint64(now)
		callKernel(runCode, l.ctx)
		turns -= now
	}
}

// compile puts a loop into the cache before it is needed. An error is for the
// one who needs it.
func (l *jitLoop) compile(key codeKey) {
	if loop, _, err := l.cache.acquire(key, false); err == nil {
		l.cache.release(loop)
	}
}

// runCode calls the compiled code at ctx.entry.
//
//go:noescape
func runCode(ctx *jitContext)

// JITMissing says why code made at run time cannot be run here, "" if it can:
// systems may be set up to forbid it.
func JITMissing() string { return jitMissing() }

var jitMissing = sync.OnceValue(func() string {
	const ret = 0xC3
	code, err := execmem.New([]byte{ret})
	if err == nil {
		err = code.Close()
	}
	if err != nil {
		return err.Error()
	}
	return ""
})
