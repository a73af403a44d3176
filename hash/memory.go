package hash

import "fmt"

// HugePagesEnv names the environment variable that, set to "off", keeps
// scratchpads in plain pages.
const HugePagesEnv = "ADIT_HUGE_PAGES"

// MemoryStatus says what pages scratchpads lie in. Huge pages save the
// processor a walk through page tables at nearly every access.
type MemoryStatus struct {
	// Bytes is the size of the scratchpads, Huge how much of it lies in huge
	// pages.
	Bytes, Huge int
	// Reserved marks huge pages that the administrator had set aside; others
	// the system put together on demand.
	Reserved bool
}

// Percent is how much of the memory lies in huge pages, rounded down; 100 when
// there is no memory that could.
func (s MemoryStatus) Percent() int {
	if s.Bytes == 0 {
		return 100
	}
	return int(int64(s.Huge) * 100 / int64(s.Bytes))
}

// Add returns the status of both memories together.
func (s MemoryStatus) Add(other MemoryStatus) MemoryStatus {
	return MemoryStatus{
		Bytes:    s.Bytes + other.Bytes,
		Huge:     s.Huge + other.Huge,
		Reserved: (s.Reserved || s.Huge == 0) && (other.Reserved || other.Huge == 0) && s.Huge+other.Huge > 0,
	}
}

// String describes the pages, such as "100% huge pages (transparent)".
func (s MemoryStatus) String() string {
	switch {
	case s.Bytes == 0:
		return "no scratchpads"
	case s.Huge == 0:
		return "no huge pages"
	case s.Reserved:
		return fmt.Sprintf("%d%% huge pages (reserved)", s.Percent())
	default:
		return fmt.Sprintf("%d%% huge pages (transparent)", s.Percent())
	}
}

// MemoryReporter is a Hasher or a Searcher whose scratchpads are worth a
// report. The others have none, or leave them to Go's heap.
type MemoryReporter interface {
	// Memory says what pages the scratchpads lie in.
	Memory() MemoryStatus
}
