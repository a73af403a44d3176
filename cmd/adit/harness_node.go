package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/simnode"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// harnessNodeDifficulty is far above what the suite's shares reach: a block
// that nobody asked for would spoil the checks that run beside it.
const harnessNodeDifficulty = 1 << 40

// harnessNode is the node behind the pool under test.
type harnessNode struct {
	conform.Node
	url  string
	stop func() error
}

// Renew changes the template, as new transactions do.
func (n *harnessNode) Renew() {
	if r, ok := n.Node.(conform.Renewer); ok {
		r.Renew()
	}
}

// chainSeed makes a node's chain come again: the same seed gives the same
// blocks and templates, whose times stand still. nil is a chain of its own.
type chainSeed *uint64

// repeatedTime is when a chain that comes again begins.
func repeatedTime() time.Time { return time.Unix(1_790_000_000, 0) }

// RefuseBlocks lets the node refuse every block that the pool hands in.
func (n *harnessNode) RefuseBlocks(refuse bool) {
	if r, ok := n.Node.(conform.Refuser); ok {
		r.RefuseBlocks(refuse)
	}
}

// startHarnessNode serves a node of the profile's kind.
func startHarnessNode(ctx context.Context, profile conform.Profile, a *hash.Algorithm, listen string) (*harnessNode, error) {
	return startHarnessChain(ctx, profile, a, listen, nil)
}

// startHarnessChain serves a node with a chain of its own, or one that repeats.
func startHarnessChain(ctx context.Context, profile conform.Profile, a *hash.Algorithm, listen string, seed chainSeed) (*harnessNode, error) {
	steered, served, err := makeHarnessNode(profile, a, seed)
	if err != nil {
		return nil, fmt.Errorf("preparing the node: %w", err)
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the node's port: %w", err), served.Close())
	}
	var running sync.WaitGroup
	var serveErr error
	running.Go(func() { serveErr = served.Serve(context.WithoutCancel(ctx), ln) })
	return &harnessNode{Node: steered, url: "http://" + ln.Addr().String(), stop: func() error {
		err := served.Close()
		running.Wait()
		return errors.Join(err, serveErr)
	}}, nil
}

func makeHarnessNode(profile conform.Profile, a *hash.Algorithm, seed chainSeed) (conform.Node, simulatedNode, error) {
	if profile == conform.CKB {
		cfg := simckb.Config{
			Hasher: func() (hash.Hasher, error) { return cpu.New(a) }, Lock: harnessLock(), Extension: true, Fixed: true,
			CompactTarget: ckb.CompactFromDifficulty(new(big.Int).SetUint64(harnessNodeDifficulty)),
		}
		if seed != nil {
			cfg.Now, cfg.Seed = repeatedTime, *seed
		}
		node, err := simckb.New(cfg)
		return ckbHarnessNode{node}, node, err
	}
	cfg := simmonero.Config{Algorithm: a, NewHasher: cpu.New, Difficulty: harnessNodeDifficulty, Fixed: true, Transactions: 3}
	if a.NeedsHeight {
		cfg.GenesisHeight = programHeight
	}
	if seed != nil {
		var key [32]byte
		binary.LittleEndian.PutUint64(key[:], *seed)
		cfg.Now, cfg.Rand = repeatedTime, rand.NewChaCha8(key)
	}
	node, err := simmonero.New(cfg)
	return moneroHarnessNode{node}, node, err
}

// moneroHarnessNode is a simulated Monero node as the suite steers it.
type moneroHarnessNode struct{ *simmonero.Node }

func (n moneroHarnessNode) Height() uint64     { return n.Status().Tip.Height }
func (n moneroHarnessNode) Difficulty() uint64 { return n.Status().Difficulty }
func (n moneroHarnessNode) FailNext(count int) { n.Faults().FailNext(count, simnode.FailStatus) }
func (n moneroHarnessNode) Recover()           { n.Faults().Clear() }
func (n moneroHarnessNode) Handed() (int, int) { return n.Status().Submitted, n.Status().Refused }

func (n moneroHarnessNode) Renew() { n.AddTransactions(1) }

func (n moneroHarnessNode) Mine(count int) error {
	_, err := n.Node.Mine(count)
	return err
}

func (n moneroHarnessNode) Reorg(depth int) error {
	_, err := n.Node.Reorg(depth)
	return err
}

// ckbHarnessNode is a simulated CKB node as the suite steers it.
type ckbHarnessNode struct{ *simckb.Node }

func (n ckbHarnessNode) Height() uint64       { return n.Status().Number }
func (n ckbHarnessNode) Difficulty() uint64   { return harnessNodeDifficulty }
func (n ckbHarnessNode) FailNext(count int)   { n.Node.FailNext(count, simnode.FailStatus) }
func (n ckbHarnessNode) Recover()             { n.Clear() }
func (n ckbHarnessNode) Mine(count int) error { n.Node.Mine(count); return nil }
func (n ckbHarnessNode) Renew()               { n.AddTransactions(1) }

func (n ckbHarnessNode) Handed() (int, int) {
	c := n.Status().Counts
	return int(c.Accepted), int(c.Refused)
}

func (n ckbHarnessNode) SetDifficulty(uint64) error {
	return errors.New("the simulated CKB chain's target is fixed")
}

func harnessLock() ckb.Script {
	var args [20]byte
	copy(args[:], "adit harness")
	return ckb.SighashLock(args)
}

// madeUpLogins are addresses whose coins nobody can spend, of a test network
// and, unless one is given, of the main network.
func madeUpLogins(profile conform.Profile, foreign string) (login, other string) {
	if profile == conform.CKB {
		login, other = ckb.EncodeAddress(ckb.Testnet, harnessLock()), ckb.EncodeAddress(ckb.Mainnet, harnessLock())
	} else {
		login, other = madeUpMonero(cryptonote.MoneroTestnet()), madeUpMonero(cryptonote.MoneroMainnet())
	}
	if foreign != "" {
		other = foreign
	}
	return login, other
}

// secondLogin is another address like the first of madeUpLogins.
func secondLogin(profile conform.Profile) string {
	if profile == conform.CKB {
		var args [20]byte
		copy(args[:], "adit harness second")
		return ckb.EncodeAddress(ckb.Testnet, ckb.SighashLock(args))
	}
	return madeUpMoneroOf(cryptonote.MoneroTestnet(), "adit harness: nobody can spend this either")
}

func madeUpMonero(network cryptonote.Network) string {
	return madeUpMoneroOf(network, "adit harness: nobody can spend")
}

func madeUpMoneroOf(network cryptonote.Network, spend string) string {
	return cryptonote.Address{
		Prefix: network.Standard,
		Spend:  cryptonote.Keccak256([]byte(spend)),
		View:   cryptonote.Keccak256([]byte("adit harness: nobody can view")),
	}.String()
}

// isLoopback reports whether an address is on this machine.
func isLoopback(target string) bool {
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// awaitTarget gives a pool that was waiting for its node time to open its
// port. If it does not, the checks say so.
func awaitTarget(ctx context.Context, target string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if nc, err := new(net.Dialer).DialContext(ctx, "tcp", target); err == nil {
			_ = nc.Close() // only a look
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}
