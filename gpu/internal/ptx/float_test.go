package ptx

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
)

// arithmetic matches instructions that compute with floats, and what they say
// about rounding.
var arithmetic = regexp.MustCompile(`\b(?:add|sub|mul|div|fma|mad|cvt)\.[a-z0-9.]*\bf32\S*`)

// Every floating-point operation of cn/gpu says how it rounds: ".rn" is to
// nearest, and keeps the driver from making one of two. ".rzi" truncates to an
// integer. None flushes small numbers to zero, or approximates.
func TestFloatsAreRoundedOneByOne(t *testing.T) {
	a, err := hash.Lookup("cn/gpu")
	require.NoError(t, err)
	p, err := program.Loop(a, 0, 1)
	require.NoError(t, err)
	text, err := Compiled(p.Name)
	require.NoError(t, err)
	seen := map[string]int{}
	for _, instruction := range arithmetic.FindAllString(text, -1) {
		seen[instruction]++
	}
	require.Len(t, seen, 6, "%v", seen)
	for _, name := range []string{"add.rn.f32", "sub.rn.f32", "mul.rn.f32", "div.rn.f32", "cvt.rn.f32.s32", "cvt.rzi.s32.f32"} {
		require.Contains(t, seen, name)
	}
	require.Equal(t, 4, seen["div.rn.f32"], "one for each float of a vector")
}
