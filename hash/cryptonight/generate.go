package cryptonight

import (
	"encoding/binary"

	"github.com/aditmine/adit/hash/internal/blake256"
)

// The generator aims at a program that keeps a real CPU busy for a fixed time
// and cannot be shortened, so that hardware of one's own gains little. To know
// how long a program takes, it keeps a model of the machine: three ALUs, one
// of which multiplies, that start one operation per cycle each; and the cycle
// in which each register is ready.
const (
	// targetLatency is the cycle that all four variables have to reach.
	targetLatency = 45
	alus          = 3
	// maxIdle is for how many cycles a register may be left unchanged.
	maxIdle = 7
	// maxAttempts bounds how many instructions are drawn for one program,
	// maxLate how many of them may end after the target.
	maxAttempts = 256
	maxLate     = 64
)

// latency is how many cycles an operation takes on that CPU: an addition of
// three numbers is two steps there. asicLatency is the same for a machine
// built for the purpose.
var (
	latency     = [opcodes]int{Mul: 3, Add: 2, Sub: 1, Ror: 2, Rol: 2, Xor: 1}
	asicLatency = [opcodes]int{Mul: 3, Add: 1, Sub: 1, Ror: 1, Rol: 1, Xor: 1}
)

func isRotation(op Opcode) bool { return op == Ror || op == Rol }

// Generate returns the program of a block height.
func Generate(height uint64) Program {
	random := newRandomBytes(height)
	for {
		g := newGenerator(&random)
		g.fill()
		g.pad()
		// Seldom, the spare register is not used or the code is too short.
		// Then the bytes that follow give another program.
		if g.spareUsed && g.program.n >= MinProgram {
			return g.program
		}
	}
}

// value identifies what a register holds, as far as the generator looks:
// the instruction that wrote it, and what kind of source that one read.
type value struct {
	// id is the number of the writer in the program; a variable not yet
	// written has its own index, and all registers that never change have
	// constantID: two operations in a row with constants can be merged.
	id uint8
	// op and source are the writer's operation and the id of what it read;
	// where there is no writer op is Mul, which is never redundant.
	op     Opcode
	source uint8
}

const constantID = 0xFF

type generator struct {
	random  *randomBytes
	program Program

	ready     [9]int // the cycle in which a register's value is there
	asicReady [9]int // the same for the machine built for the purpose
	values    [9]value
	busy      [targetLatency + 1][alus]bool // ALUs taken, by cycle
	rotations int
	spareUsed bool
}

func newGenerator(random *randomBytes) *generator {
	g := &generator{random: random}
	for i := range g.values {
		g.values[i].id = constantID
		if i < Variables {
			g.values[i].id = uint8(i)
		}
	}
	return g
}

// fill draws instructions and keeps those that fit, until all variables have
// reached the target or the program is long enough.
func (g *generator) fill() {
	late := 0
	for range maxAttempts {
		if g.program.n >= MinProgram || late >= maxLate || g.reached() == Variables {
			return
		}
		in := g.draw()
		if g.redundant(in) {
			continue
		}
		start, alu := g.schedule(in)
		switch end := start + latency[in.Op]; {
		case start > g.ready[in.Dst]+maxIdle:
		case end > targetLatency:
			late++
		default:
			g.emit(in, start, alu)
		}
	}
}

// reached counts the variables that have reached the target.
func (g *generator) reached() (n int) {
	for _, ready := range g.ready[:Variables] {
		if ready >= targetLatency {
			n++
		}
	}
	return n
}

// draw takes one or two random bytes for an instruction; the constant of an
// addition is drawn only once it is accepted.
func (g *generator) draw() Instruction {
	c := g.random.next()
	in := Instruction{Dst: c >> 3 & 3, Src: c >> 5}
	switch c & 7 {
	case 0, 1, 2:
		in.Op = Mul
	case 3:
		in.Op = Add
	case 4:
		in.Op = Sub
	case 5:
		in.Op = Ror
		if g.random.next() >= 0x80 {
			in.Op = Rol
		}
	default:
		in.Op = Xor
	}
	if in.Src == in.Dst && (in.Op == Add || in.Op == Sub || in.Op == Xor) {
		in.Src = SpareRegister
	}
	return in
}

