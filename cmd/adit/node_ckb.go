package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/ckb"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

const nodeCKBLong = `Runs a small Nervos CKB node with a private chain in memory.

It speaks the RPC that miners and pools use (get_block_template, submit_block,
the chain look-ups, sync_state and so on) on every path, and verifies Eaglesong
for real. A block is paid eleven blocks later; the difficulty changes with
epochs, unless --fixed. Nothing is kept when it ends.

While it runs it can be steered. Every answer is JSON:

` + simckb.ControlHelp + `

These need no password, so leave it on a loopback address.`

const nodeCKBExample = `  # one block in a few seconds for a processor, the payout address as given
  adit node ckb --difficulty 4000000 --address ckt1...

  # hold the difficulty, and let others find a block every 20 seconds or so
  adit node ckb --fixed --others 20s

  # let the last three blocks be replaced
  curl -X POST 'http://127.0.0.1:8114/sim/reorg?depth=3'`

// nodeCKBFlags is the command line of adit node ckb.
type nodeCKBFlags struct {
	listen     string
	tcpListen  string
	difficulty uint64
	compact    string
	address    string
	message    string
	seed       uint64
	cfg        simckb.Config
}

func newNodeCKBCmd() *cobra.Command {
	var f nodeCKBFlags
	cmd := &cobra.Command{
		Use:     "ckb",
		Short:   "Run a simulated CKB node",
		Long:    nodeCKBLong,
		Example: nodeCKBExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.listen, "listen", "127.0.0.1:8114", "address to answer on")
	fs.StringVar(&f.tcpListen, "tcp-listen", "", "address to take subscriptions to new_tip_header on; none by default")
	fs.Uint64Var(&f.difficulty, "difficulty", 1<<20, "hashes per block in the first epoch")
	fs.StringVar(&f.compact, "compact-target", "", "the same as a compact target, such as 0x1e015555")
	fs.BoolVar(&f.cfg.Fixed, "fixed", false, "never change the difficulty")
	fs.DurationVar(&f.cfg.BlockInterval, "block-interval", 10*time.Second, "time between blocks that the difficulty aims at")
	fs.Uint64Var(&f.cfg.EpochLength, "epoch-length", 30, "blocks in an epoch")
	fs.Uint64Var(&f.cfg.Maturity, "maturity", 4, "epochs until a reward can be spent")
	fs.BoolVar(&f.cfg.Extension, "extension", true, "blocks carry an extension, as since CKB2023")
	fs.DurationVar(&f.cfg.Others, "others", 0, "mean time between blocks of other miners; 0 for none")
	fs.StringArrayVar(&f.cfg.Notify, "notify", nil, "URL to post every new template to (repeat for more)")
	fs.StringVar(&f.address, "address", "", "CKB address that blocks are paid to")
	fs.StringVar(&f.message, "message", "adit", "beginning of the cellbase message")
	fs.Uint64Var(&f.seed, "seed", 0, "make runs repeat; random when not given")
	cmd.MarkFlagsMutuallyExclusive("difficulty", "compact-target")
	return cmd
}

func (f *nodeCKBFlags) run(cmd *cobra.Command) error {
	if err := f.complete(cmd); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	f.cfg.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	f.cfg.OnBlock = func(e simckb.Event) { printCKBBlock(out, time.Now(), &e) }
	node, err := simckb.New(f.cfg)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return errors.Join(fmt.Errorf("adit node ckb: %w", err), node.Close())
	}
	publishing, err := f.publish(cmd, node)
	if err != nil {
		ln.Close()
		return errors.Join(err, node.Close())
	}
	f.greet(out, ln.Addr())
	started := time.Now()
	err = errors.Join(node.Serve(cmd.Context(), ln), publishing(), node.Close())
	printCKBSummary(out, node.Status(), time.Since(started))
	return err
}

