// Package cpufeature says which instruction-set extensions adit's assembly may
// use: those that the processor and the operating system have, limited to the
// level that the environment variable ADIT_CPU names.
//
// Built for other processors than amd64, or with the build tag purego, there
// is no assembly, and the set is empty.
//
// It imports nothing of adit and serves the packages below hash only.
package cpufeature

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// Features is a set of extensions.
type Features uint16

// The extensions, or groups of them that never come alone where it matters.
const (
	// AES is AES-NI with SSE4.1: AESENC on 16 bytes.
	AES Features = 1 << iota
	// AVX2 includes AVX, and that the system keeps the YMM registers.
	AVX2
	// BMI2 includes BMI1: MULX, RORX, ANDN.
	BMI2
	// AVX512 is the foundation with BW, DQ and VL, and that the system keeps
	// the ZMM registers.
	AVX512
	// VAES is AESENC on YMM registers; on ZMM registers where there is AVX512.
	VAES
	// VBMI is permutation of bytes, and GFNI arithmetic on them, with AVX512.
	VBMI
	GFNI
)

var names = []string{"aes", "avx2", "bmi2", "avx512", "vaes", "vbmi", "gfni"}

// Has reports whether all of wanted are in the set.
func (f Features) Has(wanted Features) bool { return f&wanted == wanted }

// String lists the set, such as "aes avx2 bmi2".
func (f Features) String() string {
	var list []string
	for i, name := range names {
		if f&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, " ")
}

// Level is a stage of the assembly, named like the implementations built for
// it. A level needs some features, and uses some more where there are any.
type Level struct {
	Name string
	// Needs are the features without which nothing of the level runs.
	Needs Features
	// May are all features that the level uses.
	May Features
}

// The levels, each of which includes those before it.
var (
	generic = Level{Name: "generic"}
	aes     = Level{Name: "aes", Needs: AES, May: AES}
	avx2    = Level{Name: "avx2", Needs: AES | AVX2 | BMI2, May: AES | AVX2 | BMI2 | VAES}
	avx512  = Level{Name: "avx512", Needs: avx2.Needs | AVX512, May: avx2.May | AVX512 | VBMI | GFNI}
)

// Levels returns the levels, the slowest first.
func Levels() []Level { return []Level{generic, aes, avx2, avx512} }

// Env is the environment variable that names the highest level to use.
const Env = "ADIT_CPU"

// Detect returns what the machine has.
func Detect() Features { return detected() }

var detected = sync.OnceValue(detect)

// Allowed returns what may be used: what the machine has, as far as ADIT_CPU
// allows. The error says what is wrong with ADIT_CPU; the set then is empty.
func Allowed() (Features, error) { return Limit(Detect(), os.Getenv(Env)) }

// Limit returns those of the machine's features that the named level uses, and
// all of them for an empty name. It is an error to name a level that does not
// exist, or that the machine does not reach.
func Limit(machine Features, level string) (Features, error) {
	if level == "" {
		return machine, nil
	}
	var known []string
	for _, l := range Levels() {
		if l.Name != level {
			known = append(known, l.Name)
			continue
		}
		if missing := l.Needs &^ machine; missing != 0 {
			return 0, fmt.Errorf("%s=%s: %s (missing: %v); unset it or choose a lower level", Env, level, shortfall, missing)
		}
		return machine & l.May, nil
	}
	return 0, fmt.Errorf("%s=%s: there is no such level; choose one of %s", Env, level, strings.Join(known, ", "))
}
