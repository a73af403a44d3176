package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/lab/fault"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// labFlags are what the laboratory's commands share.
type labFlags struct {
	target, profile, user, pass, algo string
	nodeListen                        string
	toPool, toMiner                   string
	shareBank                         string // of the commands that take one
	timeout                           time.Duration
	seed                              uint64
	json, mine                        bool
}

func (f *labFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.target, "target", "", "the pool, `host:port`")
	fl.StringVar(&f.profile, "profile", "cn", "stratum `dialect`: cn (CryptoNote) or ckb")
	fl.StringVarP(&f.user, "user", "u", "", "`address` to log in with (default: a made-up one)")
	fl.StringVarP(&f.pass, "pass", "p", "x", "`password` beside the address")
	fl.StringVarP(&f.algo, "algo", "a", "", "`algorithm` of CryptoNote jobs that do not name one, and of --node-listen")
	fl.StringVar(&f.nodeListen, "node-listen", "", "serve the pool's node at this `address`")
	fl.StringVar(&f.toPool, "fault-to-pool", "", "disturb the line to the pool: `FAULTS` such as latency=20ms,jitter=5ms,slice=1")
	fl.StringVar(&f.toMiner, "fault-to-miner", "", "disturb the line from the pool: `FAULTS` such as bandwidth=1000")
	fl.DurationVar(&f.timeout, "timeout", rig.DefaultTimeout, "how `long` an answer may take")
	fl.Uint64Var(&f.seed, "seed", 1, "`number` that the plan follows from")
	fl.BoolVar(&f.json, "json", false, "print the result as JSON")
	fl.BoolVar(&f.mine, "i-operate-this-pool", false, "allow a target that is not on this machine")
}

// labBench is a target with what was set up around it.
type labBench struct {
	target rig.Target
	node   *harnessNode // nil without --node-listen
	proxy  *fault.Proxy // nil without faults
	bank   *bank.Bank   // nil without one
}

// open prepares the target: its node and the faults on the line.
func (f *labFlags) open(ctx context.Context, stderr io.Writer) (*labBench, error) {
	target, profile, err := f.check(ctx)
	if err != nil {
		return nil, err
	}
	b := &labBench{target: target}
	var seed chainSeed
	if b.bank, err = bankFor(ctx, f.shareBank, profile); err != nil {
		return nil, err
	}
	if b.bank != nil {
		seed = &b.bank.Header.Seed
	}
	if f.nodeListen != "" {
		if b.node, err = startHarnessChain(ctx, profile, target.Algorithm, f.nodeListen, seed); err != nil {
			return nil, err
		}
		fmt.Fprintf(stderr, "the pool's node is at %s; it begins when the pool answers\n", b.node.url)
		awaitLogin(ctx, target)
	}
	if err := f.disturb(b); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// awaitLogin gives a pool that was waiting for its node time to take miners.
// If it does not, the measurement says why.
func awaitLogin(ctx context.Context, target rig.Target) {
	target, err := target.WithDefaults()
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if s, err := rig.Open(ctx, &target, rig.Watcher{}); err == nil {
			s.Close()
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// disturb puts the proxy between, when there are faults.
func (f *labFlags) disturb(b *labBench) error {
	if f.toPool == "" && f.toMiner == "" {
		return nil
	}
	cfg := fault.Config{Upstream: b.target.Address, Seed: f.seed}
	for _, way := range []struct {
		flag, text string
		rules      *fault.Rules
	}{{"--fault-to-pool", f.toPool, &cfg.ToPool}, {"--fault-to-miner", f.toMiner, &cfg.ToMiner}} {
		if way.text == "" {
			continue
		}
		var err error
		if *way.rules, err = fault.Parse(way.text); err != nil {
			return usagef("%s: %v", way.flag, err)
		}
	}
	var err error
	if b.proxy, err = fault.Listen(cfg); err != nil {
		return err
	}
	b.target.Address = b.proxy.Address()
	return nil
}

func (b *labBench) close() {
	if b.proxy != nil {
		b.proxy.Close()
	}
	if b.node != nil {
		_ = b.node.stop() // the measurement matters more
	}
}

// newTip makes the node find a block; nil when the node is not the harness's.
func (b *labBench) newTip() func() error {
	if b.node == nil {
		return nil
	}
	return func() error { return b.node.Mine(1) }
}

// check turns the flags into a target.
func (f *labFlags) check(ctx context.Context) (rig.Target, conform.Profile, error) {
	t := rig.Target{Login: f.user, Pass: f.pass, Agent: "adit-harness/" + version, Timeout: f.timeout}
	profile := conform.Profile(strings.ToLower(f.profile))
	switch profile {
	case conform.CN:
		t.Proto = rig.CryptoNote
	case conform.CKB:
		t.Proto = rig.CKB
	default:
		return t, profile, usagef("--profile %s: give cn or ckb", f.profile)
	}
	if f.timeout <= 0 {
		return t, profile, usagef("--timeout must be above 0")
	}
	var err error
	if t.Address, err = stratumAddress("--target", f.target); err != nil {
		return t, profile, err
	}
	if !f.mine {
		if t.Address, err = loopbackOnly(ctx, t.Address); err != nil {
			return t, profile, err
		}
	}
	run := runFlags{algo: f.algo, nodeListen: f.nodeListen}
	if t.Algorithm, err = run.algorithm(profile); err != nil {
		return t, profile, err
	}
	if t.Login == "" {
		t.Login, _ = madeUpLogins(profile, "")
	}
	return t, profile, nil
}

// newFinder makes what finds the laboratory's shares.
func newFinder() (*rig.Finder, error) {
	s, err := cpu.NewSearcher(cpu.SearcherOptions{})
	if err != nil {
		return nil, fmt.Errorf("preparing the search for shares: %w", err)
	}
	return rig.NewFinder(s, func(a *hash.Algorithm) (hash.Hasher, error) { return cpu.New(a) }), nil
}

// progressTo prints what a laboratory says of its progress.
func progressTo(w io.Writer) func(string) {
	return func(text string) { fmt.Fprintln(w, text) }
}

// textWriter is a result that prints itself.
type textWriter interface{ WriteText(w io.Writer) error }

// print writes a result as text or JSON.
func (f *labFlags) print(w io.Writer, result textWriter) error {
	if !f.json {
		return result.WriteText(w)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(result)
}
