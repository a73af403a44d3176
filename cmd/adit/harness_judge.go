package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash/cpu"
)

const harnessJudgeLong = `Checks every verdict in a trace, offline: each share is hashed again, from the
job its connection was given, and what it really was is compared with what the
pool said.

  false accept   the pool accepted a share that was low, a duplicate, wrongly
                 hashed, malformed, for an unknown job, or without a login
  false reject   the pool rejected good work, or never answered
  wrong reason   rightly rejected, but called something else
  stale          a share of the previous block: accepting it is the pool's
                 policy, so it is only counted, unless --stale-grace declares
                 how long the pool means to accept

Latencies run from submit to answer as seen by the recorder. Percentiles with
too few samples are not given; "n<368" says how many it takes. Shares whose
answer lies behind the end of the trace are counted as censored.

A truncated trace is judged up to the cut. A damaged one is refused; with
--salvage the damaged parts are skipped.

Exit status: 0 when no verdict was false, 1 when one was or the trace cannot
be read (with --strict also when it is not whole or holds no share that can be
judged), 2 for a mistake on the command line.`

// judgeFlags is the command line of adit harness judge.
type judgeFlags struct {
	json, strict, salvage bool
	algo                  string
	grace                 time.Duration
	threads               int
}

func newHarnessJudgeCmd() *cobra.Command {
	var f judgeFlags
	cmd := &cobra.Command{
		Use:     "judge FILE",
		Short:   "Check every verdict in a trace, offline",
		Long:    harnessJudgeLong,
		Example: "  adit harness judge session.mtrace.gz\n  adit harness judge session.mtrace.gz --json | jq .findings",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.BoolVar(&f.json, "json", false, "print the whole report as JSON")
	fl.StringVarP(&f.algo, "algo", "a", "", "`algorithm` of jobs that do not name one (default: the trace's)")
	fl.DurationVar(&f.grace, "stale-grace", 0, "how `long` the pool declares to accept shares of the previous block (default: not declared)")
	fl.BoolVar(&f.strict, "strict", false, "fail when the trace is not whole, or no share can be judged")
	fl.BoolVar(&f.salvage, "salvage", false, "skip damaged parts of the trace")
	fl.IntVarP(&f.threads, "threads", "t", runtime.NumCPU(), "`number` of threads that hash")
	return cmd
}

func (f *judgeFlags) run(ctx context.Context, file string, stdout, stderr io.Writer) error {
	opts := judge.Options{Hasher: cpu.New, Workers: f.threads, StaleGrace: f.grace}
	if f.threads < 1 || f.grace < 0 {
		return usagef("--threads must be at least 1 and --stale-grace not negative")
	}
	if f.algo != "" {
		a, err := parseAlgorithm(f.algo)
		if err != nil {
			return err
		}
		opts.Algo = a
	}
	r, err := trace.Open(file, trace.Options{Salvage: f.salvage})
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	report, err := judge.Judge(ctx, r, opts)
	if err != nil {
		return explainDamage(file, f.salvage, err)
	}
	if err := writeReport(stdout, report, f.json); err != nil {
		return err
	}
	return f.outcome(report, stderr)
}

func writeReport(out io.Writer, report *judge.Report, asJSON bool) error {
	if !asJSON {
		return report.WriteText(out)
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}

// outcome turns the report into an exit status.
func (f *judgeFlags) outcome(report *judge.Report, stderr io.Writer) error {
	t := report.Trace
	whole := t.Complete && t.Dropped == 0
	if !whole && !f.strict {
		fmt.Fprintln(stderr, "adit: warning: the trace is not whole (see the notes)")
	}
	switch {
	case !report.Agreed():
		return &exitError{status: exitFailure}
	case f.strict && !whole:
		return errors.New("the trace is not whole, and --strict was given")
	case f.strict && report.Shares == report.Findings[judge.NotJudged]:
		return errors.New("no share could be judged, and --strict was given")
	}
	return nil
}
