package ptx

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aditmine/adit/hash/cryptonight"
)

// place matches the line that ADIT_PROGRAM of kernels/cl/device.clh leaves in
// the text: it names the registers r0 to r8, of which the first four change.
var place = regexp.MustCompile(`(?m)^\s*ADIT_PROGRAM ((?:%\w+, ){8}%\w+);$`)

// insert puts a height's code in its place.
func insert(text string, code []cryptonight.Instruction) (string, error) {
	found := place.FindAllStringSubmatchIndex(text, -1)
	if len(found) == 0 {
		return "", errors.New("the PTX has no place for a height's program")
	}
	var b strings.Builder
	end := 0
	for _, at := range found {
		b.WriteString(text[end:at[0]])
		write(&b, code, strings.Split(text[at[2]:at[3]], ", "))
		end = at[1]
	}
	b.WriteString(text[end:])
	return b.String(), nil
}

// write writes the code in PTX, a line for each step, in a block of its own
// whose register adit_sum is for sums. Shifts that wrap use the low five bits
// of their count, as the program's rotations do.
func write(b *strings.Builder, code []cryptonight.Instruction, registers []string) {
	b.WriteString("\t{\n\t.reg .b32 adit_sum;\n")
	for _, in := range code {
		dst, src := registers[in.Dst], registers[in.Src]
		switch in.Op {
		case cryptonight.Mul:
			fmt.Fprintf(b, "\tmul.lo.u32 %s, %s, %s;\n", dst, dst, src)
		case cryptonight.Add:
			fmt.Fprintf(b, "\tadd.u32 adit_sum, %s, 0x%x;\n\tadd.u32 %s, %s, adit_sum;\n", src, in.Constant, dst, dst)
		case cryptonight.Sub:
			fmt.Fprintf(b, "\tsub.u32 %s, %s, %s;\n", dst, dst, src)
		case cryptonight.Ror:
			fmt.Fprintf(b, "\tshf.r.wrap.b32 %s, %s, %s, %s;\n", dst, dst, dst, src)
		case cryptonight.Rol:
			fmt.Fprintf(b, "\tshf.l.wrap.b32 %s, %s, %s, %s;\n", dst, dst, dst, src)
		case cryptonight.Xor:
			fmt.Fprintf(b, "\txor.b32 %s, %s, %s;\n", dst, dst, src)
		}
	}
	b.WriteString("\t}")
}
