package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// simulatedNode is what the demo needs of either simulated node.
type simulatedNode interface {
	Serve(ctx context.Context, ln net.Listener) error
	Close() error
}

// demoNode is a simulated node that is being served.
type demoNode struct {
	coin       config.Coin
	url        string
	address    string // a wallet that exists nowhere
	difficulty uint64
	height     func() uint64
	stop       func() error
}

// startDemoNode serves a node for an algorithm, whose difficulty stays fixed.
func startDemoNode(ctx context.Context, a *hash.Algorithm, difficulty uint64) (*demoNode, error) {
	d := &demoNode{difficulty: difficulty}
	node, err := d.makeNode(a)
	if err != nil {
		return nil, fmt.Errorf("preparing the node: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the node's port: %w", err), node.Close())
	}
	d.url = "http://" + ln.Addr().String()
	d.coin.Name, d.coin.Algorithm, d.coin.Node, d.coin.Address = "demo", a.Name, d.url, d.address
	d.coin.Poll, d.coin.StaleGrace = 200*time.Millisecond, 5*time.Second

	var served sync.WaitGroup
	var serveErr error
	served.Go(func() { serveErr = node.Serve(context.WithoutCancel(ctx), ln) })
	d.stop = func() error {
		err := node.Close()
		served.Wait()
		return errors.Join(err, serveErr)
	}
	return d, nil
}

func (d *demoNode) makeNode(a *hash.Algorithm) (simulatedNode, error) {
	if a.Family == hash.Eaglesong {
		return d.makeCKB(a)
	}
	return d.makeMonero(a)
}

func (d *demoNode) makeMonero(a *hash.Algorithm) (simulatedNode, error) {
	network := cryptonote.MoneroTestnet()
	d.coin = config.DefaultCoin(config.CryptoNote)
	d.coin.Network = network.Name
	d.address = cryptonote.Address{
		Prefix: network.Standard,
		Spend:  cryptonote.Keccak256([]byte("adit demo: nobody can spend")),
		View:   cryptonote.Keccak256([]byte("adit demo: nobody can view")),
	}.String()
	cfg := simmonero.Config{
		Algorithm: a, NewHasher: cpu.New, Difficulty: d.difficulty, Fixed: true, Network: network, Transactions: 3,
	}
	if a.NeedsHeight {
		cfg.GenesisHeight = programHeight
	}
	node, err := simmonero.New(cfg)
	if err != nil {
		return nil, err
	}
	d.height = func() uint64 { return node.Status().Tip.Height }
	return node, nil
}

func (d *demoNode) makeCKB(a *hash.Algorithm) (simulatedNode, error) {
	var args [20]byte
	copy(args[:], "adit demo")
	lock := ckb.SighashLock(args)
	d.coin = config.DefaultCoin(config.CKB)
	d.coin.Network = "dev"
	d.address = ckb.EncodeAddress(ckb.Testnet, lock)
	node, err := simckb.New(simckb.Config{
		Hasher: func() (hash.Hasher, error) { return cpu.New(a) }, Lock: lock, Extension: true, Fixed: true,
		CompactTarget: ckb.CompactFromDifficulty(new(big.Int).SetUint64(d.difficulty)),
	})
	if err != nil {
		return nil, err
	}
	d.height = func() uint64 { return node.Status().Number }
	return node, nil
}

// demoPool is a pool that takes miners.
type demoPool struct {
	addr string
	stop func() error
}

// startPool runs a pool with one port, whose ledger lies in a temporary folder.
func (d *demo) startPool(ctx context.Context, node *demoNode, difficulty uint64) (*demoPool, error) {
	dir, err := os.MkdirTemp("", "adit-demo-")
	if err != nil {
		return nil, fmt.Errorf("making a place for the demo's ledger: %w", err)
	}
	p, err := pool.New(d.poolConfig(node, filepath.Join(dir, "pool.db"), difficulty), pool.Deps{
		Log: slog.New(slog.DiscardHandler), Rand: rand.Reader, NewHasher: cpu.New, Observe: d.score.observe,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the pool: %w", err), removeAll(dir))
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop := func() error {
		cancel()
		return errors.Join(<-ended, removeAll(dir))
	}
	select {
	case <-p.Ready():
		return &demoPool{addr: p.Addr(0).String(), stop: stop}, nil
	case err := <-ended:
		cancel()
		return nil, errors.Join(fmt.Errorf("starting the pool: %w", err), removeAll(dir))
	}
}

func (d *demo) poolConfig(node *demoNode, path string, difficulty uint64) config.Config {
	cfg := config.Default()
	cfg.Ledger.Path = path
	cfg.Coins = []config.Coin{node.coin}
	port := config.DefaultPort()
	port.Listen, port.Coin = d.listen, node.coin.Name
	port.Start, port.Min, port.Interval = difficulty, max(1, difficulty/100), demoShareTime
	cfg.Ports = []config.Port{port}
	return cfg
}

// demoScore counts what the pool reports, and knows when the demo has reached
// its end.
type demoScore struct {
	want uint64

	mu                         sync.Mutex
	accepted, rejected, blocks uint64
	done                       bool
	say                        func(string)
}

// tell prints a line for every block from now on.
func (s *demoScore) tell(say func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = say
}

// observe is told by the pool what happens.
func (s *demoScore) observe(e pool.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := e.(type) {
	case *pool.ShareAccepted:
		s.accepted++
	case *pool.ShareRejected:
		s.rejected++
	case *pool.BlockSettled:
		s.settled(e)
	}
}

func (s *demoScore) settled(e *pool.BlockSettled) {
	if e.State == ledger.BlockAccepted {
		s.blocks++
	}
	if s.say != nil {
		s.say(fmt.Sprintf("height %d %s by the node, %s", e.Height, e.State, e.Hash))
	}
}

// reached reports whether the miner, which knows of so many accepted shares,
// may stop.
func (s *demoScore) reached(accepted uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = s.done || accepted >= s.want && s.blocks > 0
	return s.done
}

func (s *demoScore) complete() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// progress is short enough for the dashboard.
func (s *demoScore) progress() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d of %d shares, %s", s.accepted, s.want, counted(s.blocks, "block"))
}

// text sums up.
func (s *demoScore) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d of %d shares accepted, %d rejected, %s found",
		s.accepted, s.want, s.rejected, counted(s.blocks, "block"))
}

// counted writes a number of things: "1 block", "2 blocks".
func counted(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
