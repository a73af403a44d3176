package cpu

import "github.com/aditmine/adit/hash"

// Memory says what pages the hasher's scratchpads lie in, if it has any.
func (l *hasherLanes) Memory() hash.MemoryStatus {
	if reporter, ok := l.hasher.(hash.MemoryReporter); ok {
		return reporter.Memory()
	}
	return hash.MemoryStatus{}
}
