//go:build !unix

package pool

import "syscall"

// writeSome writes nothing: here only the writer's goroutine does.
func writeSome(syscall.RawConn, []byte) int { return 0 }
