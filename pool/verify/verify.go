// Package verify hashes shares on a bounded set of threads, off the goroutines
// that talk to miners.
//
// What waits is bounded and what does not fit is refused at once, so an
// overloaded pool answers rather than queues without end. Shares that may be
// blocks go ahead of all others; the sessions that the others belong to are
// served in turn, and none of them can take all the room. A thread takes as
// many waiting shares as its hasher has lanes, so batches form under load and
// nothing waits for a batch.
//
// The package imports hash and pool/histogram; package pool uses it.
package verify

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/histogram"
)

// Errors of Submit.
var (
	// ErrOverloaded: more shares wait than may.
	ErrOverloaded = errors.New("too many shares wait to be verified")
	// ErrClosed: the verifier has been closed.
	ErrClosed = errors.New("the verifier is closed")
)

// Config says how to verify.
type Config struct {
	Algorithm *hash.Algorithm
	// Threads hash at the same time, at least 1.
	Threads int
	// Queue is how many shares may wait, at least 1; urgent ones have as much
	// room again.
	Queue int
	// NewHasher makes each thread's hasher.
	NewHasher func(*hash.Algorithm) (hash.Hasher, error)
}

// Request is one hash to compute.
type Request struct {
	Input hash.Input
	// Owner is the session that the request belongs to; 0 is nobody's.
	Owner uint64
	// Done is called once, on a hashing thread, with the digest or an error;
	// it must not block.
	Done func(hash.Digest, error)
}

// waiting is a request in a queue.
type waiting struct {
	Request
	since time.Time
}

// Verifier hashes for any number of goroutines.
type Verifier struct {
	wg sync.WaitGroup

	mu     sync.Mutex
	more   *sync.Cond // there is a request, or closed is set
	queue  *queue
	closed bool

	hashed, shed atomic.Uint64
	took         histogram.Histogram
}

// Stats counts what a verifier did.
type Stats struct {
	Hashed, Shed uint64
	Waiting      int
	Took         histogram.Counts // from Submit to the digest
}

// New starts the threads. Its error says why there is no hasher.
func New(cfg Config) (*Verifier, error) {
	v := &Verifier{queue: newQueue(max(cfg.Queue, 1))}
	v.more = sync.NewCond(&v.mu)
	hashers := make([]hash.Hasher, 0, cfg.Threads)
	for range max(cfg.Threads, 1) {
		h, err := cfg.NewHasher(cfg.Algorithm)
		if err != nil {
			closeAll(hashers)
			return nil, fmt.Errorf("setting up verification of %s: %w", cfg.Algorithm.Name, err)
		}
		hashers = append(hashers, h)
	}
	for _, h := range hashers {
		v.wg.Go(func() { v.work(h) })
	}
	return v, nil
}

func closeAll(hashers []hash.Hasher) {
	for _, h := range hashers {
		h.Close()
	}
}

// Submit queues a request, ahead of others when urgent. It never blocks.
func (v *Verifier) Submit(r Request, urgent bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	if !v.queue.push(waiting{r, time.Now()}, urgent) {
		v.shed.Add(1)
		return ErrOverloaded
	}
	v.more.Signal()
	return nil
}

// Close hashes what waits, answers it, and ends the threads.
func (v *Verifier) Close() {
	v.mu.Lock()
	v.closed = true
	v.more.Broadcast()
	v.mu.Unlock()
	v.wg.Wait()
}

// Stats returns the counts so far.
func (v *Verifier) Stats() Stats {
	v.mu.Lock()
	defer v.mu.Unlock()
	return Stats{Hashed: v.hashed.Load(), Shed: v.shed.Load(), Waiting: v.queue.len(), Took: v.took.Counts()}
}

// work is one thread.
func (v *Verifier) work(h hash.Hasher) {
	defer h.Close()
	batch := make([]waiting, 0, h.Lanes())
	in := make([]hash.Input, h.Lanes())
	out := make([]hash.Digest, h.Lanes())
	for {
		batch = v.gather(batch[:0], h.Lanes())
		if len(batch) == 0 {
			return
		}
		v.hash(h, batch, out, in)
		clear(batch)
	}
}

// gather waits for a request and adds to batch what waits then, up to lanes;
// nothing when the verifier is closed and everything is hashed.
func (v *Verifier) gather(batch []waiting, lanes int) []waiting {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.queue.len() == 0 && !v.closed {
		v.more.Wait()
	}
	for len(batch) < lanes && v.queue.len() > 0 {
		batch = append(batch, v.queue.pop())
	}
	return batch
}

// hash computes a batch. Should the hasher refuse it, each request is hashed
// alone, so that one bad input costs only itself.
func (v *Verifier) hash(h hash.Hasher, batch []waiting, out []hash.Digest, in []hash.Input) {
	n := len(batch)
	for i := range batch {
		in[i] = batch[i].Input
	}
	err := h.Hash(out[:n], in[:n])
	for i := range batch {
		failed := err
		if err != nil && n > 1 {
			failed = h.Hash(out[i:i+1], in[i:i+1])
		}
		v.hashed.Add(1)
		v.took.Observe(time.Since(batch[i].since))
		batch[i].Done(out[i], failed)
	}
	clear(in[:n])
}
