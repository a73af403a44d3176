//go:build opencl && cgo

package opencl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jgillich/go-opencl/cl"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cryptonight"
	source "github.com/aditmine/adit/kernels/cl"
)

const (
	// nightGroup is the size of the main loop's groups; batches are multiples
	// of it. The kernels that fill and drain have eight items for each nonce.
	nightGroup = 8
	// nightState is CN_STATE of the kernels, in 64-bit words.
	nightState = 26
	// keccakRate is how many bytes of a message go into one permutation.
	keccakRate = 136
	// leave is how much of a device's memory is left to others.
	leave = 256 << 20
)

// night searches one algorithm of the CryptoNight family: two slots take turns.
type night struct {
	a       *hash.Algorithm
	program *cl.Program
	slots   [2]nightSlot
	turn    int
	under   []int // slots under way, oldest first
	items   uint64

	height  uint64
	message []uint32 // padded, with zeros in the place of the nonce
	rounds  uint32
	target  hash.Target
	mask    uint64 // of the nonce
}

// nightSlot is what one batch needs.
type nightSlot struct {
	queue                                 *cl.CommandQueue
	prepare, fill, loop, drain, final     *cl.Kernel
	message, states, pads, digests, found *cl.MemObject
	start, count                          uint64
	listed, out                           []uint32
}

// newNight builds the kernels for an algorithm, at a height for those that have
// a program.
func newNight(ctx *cl.Context, device *cl.Device, about *gpu.Device, a *hash.Algorithm, height uint64) (engine, error) {
	text, err := nightSource(a, height)
	if err != nil {
		return nil, err
	}
	items := nightItems(about, a)
	if items == 0 {
		return nil, fmt.Errorf("%d MiB of memory are too little for two batches of %s", about.Memory>>20, a.Name)
	}
	n := &night{a: a, items: items, height: height}
	if n.program, err = build(ctx, device, text); err != nil {
		return nil, fmt.Errorf("building the %s kernels: %w", a.Name, err)
	}
	for i := range n.slots {
		if err := n.slots[i].open(ctx, device, n); err != nil {
			n.close()
			return nil, fmt.Errorf("preparing to search: %w", err)
		}
	}
	return n, nil
}

// nightItems is how many hashes a batch has: two batches fill the memory, or
// are as many as pay.
func nightItems(d *gpu.Device, a *hash.Algorithm) uint64 {
	if d.Memory <= leave {
		return 0
	}
	bytes := min((d.Memory-leave)/2, d.MaxAlloc)
	items := min(bytes/uint64(a.Scratchpad+1024), uint64(d.Units)*512)
	if d.Kind == gpu.Processor {
		items = min(items, 2*nightGroup)
	}
	return items / nightGroup * nightGroup
}

