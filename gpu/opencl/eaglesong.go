//go:build opencl && cgo

package opencl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jgillich/go-opencl/cl"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
	source "github.com/aditmine/adit/kernels/cl"
)

const (
	// groupSize is how many work-items make a group.
	groupSize = 64
	// maxHits is ADIT_MAX_HITS of the kernels.
	maxHits = 255
	// batchTime is how long a batch should take: long beside what starting one
	// costs, short for whoever waits for a new job.
	batchTime = 20 * time.Millisecond
	// The sizes of batches lie between these.
	minBatch, maxBatch = 1 << 12, 1 << 26

	eagleWorkWords = 19
	headSize       = eaglesong.MessageSize - eaglesong.TailSize
)

// eagle searches Eaglesong: two slots take turns.
type eagle struct {
	a       *hash.Algorithm
	program *cl.Program
	slots   [2]eagleSlot
	turn    int   // of the slot that begins next
	under   []int // slots under way, oldest first
	items   uint64

	middle       eaglesong.Midstate
	tail         [eaglesong.TailSize]byte
	target       hash.Target
	offset, size int
	rolled       int // bytes of the nonce that the device rolls
}

// eagleSlot is what one batch needs.
type eagleSlot struct {
	queue         *cl.CommandQueue
	kernel        *cl.Kernel
	work, hits    *cl.MemObject
	start, count  uint64
	begun         time.Time
	listed, input []uint32
}

func newEaglesong(ctx *cl.Context, device *cl.Device, a *hash.Algorithm) (engine, error) {
	text, err := source.Source("eaglesong.cl")
	if err != nil {
		return nil, err
	}
	e := &eagle{a: a, items: minBatch}
	if e.program, err = build(ctx, device, text); err != nil {
		return nil, fmt.Errorf("building the Eaglesong kernel: %w", err)
	}
	for i := range e.slots {
		if err := e.slots[i].open(ctx, device, e.program); err != nil {
			e.close()
			return nil, fmt.Errorf("preparing to search: %w", err)
		}
	}
	return e, nil
}

func (s *eagleSlot) open(ctx *cl.Context, device *cl.Device, program *cl.Program) (err error) {
	if s.queue, err = ctx.CreateCommandQueue(device, 0); err != nil {
		return err
	}
	if s.kernel, err = program.CreateKernel("eaglesong_search"); err != nil {
		return err
	}
	if s.work, err = ctx.CreateEmptyBuffer(cl.MemReadOnly, words(eagleWorkWords)); err != nil {
		return err
	}
	if s.hits, err = ctx.CreateEmptyBuffer(cl.MemReadWrite, words(1+maxHits)); err != nil {
		return err
	}
	s.listed, s.input = make([]uint32, 1+maxHits), make([]uint32, eagleWorkWords)
	if err := s.kernel.SetArgBuffer(0, s.work); err != nil {
		return err
	}
	return s.kernel.SetArgBuffer(2, s.hits)
}

func (s *eagleSlot) close() {
	if s.queue != nil {
		_ = s.queue.Finish() // what it was doing is of no use any more
	}
	for _, m := range []*cl.MemObject{s.work, s.hits} {
		if m != nil {
			m.Release()
		}
	}
	if s.kernel != nil {
		s.kernel.Release()
	}
	if s.queue != nil {
		s.queue.Release()
	}
}

func (e *eagle) close() {
	for i := range e.slots {
		e.slots[i].close()
	}
	e.program.Release()
}

func (e *eagle) suits(w *hash.Work) bool { return e.a == w.Algorithm && eaglesong.Suits(w) }
func (e *eagle) lanes() int              { return int(e.items) }
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
	s := &e.slots[e.turn]
	e.put(start &^ (1<<(8*e.rolled) - 1))
	state := e.middle.Words(&e.tail)
	copy(s.input, state[:])
	s.input[16] = uint32(e.offset / 4)
	s.input[17] = uint32(e.offset % 4 * 8)
	s.input[18] = binary.BigEndian.Uint32(e.target[:])
	if err := write(s.queue, s.work, s.input); err != nil {
		return fmt.Errorf("giving the device its work: %w", err)
	}
	if err := write(s.queue, s.hits, []uint32{0}); err != nil {
		return fmt.Errorf("clearing the list of hits: %w", err)
	}
	if err := s.kernel.SetArgUint32(1, uint32(start&(1<<(8*e.rolled)-1))); err != nil {
		return fmt.Errorf("giving the kernel its first nonce: %w", err)
	}
	items := (count + groupSize - 1) / groupSize * groupSize
	if err := launch(s.queue, s.kernel, int(items), groupSize); err != nil {
		return fmt.Errorf("starting a batch of %d: %w", items, err)
	}
	if err := submit(s.queue); err != nil {
		return fmt.Errorf("submitting a batch: %w", err)
	}
	s.start, s.count, s.begun = start, count, time.Now()
	e.under = append(e.under, e.turn)
	e.turn = 1 - e.turn
	return nil
}

func (e *eagle) finish(hits []hash.Hit) ([]hash.Hit, error) {
	if len(e.under) == 0 {
		return hits, errors.New("no batch is under way")
	}
	s := &e.slots[e.under[0]]
	alone := len(e.under) == 1
	e.under = e.under[1:]
	if err := read(s.queue, s.hits, s.listed); err != nil {
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
	case took < batchTime/2 && e.items < maxBatch:
		e.items *= 2
	case took > 2*batchTime && e.items > minBatch:
		e.items /= 2
	}
}
