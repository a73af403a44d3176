package bank

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/aditmine/adit/hash"
)

// counterBytes is how much of a nonce a search varies at most.
const counterBytes = 8

// Work is what shares are found for. What lies in Blob where the nonce is does
// not matter.
type Work struct {
	Algorithm *hash.Algorithm
	Blob      []byte
	Height    uint64 // of algorithms that need it
	// Offset and Size say which bytes of Blob are the miner's.
	Offset, Size int
}

// Sum identifies the work: SHA-256 of the algorithm's name, the nonce's place,
// the height where the algorithm needs it, and the blob with zeros for the
// nonce.
func (w *Work) Sum() [sha256.Size]byte {
	var text []byte
	text = append(text, w.Algorithm.Name...)
	height := w.Height
	if !w.Algorithm.NeedsHeight {
		height = 0
	}
	text = binary.LittleEndian.AppendUint64(append(text, 0), height)
	text = binary.LittleEndian.AppendUint32(text, uint32(w.Offset))
	text = binary.LittleEndian.AppendUint32(text, uint32(w.Size))
	return sha256.Sum256(append(text, w.zeroed()...))
}

// zeroed is the blob without a nonce.
func (w *Work) zeroed() []byte {
	blob := bytes.Clone(w.Blob)
	clear(blob[w.Offset : w.Offset+w.Size])
	return blob
}

// Share is a nonce with the digest that it has. The nonce's first eight bytes
// at most, as a little-endian number; those behind are zero.
type Share struct {
	Nonce  uint64
	Digest hash.Digest
}

// Bytes is a nonce as it lies in the blob.
func (w *Work) Bytes(nonce uint64) []byte {
	out := make([]byte, w.Size)
	for i := range min(w.Size, counterBytes) {
		out[i] = byte(nonce >> (8 * i))
	}
	return out
}

// Lot is the shares of one work: all that meet Target among the nonces below
// Tried, in order.
type Lot struct {
	Work
	Target hash.Target
	Tried  uint64
	Shares []Share

	lines []int  // where each share was read
	used  []bool // handed out already
	first int    // all before it are used
}

// Header says where a bank comes from.
type Header struct {
	Version int    `json:"bank"`
	Tool    string `json:"tool,omitempty"`
	Profile string `json:"profile"` // cn or ckb
	// Seed is that of the chain which the jobs were of.
	Seed uint64 `json:"seed"`
}

// Bank is a set of lots. Its methods may be called by any goroutine.
type Bank struct {
	Header Header

	mu    sync.Mutex
	lots  map[[sha256.Size]byte]*Lot
	order []*Lot
}

// New makes an empty bank.
func New(h Header) *Bank {
	h.Version = Version
	return &Bank{Header: h, lots: map[[sha256.Size]byte]*Lot{}}
}

// Add puts a lot in. It reports false, and leaves the bank as it was, where
// there is one for its work already.
func (b *Bank) Add(l *Lot) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := l.Sum()
	if b.lots[sum] != nil {
		return false
	}
	l.used = make([]bool, len(l.Shares))
	b.lots[sum] = l
	b.order = append(b.order, l)
	return true
}

// Count is how many works the bank has, and how many shares.
func (b *Bank) Count() (works, shares int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.order {
		shares += len(l.Shares)
	}
	return len(b.order), shares
}

// Take hands out up to most shares of a work that meet a target, each of them
// once. tried is the first nonce that the bank's search did not come to, 0 where
// the bank does not have the work.
func (b *Bank) Take(w *Work, target *hash.Target, most int) (shares []Share, tried uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lots[w.Sum()]
	if l == nil {
		return nil, 0
	}
	for i := l.first; i < len(l.Shares) && len(shares) < most; i++ {
		if !l.used[i] && w.Algorithm.Meets(&l.Shares[i].Digest, target) {
			l.used[i] = true
			shares = append(shares, l.Shares[i])
		}
		if i == l.first && l.used[i] {
			l.first++
		}
	}
	return shares, l.Tried
}
