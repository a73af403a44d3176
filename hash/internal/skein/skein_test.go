package skein

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/kattest"
)

func TestKnownAnswers(t *testing.T) {
	kattest.Run(t, "testdata/kat.txt", Sum256)
}

// The initial value is the configuration string (section 3.5.2) of 32 bytes:
// schema "SHA3", version 1 and the output length in bits, hashed from zero.
func TestInitialValue(t *testing.T) {
	var block [blockSize]byte
	copy(block[:], "SHA3\x01")
	binary.LittleEndian.PutUint64(block[8:], 8*Size)
	var g [words]uint64
	const typeConfig = 4 << 56
	process(&g, &block, 32, typeConfig|firstBlock|finalBlock)
	require.Equal(t, g, iv)
}
