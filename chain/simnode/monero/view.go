package monero

import (
	"time"

	"github.com/aditmine/adit/chain/cryptonote"
)

// Block is what the node tells about a block that it has.
type Block struct {
	ID         cryptonote.Hash `json:"id"`
	Height     uint64          `json:"height"`
	Timestamp  uint64          `json:"timestamp"`
	Difficulty uint64          `json:"difficulty"`
	Reward     uint64          `json:"reward"`
	TxCount    int             `json:"transactions"` // the miner transaction included
	Own        bool            `json:"own"`          // made by the node itself, without work
	Main       bool            `json:"main"`         // in the main chain
	Depth      uint64          `json:"depth"`        // blocks above its height
	Mature     bool            `json:"mature"`       // its coinbase could be spent
}

// Event is a block that the node accepted.
type Event struct {
	Block
	// Displaced counts the blocks that left the main chain for it. Blocks of
	// the branch that joined with it had their events when they came.
	Displaced int
	Time      time.Time // by the node's clock
}

// Status is the state of a node in numbers.
type Status struct {
	Tip          Block  `json:"tip"`
	Difficulty   uint64 `json:"difficulty"` // of the next block
	Submitted    int    `json:"submitted"`  // blocks accepted from outside
	Refused      int    `json:"refused"`
	Beside       int    `json:"beside"` // blocks known that are not in the main chain
	Transactions int    `json:"transactions"`
	Synchronized bool   `json:"synchronized"`
}

// describe needs n.mu.
func (n *Node) describe(e *entry) Block {
	depth := uint64(0)
	if top := n.tree.tip().height; top > e.height {
		depth = top - e.height
	}
	return Block{
		ID: e.id, Height: e.height, Timestamp: e.block.Header().Timestamp, Difficulty: e.difficulty,
		Reward: e.block.Reward(), TxCount: e.block.TxCount(), Own: e.own, Main: e.main, Depth: depth,
		// The next block is the first that may spend it.
		Mature: e.main && depth+1 >= n.cfg.Maturity,
	}
}

// Status returns the node's state.
func (n *Node) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	tip := n.tree.tip()
	return Status{
		Tip: n.describe(tip), Difficulty: n.nextDifficulty(tip), Submitted: n.submitted, Refused: n.refused,
		Beside: len(n.tree.known) - len(n.tree.main), Transactions: len(n.pool.waiting), Synchronized: !n.unsynced,
	}
}

// Tip returns the top block of the main chain.
func (n *Node) Tip() Block { return n.Status().Tip }

// Blocks returns the main chain from its first block.
func (n *Node) Blocks() []Block {
	n.mu.Lock()
	defer n.mu.Unlock()
	blocks := make([]Block, len(n.tree.main))
	for i, e := range n.tree.main {
		blocks[i] = n.describe(e)
	}
	return blocks
}

// Block returns the block with the given id, in the main chain or beside it.
func (n *Node) Block(id cryptonote.Hash) (Block, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.tree.known[id]
	if e == nil {
		return Block{}, false
	}
	return n.describe(e), true
}
