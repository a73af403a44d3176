package jh

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash/internal/kattest"
)

func TestKnownAnswers(t *testing.T) {
	kattest.Run(t, "testdata/kat.txt", Sum256)
}

// linear is the map L on two elements (section 2.2.2).
func linear(a, b byte) (byte, byte) {
	double := func(x byte) byte { return (x<<1 ^ x>>3 ^ x>>2&2) & 15 }
	b ^= double(a)
	a ^= double(b)
	return a, b
}

// shuffled applies the permutation P_d (section 2.2.3) to a list of 2^d.
func shuffled[T any](in []T) []T {
	t := append([]T(nil), in...)
	for i := 0; i < len(t); i += 4 {
		t[i+2], t[i+3] = t[i+3], t[i+2]
	}
	half := len(t) / 2
	out := make([]T, len(t))
	for i := range half {
		out[i], out[half+i] = t[2*i], t[2*i+1]
	}
	for i := half; i < len(t); i += 2 {
		out[i], out[i+1] = out[i+1], out[i]
	}
	return out
}

// nextConstant is one round R6 without round constant, on 64 elements.
func nextConstant(c []byte) []byte {
	s0 := [16]byte{9, 0, 4, 11, 13, 12, 3, 15, 1, 10, 2, 6, 7, 5, 8, 14}
	t := make([]byte, len(c))
	for i := 0; i < len(c); i += 2 {
		t[i], t[i+1] = linear(s0[c[i]], s0[c[i+1]])
	}
	return shuffled(t)
}

// The table is in the order in which the bit-sliced form has the elements:
// there they lie still while the permutation would move them, so the
// constants move instead.
func TestRoundConstants(t *testing.T) {
	digits := "6a09e667f3bcc908b2fb1366ea957d3e3adec17512775099da2f590b0667322a"
	constant := make([]byte, len(digits)) // the fraction of sqrt(2), 4 bits each
	for i := range digits {
		b, err := hex.DecodeString("0" + digits[i:i+1])
		require.NoError(t, err)
		constant[i] = b[0]
	}
	slots := make([]int, 256) // slots[p] is the bit-sliced slot of element p
	for p := range slots {
		slots[p] = p
	}
	for r := range rounds {
		var want [4]uint64
		for p, slot := range slots {
			bit := uint64(constant[p/4]>>(3-p%4)) & 1
			i := slot / 2
			want[slot%2*2+i/64] |= bit << (63 - i%64)
		}
		require.Equal(t, want, roundConstants[r], "round %d", r)

		constant = nextConstant(constant)
		slots = shuffled(slots)
		for p, slot := range slots {
			if slot%2 == 1 {
				slots[p] = (slot/2^1<<(r%7))*2 + 1
			}
		}
	}
}
