package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aditmine/adit/gpu/internal/program"
)

// instructionSize is that of the machine code of compute capability 7 and
// later; the low bits of the first word, opcodeMask, say what it does.
const (
	instructionSize = 16
	opcodeMask      = 0x1ff // without the bits that say where operands come from
)

// opcodes names those that matter, as NVIDIA's disassembler does.
var opcodes = map[uint64]string{
	0x012: "LOP3", 0x010: "IADD3", 0x019: "SHF", 0x016: "PRMT", 0x024: "IMAD", 0x025: "IMAD.WIDE",
	0x002: "MOV", 0x011: "LEA", 0x00c: "ISETP", 0x007: "SEL", 0x118: "NOP", 0x147: "BRA", 0x14d: "EXIT",
}

// counts prints the instructions that Eaglesong's kernel is made of: it has no
// loop, so that they are those of a nonce.
func counts(assembler, dir string, out io.Writer) error {
	for _, card := range cards {
		_, cubin, err := assemble(assembler, dir, card.arch, program.Eaglesong())
		if err != nil {
			return err
		}
		code, err := machineCode(cubin, "eaglesong_search")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "\neaglesong on %s: %s\n", card.arch, summary(code)); err != nil {
			return err
		}
	}
	return nil
}

// elfVersion is where an ELF file's header has its version's low byte.
const elfVersion = 0x14

// machineCode reads a kernel's instructions from an assembled file.
func machineCode(path, kernel string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) > elfVersion {
		data[elfVersion] = byte(elf.EV_CURRENT) // newer assemblers write a version of NVIDIA's own here
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	section := f.Section(".text." + kernel)
	if section == nil {
		return nil, fmt.Errorf("there is no kernel %s in what was assembled", kernel)
	}
	return section.Data()
}

// summary counts instructions, the frequent ones by name.
func summary(code []byte) string {
	count, all := map[string]int{}, 0
	for ; len(code) >= instructionSize; code = code[instructionSize:] {
		name, known := opcodes[binary.LittleEndian.Uint64(code)&opcodeMask]
		if !known {
			name = "other"
		}
		if name == "NOP" {
			continue // behind the end
		}
		count[name]++
		all++
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return (count[b]-count[a])*2 + strings.Compare(a, b)
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", count[name], name)
	}
	return fmt.Sprintf("%d instructions: %s", all, strings.Join(parts, ", "))
}
