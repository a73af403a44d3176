package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const said = `ptxas info    : 0 bytes gmem, 4928 bytes cmem[3]
ptxas info    : Compiling entry function 'cn_finish' for 'sm_86'
ptxas info    : Function properties for cn_finish
    400 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 96 registers, used 0 barriers, 400 bytes cumulative stack size, 384 bytes cmem[0]
ptxas info    : Compiling entry function 'cn_fill' for 'sm_86'
ptxas info    : Function properties for cn_fill
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 62 registers, used 1 barriers, 1024 bytes smem, 368 bytes cmem[0], 8 bytes cmem[2]
`

func TestParse(t *testing.T) {
	require.Equal(t, []usage{
		{kernel: "cn_finish", registers: 96, stack: 400, spilled: 12},
		{kernel: "cn_fill", registers: 62, shared: 1024},
	}, parse(said))
	require.Empty(t, parse("Used 3 registers"))
}

// The expected values are those of NVIDIA's occupancy calculator.
func TestOccupancy(t *testing.T) {
	for _, c := range []struct {
		arch    string
		usage   usage
		threads int
		want    int
	}{
		{"sm_70", usage{registers: 32}, 64, 100},
		{"sm_75", usage{registers: 36}, 64, 100},                  // 16 blocks of 2 warps
		{"sm_80", usage{registers: 64, shared: 1024}, 64, 50},     // 65536 / (64*64)
		{"sm_86", usage{registers: 62, shared: 1024}, 64, 66},     // 16 blocks
		{"sm_90", usage{registers: 255}, 64, 12},                  // 4 blocks
		{"sm_90", usage{registers: 32, shared: 48 << 10}, 64, 12}, // 228 KiB / 49 KiB
	} {
		for i := range cards {
			if cards[i].arch == c.arch {
				require.Equal(t, c.want, cards[i].occupancy(&c.usage, c.threads), "%+v", c)
			}
		}
	}
}

func TestSummary(t *testing.T) {
	code := make([]byte, 6*instructionSize)
	for i, opcode := range []uint16{0x212, 0x812, 0x210, 0xfff, 0x918, 0x212} {
		code[i*instructionSize], code[i*instructionSize+1] = byte(opcode), byte(opcode>>8)
	}
	require.Equal(t, "5 instructions: 3 LOP3, 1 IADD3, 1 other", summary(code))
}

func TestEqualKernelsShareALine(t *testing.T) {
	t1 := &table{}
	for _, program := range []string{"a", "b", "c"} {
		r := &row{program: program, kernel: "k", usage: map[string]usage{}}
		for _, card := range cards {
			r.usage[card.arch] = usage{registers: 32 + len(program)*(int(program[0])/'c')*32}
		}
		t1.rows = append(t1.rows, r)
	}
	var out strings.Builder
	require.NoError(t, t1.print(&out))
	require.Contains(t, out.String(), "| k | a, b | 0 | 0 | 0 | 32, 100% |")
	require.Contains(t, out.String(), "| k | c | 0 | 0 | 0 | 64, 50% |")
}
