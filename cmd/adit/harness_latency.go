package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/lab/latency"
	"github.com/aditmine/adit/harness/rig"
)

const harnessLatencyLong = `Times what a pool does with new blocks, and with connections that come and go.

  jobs       new block to job: the first connection's, every one's, how far
             apart, whether all get one, whether the order of logins matters,
             and what the delay costs in lost work. The harness is the pool's
             node (--node-listen), so it knows when the block was there.
  storm      all connections are reset at once and come back
  half-open  the lines go dead without a word: when does the pool notice?

Without a name, jobs. With --slow-readers, jobs are timed once more beside
connections that ask for much and read nothing. Pools that poll their node:
--poll is their period; blocks then come at random phases of it.

Only pools on this machine are measured unless --i-operate-this-pool says that
you may.

Exit status: 0 measured, 1 a job did not come or a connection was not served,
2 a mistake on the command line.`

// latencyFlags is the command line of adit harness latency.
type latencyFlags struct {
	labFlags
	conns, rounds, slow           int
	poll, limit, block, deadLimit time.Duration
	backoff                       string
	wait                          time.Duration
}

func newHarnessLatencyCmd() *cobra.Command {
	var f latencyFlags
	cmd := &cobra.Command{
		Use:   "latency [jobs|storm|half-open]...",
		Short: "Time new jobs, reconnection storms and dead lines",
		Long:  harnessLatencyLong,
		Example: `  adit harness latency --target 127.0.0.1:3333 --algo cn/upx2 --node-listen 127.0.0.1:18081
  adit harness latency jobs --slow-readers 20 --target 127.0.0.1:3333 --profile ckb --node-listen 127.0.0.1:8114
  adit harness latency storm --target 127.0.0.1:3333 --algo cn/upx2 --connections 1000`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.IntVarP(&f.conns, "connections", "n", latency.DefaultConns, "`number` of connections")
	fl.IntVar(&f.rounds, "rounds", latency.DefaultRounds, "`number` of new blocks")
	fl.IntVar(&f.slow, "slow-readers", 0, "`number` of connections that do not read")
	fl.DurationVar(&f.poll, "poll", time.Second, "how `often` the pool asks its node; 0: it is notified")
	fl.DurationVar(&f.limit, "limit", latency.DefaultLimit, "how `long` a job may take")
	fl.DurationVar(&f.block, "block-time", 0, "mean `time` between the coin's blocks (default: 2m, with ckb 10s)")
	fl.StringVar(&f.backoff, "backoff", string(latency.AtOnce), "how a storm comes back: none, fixed, jitter")
	fl.DurationVar(&f.wait, "backoff-time", 2*time.Second, "`time` that the backoff is of")
	fl.DurationVar(&f.deadLimit, "half-open-limit", 5*time.Minute, "how `long` to wait for a dead line to be noticed")
	return cmd
}

func (f *latencyFlags) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		args = []string{"jobs"}
	}
	for _, name := range args {
		switch {
		case name != "jobs" && name != "storm" && name != "half-open":
			return usagef("%s: give jobs, storm or half-open", name)
		case name == "jobs" && f.nodeListen == "":
			return usagef("timing new blocks needs --node-listen: the harness has to be the pool's node to know when they came")
		}
	}
	if f.conns < 1 || f.rounds < 1 || f.slow < 0 || f.poll < 0 || f.limit <= 0 || f.block < 0 || f.wait < 0 || f.deadLimit <= 0 {
		return usagef("numbers and times must be above 0; --slow-readers, --poll and --backoff-time may be 0")
	}
	switch latency.Backoff(f.backoff) {
	case latency.AtOnce, latency.Fixed, latency.Jitter:
	default:
		return usagef("--backoff %s: give none, fixed or jitter", f.backoff)
	}
	bench, err := f.open(ctx, stderr)
	if err != nil {
		return err
	}
	defer bench.close()
	cfg := f.config(bench, stderr)
	bad := false
	for _, name := range args {
		result, missed, err := f.measure(ctx, name, cfg)
		if result != nil {
			err = errors.Join(err, f.print(stdout, result))
		}
		if err != nil {
			return err
		}
		bad = bad || missed
	}
	if bad {
		return &exitError{status: conform.ExitFailed}
	}
	return nil
}

func (f *latencyFlags) config(bench *labBench, stderr io.Writer) latency.Config {
	block := f.block
	if block == 0 {
		block = 2 * time.Minute
		if bench.target.Proto == rig.CKB {
			block = 10 * time.Second
		}
	}
	return latency.Config{Target: bench.target, Conns: f.conns, Rounds: f.rounds, NewTip: bench.newTip(), Poll: f.poll,
		Limit: f.limit, BlockTime: block, SlowReaders: f.slow, Seed: f.seed, Progress: progressTo(stderr)}
}

// measure does one measurement; missed says that somebody was not served.
func (f *latencyFlags) measure(ctx context.Context, name string, cfg latency.Config) (result textWriter, missed bool, err error) {
	switch name {
	case "storm":
		s, err := latency.RunStorm(ctx, cfg, latency.Backoff(f.backoff), f.wait)
		if s == nil {
			return nil, false, err
		}
		return s, s.Failed > 0, err
	case "half-open":
		cfg.Limit = f.deadLimit
		h, err := latency.RunHalfOpen(ctx, cfg)
		if h == nil {
			return nil, false, err
		}
		return h, h.Reaped < h.Conns, err
	}
	r, err := latency.Run(ctx, cfg)
	if err != nil {
		return nil, false, err
	}
	return r, r.Alone.Missed > 0 || r.Beside != nil && r.Beside.Missed > 0, nil
}
