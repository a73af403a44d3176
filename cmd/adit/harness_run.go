package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/report"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

const harnessRunLong = `Runs conformance checks against a pool and says, for each, what came of it.

` + harnessSelectHelp + `

Each check has connections of its own. Shares are found by hashing, so let the
pool start at a difficulty that one thread meets within a second or so. With
--node-listen the harness is the pool's node too: configure the pool to use
that address; without it, checks that need a node are skipped.

Verdicts: PASS; FAIL (a MUST is not met, with --strict also a SHOULD); NONSTRICT
(a SHOULD is not met); INFO (recorded only); SKIP (this run lacks something);
UNSUPPORTED (this release cannot check it); INCONCLUSIVE; ERROR (the check could
not be carried out).

Unless --user is given, made-up test network addresses are used that nobody can
spend from. Only pools on this machine are tested unless --i-operate-this-pool
says that you may: some checks send hostile input.

With --baseline, the report of an earlier run (--json-file), only failures that
it does not have count; what is new and what is fixed is listed.

Exit status: 0 no failure, 1 a failure that is not known, 2 a mistake on the
command line, 3 the pool cannot be reached, 4 with --baseline: a failure that is
new, 5 nothing failed but something was not decided.`

// runFlags is the command line of adit harness run.
type runFlags struct {
	selectFlags
	files                                    reportFiles
	target, user, foreign, pass, algo, known string
	nodeListen, adapter, trace, from         string
	baseline, shareBank                      string
	repeats                                  bool // the node's chain follows from the seed
	strict, json, dryRun, wire, mine         bool
	profileSet                               bool
	seed                                     uint64
	timeout, effort                          time.Duration
	jobs                                     int
}

func newHarnessRunCmd() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SELECTOR...",
		Short: "Check a pool's conformance",
		Long:  harnessRunLong,
		Example: `  adit harness run smoke --target 127.0.0.1:3333 --profile cn --algo cn/upx2
  adit harness run CN-SUB --target 127.0.0.1:3333 --user WALLET --strict --junit report.xml
  adit harness run all --target 127.0.0.1:3333 --profile cn --algo cn/upx2 --node-listen 127.0.0.1:18081`,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := f.again(cmd, args)
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.add(cmd, "cn")
	fl := cmd.Flags()
	fl.StringVar(&f.target, "target", "", "the pool, `host:port`")
	fl.StringVarP(&f.user, "user", "u", "", "`address` to log in with (default: a made-up one)")
	fl.StringVar(&f.foreign, "foreign-user", "", "`address` of another network of the coin, which the pool must refuse")
	fl.StringVarP(&f.pass, "pass", "p", "x", "`password` beside the address")
	fl.StringVarP(&f.algo, "algo", "a", "", "`algorithm` of CryptoNote jobs that do not name one, and of --node-listen")
	fl.StringVar(&f.nodeListen, "node-listen", "", "serve the pool's node at this `address`")
	fl.StringVar(&f.adapter, "adapter", "", "the pool's description: a `file`, or the name of one that comes with adit (docs/harness.md)")
	fl.StringVar(&f.trace, "trace", "", "record all that is said into a trace `file`")
	fl.StringVar(&f.from, "from", "", "do the checks of a trace `file` of --trace again, by default those that found something")
	fl.BoolVar(&f.strict, "strict", false, "a SHOULD that is not met is a failure")
	fl.StringVar(&f.known, "known-failures", "", "`file` of failures that do not count: id, last day, reason on each line")
	fl.StringVar(&f.shareBank, "share-bank", "", "take good shares from this `file` where they fit (adit harness bank)")
	fl.StringVar(&f.baseline, "baseline", "", "`file` that --json-file wrote in an earlier run: only failures that it does not have count")
	fl.Uint64Var(&f.seed, "seed", 1, "`number` that the checks' choices follow from")
	fl.DurationVar(&f.timeout, "timeout", 5*time.Second, "how `long` an answer may take")
	fl.DurationVar(&f.effort, "effort", 20*time.Second, "how `long` to look for one share")
	fl.IntVarP(&f.jobs, "jobs", "j", 1, "`number` of checks to run at a time")
	fl.BoolVar(&f.dryRun, "dry-run", false, "list what would be run and send nothing")
	fl.BoolVar(&f.wire, "wire", false, "print what was said in each check that found something")
	fl.BoolVar(&f.json, "json", false, "print the report as JSON")
	f.files.add(cmd)
	fl.BoolVar(&f.mine, "i-operate-this-pool", false, "allow a target that is not on this machine")
	return cmd
}

