package ckb

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aditmine/adit/chain/ckb"
)

// maxReorg bounds Reorg in blocks.
const maxReorg = 100

// Mine adds n blocks to the best chain as another miner's. They carry no proof
// of work: it is taken as done elsewhere.
func (n *Node) Mine(count int) {
	defer n.tell()
	n.mu.Lock()
	defer n.mu.Unlock()
	for range count {
		n.addOwn(n.tip())
	}
}

// addOwn makes and adds a block after parent. The caller holds the lock.
func (n *Node) addOwn(parent *block) *block {
	message := make([]byte, 16)
	fill(n.rand, message)
	// Another lock than the node's, so that nobody takes the reward for theirs.
	lock := ckb.SighashLock([20]byte{'o', 't', 'h', 'e', 'r'})
	nb := newBlock(n.assemble(parent, lock, message), parent)
	nb.own = true
	nb.witness = ckb.CellbaseWitness{Lock: lock, Message: message}
	for i := range nb.Transactions[1:] {
		nb.commits = append(nb.commits, n.pool.find(nb.Transactions[1+i].Hash()))
	}
	n.counts.Own++
	n.add(nb)
	return nb
}

// Reorg replaces the last depth blocks of the best chain by others, one more
// than that at least, so that the new chain has more work. The replaced blocks
// stay in the node, beside the chain.
func (n *Node) Reorg(depth int) error {
	defer n.tell()
	n.mu.Lock()
	defer n.mu.Unlock()
	if most := min(len(n.best)-1, maxReorg); depth < 1 || depth > most {
		return fmt.Errorf("a reorganisation is 1 to %d blocks deep, not %d", most, depth)
	}
	was := n.tip()
	for b := n.best[len(n.best)-1-depth]; n.tip() == was; {
		b = n.addOwn(b)
	}
	return nil
}

// AddTransactions puts made-up transactions into the mempool. Each is proposed
// by one block and committed by a later one, so that templates change.
func (n *Node) AddTransactions(count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for range count {
		n.pool.add(n.rand)
	}
	n.renew()
}

// PauseSync makes the node claim that it is far behind its network, or ends
// that. It goes on answering templates meanwhile, as the real node does.
func (n *Node) PauseSync(paused bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.syncing = paused
}

// others lets other miners find blocks until ctx ends. The times between
// blocks are exponentially distributed.
func (n *Node) others(ctx context.Context) {
	if n.cfg.Others == 0 {
		return
	}
	for {
		timer := time.NewTimer(n.untilOther())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			n.Mine(1)
		}
	}
}

func (n *Node) untilOther() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Duration(math.Min(n.rand.ExpFloat64(), 10) * float64(n.cfg.Others))
}
