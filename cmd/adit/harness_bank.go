package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash/cpu"
)

const harnessBankLong = `Finds shares before they are needed, and looks at what was found.

A bank is for pools behind the harness's own node. With a bank the node's chain
repeats: the same seed gives the same templates, with times that stand still. A
pool that begins with nothing and assigns its extranonces in order then gives the
same jobs in each run, and their shares need not be looked for again:

  adit harness bank make shares.bank --adapter adit
  adit harness run smoke --adapter adit --share-bank shares.bank

With other jobs nothing in the bank fits and shares are mined as without it.
Every share of a bank is hashed before any is used; results say how many came
from it and how many were mined.`

func newHarnessBankCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "bank", Short: "Find shares beforehand, for runs that use them again", Long: harnessBankLong}
	cmd.AddCommand(newHarnessBankMakeCmd(), newHarnessBankInspectCmd())
	return cmd
}

// bankFlags is the command line of adit harness bank make.
type bankFlags struct {
	run                   runFlags
	conns, blocks, shares int
	prepare               time.Duration
}

func newHarnessBankMakeCmd() *cobra.Command {
	var f bankFlags
	cmd := &cobra.Command{
		Use:   "make FILE",
		Short: "Find shares for the jobs that a pool gives on the harness's node",
		Long: `Serves the pool's node, logs in over and over, and finds shares for the first
job of each session; then the node finds a block, and so on. How many sessions a
run opens is how many are worth it: each has work of its own.`,
		Example: `  adit harness bank make shares.bank --adapter adit
  adit harness bank make shares.bank --target 127.0.0.1:3333 --profile ckb --node-listen 127.0.0.1:8114 --blocks 3`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.run.profileSet = cmd.Flags().Changed("profile")
			return f.make(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.run.target, "target", "", "the pool, `host:port`")
	fl.StringVar(&f.run.profile, "profile", "cn", "stratum `dialect`: cn (CryptoNote) or ckb")
	fl.StringVarP(&f.run.user, "user", "u", "", "`address` to log in with (default: a made-up one)")
	fl.StringVarP(&f.run.pass, "pass", "p", "x", "`password` beside the address")
	fl.StringVarP(&f.run.algo, "algo", "a", "", "`algorithm` of the node's chain (CryptoNote)")
	fl.StringVar(&f.run.nodeListen, "node-listen", "", "serve the pool's node at this `address`")
	fl.StringVar(&f.run.adapter, "adapter", "", "the pool's description: a `file`, or the name of one that comes with adit (docs/harness.md)")
	fl.Uint64Var(&f.run.seed, "seed", 1, "`number` that the node's chain follows from; it is kept in the bank")
	fl.IntVarP(&f.conns, "connections", "n", 64, "`number` of sessions for each block")
	fl.IntVar(&f.blocks, "blocks", 1, "`number` of blocks of the chain")
	fl.IntVar(&f.shares, "shares", 10, "`number` of shares for each job, or some more")
	fl.DurationVar(&f.prepare, "prepare", 10*time.Minute, "how `long` to look for shares; what was found by then is kept")
	fl.BoolVar(&f.run.mine, "i-operate-this-pool", false, "allow a target that is not on this machine")
	return cmd
}

func (f *bankFlags) make(ctx context.Context, path string, stdout, stderr io.Writer) error {
	if f.conns < 1 || f.blocks < 1 || f.shares < 1 || f.prepare <= 0 {
		return usagef("--connections, --blocks, --shares and --prepare must be above 0")
	}
	f.run.timeout, f.run.effort, f.run.jobs = rig.DefaultTimeout, f.prepare, 1 // as a run has them
	described, err := f.run.described()
	if err != nil {
		return err
	}
	cfg, err := f.run.config(conform.Profile(f.run.profile))
	if err != nil {
		return err
	}
	if f.run.nodeListen == "" {
		return usagef("--node-listen is required: only jobs of the harness's own node come again")
	}
	f.run.repeats = true
	stage, err := f.run.prepare(ctx, described, &cfg, stderr)
	if err != nil {
		return err
	}
	b := bank.New(bank.Header{Tool: toolName(), Profile: string(cfg.Profile), Seed: f.run.seed})
	hashes, err := f.fill(ctx, &cfg, b)
	if err = errors.Join(err, stage.close(ctx)); err != nil {
		return err
	}
	if err := writeFile(path, b.Write); err != nil {
		return fmt.Errorf("writing the share bank: %w", err)
	}
	works, shares := b.Count()
	_, err = fmt.Fprintf(stdout, "wrote %s: %s for %s, found with %d hashes\n", path, plural(shares, "share"), plural(works, "job"), hashes)
	return err
}

// fill logs in and mines until there is enough, or time is up.
func (f *bankFlags) fill(ctx context.Context, cfg *conform.Config, b *bank.Bank) (hashes uint64, err error) {
	target, err := rigTarget(cfg).WithDefaults()
	if err != nil {
		return 0, err
	}
	finder, err := newFinder()
	if err != nil {
		return 0, err
	}
	defer func() { _ = finder.Close() }() // memory only
	limited, cancel := context.WithTimeout(ctx, f.prepare)
	defer cancel()
	var old *wire.Job // of the block before
	for block := 0; block < f.blocks && err == nil; block++ {
		var job *wire.Job
		for conn := 0; conn < f.conns && err == nil; conn++ {
			if job, err = jobAfter(limited, &target, old); err == nil {
				err = f.deposit(limited, finder, job, b)
			}
		}
		old = job
		if err == nil && block+1 < f.blocks {
			err = cfg.Node.Mine(1)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil // what was found counts
	}
	return finder.Hashes, err
}

// deposit finds shares of a job. Two sessions with the same work need it once.
func (f *bankFlags) deposit(ctx context.Context, finder *rig.Finder, job *wire.Job, b *bank.Bank) error {
	lot, err := rig.Deposit(ctx, finder, job, f.shares)
	if len(lot.Shares) > 0 {
		b.Add(lot)
	}
	return err
}

// jobAfter logs in, waits for work on a newer block than that of old, which may
// be nil, and leaves.
func jobAfter(ctx context.Context, target *rig.Target, old *wire.Job) (*wire.Job, error) {
	s, err := rig.Open(ctx, target, rig.Watcher{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var job *wire.Job
	err = s.Wait(ctx, target.Timeout, func(w *wire.Conn) bool {
		job = w.Current()
		return old == nil || !job.SameParent(old)
	})
	if errors.Is(err, rig.ErrSilent) {
		err = fmt.Errorf("no work on the node's new block within %v: is the pool configured to use the harness's node?", target.Timeout)
	}
	return job, err
}

// rigTarget is the pool of a conformance run as a rig takes it.
func rigTarget(cfg *conform.Config) rig.Target {
	proto := rig.CryptoNote
	if cfg.Profile == conform.CKB {
		proto = rig.CKB
	}
	return rig.Target{Address: cfg.Target, Proto: proto, Login: cfg.Login, Pass: cfg.Pass, Algorithm: cfg.Algorithm,
		Agent: "adit-harness/" + version, Timeout: cfg.Timeout}
}

func newHarnessBankInspectCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Hash all shares of a bank and sum it up",
		Long: `Reads a bank, hashes each of its shares, and names the lines that are damaged.

Exit status: 0 all shares are true, 1 the bank is damaged.`,
		Example: "  adit harness bank inspect shares.bank",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBank(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			works, shares := b.Count()
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]any{"header": b.Header, "jobs": works, "shares": shares})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s for %s of %s (chain seed %d), all true\n",
				args[0], plural(shares, "share"), plural(works, "job"), b.Header.Profile, b.Header.Seed)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the sum as JSON")
	return cmd
}

// openBank reads a bank and hashes all of its shares.
func openBank(ctx context.Context, path string) (*bank.Bank, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the share bank: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	b, err := bank.Read(file)
	if err == nil {
		err = b.Verify(ctx, cpu.New)
	}
	if err != nil {
		return nil, fmt.Errorf("share bank %s: %w", path, err)
	}
	return b, nil
}

// bankFor opens the bank of --share-bank for a profile; nil without one.
func bankFor(ctx context.Context, path string, profile conform.Profile) (*bank.Bank, error) {
	if path == "" {
		return nil, nil
	}
	b, err := openBank(ctx, path)
	if err == nil && b.Header.Profile != string(profile) {
		return nil, usagef("--share-bank %s is for --profile %s", path, b.Header.Profile)
	}
	return b, err
}
