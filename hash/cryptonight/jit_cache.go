//go:build amd64 && !purego

package cryptonight

import (
	"sync"

	"github.com/aditmine/adit/hash/internal/cpufeature"
	"github.com/aditmine/adit/hash/internal/execmem"
)

// codeCache has the compiled main loops of a process, which all its hashers
// share. There is none while no hasher has it open.
type codeCache struct {
	// limit is how many loops that nobody runs are kept, the last ones used.
	limit int
	// executable is execmem.New, or fails in its place.
	executable func([]byte) (*execmem.Code, error)

	mu      sync.Mutex
	openers int
	loops   map[codeKey]*compiledLoop
	clock   uint64 // counts uses
}

// sharedCode is the cache of this process. A loop is 3 to 15 KiB.
var sharedCode = codeCache{limit: 32, executable: execmem.New}

// codeKey says what a loop was compiled for.
type codeKey struct {
	height   uint64
	lanes    int
	features cpufeature.Features // as of jitFeatures
}

// compiledLoop is a loop in the cache.
type compiledLoop struct {
	key codeKey
	// compile sets code, entry and err, the first time that it is called.
	compile func()
	code    *execmem.Code
	entry   uintptr
	err     error

	// What follows is guarded by the cache's mutex: how many users the code
	// has, when it was used last, and whether it has been used to hash.
	users int
	last  uint64
	ran   bool
}

// open must be called before the cache is used, and close afterwards.
func (c *codeCache) open() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.openers++
	if c.loops == nil {
		c.loops = make(map[codeKey]*compiledLoop)
	}
}

// close frees all code when nobody has the cache open any more.
func (c *codeCache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.openers--
	if c.openers > 0 {
		return nil
	}
	return c.shrink(0)
}

// acquire returns the loop for a key, which stays in memory until it is
// released. The first time that it is acquired to be run, and not merely to be
// compiled, is reported. On an error there is nothing to release.
func (c *codeCache) acquire(key codeKey, run bool) (loop *compiledLoop, first bool, err error) {
	loop, first = c.use(key, run)
	loop.compile()
	if loop.err != nil {
		c.release(loop)
		return nil, false, loop.err
	}
	return loop, first, nil
}

func (c *codeCache) use(key codeKey, run bool) (loop *compiledLoop, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	loop = c.loops[key]
	if loop == nil {
		loop = c.newLoop(key)
		c.loops[key] = loop
	}
	loop.users++
	c.clock++
	loop.last = c.clock
	first = run && !loop.ran
	loop.ran = loop.ran || run
	return loop, first
}

func (c *codeCache) newLoop(key codeKey) *compiledLoop {
	loop := &compiledLoop{key: key}
	loop.compile = sync.OnceFunc(func() {
		program := Generate(key.height)
		machine := compileLoop(&program, key.lanes, key.features)
		loop.code, loop.err = c.executable(machine.bytes)
		if loop.err == nil {
			loop.entry = loop.code.Entry(machine.entry)
		}
	})
	return loop
}

// release ends a use. Code that could not be made is tried again next time.
func (c *codeCache) release(loop *compiledLoop) {
	c.mu.Lock()
	defer c.mu.Unlock()
	loop.users--
	if loop.err != nil && c.loops[loop.key] == loop {
		delete(c.loops, loop.key)
	}
	// An error here would mean that memory was not a mapping.
	_ = c.shrink(c.limit)
}

// shrink frees loops that are not in use until there are at most n, those whose
// last use is the longest ago first.
func (c *codeCache) shrink(n int) error {
	for {
		var oldest *compiledLoop
		idle := 0
		for _, loop := range c.loops {
			if loop.users > 0 {
				continue
			}
			idle++
			if oldest == nil || loop.last < oldest.last {
				oldest = loop
			}
		}
		if idle <= n {
			return nil
		}
		delete(c.loops, oldest.key)
		if err := oldest.code.Close(); err != nil {
			return err
		}
	}
}
