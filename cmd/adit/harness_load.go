package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/lab/load"
)

const harnessLoadLong = `Sends shares at a planned rate and times the answers.

The loop is open: arrivals are planned before the run, and latency counts from
the planned time, whatever is outstanding. Shares are real: they are found
before the run, so let the pool start at a low difficulty. --mix says what is
sent, by what it truly is: valid, low, badhash (CryptoNote), duplicate, stale
(needs --node-listen), badjob, malformed. A run in which adit itself was late,
and not the pool, is VOID.

--sweep runs one rate after the other and finds the knee.

Only pools on this machine are loaded unless --i-operate-this-pool says that
you may; others get at most 1000 submits/s.

Exit status: 0 every verdict was right, 1 one was wrong, 2 a mistake on the
command line, 5 void.`

// The most submits per second that are sent: to any pool, and to one that is
// not on this machine.
const (
	maxLoad       = 200_000
	maxRemoteLoad = 1000
)

// loadFlags is the command line of adit harness load.
type loadFlags struct {
	labFlags
	rate              float64
	sweep             []float64
	conns             int
	duration, prepare time.Duration
	mix               string
	paced             bool
	maxLag            time.Duration
}

func newHarnessLoadCmd() *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Send shares at a rate and time the answers",
		Long:  harnessLoadLong,
		Example: `  adit harness load --target 127.0.0.1:3333 --algo cn/upx2 --rate 20
  adit harness load --target 127.0.0.1:3333 --profile ckb --rate 500 --mix valid=90,duplicate=5,malformed=5
  adit harness load --target 127.0.0.1:3333 --profile ckb --sweep 100,200,400,800 --duration 5s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.Float64VarP(&f.rate, "rate", "r", 10, "submits per `second` over all connections")
	fl.Float64SliceVar(&f.sweep, "sweep", nil, "these `rates`, one after the other, until the pool falls behind")
	fl.DurationVarP(&f.duration, "duration", "d", load.DefaultDuration, "how `long` to send at each rate")
	fl.IntVarP(&f.conns, "connections", "n", load.DefaultConns, "`number` of connections")
	fl.StringVar(&f.mix, "mix", "valid=1", "what is sent: `class=weight` and so on")
	fl.StringVar(&f.shareBank, "share-bank", "", "take shares from this `file` where they fit (adit harness bank)")
	fl.BoolVar(&f.paced, "paced", false, "send at even intervals instead of at random times")
	fl.DurationVar(&f.maxLag, "max-lag", load.DefaultMaxLag, "how `late` adit may be, at the 99th percentile")
	fl.DurationVar(&f.prepare, "prepare", load.DefaultPrepare, "how `long` shares may be searched for")
	return cmd
}

func (f *loadFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	cfg, err := f.config(stderr)
	if err != nil {
		return err
	}
	bench, err := f.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer bench.close()
	finder, err := newFinder()
	if err != nil {
		return err
	}
	defer func() { _ = finder.Close() }() // memory only
	if bench.bank != nil {
		finder.UseBank(bench.bank)
	}
	cfg.Target, cfg.Finder, cfg.NewTip = bench.target, finder, bench.newTip()
	if len(f.sweep) > 0 {
		sweep, err := load.RunSweep(ctx, cfg, f.sweep)
		return errors.Join(err, f.finish(stdout, sweep, sweep.Runs))
	}
	result, err := load.Run(ctx, cfg)
	if result == nil {
		return err
	}
	return errors.Join(err, f.finish(stdout, result, []*load.Result{result}))
}

// config checks the flags that only this command has.
func (f *loadFlags) config(stderr io.Writer) (load.Config, error) {
	cfg := load.Config{Conns: f.conns, Rate: f.rate, Duration: f.duration, Paced: f.paced, Seed: f.seed,
		Prepare: f.prepare, MaxLag: f.maxLag, Progress: progressTo(stderr)}
	most, why := float64(maxLoad), ""
	if !isLoopback(f.target) {
		most, why = maxRemoteLoad, " for a pool that is not on this machine"
	}
	for _, rate := range append([]float64{f.rate}, f.sweep...) {
		if !(rate > 0 && rate <= most) { // NaN, too
			return cfg, usagef("a rate of %v: give one above 0 and up to %.0f submits/s%s", rate, most, why)
		}
	}
	if f.duration <= 0 || f.prepare <= 0 || f.maxLag <= 0 || f.conns < 1 {
		return cfg, usagef("--duration, --prepare, --max-lag and --connections must be above 0")
	}
	var err error
	if cfg.Mix, err = load.ParseMix(f.mix); err != nil {
		return cfg, usagef("--mix: %v", err)
	}
	return cfg, nil
}

// finish prints what came of it and turns it into an exit status.
func (f *loadFlags) finish(w io.Writer, result textWriter, runs []*load.Result) error {
	if len(runs) == 0 {
		return nil
	}
	if err := f.print(w, result); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	for _, r := range runs {
		if r.Wrong() > 0 {
			return &exitError{status: conform.ExitFailed}
		}
	}
	if len(runs[0].Void) > 0 { // of a sweep, the later ones may be what ends it
		return &exitError{status: conform.ExitInconclusive}
	}
	return nil
}
