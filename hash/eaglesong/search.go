package eaglesong

import (
	"encoding/binary"
	"math/bits"

	"github.com/aditmine/adit/hash"
)

// MessageSize is the length in bytes of the message of a CKB proof of work: a
// block's hash without the nonce, then the nonce.
const MessageSize = rate + TailSize

// Search tries the nonces of a CKB proof of work with a Kernel. Compared with
// hashing it saves the first of two permutations, which is the same for all
// nonces, and what else is the same.
type Search struct {
	kernel    Kernel
	algorithm *hash.Algorithm
	middle    Midstate
	tail      [TailSize]byte
	target    hash.Target

	// The nonce: where in the tail it is, and how many of its low bytes lie in
	// the same word as the lowest. Those are what a call of the kernel rolls.
	offset, size, rolled int

	// high are the other bytes of the nonce, as they are in the context.
	high  uint64
	ready bool

	context *kernelContext
}

// Suits reports whether a Search can do w: whether it is about Eaglesong and
// varies nothing but the last 16 of 48 bytes.
func Suits(w *hash.Work) bool {
	return w.Algorithm.Family == hash.Eaglesong &&
		len(w.Blob) == MessageSize && w.NonceOffset >= rate
}

// NewSearch returns a Search without work.
func (k Kernel) NewSearch() *Search { return &Search{kernel: k, context: new(kernelContext)} }

// Kernel returns what it searches with.
func (s *Search) Kernel() Kernel { return s.kernel }

// Batch is how many nonces to try at once for the best speed.
func (s *Search) Batch() uint64 { return uint64(batchesPerCall * s.kernel.Lanes) }

// SetWork replaces the work, which must suit, and have a nonce of 1 to 8 bytes
// within the blob. It keeps no reference to w.Blob.
func (s *Search) SetWork(w *hash.Work) {
	s.algorithm = w.Algorithm
	s.target = w.Target
	s.middle = NewMidstate((*[rate]byte)(w.Blob))
	copy(s.tail[:], w.Blob[rate:])
	s.offset, s.size = w.NonceOffset-rate, w.NonceSize
	s.rolled = min(s.size, 4-s.offset%4)
	s.ready = false
	s.context.limit = binary.BigEndian.Uint32(w.Target[:])
	s.context.word = uint64(s.offset / 4)
	s.context.stride = uint32(s.kernel.Lanes) << s.shift()
}

// shift is where the lowest byte of the nonce is in its word's counter.
func (s *Search) shift() int { return s.offset % 4 * 8 }

// Try tries n nonces from start on, none of them too large for the work's
// field, and appends the hits. A call takes a fraction of a millisecond for
// every Batch nonces.
func (s *Search) Try(start, n uint64, hits []hash.Hit) []hash.Hit {
	for n > 0 {
		low := start & (1<<(8*s.rolled) - 1)
		count := min(n, 1<<(8*s.rolled)-low, s.Batch())
		s.prepare(start >> (8 * s.rolled))
		s.run(uint32(low), count)
		hits = s.collect(start, count, hits)
		start += count
		n -= count
	}
	return hits
}

// prepare makes the context ready for nonces with the given high bytes.
func (s *Search) prepare(high uint64) {
	if s.ready && s.high == high {
		return
	}
	s.put(high << (8 * s.rolled))
	s.high, s.ready = high, true
	s.context.rest = s.middle.before(&s.tail)
	s.context.first = s.context.rest
	s.context.first.linear(0)
}

// put writes a nonce into the tail.
func (s *Search) put(nonce uint64) {
	for i := range s.size {
		s.tail[s.offset+i] = byte(nonce >> (8 * i))
	}
}

// run calls the kernel for count nonces, the first of which ends in low.
func (s *Search) run(low uint32, count uint64) {
	c := s.context
	lanes := s.kernel.Lanes
	for i := range lanes {
		c.counters[i] = (low + uint32(i)) << s.shift()
	}
	c.batches = (count + uint64(lanes) - 1) / uint64(lanes)
	s.kernel.search(c)
}

// collect hashes the nonces that the kernel found, and appends those that meet
// all of the target. The lanes of the last batch may go beyond count.
func (s *Search) collect(start, count uint64, hits []hash.Hit) []hash.Hit {
	for batch, set := range s.context.hits[:s.context.batches] {
		for ; set != 0; set &= set - 1 {
			n := uint64(batch*s.kernel.Lanes + bits.TrailingZeros16(set))
			if n >= count {
				break
			}
			s.put(start + n)
			digest := s.middle.Sum(&s.tail)
			if s.algorithm.Meets(&digest, &s.target) {
				hits = append(hits, hash.Hit{Nonce: start + n, Digest: digest})
			}
		}
	}
	return hits
}
