package stratum

// Line lengths that keep both ends of real connections happy: XMRig never
// sends more than 16384 bytes in a line and drops longer ones than 65535 that
// it is sent. The terminator does not count.
const (
	MaxMinerLine = 16384
	MaxPoolLine  = 65535
)

// Limits bound what one message can make its reader do.
type Limits struct {
	// Depth is how deep objects and arrays may nest; a flat object is 1.
	Depth int
	// String is the longest string or key, in bytes between its quotes,
	// escapes counted as written.
	String int
	// Elements is how many elements an array may have. How many members an
	// object may have is fixed: 64, those of the objects around it included.
	Elements int
}

// maxKeys is how many keys may be open at once: those read so far of an
// object and of the objects it lies in.
const maxKeys = 64

// DefaultLimits fit every message of both dialects with room to spare.
func DefaultLimits() Limits {
	return Limits{Depth: 8, String: 8192, Elements: 256}
}
