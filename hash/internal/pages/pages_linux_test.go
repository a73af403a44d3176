package pages

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/aditmine/adit/hash"
)

// mapped reports whether there is anything at an address.
func mapped(at int) bool {
	page := at &^ (os.Getpagesize() - 1)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(page), 1, uintptr(unsafe.Pointer(new(byte))))
	return errno != unix.ENOMEM
}

func TestMemoryIsAlignedToHugePages(t *testing.T) {
	m, err := Allocate(5 << 20)
	require.NoError(t, err)
	require.Zero(t, address(m.Bytes())%HugeSize)
	require.NoError(t, m.Close())
}

func TestCloseReturnsTheMemory(t *testing.T) {
	m, err := Allocate(64 << 20)
	require.NoError(t, err)
	at := address(m.Bytes())
	require.True(t, mapped(at))
	require.NoError(t, m.Close())
	require.False(t, mapped(at), "mapping")
}

// TestForgottenMemory checks the safety net: memory that nobody closed.
func TestForgottenMemory(t *testing.T) {
	m, err := Allocate(HugeSize)
	require.NoError(t, err)
	at := address(m.Bytes())
	require.True(t, mapped(at))
	m = nil
	require.Eventually(t, func() bool {
		runtime.GC()
		return !mapped(at)
	}, 5*time.Second, 10*time.Millisecond)
}

// TestOverrun checks that a write past the end does not go unnoticed.
func TestOverrun(t *testing.T) {
	m, err := onDemand(HugeSize, unix.MADV_HUGEPAGE)
	require.NoError(t, err)
	defer func() { require.NoError(t, m.Close()) }()
	beyond := &Memory{bytes: unsafe.Slice((*byte)(unsafe.Add(m.Pointer(), HugeSize)), 1)}
	require.ErrorContains(t, beyond.touch(1), "provides less memory")
}

func TestPlainPagesWhereTheyAreWanted(t *testing.T) {
	t.Setenv(hash.HugePagesEnv, "off")
	m, err := Allocate(4 * HugeSize)
	require.NoError(t, err)
	require.Equal(t, hash.MemoryStatus{Bytes: 4 * HugeSize}, m.Status())
	require.NoError(t, m.Close())
}

func TestScanSmaps(t *testing.T) {
	const smaps = `00400000-00c00000 r-xp 00000000 08:01 1234 /bin/adit
Size:               8192 kB
AnonHugePages:         0 kB
VmFlags: rd ex mr
7f0000200000-7f0000800000 rw-p 00000000 00:00 0
Size:               6144 kB
Rss:                6144 kB
AnonHugePages:      4096 kB
ShmemPmdMapped:        0 kB
7f0000800000-7f0000a00000 rw-p 00000000 00:00 0
AnonHugePages:      2048 kB
`
	tests := []struct {
		at   uint64
		want int
	}{
		{0x7f0000200000, 4 << 20},
		{0x7f00007fffff, 4 << 20},
		{0x7f0000800000, 2 << 20},
		{0x400000, 0},
		{0x7f0000a00000, 0},
		{0, 0},
	}
	for _, test := range tests {
		require.Equal(t, test.want, scanSmaps(strings.NewReader(smaps), test.at), "%#x", test.at)
	}
	require.Zero(t, scanSmaps(bytes.NewReader(nil), 0x400000))
	require.Zero(t, scanSmaps(strings.NewReader("00400000-00c00000 r-xp\nAnonHugePages: many\n"), 0x400000))
}
