// Command amd64 writes adit's assembly for amd64, and the Go declarations that
// go with it, beside the packages that use them. Without arguments it writes
// all of it, otherwise the files named:
//
//	go -C kernels/amd64 run . [name ...]
//
// Each kernel is described once, in a file of this command, with avo.
package main

import (
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// root is the repository as seen from this folder.
const root = "../.."

// output is one assembly file, <name>_amd64.s, with its declarations,
// <name>_amd64.go.
type output struct {
	name string
	// folder is the package's, below the repository's root.
	folder string
	// types are the package's own that signatures mention. They may appear as
	// pointers only, because their layout is not known here.
	types []string
	emit  func(*generator)

	// plain, when it is set, makes a file that is no assembly, at the path.
	plain func() []byte
	path  string
}

var outputs = []output{
	{name: "lanes", folder: "hash/cryptonight", types: []string{"loopContext"}, emit: emitLanes},
	{name: "float", folder: "hash/cryptonight", types: []string{"floatContext"}, emit: emitFloat},
	{name: "pads", folder: "hash/cryptonight", types: []string{"padContext"}, emit: emitPads},
	{name: "eaglesong", folder: "hash/eaglesong", types: []string{"kernelContext"}, emit: emitEaglesong},
	{name: "groestl", folder: "hash/internal/groestl", emit: emitGroestl},
	{name: "jh", folder: "hash/internal/jh", types: []string{"state"}, emit: emitJH},
	{name: "cpuid", folder: "hash/internal/cpufeature", emit: emitCPUID},
	{name: "eaglesong-cl", plain: eagleCL, path: clPath},
	{name: "tables-cl", plain: clTables, path: tablesPath},
}

// generator is an avo context for one output.
type generator struct {
	*build.Context
	pkg       *types.Package
	constants map[string]operand.Mem
}

// function starts a function. The first word of doc is its name.
func (g *generator) function(name, signature string, doc ...string) {
	parsed, err := gotypes.ParseSignatureInPackage(g.pkg, signature)
	if err != nil {
		panic(fmt.Sprintf("signature of %s: %v", name, err)) // a mistake in a description
	}
	g.Function(name)
	g.Attributes(attr.NOSPLIT)
	g.Doc(doc...)
	g.Pragma("noescape")
	g.Signature(parsed)
}

// constant is read-only data: 64-bit words in little-endian order. The same
// name always stands for the same data.
func (g *generator) constant(name string, words ...uint64) operand.Mem {
	if m, done := g.constants[name]; done {
		return m
	}
	m := g.StaticGlobal(name)
	g.constants[name] = m
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, word := range words {
		g.AppendDatum(operand.U64(word))
	}
	return m
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "amd64:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	if _, err := os.Stat(filepath.Join(root, "kernels/amd64/main.go")); err != nil {
		return fmt.Errorf("must run in its own folder: go -C kernels/amd64 run . (%w)", err)
	}
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	for _, o := range chosen {
		if err := o.write(); err != nil {
			return fmt.Errorf("writing %s: %w", o.name, err)
		}
	}
	return nil
}

// choose returns the outputs with the given names, or all of them.
func choose(names []string) ([]output, error) {
	if len(names) == 0 {
		return outputs, nil
	}
	var chosen []output
	for _, name := range names {
		found := false
		for _, o := range outputs {
			if o.name == name {
				chosen, found = append(chosen, o), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no output %q", name)
		}
	}
	return chosen, nil
}

func (o *output) write() error {
	texts, err := o.texts()
	if err != nil {
		return err
	}
	for path, text := range texts {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// texts returns the contents of the files, mostly two, by their paths.
func (o *output) texts() (map[string][]byte, error) {
	if o.plain != nil {
		return map[string][]byte{o.path: o.plain()}, nil
	}
	file, err := o.file()
	if err != nil {
		return nil, err
	}
	config := printer.Config{
		Argv: []string{"go", "-C", "kernels/amd64", "run", ".", o.name},
		Pkg:  filepath.Base(o.folder),
	}
	assembly, err := printer.NewGoAsm(config).Print(file)
	if err != nil {
		return nil, err
	}
	declarations, err := printer.NewStubs(config).Print(file)
	if err != nil {
		return nil, err
	}
	base := filepath.Join(root, o.folder, o.name+"_amd64")
	return map[string][]byte{base + ".s": assembly, base + ".go": declarations}, nil
}

// file runs the description and avo's passes over it.
func (o *output) file() (*ir.File, error) {
	g := &generator{
		Context:   build.NewContext(),
		pkg:       types.NewPackage(o.folder, filepath.Base(o.folder)),
		constants: map[string]operand.Mem{},
	}
	for _, name := range o.types {
		object := types.NewTypeName(token.NoPos, g.pkg, name, nil)
		types.NewNamed(object, types.NewStruct(nil, nil), nil)
		g.pkg.Scope().Insert(object)
	}
	g.ConstraintExpr("!purego")
	o.emit(g)
	file, err := g.Result()
	if err != nil {
		return nil, err
	}
	return file, pass.Compile.Execute(file)
}
