package hash

// Family groups algorithms that share an implementation.
type Family string

// The families adit knows.
const (
	CryptoNight Family = "cryptonight"
	Eaglesong   Family = "eaglesong"
)

// Algorithm is one proof of work: its names and the parameters that all
// implementations need. Values come from Lookup or All, are shared, and must
// not be changed.
type Algorithm struct {
	// Name is the one name adit prints; Aliases are also understood.
	Name    string
	Aliases []string
	Family  Family

	// Scratchpad is the memory one hash works in, in bytes; 0 when none.
	Scratchpad int
	// Iterations of the main loop (CryptoNight) or rounds (Eaglesong).
	Iterations int
	// AddressMask selects scratchpad addresses; it may cover less than the pad.
	AddressMask uint32

	// MinInput is the shortest message the algorithm takes, in bytes.
	MinInput int
	// NeedsHeight marks algorithms whose program depends on the block height.
	NeedsHeight bool
	// NeedsSeed marks algorithms that want a seed hash with every job.
	NeedsSeed bool

	// NonceOffset and NonceSize say which bytes of a hashing blob are the
	// block's nonce field. A pool may have fixed some of them, and the field
	// may be wider than the 8 bytes that one Work can vary.
	NonceOffset int
	NonceSize   int
	// BigEndian is the byte order in which a digest is compared with a target.
	BigEndian bool
}