// publish serves --tcp-listen until the command ends; finish waits for that.
func (f *nodeCKBFlags) publish(cmd *cobra.Command, node *simckb.Node) (finish func() error, err error) {
	if f.tcpListen == "" {
		return func() error { return nil }, nil
	}
	ln, err := net.Listen("tcp", f.tcpListen)
	if err != nil {
		return nil, fmt.Errorf("adit node ckb: --tcp-listen: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "taking subscriptions on %s\n", ln.Addr())
	ctx, cancel := context.WithCancel(cmd.Context())
	ended := make(chan error, 1)
	go func() { ended <- node.ServeTCP(ctx, ln) }()
	return func() error { cancel(); return <-ended }, nil
}

// complete turns the flags into the node's configuration.
func (f *nodeCKBFlags) complete(cmd *cobra.Command) error {
	f.cfg.Hasher = newEaglesongHasher
	f.cfg.Message = []byte(f.message)
	f.cfg.Seed = f.seed
	if !cmd.Flags().Changed("seed") {
		var b [8]byte
		rand.Read(b[:]) //nolint:errcheck // never fails
		f.cfg.Seed = binary.LittleEndian.Uint64(b[:])
	}
	if err := f.completeTarget(); err != nil {
		return err
	}
	f.cfg.Lock = ckb.SighashLock([20]byte{'a', 'd', 'i', 't'})
	if f.address == "" {
		return nil
	}
	a, err := ckb.ParseAddress(f.address)
	if err != nil {
		return usagef("--address: %v", err)
	}
	f.cfg.Lock = a.Script
	return nil
}

func (f *nodeCKBFlags) completeTarget() error {
	if f.difficulty < 2 {
		return usagef("--difficulty %d: a compact target expresses 2 at least", f.difficulty)
	}
	f.cfg.CompactTarget = ckb.CompactFromDifficulty(new(big.Int).SetUint64(f.difficulty))
	if f.compact == "" {
		return nil
	}
	c, err := strconv.ParseUint(f.compact, 0, 32)
	if err != nil {
		return usagef("--compact-target %q is not a 32-bit number such as 0x1e015555", f.compact)
	}
	if _, err := ckb.TargetFromCompact(uint32(c)); err != nil {
		return usagef("--compact-target: %v", err)
	}
	f.cfg.CompactTarget = uint32(c)
	return nil
}

func newEaglesongHasher() (hash.Hasher, error) {
	a, err := hash.Lookup("eaglesong")
	if err != nil {
		return nil, err
	}
	return cpu.New(a)
}

// greet says where the node is and what it pays to.
func (f *nodeCKBFlags) greet(w io.Writer, addr net.Addr) {
	fmt.Fprintf(w, "simulated CKB node on http://%s/, control endpoints at http://%s/sim/\n", addr, addr)
	fmt.Fprintf(w, "blocks are paid to %s\n", ckb.EncodeAddress(ckb.Testnet, f.cfg.Lock))
	fmt.Fprintf(w, "seed %d; Ctrl-C ends\n", f.cfg.Seed)
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintln(w, "warning: the control endpoints need no password, and this is not a loopback address")
	}
}

// printCKBBlock writes one line.
func printCKBBlock(w io.Writer, now time.Time, e *simckb.Event) {
	what := "from a miner"
	if e.Own {
		what = "made here"
	}
	switch {
	case !e.Tip:
		what += ", beside the chain"
	case e.Displaced > 0:
		what += fmt.Sprintf(", replaces %d", e.Displaced)
	}
	fmt.Fprintf(w, "%s block %d %v difficulty %s %s\n", now.Format(time.TimeOnly), e.Number, e.Hash,
		chain.FormatDifficulty(chain.Uint64(e.Difficulty)), what)
}

// printCKBSummary is the last that the command says.
func printCKBSummary(w io.Writer, s simckb.Status, ran time.Duration) {
	const shannons = 100_000_000
	fmt.Fprintf(w, "ended after %s at block %d, epoch %s: %d blocks accepted, %d refused, %d made here, %d reorganisations\n",
		ran.Round(time.Second), s.Number, s.Epoch, s.Counts.Accepted, s.Counts.Refused, s.Counts.Own, s.Counts.Reorgs)
	fmt.Fprintf(w, "paid for %d blocks so far: %d CKB mature, %d CKB immature\n",
		s.Paid.Blocks, s.Paid.Mature/shannons, s.Paid.Immature/shannons)
}
