// Command ptxgen makes the PTX that gpu/internal/ptx embeds, with Debian's
// clang-16: no CUDA toolkit is needed. It runs in the folder gpu/internal/ptx.
//
//	go generate ./gpu/internal/ptx   write all files anew (make ptx)
//	ptxgen -check                    fail when one is not up to date
//
// It imports gpu/internal/program and gpu/internal/ptx.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/gpu/internal/ptx"
	"github.com/aditmine/adit/kernels/cl"
)

const folder = "files"

func main() {
	check := flag.Bool("check", false, "compare with what is there instead of writing")
	compiler := flag.String("clang", "clang-16", "the `program` that compiles")
	flag.Parse()
	if err := run(*compiler, *check); err != nil {
		fmt.Fprintln(os.Stderr, "ptxgen:", err)
		os.Exit(1)
	}
}

func run(compiler string, check bool) error {
	names := map[string]bool{}
	for _, p := range program.All() {
		names[p.Name+".ptx.gz"] = true
		text, err := compile(compiler, p)
		if err != nil {
			return fmt.Errorf("compiling %s: %w", p.Name, err)
		}
		if check {
			err = compare(p.Name, text)
		} else {
			err = write(p.Name, text)
		}
		if err != nil {
			return err
		}
	}
	return others(names, check)
}

// compile turns a program into PTX. Multiplications and additions are not
// fused: the variants that compute with floating point need each rounded.
func compile(compiler string, p *program.Program) ([]byte, error) {
	text, err := cl.Source(p.File)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(compiler, "-target", "nvptx64-nvidia-cuda", "-x", "cl", "-cl-std=CL1.2", "-O3", "-S",
		"-ffp-contract=off", "-nogpulib", "-DADIT_PTX", "-Xclang", "-target-cpu", "-Xclang", fmt.Sprintf("sm_%d", ptx.Capability),
		"-Xclang", "-target-feature", "-Xclang", "+ptx63", "-o", "-", "-")
	cmd.Stdin = bytes.NewReader([]byte(p.Defines + text))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, errs.String())
	}
	return out.Bytes(), nil
}

func write(name string, text []byte) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+".ptx.gz"), packed.Bytes(), 0o644)
}

// compare looks at the texts: how they are compressed does not matter.
func compare(name string, text []byte) error {
	committed, err := ptx.Compiled(name)
	if err != nil {
		return fmt.Errorf("%w: run make ptx", err)
	}
	if committed != string(text) {
		return fmt.Errorf("the PTX of %s is not what its source compiles to: run make ptx", name)
	}
	return nil
}

// others removes files that belong to no program, or complains of them.
func others(names map[string]bool, check bool) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case names[e.Name()]:
		case check:
			return fmt.Errorf("%s belongs to no program: run make ptx", e.Name())
		default:
			if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
