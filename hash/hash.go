// Package hash is the ground floor of adit's proof of work: the algorithm
// registry, and the contracts that every implementation of an algorithm meets,
// whether portable Go, assembly or a GPU kernel.
//
// It imports nothing of adit. Implementations live below it
// (hash/cryptonight, hash/eaglesong); package hash/cpu picks among them.
package hash

import "bytes"

// Size is the length in bytes of every digest adit deals with.
const Size = 32

// Digest is a proof-of-work result in the byte order its algorithm emits.
type Digest [Size]byte

// Target is a 256-bit bound in big-endian byte order. A digest meets it when
// the digest, read as a number in its algorithm's byte order, is at most the
// target: equality passes.
type Target [Size]byte

// Input is one message to hash. Height matters only to algorithms whose
// NeedsHeight is set.
type Input struct {
	Blob   []byte
	Height uint64
}

// Hasher computes up to Lanes digests per call. It owns its scratchpads, so
// one Hasher serves one goroutine at a time; hashing allocates nothing.
type Hasher interface {
	// Algorithm says what is computed.
	Algorithm() *Algorithm
	// Impl names the code that runs, such as "generic" or "avx512".
	Impl() string
	// Lanes is how many inputs one call works on at once, at least 1.
	Lanes() int
	// Hash writes the digest of in[i] to out[i]. Both slices have the same
	// length, between 1 and Lanes; inputs are independent and may differ in
	// length and height. On an *InputError nothing in out is meaningful.
	Hash(out []Digest, in []Input) error
	// Close frees the scratchpads; the Hasher is unusable afterwards.
	Close() error
}

// Work is a search: a message, the bytes of it that may be varied, and the
// bound a digest must meet.
type Work struct {
	Algorithm *Algorithm
	Blob      []byte
	Height    uint64
	// NonceOffset and NonceSize (1 to 8) locate the counter in Blob. It is
	// written little-endian; bytes around it stay as they are.
	NonceOffset int
	NonceSize   int
	Target      Target
}

// Hit is a nonce whose digest met the target of the work it was found on.
type Hit struct {
	Nonce  uint64
	Digest Digest
}

// Searcher is one worker of a back end: a CPU thread, or one GPU. It is used
// by one goroutine at a time.
type Searcher interface {
	// Info describes the worker for logs, benchmarks and the API.
	Info() SearcherInfo
	// SetWork replaces the work. It keeps no reference to w.Blob. Changing
	// the algorithm is allowed and may allocate.
	SetWork(w *Work) error
	// Search tries nonces from start upwards, at most count of them, and
	// appends what it finds to hits (nil is fine). It may return early, and
	// does so every few milliseconds where an algorithm's speed allows, so
	// that a new job never waits: done is how many nonces were tried.
	Search(start, count uint64, hits []Hit) (found []Hit, done uint64, err error)
	// Close frees what the worker holds.
	Close() error
}

// SearcherInfo names a worker: "cpu", "CPU 0", "generic", 1.
type SearcherInfo struct {
	Backend string
	Device  string
	Impl    string
	Lanes   int
	// Bus is the card's PCI bus id, such as "0000:01:00.0", which is how its
	// back ends and its sensors are matched; "" for the processor, or where the
	// driver does not tell.
	Bus string
	// Memory is that of the scratchpads; zero where there are none, or no
	// report of them.
	Memory MemoryStatus
	// Trusted marks a worker whose digests come from processor code that was
	// tested against the portable one: its hits may be sent before they are
	// hashed again.
	Trusted bool
}

// Number returns the digest as a big-endian 256-bit number.
func (a *Algorithm) Number(d *Digest) Target {
	t := Target(*d)
	if !a.BigEndian {
		for i, j := 0, Size-1; i < j; i, j = i+1, j-1 {
			t[i], t[j] = t[j], t[i]
		}
	}
	return t
}

// Meets reports whether d, read in the algorithm's byte order, is at most t.
func (a *Algorithm) Meets(d *Digest, t *Target) bool {
	n := a.Number(d)
	return bytes.Compare(n[:], t[:]) <= 0
}
