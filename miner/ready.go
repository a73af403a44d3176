package miner

import (
	"fmt"
	"strings"

	"github.com/aditmine/adit/hash"
)

// readiness tells once, for each algorithm that is begun, what it is searched
// with.
type readiness struct {
	algorithm *hash.Algorithm
	arrived   map[int]bool // workers
	told      bool
}

// arrive notes that a worker has begun to work on an algorithm. When it is the
// last of them, the log says what they work with.
func (e *Engine) arrive(worker int, a *hash.Algorithm) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ready.algorithm != a {
		e.ready = readiness{algorithm: a, arrived: make(map[int]bool)}
	}
	if e.ready.arrived[worker] {
		return
	}
	e.ready.arrived[worker] = true
	e.tellReady()
}

// tellReady tells once what the workers work with, when all have begun that are
// left.
func (e *Engine) tellReady() {
	n := len(e.ready.arrived)
	if n > 0 && n == len(e.workers)-e.gone && !e.ready.told {
		e.ready.told = true
		e.noteLocked(EventInfo, "ready: %s", e.equipment())
	}
}

// equipment describes the workers in one line, such as "2 x cpu avx2 with 8
// lanes, 32 MiB of scratchpads, 100% huge pages (transparent)".
func (e *Engine) equipment() string {
	var memory hash.MemoryStatus
	var kinds []string
	count := map[string]int{}
	for i, w := range e.workers {
		if !e.ready.arrived[i] {
			continue
		}
		info := w.info.Load()
		memory = memory.Add(info.Memory)
		kind := fmt.Sprintf("%s %s with %d lanes", info.Backend, info.Impl, info.Lanes)
		if info.Backend == info.Impl {
			kind = info.Device
		}
		if count[kind]++; count[kind] == 1 {
			kinds = append(kinds, kind)
		}
	}
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%d x %s", count[kind], kind)
	}
	text := strings.Join(kinds, ", ")
	if memory.Bytes > 0 {
		text += fmt.Sprintf(", %d MiB of scratchpads, %s", memory.Bytes>>20, memory)
	}
	return text
}
