package pages

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/aditmine/adit/hash"
)

// allocate tries one kind of pages after the other.
func allocate(size int) (*Memory, error) {
	if os.Getenv(hash.HugePagesEnv) == "off" {
		return onDemand(size, unix.MADV_NOHUGEPAGE)
	}
	if m, err := reserved(size); err == nil {
		return m, nil
	}
	return onDemand(size, unix.MADV_HUGEPAGE)
}

// reserved maps huge pages that the administrator has set aside.
func reserved(size int) (*Memory, error) {
	mapping, err := unix.Mmap(-1, 0, roundUp(size), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_HUGETLB|unix.MAP_HUGE_2MB)
	if err != nil {
		return nil, err
	}
	m := newMemory(mapping, mapping[:size:size])
	// There may be fewer pages than the system promised, where a container
	// has a limit of its own.
	if err := m.touch(HugeSize); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.status = hash.MemoryStatus{Bytes: size, Huge: size, Reserved: true}
	return m, nil
}

// onDemand maps plain memory and advises the system to make huge pages of it,
// or not to. On both sides of it are pages that may not be touched: they keep
// the mapping apart from others, so that the system counts its pages by
// themselves, and they catch assembly that runs over the end.
func onDemand(size, advice int) (*Memory, error) {
	mapping, err := unix.Mmap(-1, 0, roundUp(size)+2*HugeSize, unix.PROT_NONE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, err
	}
	begin := roundUp(address(mapping)+1) - address(mapping)
	whole := mapping[begin : begin+roundUp(size)]
	m := newMemory(mapping, whole[:size:size])
	if err := unix.Mprotect(whole, unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	// An old or restricted system refuses; it then has plain pages only.
	_ = unix.Madvise(whole, advice)
	if err := m.touch(os.Getpagesize()); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.status = hash.MemoryStatus{Bytes: size, Huge: hugeBytes(whole)}
	if advice == unix.MADV_HUGEPAGE && m.status.Huge < size && unix.Madvise(whole, unix.MADV_COLLAPSE) == nil {
		m.status.Huge = hugeBytes(whole)
	}
	m.status.Huge = min(m.status.Huge, size)
	return m, nil
}

// newMemory owns a mapping, of which bytes are to be used. If it is not closed,
// the mapping lasts until the Memory is unreachable.
func newMemory(mapping, bytes []byte) *Memory {
	m := &Memory{bytes: bytes}
	unmap := func(mapping []byte) { _ = unix.Munmap(mapping) }
	cleanup := runtime.AddCleanup(m, unmap, mapping)
	m.free = func() error {
		cleanup.Stop()
		return unix.Munmap(mapping)
	}
	return m
}

// touch makes the system provide every page now, rather than in the middle of
// the first hash. Where it cannot, that is an error and not the end of the
// program.
func (m *Memory) touch(step int) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the system provides less memory than it promised: %v", fault)
		}
	}()
	for i := 0; i < len(m.bytes); i += step {
		m.bytes[i] = 0
	}
	return nil
}

func address(b []byte) int { return int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// roundUp gives the next multiple of HugeSize, n itself if it is one.
func roundUp(n int) int { return (n + HugeSize - 1) &^ (HugeSize - 1) }
