package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/zmq"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash/cpu"
)

const nodeMoneroLong = `Runs a small Monero-like node with a private chain in memory.

It speaks monerod's RPC (get_block_template, submit_block, the header and block
look-ups, get_info and so on), and verifies every block for real, with any
algorithm of the CryptoNight family. Nothing is kept when it ends, and its
coins cannot be spent.

While it runs it can be steered by POST requests; their answers are JSON:

  /sim/status                 tip, difficulty, blocks accepted and refused
  /sim/mine?n=N               the node finds N blocks itself
  /sim/reorg?depth=N          replace the top N blocks by N+1 others
  /sim/tx?n=N                 add N transactions: a new template, same height
  /sim/synced?value=false     say that the chain is not complete; true ends it
  /sim/difficulty?value=N     change the difficulty (with --fixed)
  /sim/lag?ms=N               delay every RPC answer; 0 ends it
  /sim/fail?n=K&kind=KIND     fail the next K calls: refused, 500, garbage,
                              hang, rpc (internal error) or busy
  /sim/clear                  end lag and failures

These need no password, so leave it on a loopback address.`

const nodeMoneroExample = `  # a chain of cn/1 that keeps its difficulty
  adit node monero -a cn/1 --difficulty 500 --fixed

  # blocks with ten transactions, as Monero had them in 2016
  adit node monero -a cn/0 --tx-version 1 --transactions 10

  # let the last three blocks be replaced
  curl -X POST 'http://127.0.0.1:18081/sim/reorg?depth=3'`

// nodeMoneroFlags is the command line of adit node monero.
type nodeMoneroFlags struct {
	listen  string
	zmqPub  string
	algo    string
	network string
	seed    uint64
	cfg     simmonero.Config
}

func newNodeMoneroCmd() *cobra.Command {
	var f nodeMoneroFlags
	cmd := &cobra.Command{
		Use:     "monero",
		Short:   "Run a simulated Monero-like node",
		Long:    nodeMoneroLong,
		Example: nodeMoneroExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.listen, "listen", "127.0.0.1:18081", "address to answer on")
	fs.StringVar(&f.zmqPub, "zmq-pub", "", "address, tcp://host:port, to publish new blocks on as monerod does; none by default")
	fs.StringVarP(&f.algo, "algo", "a", "cn/r", "proof of work")
	fs.Uint64Var(&f.cfg.Difficulty, "difficulty", 300, "hashes per block at the start")
	fs.BoolVar(&f.cfg.Fixed, "fixed", false, "never change the difficulty")
	fs.DurationVar(&f.cfg.BlockInterval, "block-interval", simmonero.DefaultBlockInterval,
		"time between blocks that the difficulty aims at, whole seconds")
	fs.Uint64Var(&f.cfg.Reward, "reward", simmonero.DefaultReward, "atomic units per block")
	fs.Uint64Var(&f.cfg.Maturity, "maturity", simmonero.DefaultMaturity, "blocks until a reward could be spent")
	fs.Uint64Var(&f.cfg.GenesisHeight, "genesis-height", 0, "height of the first block")
	fs.IntVar(&f.cfg.MinerTxVersion, "tx-version", 2, "version of the miner transaction, 1 or 2")
	fs.Uint8Var(&f.cfg.MajorVersion, "block-version", 0, "major version of blocks (default 16, or 1 with --tx-version 1)")
	fs.IntVar(&f.cfg.Transactions, "transactions", 0, "made-up transactions in each block")
	fs.DurationVar(&f.cfg.Others, "others", 0, "mean time between blocks of other miners; 0 for none")
	fs.StringVar(&f.network, "network", "any", "whose addresses are paid: mainnet, testnet, stagenet or any")
	fs.Uint64Var(&f.seed, "seed", 0, "make runs repeat; random when not given")
	return cmd
}

func (f *nodeMoneroFlags) run(cmd *cobra.Command) error {
	if err := f.complete(cmd); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	f.cfg.OnBlock = func(e simmonero.Event) { printMoneroBlock(out, &e) }
	node, err := simmonero.New(f.cfg)
	if err != nil {
		return usagef("%v", err)
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return errors.Join(fmt.Errorf("adit node monero: %w", err), node.Close())
	}
	publishing, err := f.publish(cmd)
	if err != nil {
		ln.Close()
		return errors.Join(err, node.Close())
	}
	f.greet(out, ln.Addr())
	started := time.Now()
	err = errors.Join(node.Serve(cmd.Context(), ln), publishing(), node.Close())
	printMoneroSummary(out, node, time.Since(started))
	return err
}

