package jh

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// TestForEqualsSum256 goes over the edges of several blocks.
func TestForEqualsSum256(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sum := For(cpufeature.Detect())
	msg := make([]byte, 300)
	for n := range msg {
		for i := range n {
			msg[i] = byte(random.Uint32())
		}
		require.Equal(t, Sum256(msg[:n]), sum(msg[:n]), "%d bytes", n)
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { sum(msg) }))
}
