package engine

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

const (
	// eagleGroup is how many work-items make a group by default.
	eagleGroup = 64
	// batchTime is how long a batch should take: long beside what starting one
	// costs, short for whoever waits for a new job.
	batchTime = 20 * time.Millisecond
	// The sizes of batches lie between these.
	minBatch, maxBatch = 1 << 12, 1 << 26

	eagleWorkWords = 19
	headSize       = eaglesong.MessageSize - eaglesong.TailSize
)

// eagle searches Eaglesong.
type eagle struct {
	a      *hash.Algorithm
	module Module
	kernel Kernel
	slots  [2]eagleSlot
	turns  turns
	items  uint64
	fixed  bool // items stays as it is
	group  int

	middle       eaglesong.Midstate
	tail         [eaglesong.TailSize]byte
	target       hash.Target
	offset, size int
	rolled       int // bytes of the nonce that the device rolls
}

// eagleSlot is what one batch needs.
type eagleSlot struct {
	buffers
	work, hits   Buffer
	start, count uint64
	begun        time.Time
	listed       []uint32
}

func newEagle(rt Runtime, o *gpu.Options, a *hash.Algorithm) (batcher, error) {
	e := &eagle{a: a, items: minBatch, group: eagleGroup}
	if o.WorkSize > 0 {
		e.group = o.WorkSize
	}
	if o.Intensity > 0 {
		e.items, e.fixed = uint64(max(o.Intensity/e.group, 1)*e.group), true
	}
	var err error
	if e.module, err = rt.Build(program.Eaglesong()); err != nil {
		return nil, fmt.Errorf("building the Eaglesong kernel: %w", err)
	}
	if e.kernel, err = e.module.Kernel("eaglesong_search"); err != nil {
		e.close()
		return nil, fmt.Errorf("building the Eaglesong kernel: %w", err)
	}
	for i := range e.slots {
		if err := e.slots[i].open(rt); err != nil {
			e.close()
			return nil, fmt.Errorf("preparing to search: %w", err)
		}
	}
	return e, nil
}

func (s *eagleSlot) open(rt Runtime) error {
	if err := s.buffers.open(rt); err != nil {
		return err
	}
	s.listed = make([]uint32, hitList)
	return s.alloc(map[*Buffer]int{&s.work: 4 * eagleWorkWords, &s.hits: 4 * hitList})
}

func (e *eagle) close() {
	for i := range e.slots {
		e.slots[i].close()
	}
	e.module.Release()
}

func (e *eagle) suits(w *hash.Work) bool { return e.a == w.Algorithm && eaglesong.Suits(w) }
func (e *eagle) batch() uint64           { return e.items }

func (e *eagle) setWork(w *hash.Work) error {
	e.middle = eaglesong.NewMidstate((*[headSize]byte)(w.Blob))
	copy(e.tail[:], w.Blob[headSize:])
	e.target = w.Target
	e.offset, e.size = w.NonceOffset-headSize, w.NonceSize
	e.rolled = min(e.size, 4-e.offset%4)
	return nil
}

// most keeps a batch within the bytes that the device rolls.
func (e *eagle) most(start uint64) uint64 {
	return 1<<(8*e.rolled) - start&(1<<(8*e.rolled)-1)
}

// put writes a nonce into the tail.
func (e *eagle) put(nonce uint64) {
	for i := range e.size {
		e.tail[e.offset+i] = byte(nonce >> (8 * i))
	}
}

func (e *eagle) begin(start, count uint64) error {
	s := &e.slots[e.turns.next]
	e.put(start &^ (1<<(8*e.rolled) - 1))
	state := e.middle.Words(&e.tail)
	work := append(state[:], uint32(e.offset/4), uint32(e.offset%4*8), binary.BigEndian.Uint32(e.target[:]))
	if err := s.queue.Write(s.work, work); err != nil {
		return fmt.Errorf("giving the device its work: %w", err)
	}
	if err := s.queue.Write(s.hits, []uint32{0}); err != nil {
		return fmt.Errorf("clearing the list of hits: %w", err)
	}
	first := uint32(start & (1<<(8*e.rolled) - 1))
	items := roundUp(count, e.group)
	if err := s.queue.Launch(e.kernel, items, e.group, Mem(s.work), U32(first), Mem(s.hits)); err != nil {
		return fmt.Errorf("starting a batch of %d: %w", items, err)
	}
	if err := s.queue.Submit(); err != nil {
		return fmt.Errorf("submitting a batch: %w", err)
	}
	s.start, s.count, s.begun = start, count, time.Now()
	e.turns.begin()
	return nil
}

func (e *eagle) finish(hits []hash.Hit) ([]hash.Hit, error) {
	slot, alone, err := e.turns.finish()
	if err != nil {
		return hits, err
	}
	s := &e.slots[slot]
	if err := s.queue.Read(s.hits, s.listed); err != nil {
		return hits, fmt.Errorf("reading what a batch found: %w", err)
	}
	if took := time.Since(s.begun); alone && s.count == e.items {
		e.pace(took)
	}
	if s.listed[0] > maxHits {
		return e.again(s, hits), nil
	}
	items := s.listed[1 : 1+s.listed[0]]
	slices.Sort(items)
	for _, item := range items {
		if uint64(item) < s.count { // the last group may go beyond
			hits = e.check(s.start+uint64(item), hits)
		}
	}
	return hits, nil
}

// again tries a batch's nonces with the processor: there were more hits than
// the list holds, which only targets of tests bring about.
func (e *eagle) again(s *eagleSlot, hits []hash.Hit) []hash.Hit {
	for i := range s.count {
		hits = e.check(s.start+i, hits)
	}
	return hits
}

// check hashes a nonce on the processor, and appends it if it is a hit.
func (e *eagle) check(nonce uint64, hits []hash.Hit) []hash.Hit {
	e.put(nonce)
	digest := e.middle.Sum(&e.tail)
	if e.a.Meets(&digest, &e.target) {
		hits = append(hits, hash.Hit{Nonce: nonce, Digest: digest})
	}
	return hits
}

// pace brings batches to the wanted time.
func (e *eagle) pace(took time.Duration) {
	switch {
	case e.fixed:
	case took < batchTime/2 && e.items < maxBatch:
		e.items *= 2
	case took > 2*batchTime && e.items > minBatch:
		e.items /= 2
	}
}
