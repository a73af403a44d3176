package engine

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
)

const (
	// fillLanes is how many work-items fill and drain a pad, and fillGroup
	// CN_GROUP of the kernels that do.
	fillLanes, fillGroup = 8, 64
	// nightState is CN_STATE of the kernels, in 64-bit words.
	nightState = 26
	// keccakRate is how many bytes of a message go into one permutation.
	keccakRate = 136
	// maxRounds is how many permutations a message may need.
	maxRounds = 4
	// perUnit is how many hashes a compute unit is given at most: more do not
	// hide more of the memory's latency.
	perUnit = 512
	// perUnitFloat is the same for cn/gpu, which waits for arithmetic: a unit
	// holds about as many at once.
	perUnitFloat = 128
)

// night searches one algorithm of the CryptoNight family.
type night struct {
	a      *hash.Algorithm
	pads   Module
	kernel struct{ prepare, fill, drain, finish Kernel }
	loops  loops
	slots  [2]nightSlot
	turns  turns
	items  uint64 // a multiple of group and of fillGroup/fillLanes
	group  int

	message []uint32 // padded, with zeros in the place of the nonce
	rounds  uint32
	target  hash.Target
}

// nightSlot is what one batch needs.
type nightSlot struct {
	buffers
	message, states, pads, digests, found Buffer
	start, count                          uint64
	listed, out                           []uint32
}

