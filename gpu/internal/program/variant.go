package program

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cryptonight"
)

// variant is the base that a CryptoNight algorithm has, and what sets it apart.
type variant struct {
	base  int
	flags []string // without CN_
}

func (v *variant) has(name string) bool { return slices.Contains(v.flags, name) }

func (v *variant) flag(name string) int {
	if v.has(name) {
		return 1
	}
	return 0
}

func variantOf(a *hash.Algorithm) (v variant, ok bool) {
	switch a.Name {
	case "cn/0", "cn/xao", "cn-lite/0":
		return variant{0, nil}, true
	case "cn/ccx":
		return variant{0, []string{"CONCEAL"}}, true
	case "cn/1", "cn/fast", "cn-lite/1":
		return variant{1, nil}, true
	case "cn/rto":
		return variant{1, []string{"FOLD_LOW"}}, true
	case "cn/2", "cn/half", "cn/zls", "cn/double", "cn-pico", "cn-pico/tlo":
		return variant{2, nil}, true
	case "cn/rwz", "cn/upx2":
		return variant{2, []string{"REVERSE"}}, true
	case "cn/r":
		return variant{3, nil}, true
	case "cn-heavy/0":
		return variant{0, []string{"HEAVY"}}, true
	case "cn-heavy/xhv":
		return variant{0, []string{"HEAVY", "INVERT"}}, true
	case "cn-heavy/tube":
		return variant{0, []string{"HEAVY", "TUBE"}}, true
	case "cn/gpu":
		return variant{0, []string{"HEAVY", "FLOAT"}}, true
	}
	return variant{}, false
}

// inC writes a height's program in C.
func inC(code []cryptonight.Instruction) string {
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
