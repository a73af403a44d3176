package monero

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/simnode"
)

// Mine lets the node itself find n blocks, without work, and returns the last.
func (n *Node) Mine(count int) (Block, error) {
	for range count {
		if _, err := n.extend(nil); err != nil {
			return Block{}, err
		}
	}
	return n.Tip(), nil
}

// mineAsOthers finds blocks at random times until the node is closed.
func (n *Node) mineAsOthers() {
	rng := rand.New(rand.NewChaCha8(n.secret))
	for {
		wait := time.NewTimer(time.Duration(rng.ExpFloat64() * float64(n.cfg.Others)))
		select {
		case <-n.stop.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		if _, err := n.extend(nil); err != nil {
			return // what was just built does not parse: there is no chain to go on with
		}
	}
}

// Reorg replaces the top depth blocks of the main chain with blocks of the
// node's own, at least one more than before, and returns the new tip. Genesis
// stays.
func (n *Node) Reorg(depth int) (Block, error) {
	n.mu.Lock()
	length := len(n.tree.main)
	if depth < 1 || depth >= length {
		n.mu.Unlock()
		return Block{}, fmt.Errorf("a reorganisation of %d blocks: the chain has %d above its first", depth, length-1)
	}
	on, old := n.tree.main[length-1-depth], n.tree.tip()
	n.mu.Unlock()
	// Blocks of the new branch may be easier than those they replace.
	for made := 0; made <= depth || old.mainNow(n); made++ {
		e, err := n.extend(on)
		if err != nil {
			return Block{}, err
		}
		on = e
	}
	return n.Tip(), nil
}

func (e *entry) mainNow(n *Node) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return e.main
}

// extend makes a block of the node's own on parent, nil for the tip.
func (n *Node) extend(parent *entry) (*entry, error) {
	n.mu.Lock()
	if parent == nil {
		parent = n.tree.tip()
	}
	n.keys++
	p := n.blueprint(parent, n.keys)
	difficulty := n.nextDifficulty(parent)
	n.mu.Unlock()
	blob, _ := p.build()
	block, err := cryptonote.ParseBlock(blob)
	if err != nil {
		return nil, fmt.Errorf("making a block: %w", err)
	}
	e := &entry{
		id: block.ID(), block: block, parent: parent, height: p.height, difficulty: difficulty, own: true,
	}
	n.add(e)
	return e, nil
}

// AddTransactions puts made-up transactions into the pool: the next template
// of the same height has them.
func (n *Node) AddTransactions(count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pool.add(count)
}

// SetSynchronized lets the node say that it has the whole chain, or that it
// has not; then it gives no templates.
func (n *Node) SetSynchronized(synced bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unsynced = !synced
}

// RefuseBlocks lets the node refuse every block that is handed to it, or judge
// them again.
func (n *Node) RefuseBlocks(refuse bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refusing = refuse
}

// SetDifficulty changes the difficulty of the next blocks. It is an error
// unless the node holds its difficulty fixed.
func (n *Node) SetDifficulty(difficulty uint64) error {
	if !n.cfg.Fixed {
		return errors.New("the difficulty follows the blocks; only a fixed one can be set")
	}
	if difficulty < 1 || difficulty > maxDifficulty {
		return fmt.Errorf("difficulty %d is not from 1 to %d", difficulty, uint64(maxDifficulty))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fixed = difficulty
	return nil
}

// actions are the node's control endpoints beside those of the faults.
func (n *Node) actions() []simnode.Action {
	return []simnode.Action{
		{Name: "mine", Help: "mine?n=N: the node finds N blocks itself (1)", Do: func(q url.Values) (any, error) {
			return counted(q, "n", n.Mine)
		}},
		{Name: "reorg", Help: "reorg?depth=N: replace the top N blocks (1)", Do: func(q url.Values) (any, error) {
			return counted(q, "depth", n.Reorg)
		}},
		{Name: "tx", Help: "tx?n=N: add N transactions to the pool (1)", Do: func(q url.Values) (any, error) {
			return counted(q, "n", func(count int) (Status, error) {
				n.AddTransactions(count)
				return n.Status(), nil
			})
		}},
		{Name: "synced", Help: "synced?value=true|false: have the whole chain, or not", Do: n.doSynced},
		{Name: "difficulty", Help: "difficulty?value=N: change a fixed difficulty", Do: n.doDifficulty},
		{Name: "status", Help: "status: tip, difficulty, blocks accepted and refused", Do: func(url.Values) (any, error) {
			return n.Status(), nil
		}},
	}
}

// counted reads one number and hands it on.
func counted[T any](q url.Values, name string, do func(int) (T, error)) (any, error) {
	count, err := simnode.Count(q, name, 1)
	if err != nil {
		return nil, err
	}
	return do(count)
}

func (n *Node) doSynced(q url.Values) (any, error) {
	synced, err := simnode.Bool(q, "value")
	if err != nil {
		return nil, err
	}
	n.SetSynchronized(synced)
	return n.Status(), nil
}

func (n *Node) doDifficulty(q url.Values) (any, error) {
	d, err := strconv.ParseUint(q.Get("value"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("value=%q is not a difficulty", q.Get("value"))
	}
	return nil, n.SetDifficulty(d)
}