// publish serves --zmq-pub until the command ends; finish waits for that.
func (f *nodeMoneroFlags) publish(cmd *cobra.Command) (finish func() error, err error) {
	if f.cfg.Publisher == nil {
		return func() error { return nil }, nil
	}
	ln, err := net.Listen("tcp", strings.TrimPrefix(f.zmqPub, "tcp://"))
	if err != nil {
		return nil, fmt.Errorf("adit node monero: --zmq-pub: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "publishing new blocks on tcp://%s\n", ln.Addr())
	ctx, cancel := context.WithCancel(cmd.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.cfg.Publisher.Serve(ctx, ln) }()
	return func() error { cancel(); return <-ended }, nil
}

// complete turns the flags into the node's configuration.
func (f *nodeMoneroFlags) complete(cmd *cobra.Command) error {
	var err error
	if f.cfg.Algorithm, err = parseAlgorithm(f.algo); err != nil {
		return err
	}
	f.cfg.NewHasher = cpu.New
	if f.zmqPub != "" {
		if !strings.HasPrefix(f.zmqPub, "tcp://") {
			return usagef("--zmq-pub %q is not like tcp://127.0.0.1:18083", f.zmqPub)
		}
		f.cfg.Publisher = zmq.NewPublisher()
	}
	if f.cfg.Network, err = moneroNetwork(f.network); err != nil {
		return err
	}
	var seed [32]byte
	rand.Read(seed[:]) //nolint:errcheck // never fails
	if !cmd.Flags().Changed("seed") {
		f.seed = binary.LittleEndian.Uint64(seed[:])
	}
	seed = [32]byte{}
	binary.LittleEndian.PutUint64(seed[:], f.seed)
	f.cfg.Rand = mrand.NewChaCha8(seed)
	return nil
}

// moneroNetwork reads --network; any is the zero value.
func moneroNetwork(name string) (cryptonote.Network, error) {
	if name == "any" {
		return cryptonote.Network{}, nil
	}
	for _, n := range cryptonote.Networks() {
		if n.Coin == "Monero" && strings.EqualFold(n.Name, name) {
			return n, nil
		}
	}
	return cryptonote.Network{}, usagef("--network %q is none of mainnet, testnet, stagenet and any", name)
}

// greet says where the node is.
func (f *nodeMoneroFlags) greet(w io.Writer, addr net.Addr) {
	fmt.Fprintf(w, "simulated Monero-like node (%s) on http://%s/json_rpc, control endpoints at http://%s/sim/\n",
		f.cfg.Algorithm.Name, addr, addr)
	fmt.Fprintf(w, "seed %d; Ctrl-C ends\n", f.seed)
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintln(w, "warning: the control endpoints need no password, and this is not a loopback address")
	}
}

// printMoneroBlock writes one line.
func printMoneroBlock(w io.Writer, e *simmonero.Event) {
	what := "from a miner"
	if e.Own {
		what = "made here"
	}
	switch {
	case !e.Main:
		what += ", beside the chain"
	case e.Displaced > 0:
		what += fmt.Sprintf(", replaces %d", e.Displaced)
	}
	fmt.Fprintf(w, "%s block %d %s difficulty %s %s\n", e.Time.Format(time.TimeOnly), e.Height, e.ID,
		chain.FormatDifficulty(e.Difficulty), what)
}

// printMoneroSummary is the last that the command says.
func printMoneroSummary(w io.Writer, node *simmonero.Node, ran time.Duration) {
	s := node.Status()
	mined, mature := 0, 0
	for _, b := range node.Blocks() {
		if b.Own {
			continue
		}
		mined++
		if b.Mature {
			mature++
		}
	}
	fmt.Fprintf(w, "ended after %s at block %d, next difficulty %s: %d blocks accepted, %d refused\n",
		ran.Round(time.Second), s.Tip.Height, chain.FormatDifficulty(s.Difficulty), s.Submitted, s.Refused)
	fmt.Fprintf(w, "in the chain: %d blocks of miners, %d of them mature; %d blocks beside it\n", mined, mature, s.Beside)
}