// redundant reports whether in and the last instruction with the same
// destination could be merged into one: two rotations, or anything but
// multiplications done twice with the same source.
func (g *generator) redundant(in Instruction) bool {
	last := g.values[in.Dst]
	if isRotation(in.Op) && isRotation(last.op) {
		return true
	}
	return in.Op != Mul && last.op == in.Op && last.source == g.values[in.Src].id
}

// schedule finds the first cycle in which in could start, and the ALU for it.
// The cycle is targetLatency when there is none before that.
func (g *generator) schedule(in Instruction) (start, alu int) {
	for start = max(g.ready[in.Dst], g.ready[in.Src]); start < targetLatency; start++ {
		if alu, ok := g.freeALU(in.Op, start); ok {
			return start, alu
		}
	}
	return start, 0
}

// freeALU finds an ALU that can start op in a cycle: the last that is free. An
// addition takes it for two cycles, and rotations come one after another.
func (g *generator) freeALU(op Opcode, cycle int) (alu int, ok bool) {
	if isRotation(op) && cycle < g.rotations*latency[op] {
		return 0, false
	}
	alu = alus - 1
	if op == Mul {
		alu = 0
	}
	for ; alu >= 0; alu-- {
		if !g.busy[cycle][alu] && !(op == Add && g.busy[cycle+1][alu]) {
			return alu, true
		}
	}
	return 0, false
}

// emit appends in, which starts in the given cycle.
func (g *generator) emit(in Instruction, start, alu int) {
	g.busy[start][alu] = true
	switch in.Op {
	case Add:
		g.busy[start+1][alu] = true
		in.Constant = g.random.next32()
	case Ror, Rol:
		g.rotations++
	}
	g.values[in.Dst] = value{id: uint8(g.program.n), op: in.Op, source: g.values[in.Src].id}
	g.ready[in.Dst] = start + latency[in.Op]
	g.asicReady[in.Dst] = max(g.asicReady[in.Dst], g.asicReady[in.Src]) + asicLatency[in.Op]
	g.spareUsed = g.spareUsed || in.Src == SpareRegister
	g.program.append(in)
}

// pad appends instructions until one variable reaches the target on the
// machine built for the purpose too. Each combines the variable that is ready
// first with the one that is ready last.
func (g *generator) pad() {
	pattern := [...]Opcode{Ror, Mul, Mul}
	for i := 0; g.program.n < MaxProgram; i++ {
		first, last := 0, 0
		for v := 1; v < Variables; v++ {
			if g.asicReady[v] < g.asicReady[first] {
				first = v
			}
			if g.asicReady[v] > g.asicReady[last] {
				last = v
			}
		}
		if g.asicReady[last] >= targetLatency {
			return
		}
		op := pattern[i%len(pattern)]
		g.asicReady[first] = g.asicReady[last] + asicLatency[op]
		g.program.append(Instruction{Op: op, Dst: uint8(first), Src: uint8(last)})
	}
}

// randomBytes is the stream that programs are drawn from: 32 bytes made from
// the height and hashed with Blake-256, then the hash of those, and so on.
type randomBytes struct {
	data [32]byte
	used int
}

func newRandomBytes(height uint64) randomBytes {
	// Used up from the start, so that the seed itself is never read.
	r := randomBytes{used: 32}
	binary.LittleEndian.PutUint64(r.data[:], height)
	r.data[20] = 0xDA
	return r
}

// take returns n bytes that lie together; fewer at the end of the data are
// skipped.
func (r *randomBytes) take(n int) []byte {
	if r.used+n > len(r.data) {
		r.data = blake256.Sum256(r.data[:])
		r.used = 0
	}
	r.used += n
	return r.data[r.used-n : r.used]
}

func (r *randomBytes) next() uint8 { return r.take(1)[0] }

func (r *randomBytes) next32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
