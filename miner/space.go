package miner

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/aditmine/adit/hash"
)

// counterSize is how many bytes of a nonce the workers count in; what lies
// beyond is drawn at random once for each space.
const counterSize = 8

// sentLimit bounds how many sent nonces a space remembers.
const sentLimit = 4096

// space is the nonce space of one hashing blob: every worker draws its ranges
// here, so no nonce is handed out twice. A job that only changes the target
// goes on in the same space.
type space struct {
	algorithm *hash.Algorithm
	height    uint64
	offset    int
	size      int    // bytes of the whole nonce field
	blob      []byte // nonce field zero but for its random tail
	limit     uint64 // counters lie below this
	next      atomic.Uint64
	exhausted atomic.Bool // somebody found it empty and said so

	// sent is used by the verifier alone.
	sent map[uint64]struct{}
	fifo []uint64
}

// nonceField is where a job lets the miner vary its blob, and what it hashes
// the blob with.
type nonceField struct {
	algorithm *hash.Algorithm
	blob      []byte
	height    uint64
	offset    int
	size      int
}

// newSpace opens the nonce space of a job. Random bytes are read only where
// the nonce is longer than the counter.
func newSpace(f nonceField, random io.Reader) (*space, error) {
	if f.size < 1 || f.offset < 0 || f.size > len(f.blob)-f.offset {
		return nil, fmt.Errorf("job with a nonce of %d bytes at offset %d in a blob of %d bytes",
			f.size, f.offset, len(f.blob))
	}
	s := &space{
		algorithm: f.algorithm, height: f.height, offset: f.offset, size: f.size,
		blob: bytes.Clone(f.blob), limit: math.MaxUint64,
		sent: make(map[uint64]struct{}),
	}
	clear(s.blob[f.offset : f.offset+f.size])
	if f.size < counterSize {
		s.limit = 1 << (8 * f.size)
	}
	if f.size > counterSize {
		if _, err := io.ReadFull(random, s.blob[f.offset+counterSize:f.offset+f.size]); err != nil {
			return nil, fmt.Errorf("drawing the fixed part of the nonce: %w", err)
		}
	}
	return s, nil
}

// same reports whether a job's field is this very space, so that what was
// tried needs no second try.
func (s *space) same(f nonceField) bool {
	end := f.offset + f.size
	return s.algorithm == f.algorithm && s.height == f.height &&
		s.offset == f.offset && s.size == f.size && len(s.blob) == len(f.blob) &&
		end <= len(f.blob) && f.offset >= 0 &&
		bytes.Equal(s.blob[:f.offset], f.blob[:f.offset]) &&
		bytes.Equal(s.blob[end:], f.blob[end:])
}

// take reserves up to n nonces and returns the first and how many there are;
// zero means that the space is used up.
func (s *space) take(n uint64) (start, count uint64) {
	for {
		at := s.next.Load()
		count = min(n, s.limit-at)
		if count == 0 || s.next.CompareAndSwap(at, at+count) {
			return at, count
		}
	}
}

// counterBytes is how many bytes of the nonce field the workers vary.
func (s *space) counterBytes() int { return min(s.size, counterSize) }

// put returns the blob with a counter in place, appended to dst, and the
// bytes of its nonce field.
func (s *space) put(dst []byte, counter uint64) (blob, nonce []byte) {
	blob = append(dst, s.blob...)
	var le [counterSize]byte
	binary.LittleEndian.PutUint64(le[:], counter)
	nonce = blob[len(dst)+s.offset:][:s.size]
	copy(nonce[:s.counterBytes()], le[:])
	return blob, nonce
}

// markSent remembers a nonce and reports whether it is new. The oldest are
// forgotten once there are sentLimit of them.
func (s *space) markSent(counter uint64) bool {
	if _, known := s.sent[counter]; known {
		return false
	}
	if len(s.fifo) == sentLimit {
		delete(s.sent, s.fifo[0])
		s.fifo = s.fifo[1:]
	}
	s.fifo = append(s.fifo, counter)
	s.sent[counter] = struct{}{}
	return true
}
