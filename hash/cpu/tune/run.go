package tune

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/topology"
)

const (
	// blobSize is the length of a usual CryptoNight hashing blob.
	blobSize = 76
	// height is that of the Monero block that began cn/r; programs of other
	// heights take about as long.
	height = 1788000
)

// Work is a search for an algorithm that finds nothing, for measuring.
func Work(a *hash.Algorithm) *hash.Work {
	length := a.NonceOffset + a.NonceSize // Eaglesong: nothing comes after the nonce
	if a.Family == hash.CryptoNight {
		length = blobSize
	}
	return &hash.Work{
		Algorithm:   a,
		Blob:        make([]byte, length),
		Height:      height,
		NonceOffset: a.NonceOffset,
		NonceSize:   min(a.NonceSize, 8),
	}
}

// run searches with a setting for a slice and returns the rate of all threads
// together: each is timed by itself, to the end of its last batch.
func run(ctx context.Context, a *hash.Algorithm, s Setting, slice time.Duration) (float64, error) {
	rates, failures := make([]float64, s.Threads), make([]error, s.Threads)
	var pins []int
	if machine := topology.Detect(); machine.Whole && s.Threads <= len(machine.Processors) {
		pins = machine.Processors
	}
	var ready, all sync.WaitGroup
	ready.Add(s.Threads)
	for i := range s.Threads {
		all.Go(func() {
			runtime.LockOSThread() // and never unlock: the thread ends with its pinning
			if pins != nil {
				_ = topology.Pin(pins[i]) // only a measurement: it does without
			}
			var begin sync.Once
			arrived := func() { begin.Do(ready.Done) }
			defer arrived() // also after a failure: the others wait
			rates[i], failures[i] = runThread(ctx, a, i, s, slice, func() { arrived(); ready.Wait() })
		})
	}
	all.Wait()
	total := 0.0
	for _, rate := range rates {
		total += rate
	}
	return total, errors.Join(failures...)
}

// runThread is one thread's part. Its first hash is not counted: it may compile
// a program.
func runThread(ctx context.Context, a *hash.Algorithm, i int, s Setting, slice time.Duration, start func()) (rate float64, err error) {
	searcher, err := cpu.NewSearcher(cpu.SearcherOptions{Index: i, Lanes: func(*hash.Algorithm) int { return s.Lanes }})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, searcher.Close()) }()
	work := Work(a)
	if err := searcher.SetWork(work); err != nil {
		return 0, err
	}
	last := uint64(math.MaxUint64) >> (64 - 8*work.NonceSize)
	next := last / uint64(s.Threads) * uint64(i)
	step := func(count uint64) (uint64, error) {
		_, done, err := searcher.Search(next, count, nil)
		next = (next + done) & last
		return done, err
	}
	if _, err := step(1); err != nil {
		return 0, err
	}
	start()
	hashes, begun := uint64(0), time.Now()
	for hashes == 0 || time.Since(begun) < slice && ctx.Err() == nil {
		done, err := step(math.MaxUint64)
		if err != nil {
			return 0, err
		}
		hashes += done
	}
	return float64(hashes) / time.Since(begun).Seconds(), nil
}
