package monero

import (
	"errors"
	"fmt"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/zmq"
	"github.com/aditmine/adit/hash"
)

// futureLimit is how many seconds a timestamp may lie ahead, as in Monero.
const futureLimit = 2 * 60 * 60

// submit judges a block as monerod does: one known already, or with an unknown
// parent, is dropped without a word, and one on an old parent is kept beside
// the chain. The error says why a block is invalid.
func (n *Node) submit(block *cryptonote.Block) error {
	id := block.ID()
	n.mu.Lock()
	parent, known := n.tree.known[block.Header().PrevID], n.tree.known[id] != nil
	var difficulty uint64
	var err error
	if n.refusing {
		err = errors.New("the node refuses every block")
	} else if parent != nil && !known {
		difficulty = n.nextDifficulty(parent)
		err = n.check(block, parent)
	}
	n.mu.Unlock()
	if err != nil {
		return err
	}
	if parent == nil || known {
		return nil
	}
	if err := n.checkWork(block, difficulty); err != nil {
		return err
	}
	e := &entry{id: id, block: block, parent: parent, height: parent.height + 1, difficulty: difficulty}
	n.add(e)
	return nil
}

// check looks at everything about a block but its work. n.mu is held.
func (n *Node) check(block *cryptonote.Block, parent *entry) error {
	h, tx := block.Header(), block.MinerTx()
	height := parent.height + 1
	now := uint64(n.cfg.Now().Unix())
	switch {
	case h.Major != uint64(n.cfg.MajorVersion):
		return fmt.Errorf("block version is %d, want %d", h.Major, n.cfg.MajorVersion)
	case tx.Height != height:
		return fmt.Errorf("miner transaction states height %d, the parent makes it %d", tx.Height, height)
	case h.Timestamp > now+futureLimit:
		return fmt.Errorf("timestamp %d is more than two hours ahead", h.Timestamp)
	case h.Timestamp <= medianTime(parent):
		return fmt.Errorf("timestamp %d is not above the median %d", h.Timestamp, medianTime(parent))
	case tx.Version != uint64(n.cfg.MinerTxVersion):
		return fmt.Errorf("miner transaction version is %d, want %d", tx.Version, n.cfg.MinerTxVersion)
	case tx.UnlockTime != height+n.cfg.Maturity:
		return fmt.Errorf("miner transaction unlocks at %d, want %d", tx.UnlockTime, height+n.cfg.Maturity)
	case block.Reward() > n.cfg.Reward:
		return fmt.Errorf("miner transaction pays %d, the reward is %d", block.Reward(), n.cfg.Reward)
	}
	return n.checkTxs(block, parent == n.tree.tip())
}

// checkTxs looks at the transactions; on the tip they must be waiting still.
func (n *Node) checkTxs(block *cryptonote.Block, onTip bool) error {
	seen := map[cryptonote.Hash]bool{}
	for _, tx := range block.TxHashes() {
		if !n.pool.known[tx] || seen[tx] || (onTip && !n.pool.waiting[tx]) {
			return fmt.Errorf("transaction %s is unknown, double or mined already", tx)
		}
		seen[tx] = true
	}
	return nil
}

// checkWork computes the proof of work of a block and compares all 256 bits.
func (n *Node) checkWork(block *cryptonote.Block, difficulty uint64) error {
	in := []hash.Input{{Blob: block.HashingBlob(), Height: block.Height()}}
	out := make([]hash.Digest, 1)
	n.hashMu.Lock()
	err := n.hasher.Hash(out, in)
	n.hashMu.Unlock()
	if err != nil {
		return fmt.Errorf("computing the proof of work: %w", err)
	}
	number := n.cfg.Algorithm.Number(&out[0])
	target := chain.TargetFromDifficulty(difficulty)
	if !n.cfg.Algorithm.Meets(&out[0], &target) {
		return fmt.Errorf("proof of work is worth %d, the difficulty is %d",
			chain.ShareDifficulty(number), difficulty)
	}
	return nil
}

// add stores a judged block, unless it came twice at the same time, and tells
// about it.
func (n *Node) add(e *entry) {
	n.addMu.Lock()
	defer n.addMu.Unlock()
	n.mu.Lock()
	if n.tree.known[e.id] != nil {
		n.mu.Unlock()
		return
	}
	left, joined := n.connect(e)
	if !e.own {
		n.submitted++
	}
	event := Event{Block: n.describe(e), Displaced: len(left), Time: n.cfg.Now()}
	n.mu.Unlock()
	n.publish(joined)
	if n.cfg.OnBlock != nil {
		n.cfg.OnBlock(event)
	}
}

// publish announces blocks that joined the main chain, lowest first.
func (n *Node) publish(joined []*entry) {
	if n.cfg.Publisher == nil || len(joined) == 0 {
		return
	}
	news := zmq.MinimalChain{FirstHeight: joined[0].height, FirstPrev: joined[0].block.Header().PrevID}
	for _, b := range joined {
		news.IDs = append(news.IDs, b.id)
	}
	n.cfg.Publisher.Publish(news.Message())
}

// ErrUnreadable says that a submitted blob is not a block.
var ErrUnreadable = errors.New("not a block")

// Submit hands a block to the node as submit_block does, and says why it is
// refused: an error that wraps ErrUnreadable, or another one for a block that
// is invalid. Blocks that monerod would drop without a word give nil.
func (n *Node) Submit(blob []byte) error {
	block, err := cryptonote.ParseBlock(blob)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	} else {
		err = n.submit(block)
	}
	if err != nil {
		n.mu.Lock()
		n.refused++
		n.mu.Unlock()
	}
	return err
}
