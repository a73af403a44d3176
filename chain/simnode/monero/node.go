package monero

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/internal/jsonrpc"
	"github.com/aditmine/adit/chain/simnode"
	"github.com/aditmine/adit/hash"
)

// Node is a simulated node. It is safe for concurrent use.
type Node struct {
	cfg    Config
	secret cryptonote.Hash // all keys are derived from it
	faults simnode.Faults
	mux    http.Handler

	addMu sync.Mutex // held while a block is added and told about

	mu        sync.Mutex // guards what follows
	tree      *tree
	pool      *pool
	fixed     uint64 // difficulty while cfg.Fixed
	keys      uint64 // counts the node's own coinbase keys
	unsynced  bool
	refusing  bool // every block from outside
	submitted int  // blocks accepted from outside
	refused   int

	hashMu sync.Mutex // one goroutine at a time uses hasher
	hasher hash.Hasher

	stop    context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup // Serve and the other miners
	closeMu sync.Mutex     // orders Serve and Close
}

// New makes a node whose chain has its genesis block.
func New(cfg Config) (*Node, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("simulated node: %w", err)
	}
	n := &Node{cfg: cfg, fixed: cfg.Difficulty}
	if _, err := io.ReadFull(cfg.Rand, n.secret[:]); err != nil {
		return nil, fmt.Errorf("simulated node: drawing a secret: %w", err)
	}
	genesis, err := n.genesis()
	if err != nil {
		return nil, fmt.Errorf("simulated node: making the first block: %w", err)
	}
	n.tree = newTree(genesis)
	n.pool = newPool(n.secret)
	n.pool.add(cfg.Transactions)
	if n.hasher, err = cfg.NewHasher(cfg.Algorithm); err != nil {
		return nil, fmt.Errorf("simulated node: hasher of %s: %w", cfg.Algorithm.Name, err)
	}
	n.faults.Busy = simnode.RPCError{Code: codeBusy, Message: "Core is busy"}
	n.faults.Internal = simnode.RPCError{Code: codeInternal, Message: "Internal error: simulated"}
	n.stop, n.cancel = context.WithCancel(context.Background())
	n.mux = n.routes()
	if cfg.Others > 0 {
		n.running.Go(n.mineAsOthers)
	}
	return n, nil
}

// genesis makes the first block. Only here and in the node's own blocks does
// parsing what was just built matter: it proves that both sides agree.
func (n *Node) genesis() (*entry, error) {
	p := n.blueprint(nil, 0)
	blob, _ := p.build()
	block, err := cryptonote.ParseBlock(blob)
	if err != nil {
		return nil, err
	}
	return &entry{id: block.ID(), block: block, height: p.height, difficulty: 1, own: true}, nil
}

// blueprint prepares a block on parent, nil for genesis; key selects its keys.
func (n *Node) blueprint(parent *entry, key uint64) *blueprint {
	p := &blueprint{
		txVersion: n.cfg.MinerTxVersion, major: n.cfg.MajorVersion, minor: n.cfg.MinorVersion,
		timestamp: uint64(max(n.cfg.Now().Unix(), minTimestamp)), height: n.cfg.GenesisHeight, reward: n.cfg.Reward,
	}
	if parent != nil {
		p.height, p.prev = parent.height+1, parent.id
		p.timestamp = max(p.timestamp, medianTime(parent)+1)
	}
	p.unlock = p.height + n.cfg.Maturity
	p.secret = cryptonote.Keccak256(n.secret[:], p.prev[:], binary.LittleEndian.AppendUint64(nil, key))
	return p
}

// minTimestamp is the first that takes five bytes in a header (in 1978), so
// that the nonce lies at byte 39.
const minTimestamp = 1 << 28

// routes builds the node's HTTP interface.
func (n *Node) routes() http.Handler {
	calls := http.NewServeMux()
	calls.Handle("/json_rpc", &jsonrpc.Handler{Methods: n.methods()})
	for _, path := range []string{"/get_info", "/getinfo"} {
		calls.HandleFunc(path, plain(n.getInfo))
	}
	for _, path := range []string{"/get_height", "/getheight"} {
		calls.HandleFunc(path, plain(n.getHeight))
	}
	mux := http.NewServeMux()
	mux.Handle("/", n.faults.Wrap(calls))
	mux.Handle(simnode.ControlPath, simnode.Control(append(n.faults.Actions(), n.actions()...)...))
	return mux
}

// ServeHTTP answers RPC calls and control requests, for tests that bring
// their own server.
func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) { n.mux.ServeHTTP(w, r) }

// ErrClosed is what Serve returns once the node is closed.
var ErrClosed = errors.New("simulated node is closed")

// Serve answers on ln until ctx ends or the node is closed; then it closes ln
// and returns nil. It may run on several listeners.
func (n *Node) Serve(ctx context.Context, ln net.Listener) error {
	n.closeMu.Lock()
	if n.stop.Err() != nil {
		n.closeMu.Unlock()
		ln.Close()
		return ErrClosed
	}
	n.running.Add(1)
	n.closeMu.Unlock()
	defer n.running.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.stop, cancel)()
	return simnode.Serve(ctx, ln, n)
}

// Close ends every Serve and the other miners, waits for them and frees the
// hasher.
func (n *Node) Close() error {
	n.closeMu.Lock()
	closed := n.stop.Err() != nil
	n.cancel()
	n.closeMu.Unlock()
	n.running.Wait()
	if closed {
		return nil
	}
	n.hashMu.Lock()
	defer n.hashMu.Unlock()
	return n.hasher.Close()
}

// Faults lets RPC calls be slow or fail.
func (n *Node) Faults() *simnode.Faults { return &n.faults }

// nextDifficulty returns the difficulty of a block on parent. n.mu is held.
func (n *Node) nextDifficulty(parent *entry) uint64 {
	if n.cfg.Fixed {
		return n.fixed
	}
	blocks := last(parent, retargetWindow+2)
	if blocks[0].parent == nil {
		blocks = blocks[1:] // when genesis was made says nothing about mining
	}
	samples := make([]sample, len(blocks))
	for i, b := range blocks {
		samples[i] = sample{b.block.Header().Timestamp, b.difficulty}
	}
	return nextDifficulty(samples, n.cfg.BlockInterval, n.cfg.Difficulty)
}

// connect adds e to the tree and keeps the pool in step. n.mu is held.
func (n *Node) connect(e *entry) (left, joined []*entry) {
	left, joined = n.tree.add(e)
	for _, b := range left {
		n.pool.restore(b.block.TxHashes())
	}
	for _, b := range joined {
		n.pool.remove(b.block.TxHashes())
	}
	if len(joined) > 0 {
		n.pool.refill(n.cfg.Transactions)
	}
	return left, joined
}
