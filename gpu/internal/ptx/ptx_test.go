package ptx

import (
	"math/bits"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cryptonight"
)

// kernels matches their first lines.
var kernels = regexp.MustCompile(`(?m)^(?:__kernel )?void (\w+)\(`)

// There is PTX of every program, with the kernels that its source has.
func TestEveryProgramIsThere(t *testing.T) {
	for _, p := range program.All() {
		text, err := Compiled(p.Name)
		require.NoError(t, err)
		require.Contains(t, text, ".target sm_50")
		source, err := p.Source()
		require.NoError(t, err)
		for _, m := range kernels.FindAllStringSubmatch(source, -1) {
			require.Contains(t, text, ".visible .entry "+m[1]+"(", p.Name)
		}
		require.NotContains(t, text, "fma", "%s: products are rounded before they are added", p.Name)
	}
	_, err := Compiled("none")
	require.ErrorContains(t, err, "there is no PTX of none")
}

// loopOf is cn/r's main loop at a height.
func loopOf(t *testing.T, height uint64) *program.Program {
	t.Helper()
	a, err := hash.Lookup("cn/r")
	require.NoError(t, err)
	p, err := program.Loop(a, height, 1)
	require.NoError(t, err)
	return p
}

func TestCodeTakesItsPlace(t *testing.T) {
	text, err := Text(loopOf(t, 1788000))
	require.NoError(t, err)
	require.NotContains(t, text, "ADIT_PROGRAM")
	require.Contains(t, text, "adit_sum")
	_, err = insert("no place here", nil)
	require.ErrorContains(t, err, "no place")
}

var registers = strings.Split("%r10, %r11, %r12, %r13, %r4, %r5, %r6, %r7, %r8", ", ")

// What is written computes what the program does, at many heights.
func TestWrittenCodeComputes(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		p := cryptonight.Generate(rng.Uint64N(3_000_000))
		text, err := insert("\tADIT_PROGRAM "+strings.Join(registers, ", ")+";\n", p.Instructions())
		require.NoError(t, err)
		var want cryptonight.Registers
		machine := map[string]uint32{}
		for i, name := range registers {
			want[i] = rng.Uint32()
			machine[name] = want[i]
		}
		p.Run(&want)
		interpret(t, text, machine)
		for i, name := range registers {
			require.Equal(t, want[i], machine[name], "register %d", i)
		}
	}
}

// interpret runs straight PTX as its manual describes the instructions.
func interpret(t *testing.T, text string, machine map[string]uint32) {
	t.Helper()
	value := func(operand string) uint32 {
		if strings.HasPrefix(operand, "0x") {
			n, err := strconv.ParseUint(operand, 0, 32)
			require.NoError(t, err)
			return uint32(n)
		}
		v, known := machine[operand]
		require.True(t, known, "register %s", operand)
		return v
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimSpace(line), ";")
		op, rest, _ := strings.Cut(line, " ")
		if op == "{" || op == "}" || op == ".reg" {
			continue
		}
		to := strings.Split(rest, ", ")
		x, y := value(to[1]), value(to[2])
		switch op {
		case "mul.lo.u32":
			x *= y
		case "add.u32":
			x += y
		case "sub.u32":
			x -= y
		case "xor.b32":
			x ^= y
		case "shf.l.wrap.b32": // the high half of both words, shifted left
			x = bits.RotateLeft32(x, int(value(to[3])&31))
			require.Equal(t, to[1], to[2])
		case "shf.r.wrap.b32":
			x = bits.RotateLeft32(x, -int(value(to[3])&31))
			require.Equal(t, to[1], to[2])
		default:
			t.Fatalf("unknown instruction %q", line)
		}
		machine[to[0]] = x
	}
}

// NVIDIA's assembler takes all of it, where it is at hand.
func TestAssembles(t *testing.T) {
	assembler := os.Getenv("PTXAS")
	if assembler == "" {
		t.Skip("PTXAS does not name NVIDIA's assembler (of the CUDA toolkit, or PyPI's nvidia-cuda-nvcc-cu12)")
	}
	list := program.All()
	for height := uint64(1788000); height < 1788005; height++ {
		list = append(list, loopOf(t, height))
	}
	for _, p := range list {
		if p.Code == nil && p.Name == "cn-loop-cn-r" {
			continue // its place is empty
		}
		text, err := Text(p)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "a.ptx")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		out, err := exec.Command(assembler, "-arch", "sm_75", file, "-o", os.DevNull).CombinedOutput()
		require.NoError(t, err, "%s: %s", p.Name, out)
	}
}
