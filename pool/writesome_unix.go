//go:build unix

package pool

import "syscall"

// writeSome writes as much of b as the socket takes without waiting. Errors
// count as nothing written: the next ordinary write meets them again.
func writeSome(raw syscall.RawConn, b []byte) (n int) {
	raw.Write(func(fd uintptr) bool {
		n, _ = syscall.Write(int(fd), b)
		return true
	})
	return max(n, 0)
}
