//go:build amd64 && !purego

package cryptonight

import "github.com/aditmine/adit/hash/internal/x64"

// compileFirst writes the first half of a turn for one lane: the AES round and
// the shuffle of a's line. It changes RAX, RBX, RDX, RSI and X0 to X3 only, so
// that programs, which do not need its results, can be interleaved with it.
func compileFirst(a *x64.Assembler, lane laneAddress) {
	line := lineAt(a, lane, x64.RAX, x64.RBX, x64.RDX, x64.RSI)
	a.Load(x64.X0, line[0])
	a.Vec(x64.AESENC, x64.X0, lane.a())
	shuffleLine(a, lane, line, lane.b())
	a.Store(lane.c(), x64.X0)
	compileNext(a, lane, x64.X0, x64.RBX)
	a.Vec(x64.PXOR, x64.X0, lane.b())
	a.Store(line[0], x64.X0)
}

// compileSecond writes the second half of a turn for one lane: the product and
// the shuffle of c's line. It changes RAX, RBX, RDX, RSI, R8, R9 and X0 to X6.
func compileSecond(a *x64.Assembler, lane laneAddress) {
	line := lineAt(a, lane, x64.RBX, x64.RSI, x64.R8, x64.R9)
	product := x64.X5
	a.Op64(x64.MOV, x64.RAX, lane.mix)
	a.Op64(x64.XOR, x64.RAX, line[0])
	a.Mul64(lane.c())
	a.FromReg(product, x64.RDX)
	a.FromReg(x64.X6, x64.RAX)
	a.Vec(x64.PUNPCKLQDQ, product, x64.X6)

	c, b := x64.X0, x64.X4
	a.Load(c, lane.c())
	a.Load(b, lane.b())
	shuffleLine(a, lane, line, b)
	a.Store(lane.b1(), b)
	a.Store(lane.b(), c)

	d, sum := x64.X1, x64.X2
	a.LoadQ(d, lane.mix)
	a.Vec(x64.PXOR, d, line[0])
	loadResult(a, lane, sum)
	a.Vec(x64.PXOR, sum, lane.a())
	a.Vec(x64.PADDQ, sum, product)
	a.Vec(x64.PXOR, d, sum)
	compileNext(a, lane, d, x64.RAX)
	a.Store(line[0], sum)
	a.Store(lane.a(), d)
}

func loadResult(a *x64.Assembler, lane laneAddress, dst x64.Vec) {
	if !lane.halves {
		a.Load(dst, lane.result)
		return
	}
	// The processor forwards each store to a load of the same size only.
	a.LoadQ(dst, lane.result)
	a.LoadHigh(dst, after(lane.result, blockSize/2))
}

// lineAt loads the addresses of the four blocks of the line where the lane is:
// its own, and those that the shuffle calls first, second and third.
func lineAt(a *x64.Assembler, lane laneAddress, registers ...x64.Reg) (line [4]x64.Mem) {
	own := registers[0]
	a.Op64(x64.MOV, own, lane.at())
	for i, r := range registers {
		if i > 0 {
			a.Op64(x64.MOV, r, own)
			a.XorImm8(r, int8(i*blockSize))
		}
		line[i] = x64.Mem{Base: r}
	}
	return line
}

// shuffleLine writes shuffleInto, for c in X0. It uses X1, X2 and X3.
func shuffleLine(a *x64.Assembler, lane laneAddress, line [4]x64.Mem, b x64.Operand) {
	c, first, second, third := x64.X0, x64.X1, x64.X2, x64.X3
	a.Load(first, line[1])
	a.Load(second, line[2])
	a.Load(third, line[3])
	a.Vec(x64.PXOR, c, first)
	a.Vec(x64.PXOR, c, second)
	a.Vec(x64.PXOR, c, third)
	a.Vec(x64.PADDQ, third, lane.b1())
	a.Store(line[1], third)
	a.Vec(x64.PADDQ, first, b)
	a.Store(line[2], first)
	a.Vec(x64.PADDQ, second, lane.a())
	a.Store(line[3], second)
}

// compileNext makes the block whose address, yet to be wrapped, is the low half
// of a vector register the one that the lane's next phase begins with. Its line
// is on the way while the other lanes have their turn.
func compileNext(a *x64.Assembler, lane laneAddress, address x64.Vec, scratch x64.Reg) {
	a.ToReg(scratch, address)
	a.Op64(x64.AND, scratch, lane.mask())
	a.Op64(x64.ADD, scratch, lane.pad())
	a.PrefetchT0(x64.Mem{Base: scratch})
	a.Store64(lane.at(), scratch)
}
