//go:build amd64 && !purego

package groestl

import (
	"encoding/binary"

	"github.com/aditmine/adit/hash/internal/cpufeature"
)

//go:generate go -C ../../../kernels/amd64 run . groestl

// For returns the fastest function that does what Sum256 does on a processor
// with the given features.
func For(features cpufeature.Features) func([]byte) [Size]byte {
	if features.Has(cpufeature.AES | cpufeature.AVX2) {
		return sumAVX2
	}
	return Sum256
}

// rowState is a matrix by rows, the column with the lowest index lowest.
type rowState [columns]uint64

// sumAVX2 is Sum256 with both permutations at once in assembly.
func sumAVX2(msg []byte) (digest [Size]byte) {
	// The output length, whose big-endian word is the last column.
	h := rowState{columns - 2: 8 * Size >> 8 << 56}
	rest := msg
	for len(rest) >= blockSize {
		h.compress((*[blockSize]byte)(rest))
		rest = rest[blockSize:]
	}
	last, n := padding(rest, uint64(len(msg)/blockSize))
	for i := range n {
		h.compress(&last[i])
	}

	var both [columns][2]uint64
	for i := range both {
		both[i][0] = h[i]
	}
	permuteAVX2(&both)
	for i := range h {
		h[i] ^= both[i][0]
	}
	h.transpose()
	for i, column := range h[columns/2:] {
		binary.LittleEndian.PutUint64(digest[8*i:], column)
	}
	return digest
}

// compress is the function of the same name for a matrix by rows.
func (h *rowState) compress(block *[blockSize]byte) {
	var m rowState
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(block[8*i:])
	}
	m.transpose()
	var both [columns][2]uint64
	for i := range both {
		both[i] = [2]uint64{m[i] ^ h[i], m[i]}
	}
	permuteAVX2(&both)
	for i := range h {
		h[i] ^= both[i][0] ^ both[i][1]
	}
}

// transpose makes rows of columns, and columns of rows: it swaps the corners of
// every block of 8, 4 and 2 bytes.
func (h *rowState) transpose() {
	swap := func(i, j int, shift uint, mask uint64) {
		t := (h[i]>>shift ^ h[j]) & mask
		h[j] ^= t
		h[i] ^= t << shift
	}
	for i := range 4 {
		swap(i, i+4, 32, 0x00000000ffffffff)
	}
	for _, i := range [4]int{0, 1, 4, 5} {
		swap(i, i+2, 16, 0x0000ffff0000ffff)
	}
	for i := 0; i < 8; i += 2 {
		swap(i, i+1, 8, 0x00ff00ff00ff00ff)
	}
}
