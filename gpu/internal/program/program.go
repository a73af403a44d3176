// Package program says of which programs an algorithm's search on a device is
// made, and how each is compiled for it. The back ends build them: OpenCL from
// the source, CUDA from the PTX that was made of it and bears the same name.
//
// It imports hash, its implementations and kernels/cl; packages below gpu use
// it.
package program

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cryptonight"
	"github.com/aditmine/adit/kernels/cl"
)

// Program is a text that a device's driver compiles.
type Program struct {
	// Name is the same for what compiles to the same PTX: "eaglesong",
	// "cn-loop-cn-heavy-0".
	Name string
	// File is its file in kernels/cl, and Defines what the compiler is told
	// before it, a line each.
	File    string
	Defines string
	// Code is cn/r's program at a height, for the place that ADIT_PROGRAM marks;
	// otherwise nil.
	Code []cryptonight.Instruction
}

// Source is the whole text for an OpenCL compiler.
func (p *Program) Source() (string, error) {
	text, err := cl.Source(p.File)
	if err != nil {
		return "", err
	}
	code := ""
	if p.Code != nil {
		code = fmt.Sprintf("#define ADIT_PROGRAM(r0, r1, r2, r3, r4, r5, r6, r7, r8) %s\n", inC(p.Code))
	}
	return p.Defines + code + text, nil
}

// Eaglesong is the only program of that algorithm.
func Eaglesong() *Program { return &Program{Name: "eaglesong", File: "eaglesong.cl"} }

// Pads is the program of the kernels around the main loop of a CryptoNight
// algorithm.
func Pads(a *hash.Algorithm) *Program {
	v, _ := variantOf(a)
	name := fmt.Sprintf("cn-pads-%dk", a.Scratchpad>>10)
	switch {
	case v.has("FLOAT"):
		name += "-float"
	case v.has("HEAVY"):
		name += "-heavy"
	}
	return &Program{Name: name, File: "cnpads.cl", Defines: padDefines(a, &v)}
}

// Loop is the program of the main loop of a CryptoNight algorithm, at a height
// for cn/r. Unroll is as in gpu.Options; the PTX is made with 1, and cn/gpu does
// without. It fails for an algorithm that has no kernel.
func Loop(a *hash.Algorithm, height uint64, unroll int) (*Program, error) {
	v, ok := variantOf(a)
	if !ok {
		return nil, fmt.Errorf("%s: %w", a.Name, gpu.ErrNoKernel)
	}
	var b strings.Builder
	b.WriteString(padDefines(a, &v))
	fmt.Fprintf(&b, "#define CN_ITERATIONS %du\n#define CN_MASK 0x%xu\n", a.Iterations, a.AddressMask)
	name := "cn-loop-" + strings.ReplaceAll(a.Name, "/", "-")
	if v.has("FLOAT") {
		return &Program{Name: name, File: "cngpu.cl", Defines: b.String()}, nil
	}
	fmt.Fprintf(&b, "#define CN_UNROLL %d\n#define CN_BASE %d\n", max(unroll, 1), v.base)
	for _, name := range []string{"TUBE", "INVERT", "FOLD_LOW", "REVERSE", "CONCEAL"} {
		fmt.Fprintf(&b, "#define CN_%s %d\n", name, v.flag(name))
	}
	p := &Program{Name: name, File: "cnloop.cl", Defines: b.String()}
	if a.NeedsHeight {
		random := cryptonight.Generate(height)
		p.Code = random.Instructions()
	}
	return p, nil
}

// All lists the programs of all algorithms, without cn/r's code of a height.
func All() []*Program {
	list := []*Program{Eaglesong()}
	for _, a := range hash.All() {
		loop, err := Loop(a, 0, 1)
		if err != nil {
			continue // not CryptoNight's
		}
		loop.Code = nil
		list = append(list, loop)
		pads := Pads(a)
		if !slices.ContainsFunc(list, func(p *Program) bool { return p.Name == pads.Name }) {
			list = append(list, pads)
		}
	}
	return list
}

func padDefines(a *hash.Algorithm, v *variant) string {
	return fmt.Sprintf("#define CN_PAD %du\n#define CN_HEAVY %d\n#define CN_FLOAT %d\n",
		a.Scratchpad, v.flag("HEAVY"), v.flag("FLOAT"))
}

// LoopShape says of the main loop of a CryptoNight algorithm how many
// work-items it has for each nonce, and how large its groups must be, 0 where
// that does not matter.
func LoopShape(a *hash.Algorithm) (lanes, group int) {
	if v, _ := variantOf(a); v.has("FLOAT") {
		return 16, 64 // CNG_LANES, CNG_GROUP
	}
	return 1, 0
}
