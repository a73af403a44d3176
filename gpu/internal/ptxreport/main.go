// Command ptxreport tells what NVIDIA's assembler makes of the CUDA kernels on
// each kind of card: registers, spills, stack, shared memory and the occupancy
// that they allow, as Markdown; and of Eaglesong the instructions of a nonce.
//
//	make ptxas-report PTXAS=path
//
// It imports hash, gpu/internal/program and gpu/internal/ptx.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/gpu/internal/ptx"
	"github.com/aditmine/adit/hash"
)

// sampleHeight is where cn/r's program is looked at.
const sampleHeight = 1788000

func main() {
	assembler := flag.String("ptxas", "ptxas", "`path` of NVIDIA's assembler")
	flag.Parse()
	if err := run(*assembler, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ptxreport:", err)
		os.Exit(1)
	}
}

func run(assembler string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "adit-ptxreport")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := &table{}
	for _, p := range program.All() {
		if err := t.add(assembler, dir, p); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	if err := t.print(out); err != nil {
		return err
	}
	return counts(assembler, dir, out)
}

// assemble runs the assembler on a program, and returns what it says and the
// path of what it makes.
func assemble(assembler, dir, arch string, p *program.Program) (said, cubin string, err error) {
	if p.Name == "cn-loop-cn-r" {
		a, err := hash.Lookup("cn/r")
		if err != nil {
			return "", "", err
		}
		if p, err = program.Loop(a, sampleHeight, 1); err != nil {
			return "", "", err
		}
	}
	text, err := ptx.Text(p)
	if err != nil {
		return "", "", err
	}
	source, cubin := filepath.Join(dir, "program.ptx"), filepath.Join(dir, "program.cubin")
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		return "", "", err
	}
	output, err := exec.Command(assembler, "-v", "-arch", arch, source, "-o", cubin).CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("%w\n%s", err, output)
	}
	return string(output), cubin, nil
}

// table has a row for each kernel.
type table struct{ rows []*row }

type row struct {
	program, kernel string
	usage           map[string]usage // by kind of card
}

func (t *table) add(assembler, dir string, p *program.Program) error {
	rows := map[string]*row{}
	for _, card := range cards {
		said, _, err := assemble(assembler, dir, card.arch, p)
		if err != nil {
			return err
		}
		for _, u := range parse(said) {
			r := rows[u.kernel]
			if r == nil {
				r = &row{program: p.Name, kernel: u.kernel, usage: map[string]usage{}}
				rows[u.kernel] = r
				t.rows = append(t.rows, r)
			}
			r.usage[card.arch] = u
		}
	}
	return nil
}

// print writes, for each kernel and card, registers and occupancy. Kernels of
// several programs that are the same in all of that share a line.
func (t *table) print(out io.Writer) error {
	var b strings.Builder
	b.WriteString("| kernel | programs | shared | stack | spilled |")
	for _, card := range cards {
		fmt.Fprintf(&b, " %s |", card.arch)
	}
	b.WriteString("\n|---|---|---|---|---|" + strings.Repeat("---|", len(cards)) + "\n")
	programs := map[string][]string{}
	var order []string
	for _, r := range t.rows {
		key := r.kernel + "|" + r.cells()
		if programs[key] == nil {
			order = append(order, key)
		}
		programs[key] = append(programs[key], r.program)
	}
	for _, key := range order {
		kernel, cells, _ := strings.Cut(key, "|")
		fmt.Fprintf(&b, "| %s | %s |%s\n", kernel, strings.Join(programs[key], ", "), cells)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// cells are a row without its names.
func (r *row) cells() string {
	var most usage
	for _, u := range r.usage {
		most.shared, most.stack, most.spilled = max(most.shared, u.shared), max(most.stack, u.stack), max(most.spilled, u.spilled)
	}
	var b strings.Builder
	fmt.Fprintf(&b, " %d | %d | %d |", most.shared, most.stack, most.spilled)
	for _, card := range cards {
		u := r.usage[card.arch]
		fmt.Fprintf(&b, " %d, %d%% |", u.registers, card.occupancy(&u, blockThreads))
	}
	return b.String()
}
