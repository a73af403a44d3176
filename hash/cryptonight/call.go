//go:build amd64 && !purego

package cryptonight

// callKernel makes one call of assembly, which lasts well below a millisecond.
//
// It must not be inlined: its entry is where the runtime stops a goroutine that
// runs one kernel after the other. Assembly has no such point, and the few
// instructions between two calls are too seldom hit by the runtime's signals.
// Without it, a garbage collection waits until the hash is done.
//
//go:noinline
func callKernel[C any](kernel func(*C), ctx *C) { kernel(ctx) }
