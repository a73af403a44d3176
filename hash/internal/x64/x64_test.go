package x64

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// entry is an instruction of the table.
type entry struct {
	avx        bool
	text, code string
	emit       func(*Assembler)
}

func TestInstructions(t *testing.T) {
	for _, test := range table {
		want, err := hex.DecodeString(strings.ReplaceAll(test.code, " ", ""))
		require.NoError(t, err)
		a := Assembler{AVX: test.avx}
		test.emit(&a)
		require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(a.Bytes()), test.text)
		require.Equal(t, len(want), a.Len())
		require.Equal(t, []int{len(want)}, a.ends, "%s is one unit", test.text)
	}
}

// move returns an assembler with n moves to a register, 3 bytes each.
func moves(r Reg, n int) *Assembler {
	a := &Assembler{}
	for i := range n {
		a.Op64(MOV, r, Reg(i))
	}
	return a
}

func TestInterleave(t *testing.T) {
	a := Assembler{}
	a.Interleave(moves(RAX, 4), moves(RDI, 2), moves(RSI, 1), moves(RBX, 0))
	var want Assembler
	for i := range 4 {
		want.Op64(MOV, RAX, Reg(i))
		if i&1 == 1 {
			want.Op64(MOV, RDI, Reg(i/2))
		}
	}
	want.Op64(MOV, RSI, RAX)
	require.Equal(t, want, a)
}

func TestInterleaveOfNothing(t *testing.T) {
	a := Assembler{}
	a.Interleave()
	a.Interleave(&Assembler{})
	require.Equal(t, Assembler{}, a)
}

func TestJoin(t *testing.T) {
	joined := &Assembler{}
	joined.Op32(MOV, RCX, RDX)
	joined.Join(func() {
		joined.Op32(MOV, RCX, RBX)
		joined.Ror32(R8)
	})
	var a, want Assembler
	a.Interleave(moves(RAX, 4), joined)
	want.Interleave(moves(RAX, 2))
	want.Op32(MOV, RCX, RDX)
	want.Op64(MOV, RAX, RDX)
	want.Op64(MOV, RAX, RBX)
	want.Op32(MOV, RCX, RBX)
	want.Ror32(R8)
	require.Equal(t, want.Bytes(), a.Bytes())
}

func TestJumpsAndCodeAddresses(t *testing.T) {
	var a Assembler
	a.Data(1, 2, 3)
	top := a.Len()
	a.LeaCode(RAX, 0)
	a.JNZ(top)
	a.Ret()
	require.Equal(t, "010203"+"488d05f6ffffff"+"0f85f3ffffff"+"c3", hex.EncodeToString(a.Bytes()))
}
