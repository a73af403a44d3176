//go:build !purego

package cpufeature

// shortfall is why a level may be out of reach.
const shortfall = "this processor does not have that level"

// Bits of CPUID, from Intel's Software Developer's Manual, volume 2, CPUID.
const (
	ssse3Bit   = 1 << 9  // leaf 1, ECX
	sse41Bit   = 1 << 19 //
	aesBit     = 1 << 25 //
	osxsaveBit = 1 << 27 //
	avxBit     = 1 << 28 //

	bmi1Bit     = 1 << 3  // leaf 7, EBX
	avx2Bit     = 1 << 5  //
	bmi2Bit     = 1 << 8  //
	avx512fBit  = 1 << 16 //
	avx512dqBit = 1 << 17 //
	avx512bwBit = 1 << 30 //
	avx512vlBit = 1 << 31 //

	vbmiBit = 1 << 1 // leaf 7, ECX
	gfniBit = 1 << 8 //
	vaesBit = 1 << 9 //

	ymmState = 0x06 // XCR0: SSE and AVX state
	zmmState = 0xE6 // and opmask, upper halves and upper registers
)

// detect asks the processor, and the system which registers it keeps.
func detect() Features {
	highest, _, _, _ := cpuid(0, 0)
	_, _, one, _ := cpuid(1, 0)
	var b, c uint32
	if highest >= 7 {
		_, b, c, _ = cpuid(7, 0)
	}
	var state uint32
	if one&osxsaveBit != 0 {
		state, _ = xgetbv()
	}
	return decode(one, b, c, state)
}

// decode makes a set from ECX of leaf 1, EBX and ECX of leaf 7, and XCR0.
func decode(one, b, c, state uint32) (f Features) {
	const (
		aesAll    = aesBit | sse41Bit | ssse3Bit
		bmiAll    = bmi1Bit | bmi2Bit
		avx512All = avx512fBit | avx512dqBit | avx512bwBit | avx512vlBit
	)
	add := func(feature Features, has bool) {
		if has {
			f |= feature
		}
	}
	ymm := state&ymmState == ymmState && one&avxBit != 0
	zmm := state&zmmState == zmmState && b&avx512All == avx512All
	add(AES, one&aesAll == aesAll)
	add(BMI2, b&bmiAll == bmiAll)
	add(AVX2, ymm && b&avx2Bit != 0)
	add(VAES, f.Has(AVX2) && c&vaesBit != 0)
	add(AVX512, f.Has(AVX2) && zmm)
	add(VBMI, f.Has(AVX512) && c&vbmiBit != 0)
	add(GFNI, f.Has(AVX512) && c&gfniBit != 0)
	return f
}
