package cryptonight

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func heights() []uint64 {
	list := []uint64{1, 2, 1806260, 1806269, 2000000, 9999999}
	for h := uint64(0); h < 10_000_000; h += 9973 {
		list = append(list, h)
	}
	return list
}

// What the specification promises of every program below height ten million.
func TestPrograms(t *testing.T) {
	sizes := map[int]int{}
	for _, height := range heights() {
		p := Generate(height)
		code := p.Instructions()
		sizes[len(code)]++
		require.GreaterOrEqual(t, len(code), MinProgram, "height %d", height)
		require.Less(t, len(code), MaxProgram, "height %d", height)
		checkProgram(t, height, code)
	}
	// 63 instructions are the most common size.
	for size, n := range sizes {
		require.LessOrEqual(t, n, sizes[63], "%d programs of size %d", n, size)
	}
}

func checkProgram(t *testing.T, height uint64, code []Instruction) {
	t.Helper()
	spare := false
	for i, in := range code {
		require.Less(t, int(in.Op), opcodes)
		require.Less(t, in.Dst, uint8(Variables))
		require.LessOrEqual(t, in.Src, uint8(SpareRegister))
		if in.Op != Add {
			require.Zero(t, in.Constant)
		}
		if in.Op == Add || in.Op == Sub || in.Op == Xor {
			require.NotEqual(t, in.Dst, in.Src, "height %d: %d", height, i)
		}
		spare = spare || in.Src == SpareRegister
	}
	require.True(t, spare, "height %d: the spare register is not used", height)
}

// The drawn part of a program, before padding: no two rotations of one
// variable in a row, and no more than the model machine does in its time.
func TestFill(t *testing.T) {
	for _, height := range heights() {
		random := newRandomBytes(height)
		g := newGenerator(&random)
		g.fill()
		var rotated [Variables]bool
		multiplications := 0
		for i, in := range g.program.Instructions() {
			rotation := isRotation(in.Op)
			require.False(t, rotated[in.Dst] && rotation, "height %d: two rotations in a row at %d", height, i)
			rotated[in.Dst] = rotation
			if in.Op == Mul {
				multiplications++
			}
		}
		require.LessOrEqual(t, g.program.n, MinProgram)
		require.LessOrEqual(t, multiplications, targetLatency)
		for _, ready := range g.ready[:Variables] {
			require.LessOrEqual(t, ready, targetLatency)
		}
	}
}

func TestGenerateIsAFunctionOfTheHeight(t *testing.T) {
	require.Equal(t, Generate(1806260), Generate(1806260))
	require.NotEqual(t, Generate(1806260), Generate(1806261))
	require.NotEqual(t, Generate(1), Generate(1<<32|1))
}

func TestRun(t *testing.T) {
	tests := []struct {
		name string
		in   Instruction
		want uint32 // of r0, from r0 = 0x80000003 and r4 = 0xFFFFFFE1, r8 = 4
	}{
		{"multiply", Instruction{Op: Mul, Src: 4}, 0x8000_0003 * 0xFFFF_FFE1 & 0xFFFF_FFFF},
		{"square", Instruction{Op: Mul, Src: 0}, 9},
		{"add", Instruction{Op: Add, Src: 4, Constant: 0x80000020}, 4},
		{"subtract", Instruction{Op: Sub, Src: 8}, 0x7FFFFFFF},
		{"rotate right by 33", Instruction{Op: Ror, Src: 4}, 0xC0000001},
		{"rotate left by 33", Instruction{Op: Rol, Src: 4}, 7},
		{"rotate left by 4", Instruction{Op: Rol, Src: 8}, 0x38},
		{"xor", Instruction{Op: Xor, Src: 8}, 0x80000007},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var p Program
			p.append(test.in)
			r := Registers{0: 0x80000003, 4: 0xFFFFFFE1, 8: 4}
			p.Run(&r)
			require.Equal(t, Registers{0: test.want, 4: 0xFFFFFFE1, 8: 4}, r)
		})
	}
}

// The seed itself is never used, a constant never straddles two hashes, and
// the bytes before such an edge are dropped.
func TestRandomBytes(t *testing.T) {
	r := newRandomBytes(7)
	seed := r.data
	require.Equal(t, byte(7), seed[0])
	require.Equal(t, byte(0xDA), seed[20])
	r.next()
	first := r.data
	require.NotEqual(t, seed, first)
	for range 29 {
		r.next()
	}
	require.Equal(t, first, r.data)
	r.next32()
	require.NotEqual(t, first, r.data)
	require.Equal(t, 4, r.used)
}
