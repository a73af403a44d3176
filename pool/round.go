package pool

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/ledger"
)

// round is a template in use, and what was submitted for it.
type round struct {
	*coin.Template
	id    uint64    // unique in the ledger: epoch and serial number
	tip   uint64    // counts the changes of the chain's tip
	began time.Time // when the tip it builds on was first seen

	mu   sync.Mutex
	seen map[solution]struct{}
}

// solution is a whole nonce: the pool's part and the miner's.
type solution struct {
	extra coin.Extra
	nonce nonce
}

// nonce holds the miner's part of a nonce in its first bytes: four of a
// CryptoNote blob, twelve of a CKB nonce.
type nonce [12]byte

// claim marks a solution as submitted. It reports false when it was already.
func (r *round) claim(s solution) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, dup := r.seen[s]; dup {
		return false
	}
	if r.seen == nil {
		r.seen = make(map[solution]struct{})
	}
	r.seen[s] = struct{}{}
	return true
}

// release forgets a solution that turned out to be none, so that what the set
// holds is bounded by work that was really done.
func (r *round) release(s solution) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, s)
}

// nonceRange hands out the extra nonces of a coin. The ledger reserves them a
// range at a time, so none repeats, across restarts too.
type nonceRange struct {
	store ledger.NonceStore
	coin  string
	size  uint64

	mu        sync.Mutex
	next, end uint64
}

func (n *nonceRange) take() (uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next == n.end {
		first, err := n.store.ReserveExtranonces(context.Background(), n.coin, n.size)
		if err != nil {
			return 0, fmt.Errorf("getting extra nonces: %w", err)
		}
		n.next, n.end = first, first+n.size
	}
	n.next++
	return n.next - 1, nil
}
