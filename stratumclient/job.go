package stratumclient

import "github.com/aditmine/adit/hash"

// Job is work from a pool. It is shared and must not be changed.
type Job struct {
	// ID is the pool's name for the job.
	ID        string
	Algorithm *hash.Algorithm
	// Blob is the message to hash, what the pool assigned of the nonce already
	// in place. A job whose Blob equals an earlier one's, such as the same work
	// at another difficulty, must not be searched from the start again: the
	// shares would be duplicates.
	Blob []byte
	// NonceOffset and NonceSize locate the bytes of Blob that the miner may
	// vary: 4 bytes at 39 for CryptoNote, 3 in NiceHash mode; what nonce1
	// leaves of the last 16 bytes for CKB, which can be more than 8.
	NonceOffset int
	NonceSize   int
	Height      uint64 // 0 when the pool did not say
	// Target is the bound a share must meet, equality included.
	Target hash.Target
	// Difficulty is how many hashes a share takes on average, 2^64-1 when it
	// is more than that.
	Difficulty uint64
	// Clean says that shares of earlier jobs are of no more use: the block
	// they build on is no longer the last one, or the connection is new.
	Clean bool
	// Pool is the host:port the job came from.
	Pool string
	// Generation numbers the connection the job came over; shares go back
	// over the same one.
	Generation uint64

	algoName string // the algorithm as the pool spelled it
}

// Share is a solution of a job.
type Share struct {
	Job *Job
	// Nonce is Job.NonceSize bytes as they lie in the blob.
	Nonce []byte
	// Digest is the hash of the blob with that nonce.
	Digest hash.Digest
}
