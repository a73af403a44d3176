package ckb

import (
	"net/url"
	"time"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/simnode"
)

// SetLag delays every RPC answer from now on; 0 ends it.
func (n *Node) SetLag(d time.Duration) { n.faults.SetLag(d) }

// FailNext lets the next count RPC calls fail.
func (n *Node) FailNext(count int, kind simnode.Kind) { n.faults.FailNext(count, kind) }

// Clear ends lag and failures.
func (n *Node) Clear() { n.faults.Clear() }

// Status is how the chain stands.
type Status struct {
	Tip        ckb.Hash `json:"tip"`
	Number     uint64   `json:"number"`
	Epoch      string   `json:"epoch"`      // number(index/length)
	Difficulty string   `json:"difficulty"` // decimal, of the next block
	WorkID     uint64   `json:"work_id"`
	Syncing    bool     `json:"syncing"`
	Side       int      `json:"side"`    // blocks beside the chain that may become uncles
	Mempool    int      `json:"mempool"` // made-up transactions remembered
	Paid       Paid     `json:"paid"`
	Counts     Counts   `json:"counts"`
}

// Paid is what cellbases of the best chain paid to the node's lock, in
// shannons.
type Paid struct {
	Blocks   uint64 `json:"blocks"`   // blocks of the lock on the best chain
	Mature   uint64 `json:"mature"`   // spendable
	Immature uint64 `json:"immature"` // paid, but too young to spend
}

// Status tells how the chain stands.
func (n *Node) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	tip := n.tip()
	next := newBlock(n.work.block, tip)
	return Status{
		Tip: tip.hash, Number: tip.Header.Number, Epoch: tip.Header.Epoch.String(),
		Difficulty: next.difficulty().String(), WorkID: n.work.id, Syncing: n.syncing,
		Side: len(n.side), Mempool: len(n.pool.txs), Paid: n.paid(n.cfg.Lock), Counts: n.counts,
	}
}

// paid sums what the best chain pays to lock.
func (n *Node) paid(lock ckb.Script) (p Paid) {
	tip := n.tip().Header.Epoch
	for _, b := range n.best[1:] {
		if b.witness.Lock.Equal(lock) {
			p.Blocks++
		}
		for _, out := range b.Transactions[0].Outputs {
			switch {
			case !out.Lock.Equal(lock):
			case b.Header.Epoch.Matured(tip, n.cfg.Maturity):
				p.Mature += uint64(out.Capacity)
			default:
				p.Immature += uint64(out.Capacity)
			}
		}
	}
	return p
}

// ControlHelp describes the control endpoints, for a command's help.
const ControlHelp = `POST /sim/status                  how the chain stands
POST /sim/mine?n=N                another miner finds N blocks
POST /sim/reorg?depth=N           the last N blocks leave the best chain for others
POST /sim/tx?n=N                  N transactions come; they are proposed, then committed
POST /sim/sync?paused=true|false  claim to be synchronising, or end that
POST /sim/lag?ms=N                delay every RPC answer by N milliseconds, 0 ends it
POST /sim/fail?n=K&kind=KIND      fail the next K calls: refused 500 garbage hang rpc busy
POST /sim/clear                   end lag and failures`

// actions are the control endpoints.
func (n *Node) actions() []simnode.Action {
	status := func() (any, error) { return n.Status(), nil }
	counted := func(name string, byDefault int, do func(int) error) func(url.Values) (any, error) {
		return func(q url.Values) (any, error) {
			count, err := simnode.Count(q, name, byDefault)
			if err == nil {
				err = do(count)
			}
			if err != nil {
				return nil, err
			}
			return status()
		}
	}
	return append(n.faults.Actions(),
		simnode.Action{Name: "status", Help: "status: how the chain stands",
			Do: func(url.Values) (any, error) { return status() }},
		simnode.Action{Name: "mine", Help: "mine?n=N: another miner finds N blocks",
			Do: counted("n", 1, func(c int) error { n.Mine(c); return nil })},
		simnode.Action{Name: "reorg", Help: "reorg?depth=N: the last N blocks leave the best chain for others",
			Do: counted("depth", 1, n.Reorg)},
		simnode.Action{Name: "tx", Help: "tx?n=N: N transactions come; they are proposed, then committed",
			Do: counted("n", 1, func(c int) error { n.AddTransactions(c); return nil })},
		simnode.Action{Name: "sync", Help: "sync?paused=true|false: claim to be synchronising, or end that",
			Do: func(q url.Values) (any, error) {
				paused, err := simnode.Bool(q, "paused")
				if err != nil {
					return nil, err
				}
				n.PauseSync(paused)
				return status()
			}},
	)
}