// newNight builds the kernels for an algorithm; those of cn/r's loop come with
// the work.
func newNight(rt Runtime, d *gpu.Device, o *gpu.Options, a *hash.Algorithm) (batcher, error) {
	if _, err := program.Loop(a, 0, 1); err != nil {
		return nil, err
	}
	n := &night{a: a, group: nightGroup(rt, o), loops: loops{rt: rt, a: a, unroll: o.Unroll}}
	memory, err := rt.Memory()
	if err != nil {
		return nil, fmt.Errorf("asking for the memory that is free: %w", err)
	}
	if n.items = nightItems(d, o, a, memory, n.group); n.items == 0 {
		return nil, tooLittle(memory, a)
	}
	if err := n.open(rt); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func nightGroup(rt Runtime, o *gpu.Options) int {
	if o.WorkSize > 0 {
		return o.WorkSize
	}
	return rt.GroupSize()
}

// nightItems is how many hashes a batch has: two batches fill the memory, or
// are as many as pay.
func nightItems(d *gpu.Device, o *gpu.Options, a *hash.Algorithm, memory uint64, group int) uint64 {
	if memory <= o.Left() {
		return 0
	}
	bytes := min((memory-o.Left())/2, d.MaxAlloc)
	items := bytes / uint64(a.Scratchpad+1024)
	step := uint64(max(group, fillGroup/fillLanes))
	switch {
	case o.Intensity > 0:
		items = min(items, max(uint64(o.Intensity), step))
	case d.Kind == gpu.Processor:
		items = min(items, 2*step)
	default:
		items = min(items, uint64(d.Units)*unitItems(a))
	}
	return items / step * step
}

func unitItems(a *hash.Algorithm) uint64 {
	if lanes, _ := program.LoopShape(a); lanes > 1 {
		return perUnitFloat
	}
	return perUnit
}

func (n *night) open(rt Runtime) (err error) {
	if n.pads, err = rt.Build(program.Pads(n.a)); err != nil {
		return fmt.Errorf("building the %s kernels: %w", n.a.Name, err)
	}
	for name, k := range map[string]*Kernel{
		"cn_prepare": &n.kernel.prepare, "cn_fill": &n.kernel.fill, "cn_drain": &n.kernel.drain, "cn_finish": &n.kernel.finish,
	} {
		if *k, err = n.pads.Kernel(name); err != nil {
			return fmt.Errorf("building the %s kernels: %s: %w", n.a.Name, name, err)
		}
	}
	for i := range n.slots {
		if err := n.slots[i].open(rt, n.a, int(n.items)); err != nil {
			return fmt.Errorf("preparing to search: batches of %d: %w", n.items, err)
		}
	}
	return nil
}

func (s *nightSlot) open(rt Runtime, a *hash.Algorithm, items int) error {
	if err := s.buffers.open(rt); err != nil {
		return err
	}
	s.listed, s.out = make([]uint32, hitList), make([]uint32, hash.Size/4*items)
	return s.alloc(map[*Buffer]int{
		&s.message: maxRounds * keccakRate, &s.states: 8 * nightState * items, &s.pads: a.Scratchpad * items,
		&s.digests: hash.Size * items, &s.found: 4 * hitList,
	})
}

func (n *night) close() {
	for i := range n.slots {
		n.slots[i].close()
	}
	n.loops.close()
	if n.pads != nil {
		n.pads.Release()
	}
}

func (n *night) suits(w *hash.Work) bool { return n.a == w.Algorithm }
func (n *night) batch() uint64           { return n.items }

// most has no bound of its own: nonces have four bytes at most.
func (n *night) most(uint64) uint64 { return n.items }

// setWork pads the message as Keccak does.
func (n *night) setWork(w *hash.Work) error {
	if w.NonceOffset != n.a.NonceOffset || w.NonceSize > 4 || w.NonceSize < 1 {
		return fmt.Errorf("a nonce of %d bytes at byte %d is not what the kernels roll", w.NonceSize, w.NonceOffset)
	}
	blob := slices.Clone(w.Blob)
	clear(blob[w.NonceOffset : w.NonceOffset+w.NonceSize])
	n.rounds = uint32(len(blob)/keccakRate + 1)
	if n.rounds > maxRounds {
		return fmt.Errorf("a blob of %d bytes is longer than the kernels take", len(blob))
	}
	padded := make([]byte, int(n.rounds)*keccakRate)
	copy(padded, blob)
	padded[len(blob)] ^= 0x01
	padded[len(padded)-1] ^= 0x80
	n.message = n.message[:0]
	for i := 0; i < len(padded); i += 4 {
		n.message = append(n.message, binary.LittleEndian.Uint32(padded[i:]))
	}
	n.target = w.Target
	return n.loops.use(w.Height)
}

func (n *night) begin(start, count uint64) error {
	s := &n.slots[n.turns.next]
	if err := s.queue.Write(s.message, n.message); err != nil {
		return fmt.Errorf("giving the device its work: %w", err)
	}
	if err := s.queue.Write(s.found, []uint32{0}); err != nil {
		return fmt.Errorf("clearing the list of hits: %w", err)
	}
	if err := n.launch(s, uint32(start), roundUp(count, max(n.group, fillGroup/fillLanes))); err != nil {
		return fmt.Errorf("starting a batch of %d: %w", count, err)
	}
	if err := s.queue.Submit(); err != nil {
		return fmt.Errorf("submitting a batch: %w", err)
	}
	s.start, s.count = start, count
	n.turns.begin()
	return nil
}

// launch starts the five kernels of a batch.
func (n *night) launch(s *nightSlot, start uint32, items int) error {
	limit := binary.BigEndian.Uint64(n.target[:])
	lanes, group := program.LoopShape(n.a)
	loopArgs := []Arg{Mem(s.states), Mem(s.pads)}
	if group == 0 {
		group = n.group
		loopArgs = append(loopArgs, U32(uint32(group)))
	}
	for _, step := range []struct {
		kernel       Kernel
		items, group int
		args         []Arg
	}{
		{n.kernel.prepare, items, n.group, []Arg{Mem(s.message), U32(n.rounds), U32(start), Mem(s.states)}},
		{n.kernel.fill, fillLanes * items, fillGroup, []Arg{Mem(s.states), Mem(s.pads)}},
		{n.loops.kernel(), lanes * items, group, loopArgs},
		{n.kernel.drain, fillLanes * items, fillGroup, []Arg{Mem(s.states), Mem(s.pads)}},
		{n.kernel.finish, items, n.group, []Arg{Mem(s.states), U64(limit), Mem(s.digests), Mem(s.found)}},
	} {
		if err := s.queue.Launch(step.kernel, step.items, step.group, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// finish passes on what the device found; whoever uses it hashes it again.
func (n *night) finish(hits []hash.Hit) ([]hash.Hit, error) {
	slot, _, err := n.turns.finish()
	if err != nil {
		return hits, err
	}
	s := &n.slots[slot]
	if err := s.queue.Read(s.found, s.listed); err != nil {
		return hits, fmt.Errorf("reading what a batch found: %w", err)
	}
	if s.listed[0] == 0 {
		return hits, nil
	}
	out := s.out[:hash.Size/4*s.count]
	if err := s.queue.Read(s.digests, out); err != nil {
		return hits, fmt.Errorf("reading a batch's digests: %w", err)
	}
	for i := range s.count { // all of them: the list may be too short
		var digest hash.Digest
		for j := range hash.Size / 4 {
			binary.LittleEndian.PutUint32(digest[4*j:], out[int(i)*hash.Size/4+j])
		}
		if n.a.Meets(&digest, &n.target) {
			hits = append(hits, hash.Hit{Nonce: s.start + i, Digest: digest})
		}
	}
	return hits, nil
}
