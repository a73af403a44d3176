package ckb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
	"github.com/aditmine/adit/chain/simnode"
)

// Node is a simulated CKB node. It is safe for concurrent use.
type Node struct {
	cfg     Config
	pow     verifier
	faults  simnode.Faults
	http    http.Handler
	done    context.Context // ends with Close
	end     context.CancelFunc
	served  sync.WaitGroup
	posts   chan struct{} // holds a value when there is a template to post
	telling sync.Mutex    // held while OnBlock runs, to keep the order

	mu     sync.Mutex
	events []Event // not yet told
	rand   *rand.Rand
	pool   mempool
	blocks map[ckb.Hash]*block
	best   []*block // the best chain, by height
	side   []*block // beside the best chain, newest first
	// subscribers are told of every new tip
	subscribers map[*subscriber]struct{}
	work        work
	syncing     bool
	counts      Counts
}

// work is the template that the node hands out.
type work struct {
	id       uint64
	block    ckb.Block
	cellbase ckb.Hash
}

// maxSide is how many blocks beside the chain may wait to become uncles.
const maxSide = 64

// Counts is what the node did so far.
type Counts struct {
	Templates uint64 `json:"templates"` // handed out
	Accepted  uint64 `json:"accepted"`  // submissions taken, beside the chain or on it
	Refused   uint64 `json:"refused"`   // submissions refused
	Own       uint64 `json:"own"`       // blocks made by the node itself
	Reorgs    uint64 `json:"reorgs"`    // times that blocks left the best chain
}

// New makes a node with a genesis block. Close it in the end.
func New(cfg Config) (*Node, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	hasher, err := cfg.Hasher()
	if err != nil {
		return nil, fmt.Errorf("simulated CKB node: making the hasher: %w", err)
	}
	n := &Node{
		cfg: cfg, pow: verifier{hasher: hasher}, rand: cfg.random(),
		blocks: map[ckb.Hash]*block{}, posts: make(chan struct{}, 1),
		subscribers: map[*subscriber]struct{}{},
	}
	n.done, n.end = context.WithCancel(context.Background())
	n.faults.Internal = simnode.RPCError{Code: codeInternal, Message: "CKBInternalError: simulated failure"}
	n.faults.Busy = simnode.RPCError{Code: jsonrpc.CodeInternal, Message: "Internal error"}
	n.http = n.handler()
	genesis := newBlock(n.genesis(), nil)
	n.blocks[genesis.hash] = genesis
	n.best = []*block{genesis}
	n.renew()
	return n, nil
}

// genesis is made anew for each seed, so that two nodes do not share a chain.
func (n *Node) genesis() ckb.Block {
	message := make([]byte, 16)
	fill(n.rand, message)
	b := ckb.Block{
		Header: ckb.Header{RawHeader: ckb.RawHeader{
			CompactTarget: n.cfg.CompactTarget, Timestamp: uint64(n.cfg.Now().UnixMilli()),
			Epoch: ckb.NewEpoch(0, 0, n.cfg.EpochLength), DAO: genesisDAO().encode(),
		}},
		Transactions: []ckb.Transaction{{
			Inputs:    []ckb.CellInput{{PreviousOutput: ckb.NullOutPoint()}},
			Witnesses: []ckb.Bytes{ckb.CellbaseWitness{Message: message}.Encode()},
		}},
	}
	b.Commitments().Apply(&b.Header.RawHeader)
	return b
}

// Serve answers on ln until ctx ends or the node is closed, posts templates to
// the notify addresses, and lets others find blocks when configured. It closes
// ln. It returns nil when it was asked to end.
func (n *Node) Serve(ctx context.Context, ln net.Listener) error {
	if !n.begin() {
		return ln.Close()
	}
	defer n.served.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.done, cancel)()

	var work sync.WaitGroup
	work.Go(func() { n.notify(ctx) })
	work.Go(func() { n.others(ctx) })
	err := simnode.Serve(ctx, ln, n.http)
	cancel()
	work.Wait()
	return err
}

// begin counts a Serve in, unless the node is closed.
func (n *Node) begin() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.done.Err() != nil {
		return false
	}
	n.served.Add(1)
	return true
}

// ServeHTTP answers one RPC or control request, for use without a listener.
func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) { n.http.ServeHTTP(w, r) }

// Close ends Serve, waits for it and frees the hasher.
func (n *Node) Close() error {
	n.mu.Lock()
	n.end()
	n.mu.Unlock()
	n.served.Wait()
	return n.pow.close()
}

