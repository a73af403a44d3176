//go:build opencl && cgo

package opencl

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// words are what a driver answers.
func answer(words ...uint32) (out []byte) {
	for _, w := range words {
		out = binary.NativeEndian.AppendUint32(out, w)
	}
	return out
}

func TestBusOfEveryMakersAnswer(t *testing.T) {
	amd := answer(1, 0, 0, 0, 0, 0)
	amd[21], amd[22], amd[23] = 0x0A, 2, 1
	other := answer(7, 0, 0, 0, 0, 0)
	for _, c := range []struct {
		answers map[uint32][]byte
		want    string
	}{
		{nil, ""},
		{map[uint32][]byte{khronosBus: answer(1, 0x21, 3, 0)}, "0001:21:03.0"},
		{map[uint32][]byte{amdTopology: amd}, "0000:0a:02.1"},
		{map[uint32][]byte{amdTopology: other}, ""},
		{map[uint32][]byte{nvidiaBus: answer(0xC1), nvidiaSlot: answer(0)}, "0000:c1:00.0"},
		{map[uint32][]byte{nvidiaBus: answer(1), nvidiaSlot: answer(4<<3 | 1), nvidiaPlace: answer(2)}, "0002:01:04.1"},
		{map[uint32][]byte{nvidiaBus: answer(1)}, ""},
	} {
		got := busFrom(func(what uint32, size int) []byte {
			if b := c.answers[what]; len(b) == size {
				return b
			}
			return nil
		})
		require.Equal(t, c.want, got)
	}
}

// PoCL, a processor, is on no bus: whatever a driver says, asking does no harm.
func TestAskingForTheBus(t *testing.T) {
	list, err := handles()
	if err != nil {
		require.Empty(t, os.Getenv("ADIT_REQUIRE_REAL"), "no OpenCL device: apt-get install pocl-opencl-icd: %v", err)
		t.Skipf("no OpenCL device: %v", err)
	}
	for _, d := range list {
		require.Regexp(t, `^$|^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$`, busOf(d))
		require.Nil(t, rawInfo(d, 0xFFFF, 4))
		require.Len(t, rawInfo(d, 0x1001, 4), 4, "CL_DEVICE_VENDOR_ID")
	}
}
