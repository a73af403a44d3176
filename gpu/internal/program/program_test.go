package program

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
)

func lookup(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

// Every algorithm has its programs, and no two programs one name.
func TestAll(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		require.False(t, seen[p.Name], p.Name)
		seen[p.Name] = true
		text, err := p.Source()
		require.NoError(t, err)
		require.Contains(t, text, p.Defines)
	}
	for _, a := range hash.All() {
		if a.Family == hash.CryptoNight {
			p, err := Loop(a, 0, 1)
			require.NoError(t, err)
			require.True(t, seen[p.Name], p.Name)
			require.True(t, seen[Pads(a).Name], a.Name)
		}
	}
}

func TestLoop(t *testing.T) {
	p, err := Loop(lookup(t, "cn/2"), 5, 4)
	require.NoError(t, err)
	require.Contains(t, p.Defines, "#define CN_UNROLL 4\n")
	require.Contains(t, p.Defines, "#define CN_BASE 2\n")
	require.Nil(t, p.Code)
	_, err = Loop(lookup(t, "eaglesong"), 0, 1)
	require.ErrorIs(t, err, gpu.ErrNoKernel)
}

// A height's program is part of the source for OpenCL, and of no other height's.
func TestSourceOfAHeight(t *testing.T) {
	a := lookup(t, "cn/r")
	texts := map[string]bool{}
	for height := range uint64(3) {
		p, err := Loop(a, 1788000+height, 1)
		require.NoError(t, err)
		text, err := p.Source()
		require.NoError(t, err)
		require.Contains(t, text, "#define ADIT_PROGRAM(r0, r1, r2, r3, r4, r5, r6, r7, r8) r")
		texts[text] = true
	}
	require.Len(t, texts, 3)
}
