package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/replay"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

const harnessReplayLong = `Plays the miners of a trace against a live pool and compares its verdicts with
the recorded ones.

For each recorded connection adit logs in afresh, and for each recorded share
hands in one of the same kind for the live job: what was valid is mined anew at
the live difficulty; a duplicate, low, wrongly hashed, malformed, stale or
unauthorised share, or one for an unknown job, gets the same fault. Stale shares
are held until the pool moves on. Recorded wallets and passwords are never sent.

A share that cannot be found within --max-hashes or --share-timeout is reported
as skipped, with the effort it would take; none is faked.

Only loopback targets are allowed, since bad shares can get an address banned;
--i-operate-this-pool allows others.

Exit status: 0 when every comparable verdict was the same, 1 when one differed
or nothing could be replayed, 2 for a mistake on the command line.`

// replayFlags is the command line of adit harness replay.
type replayFlags struct {
	target, user, pass, speed, algo, output string
	shareBank, nodeListen                   string
	json, salvage, mine, noRedact           bool
	threads, maxConns                       int
	maxHashes                               uint64
	shareTimeout, replyTimeout              time.Duration
}

func newHarnessReplayCmd() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay FILE --target ADDR",
		Short: "Play a trace's miners against a live pool",
		Long:  harnessReplayLong,
		Example: `  adit harness replay session.mtrace.gz --target 127.0.0.1:3333 --user WALLET
  adit harness replay session.mtrace.gz --target 127.0.0.1:3333 --user WALLET --speed real -o again.mtrace.gz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.target, "target", "", "`address` of the pool, host:port")
	fl.StringVarP(&f.user, "user", "u", "adit-replay", "user `name` at the pool, mostly a wallet address")
	fl.StringVarP(&f.pass, "pass", "p", "x", "`password` at the pool")
	fl.StringVar(&f.speed, "speed", "max", "`pace`: real, a factor such as x10, or max")
	fl.StringVarP(&f.algo, "algo", "a", "", "`algorithm` where the trace names none")
	fl.StringVarP(&f.output, "output", "o", "", "also record the replay to this `file`")
	fl.BoolVar(&f.noRedact, "no-redact", false, "keep user and password in that file")
	fl.StringVar(&f.shareBank, "share-bank", "", "take shares from this `file` where they fit (adit harness bank)")
	fl.StringVar(&f.nodeListen, "node-listen", "", "serve the pool's node at this `address`, with the chain of --share-bank")
	fl.Uint64Var(&f.maxHashes, "max-hashes", 10_000_000, "most `hashes` for one share")
	fl.DurationVar(&f.shareTimeout, "share-timeout", time.Minute, "most `time` for one share, and the longest wait for a share to become stale")
	fl.DurationVar(&f.replyTimeout, "reply-timeout", 10*time.Second, "most `time` for an answer")
	fl.IntVarP(&f.threads, "threads", "t", runtime.NumCPU(), "`number` of threads that search")
	fl.IntVar(&f.maxConns, "max-conns", 256, "most connections at once")
	fl.BoolVar(&f.salvage, "salvage", false, "skip damaged parts of the trace")
	fl.BoolVar(&f.json, "json", false, "print the whole report as JSON")
	fl.BoolVar(&f.mine, "i-operate-this-pool", false, "allow a target that is not on this machine")
	return cmd
}

func (f *replayFlags) run(ctx context.Context, file string, stdout, stderr io.Writer) error {
	cfg, err := f.config(ctx)
	if err != nil {
		return err
	}
	r, err := trace.Open(file, trace.Options{Salvage: f.salvage})
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	cfg.Sessions, err = judge.Sessions(ctx, r, judge.Options{Hasher: cpu.New, Workers: f.threads, Algo: cfg.Algo})
	if err != nil {
		return explainDamage(file, f.salvage, err)
	}
	cfg.Log = slog.New(slog.NewTextHandler(stderr, nil))
	stop, err := f.behind(ctx, &cfg, stderr)
	if err != nil {
		return err
	}
	report, err := f.replay(ctx, cfg)
	if err = errors.Join(err, stop()); err != nil {
		return err
	}
	if err := f.write(stdout, report); err != nil {
		return err
	}
	if report.Counts[replay.Different] > 0 {
		return &exitError{status: exitFailure}
	}
	return nil
}

// config checks the flags.
func (f *replayFlags) config(ctx context.Context) (replay.Config, error) {
	cfg := replay.Config{User: f.user, Pass: f.pass, Agent: "adit/" + version + " replay", Threads: f.threads,
		MaxHashes: f.maxHashes, ShareTimeout: f.shareTimeout, ReplyTimeout: f.replyTimeout, MaxConns: f.maxConns,
		Hasher:   cpu.New,
		Searcher: func() (hash.Searcher, error) { return cpu.NewSearcher(cpu.SearcherOptions{}) }}
	var err error
	if cfg.Target, err = stratumAddress("--target", f.target); err != nil {
		return cfg, err
	}
	if cfg.Speed, err = parseSpeed(f.speed); err != nil {
		return cfg, err
	}
	switch {
	case f.user == "":
		return cfg, usagef("--user must not be empty")
	case f.threads < 1 || f.maxConns < 1 || f.maxHashes < 1:
		return cfg, usagef("--threads, --max-conns and --max-hashes must be at least 1")
	case f.shareTimeout <= 0 || f.replyTimeout <= 0:
		return cfg, usagef("--share-timeout and --reply-timeout must be positive, such as 30s")
	}
	if f.algo != "" {
		if cfg.Algo, err = parseAlgorithm(f.algo); err != nil {
			return cfg, err
		}
	}
	if f.mine {
		return cfg, nil
	}
	cfg.Target, err = loopbackOnly(ctx, cfg.Target)
	return cfg, err
}

// behind opens the share bank, and serves the node behind the pool. It returns
// what ends that.
func (f *replayFlags) behind(ctx context.Context, cfg *replay.Config, stderr io.Writer) (stop func() error, err error) {
	stop = func() error { return nil }
	if f.shareBank == "" {
		if f.nodeListen != "" {
			return nil, usagef("--node-listen serves the chain of a share bank: give --share-bank")
		}
		return stop, nil
	}
	if cfg.Bank, err = openBank(ctx, f.shareBank); err != nil || f.nodeListen == "" {
		return stop, err
	}
	run := runFlags{algo: f.algo, nodeListen: f.nodeListen}
	profile := conform.Profile(cfg.Bank.Header.Profile)
	a, err := run.algorithm(profile)
	if err != nil {
		return nil, err
	}
	node, err := startHarnessChain(ctx, profile, a, f.nodeListen, &cfg.Bank.Header.Seed)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(stderr, "the pool's node is at %s; the replay begins when the pool answers\n", node.url)
	awaitTarget(ctx, cfg.Target)
	return node.stop, nil
}

// parseSpeed reads "real", "max" or "x10".
func parseSpeed(s string) (float64, error) {
	switch s {
	case "real":
		return 1, nil
	case "max":
		return 0, nil
	}
	if digits, ok := strings.CutPrefix(s, "x"); ok {
		if v, err := strconv.ParseFloat(digits, 64); err == nil && v > 0 && v <= 1e6 {
			return v, nil
		}
	}
	return 0, usagef("--speed %s: give real, max, or a factor such as x10", s)
}

// loopbackOnly resolves a target once and refuses it when it is elsewhere, so
// that what was checked is what is dialled.
func loopbackOnly(ctx context.Context, target string) (string, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return "", usagef("--target %s: give host:port", target)
	}
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return "", fmt.Errorf("finding the target: %w", err)
	}
	for _, a := range addrs {
		if !a.IP.IsLoopback() {
			return "", usagef("--target %s is not on this machine: bad shares can get an address banned; "+
				"give --i-operate-this-pool if it is yours", target)
		}
	}
	if len(addrs) == 0 {
		return "", usagef("--target %s has no address", target)
	}
	return net.JoinHostPort(addrs[0].IP.String(), port), nil
}

// replay runs with or without a trace of its own.
func (f *replayFlags) replay(ctx context.Context, cfg replay.Config) (*replay.Report, error) {
	if f.output == "" {
		return replay.Run(ctx, cfg)
	}
	h := trace.Header{Tool: "adit " + version + " (" + revision() + ")", Role: "client", Proto: trace.ProtoAuto}
	opts := trace.WriterOptions{Gzip: strings.HasSuffix(f.output, ".gz")}
	if !f.noRedact {
		opts.Redactor = trace.NewRedactor()
	}
	w, err := trace.Create(f.output, h, opts)
	if err != nil {
		return nil, err
	}
	cfg.Trace = w
	report, err := replay.Run(ctx, cfg)
	why := "done"
	if ctx.Err() != nil {
		why = "signal"
	}
	if closeErr := w.Close(why); err == nil {
		err = closeErr
	}
	return report, err
}

func (f *replayFlags) write(out io.Writer, report *replay.Report) error {
	if !f.json {
		return report.WriteText(out)
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}
