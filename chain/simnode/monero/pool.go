package monero

import (
	"encoding/binary"
	"slices"

	"github.com/aditmine/adit/chain/cryptonote"
)

// pool is the transactions that wait to be mined, and all that ever were
// known. They are only hashes.
type pool struct {
	secret  cryptonote.Hash
	made    uint64
	known   map[cryptonote.Hash]bool
	waiting map[cryptonote.Hash]bool
}

// maxPool bounds the pool; as many fit into a block.
const maxPool = 10_000

func newPool(secret cryptonote.Hash) *pool {
	return &pool{secret: secret, known: map[cryptonote.Hash]bool{}, waiting: map[cryptonote.Hash]bool{}}
}

// add makes up n transactions, or as many as there is room for.
func (p *pool) add(n int) {
	for ; n > 0 && len(p.waiting) < maxPool; n-- {
		p.made++
		tx := cryptonote.Keccak256(p.secret[:], []byte("pool"), binary.LittleEndian.AppendUint64(nil, p.made))
		p.known[tx], p.waiting[tx] = true, true
	}
}

// refill makes up what is missing to n.
func (p *pool) refill(n int) { p.add(n - len(p.waiting)) }

func (p *pool) remove(txs []cryptonote.Hash) {
	for _, tx := range txs {
		delete(p.waiting, tx)
	}
}

func (p *pool) restore(txs []cryptonote.Hash) {
	for _, tx := range txs {
		p.waiting[tx] = true
	}
}

// list returns the waiting transactions, always in the same order.
func (p *pool) list() []cryptonote.Hash {
	txs := make([]cryptonote.Hash, 0, len(p.waiting))
	for tx := range p.waiting {
		txs = append(txs, tx)
	}
	slices.SortFunc(txs, compareIDs)
	return txs
}