func (f *runFlags) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	described, err := f.described()
	if err != nil {
		return err
	}
	checks, profile, err := f.choose(args, conform.CN)
	if err != nil {
		return err
	}
	if f.dryRun {
		return listChecks(stdout, checks, f.json)
	}
	cfg, err := f.config(profile)
	if err != nil {
		return err
	}
	earlier, err := f.earlier(profile)
	if err != nil {
		return err
	}
	if cfg.Bank, err = bankFor(ctx, f.shareBank, profile); err != nil {
		return err
	}
	stage, err := f.prepare(ctx, described, &cfg, stderr)
	if err != nil {
		return err
	}
	text := &report.Text{Color: colored(stdout), Wire: f.wire}
	if !f.json {
		cfg.Progress = func(r conform.Result) { _ = text.Result(stdout, &r) } // a broken pipe shows at the end
	}
	r, err := conform.Run(ctx, cfg, checks)
	if earlier != nil {
		err = errors.Join(err, r.CompareWith(earlier, f.baseline))
	}
	return errors.Join(stage.close(ctx), f.write(stdout, text, r), err, outcomeOf(r))
}

// config makes the engine's configuration of the flags.
func (f *runFlags) config(profile conform.Profile) (conform.Config, error) {
	cfg := conform.Config{
		Profile: profile, Login: f.user, ForeignLogin: f.foreign, Pass: f.pass, NewHasher: cpu.New, Seed: f.seed,
		Timeout: f.timeout, Effort: f.effort, Jobs: f.jobs, Strict: f.strict,
	}
	var err error
	if cfg.Target, err = stratumAddress("--target", f.target); err != nil {
		return cfg, err
	}
	switch {
	case profile == conform.Both:
		return cfg, usagef("--profile: give cn or ckb")
	case !f.mine && !isLoopback(cfg.Target):
		return cfg, usagef("--target %s is not on this machine: give --i-operate-this-pool if it is yours to test", f.target)
	case f.timeout <= 0 || f.effort <= 0 || f.jobs < 1:
		return cfg, usagef("--timeout, --effort and --jobs must be above 0")
	}
	if cfg.Algorithm, err = f.algorithm(profile); err != nil {
		return cfg, err
	}
	if cfg.Login == "" {
		cfg.Login, cfg.ForeignLogin = madeUpLogins(profile, f.foreign)
		cfg.SecondLogin = secondLogin(profile)
	}
	if f.known != "" {
		cfg.Known, err = readKnown(f.known)
	}
	return cfg, err
}

// algorithm is the one given, which only CryptoNote pools leave open.
func (f *runFlags) algorithm(profile conform.Profile) (*hash.Algorithm, error) {
	switch {
	case profile == conform.CKB:
		return hash.Lookup("eaglesong")
	case f.algo != "":
		return parseAlgorithm(f.algo)
	case f.nodeListen != "":
		return nil, usagef("--node-listen needs --algo: which proof of work the node's chain has")
	}
	return nil, nil
}

func readKnown(path string) ([]conform.KnownFailure, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading known failures: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	known, err := conform.ParseKnownFailures(file, conform.Catalogue())
	if err != nil {
		return nil, usagef("--known-failures %s: %v", path, err)
	}
	return known, nil
}

// earlier reads the baseline, if there is one, before anything is sent.
func (f *runFlags) earlier(profile conform.Profile) (*conform.Report, error) {
	if f.baseline == "" {
		return nil, nil
	}
	pool, err := readReport("=" + f.baseline) // the name is of no matter here
	if err == nil && pool.Report.Profile != profile {
		err = usagef("--baseline %s is of a run with --profile %s, this one is of %s", f.baseline, pool.Report.Profile, profile)
	}
	return pool.Report, err
}

// write prints the end of the report and writes its files.
func (f *runFlags) write(stdout io.Writer, text *report.Text, r *conform.Report) error {
	if err := f.files.write(report.Pool{Name: r.Target, Report: r}); err != nil {
		return err
	}
	if f.json {
		return printJSON(stdout, r)
	}
	if err := text.Summary(stdout, r); err != nil {
		return err
	}
	if r.Shares != nil {
		if _, err := fmt.Fprintln(stdout, r.Shares); err != nil {
			return err
		}
	}
	if r.Baseline == nil {
		return nil
	}
	return r.Baseline.WriteText(stdout)
}

// outcomeOf turns the report into an exit status.
func outcomeOf(r *conform.Report) error {
	if status := r.Exit(); status != conform.ExitPassed {
		return &exitError{status: status}
	}
	return nil
}