// tip is the best chain's last block. The caller holds the lock.
func (n *Node) tip() *block { return n.best[len(n.best)-1] }

// renew assembles the next template and has it posted. The caller holds the
// lock.
func (n *Node) renew() {
	n.work.id++
	message := fmt.Appendf(append([]byte{}, n.cfg.Message...), " %d", n.work.id)
	n.work.block = n.assemble(n.tip(), n.cfg.Lock, message)
	n.work.cellbase = n.work.block.Transactions[0].Hash()
	select {
	case n.posts <- struct{}{}:
	default: // the one in waiting will do
	}
}

// submit takes a block in, as submit_block does. The error is a *jsonrpc.Error
// in the node's words.
func (n *Node) submit(b *ckb.Block) (ckb.Hash, error) {
	hash, err := n.accept(b)
	n.tell()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.counts.Refused++
		return hash, jsonrpc.Errorf(codeInvalid, "Invalid: %v", err)
	}
	n.counts.Accepted++
	return hash, nil
}

// accept verifies b and adds it to the tree. Like the real node it recomputes
// what the header commits to, so that a mistake in the body shows in the proof
// of work.
func (n *Node) accept(b *ckb.Block) (ckb.Hash, error) {
	b.Commitments().Apply(&b.Header.RawHeader)
	hash := b.Header.Hash()
	if b.Header.Version != 0 {
		return hash, fmt.Errorf("Header(Version(BlockVersionError(expected: 0, actual: %d)))", b.Header.Version)
	}
	if err := n.checkPow(&b.Header); err != nil {
		return hash, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.blocks[hash] != nil {
		return hash, nil // it is here already
	}
	parent := n.blocks[b.Header.ParentHash]
	if parent == nil {
		return hash, fmt.Errorf("Header(UnknownParent(UnknownParentError(parent_hash: %v)))", b.Header.ParentHash)
	}
	witness, commits, err := n.check(b, parent)
	if err != nil {
		return hash, err
	}
	nb := newBlock(*b, parent)
	nb.witness, nb.commits = witness, commits
	n.add(nb)
	return hash, nil
}

// add puts a sound block into the tree and makes it the tip if its chain has
// the most work. The caller holds the lock.
func (n *Node) add(b *block) {
	n.blocks[b.hash] = b
	wins := b.work.Cmp(n.tip().work) > 0
	displaced := 0
	if wins {
		displaced = n.adopt(b)
		n.publish()
	} else {
		n.side = append([]*block{b}, n.side...)
	}
	n.renew()
	n.events = append(n.events, Event{
		Number: b.Header.Number, Hash: b.hash, Difficulty: b.difficulty(), Own: b.own,
		Tip: wins, Displaced: displaced, PaidTo: b.witness.Lock,
	})
}

// tell reports the blocks that were added. The caller holds no lock.
func (n *Node) tell() {
	n.telling.Lock()
	defer n.telling.Unlock()
	n.mu.Lock()
	events := n.events
	n.events = nil
	n.mu.Unlock()
	for _, e := range events {
		n.cfg.OnBlock(e)
	}
}

// adopt makes the chain up to b the best one and returns how many blocks left
// it.
func (n *Node) adopt(b *block) (displaced int) {
	var joining []*block
	fork := b
	for uint64(len(n.best)) <= fork.Header.Number || n.best[fork.Header.Number] != fork {
		joining = append(joining, fork)
		fork = fork.parent
	}
	keep := int(fork.Header.Number) + 1
	displaced = len(n.best) - keep
	for _, left := range n.best[keep:] {
		n.side = append([]*block{left}, n.side...)
	}
	n.best = n.best[:keep]
	for i := len(joining) - 1; i >= 0; i-- {
		n.best = append(n.best, joining[i])
	}
	if displaced > 0 {
		n.counts.Reorgs++
	}
	n.forget()
	return displaced
}

// forget drops from side what cannot become an uncle any more, or has joined
// the chain.
func (n *Node) forget() {
	n.pool.forget(n.tip())
	kept := n.side[:0]
	for _, b := range n.side {
		old := b.Header.Epoch.Number() < n.tip().Header.Epoch.Number()
		onChain := b.Header.Number < uint64(len(n.best)) && n.best[b.Header.Number] == b
		if !old && !onChain && len(kept) < maxSide {
			kept = append(kept, b)
		}
	}
	n.side = kept
}

// template is the answer of get_block_template. As with the real node, only
// current_time differs between two answers with the same work id.
func (n *Node) template() templateView {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts.Templates++
	return n.work.view(n.nextTime(n.tip()))
}