// nightSource is the text of the kernels for one algorithm.
func nightSource(a *hash.Algorithm, height uint64) (string, error) {
	text, err := source.Source("cryptonight.cl")
	if err != nil {
		return "", err
	}
	base, flags, ok := nightVariant(a.Name)
	if !ok {
		return "", fmt.Errorf("there is no OpenCL kernel for %s", a.Name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#define CN_PAD %du\n#define CN_ITERATIONS %du\n#define CN_MASK 0x%xu\n#define CN_BASE %d\n",
		a.Scratchpad, a.Iterations, a.AddressMask, base)
	for _, name := range []string{"HEAVY", "TUBE", "INVERT", "FOLD_LOW", "REVERSE", "CONCEAL"} {
		value := 0
		if slices.Contains(flags, name) {
			value = 1
		}
		fmt.Fprintf(&b, "#define CN_%s %d\n", name, value)
	}
	if a.NeedsHeight {
		program := cryptonight.Generate(height)
		fmt.Fprintf(&b, "#define CN_PROGRAM %s\n", programText(program.Instructions()))
	}
	return b.String() + text, nil
}

// nightVariant says which base an algorithm has, and what sets it apart.
func nightVariant(name string) (base int, flags []string, ok bool) {
	switch name {
	case "cn/0", "cn/xao", "cn-lite/0":
		return 0, nil, true
	case "cn/ccx":
		return 0, []string{"CONCEAL"}, true
	case "cn/1", "cn/fast", "cn-lite/1":
		return 1, nil, true
	case "cn/rto":
		return 1, []string{"FOLD_LOW"}, true
	case "cn/2", "cn/half", "cn/zls", "cn/double", "cn-pico", "cn-pico/tlo":
		return 2, nil, true
	case "cn/rwz", "cn/upx2":
		return 2, []string{"REVERSE"}, true
	case "cn/r":
		return 3, nil, true
	case "cn-heavy/0":
		return 0, []string{"HEAVY"}, true
	case "cn-heavy/xhv":
		return 0, []string{"HEAVY", "INVERT"}, true
	case "cn-heavy/tube":
		return 0, []string{"HEAVY", "TUBE"}, true
	}
	return 0, nil, false
}

// programText writes a height's program in C.
func programText(code []cryptonight.Instruction) string {
	var b strings.Builder
	for _, in := range code {
		dst, src := fmt.Sprintf("r%d", in.Dst), fmt.Sprintf("r%d", in.Src)
		switch in.Op {
		case cryptonight.Mul:
			fmt.Fprintf(&b, "%s *= %s; ", dst, src)
		case cryptonight.Add:
			fmt.Fprintf(&b, "%s += %s + 0x%xu; ", dst, src, in.Constant)
		case cryptonight.Sub:
			fmt.Fprintf(&b, "%s -= %s; ", dst, src)
		case cryptonight.Ror:
			fmt.Fprintf(&b, "%s = ADIT_ROTL(%s, (32 - (%s & 31)) & 31); ", dst, dst, src)
		case cryptonight.Rol:
			fmt.Fprintf(&b, "%s = ADIT_ROTL(%s, %s & 31); ", dst, dst, src)
		case cryptonight.Xor:
			fmt.Fprintf(&b, "%s ^= %s; ", dst, src)
		}
	}
	return b.String()
}

func (s *nightSlot) open(ctx *cl.Context, device *cl.Device, n *night) (err error) {
	if s.queue, err = ctx.CreateCommandQueue(device, 0); err != nil {
		return err
	}
	for name, k := range map[string]**cl.Kernel{
		"cn_prepare": &s.prepare, "cn_fill": &s.fill, "cn_loop": &s.loop, "cn_drain": &s.drain, "cn_finish": &s.final,
	} {
		if *k, err = n.program.CreateKernel(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	items := int(n.items)
	for _, b := range []struct {
		buffer **cl.MemObject
		bytes  int
	}{
		{&s.message, 4 * keccakRate}, {&s.states, 8 * nightState * items}, {&s.pads, n.a.Scratchpad * items},
		{&s.digests, hash.Size * items}, {&s.found, words(1 + maxHits)},
	} {
		if *b.buffer, err = ctx.CreateEmptyBuffer(cl.MemReadWrite, b.bytes); err != nil {
			return fmt.Errorf("%d bytes of memory: %w", b.bytes, err)
		}
	}
	s.listed, s.out = make([]uint32, 1+maxHits), make([]uint32, hash.Size/4*items)
	return errors.Join(
		s.prepare.SetArgBuffer(0, s.message), s.prepare.SetArgBuffer(3, s.states),
		s.fill.SetArgBuffer(0, s.states), s.fill.SetArgBuffer(1, s.pads),
		s.loop.SetArgBuffer(0, s.states), s.loop.SetArgBuffer(1, s.pads), s.loop.SetArgUint32(2, nightGroup),
		s.drain.SetArgBuffer(0, s.states), s.drain.SetArgBuffer(1, s.pads),
		s.final.SetArgBuffer(0, s.states), s.final.SetArgBuffer(2, s.digests), s.final.SetArgBuffer(3, s.found),
	)
}

func (s *nightSlot) close() {
	if s.queue != nil {
		_ = s.queue.Finish() // what it was doing is of no use any more
	}
	for _, k := range []*cl.Kernel{s.prepare, s.fill, s.loop, s.drain, s.final} {
		if k != nil {
			k.Release()
		}
	}
	for _, m := range []*cl.MemObject{s.message, s.states, s.pads, s.digests, s.found} {
		if m != nil {
			m.Release()
		}
	}
	if s.queue != nil {
		s.queue.Release()
	}
}

func (n *night) close() {
	for i := range n.slots {
		n.slots[i].close()
	}
	n.program.Release()
}

func (n *night) suits(w *hash.Work) bool {
	return n.a == w.Algorithm && (!n.a.NeedsHeight || n.height == w.Height)
}

func (n *night) lanes() int    { return int(n.items) }
func (n *night) batch() uint64 { return n.items }

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
	if n.rounds > 4 {
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
	n.mask = 1<<(8*w.NonceSize) - 1
	return nil
}

func (n *night) begin(start, count uint64) error {
	s := &n.slots[n.turn]
	if err := write(s.queue, s.message, n.message); err != nil {
		return fmt.Errorf("giving the device its work: %w", err)
	}
	if err := write(s.queue, s.found, []uint32{0}); err != nil {
		return fmt.Errorf("clearing the list of hits: %w", err)
	}
	limit := binary.BigEndian.Uint64(n.target[:])
	if err := errors.Join(
		s.prepare.SetArgUint32(1, n.rounds), s.prepare.SetArgUint32(2, uint32(start)), s.final.SetArgUint64(1, limit),
	); err != nil {
		return fmt.Errorf("giving the kernels their arguments: %w", err)
	}
	items := int(count+nightGroup-1) / nightGroup * nightGroup
	for _, step := range []struct {
		kernel       *cl.Kernel
		items, group int
	}{{s.prepare, items, nightGroup}, {s.fill, 8 * items, 8 * nightGroup}, {s.loop, items, nightGroup}, {s.drain, 8 * items, 8 * nightGroup}, {s.final, items, nightGroup}} {
		if err := launch(s.queue, step.kernel, step.items, step.group); err != nil {
			return fmt.Errorf("starting a batch of %d: %w", items, err)
		}
	}
	if err := submit(s.queue); err != nil {
		return fmt.Errorf("submitting a batch: %w", err)
	}
	s.start, s.count = start, count
	n.under = append(n.under, n.turn)
	n.turn = 1 - n.turn
	return nil
}

// finish passes on what the device found; whoever uses it hashes it again.
func (n *night) finish(hits []hash.Hit) ([]hash.Hit, error) {
	if len(n.under) == 0 {
		return hits, errors.New("no batch is under way")
	}
	s := &n.slots[n.under[0]]
	n.under = n.under[1:]
	if err := read(s.queue, s.found, s.listed); err != nil {
		return hits, fmt.Errorf("reading what a batch found: %w", err)
	}
	if s.listed[0] == 0 {
		return hits, nil
	}
	out := s.out[:hash.Size/4*s.count]
	if err := read(s.queue, s.digests, out); err != nil {
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
