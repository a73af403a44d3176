package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/compare"
	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/report"
	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/hash/cpu"
)

const harnessCompareLong = `Puts two running pools, or two builds of one, to the same checks and the same
requests in one run, turn and turn about, so that what else the machine does
falls on both. It prints the checks whose verdicts differ, and for the times of
answers the ratio of medians with its 90 % interval.

The pools are equivalent when no verdict differs and every interval lies within
the margin; different when a verdict differs or an interval lies outside it.

Exit status: 0 equivalent, 1 different, 2 a mistake on the command line, 5 more
samples are needed to say.`

// compareFlags is the command line of adit harness compare.
type compareFlags struct {
	run      runFlags
	checks   []string
	blocks   int
	perBlock int
	margin   float64
	html     string
	json     bool
}

func newHarnessCompareCmd() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Compare two pools or builds in one run",
		Long:  harnessCompareLong,
		Example: `  adit harness compare 127.0.0.1:3333 127.0.0.1:3334 --profile cn --algo cn/upx2
  adit harness compare 127.0.0.1:3333 127.0.0.1:3334 --checks CN-SUB --margin 0.2 --html compare.html`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.compare(cmd.Context(), args, cmd.OutOrStdout())
		},
	}
	f.run.selectFlags.add(cmd, "cn")
	fl := cmd.Flags()
	fl.StringSliceVar(&f.checks, "checks", []string{"smoke"}, "`selectors` of the checks to compare")
	fl.StringVarP(&f.run.user, "user", "u", "", "`address` to log in with (default: a made-up one)")
	fl.StringVarP(&f.run.pass, "pass", "p", "x", "`password` beside the address")
	fl.StringVarP(&f.run.algo, "algo", "a", "", "`algorithm` of CryptoNote jobs that do not name one")
	fl.IntVar(&f.blocks, "blocks", 20, "`pairs` of blocks of timed requests; 0 compares verdicts alone")
	fl.IntVar(&f.perBlock, "per-block", 10, "timed `requests` in each block")
	fl.Float64Var(&f.margin, "margin", 0.25, "how far a `ratio` may be from 1 and count as the same")
	fl.Uint64Var(&f.run.seed, "seed", 1, "`number` that the checks' choices follow from")
	fl.DurationVar(&f.run.timeout, "timeout", 5*time.Second, "how `long` an answer may take")
	fl.DurationVar(&f.run.effort, "effort", 20*time.Second, "how `long` to look for one share")
	fl.BoolVar(&f.json, "json", false, "print the comparison as JSON")
	fl.StringVar(&f.html, "html", "", "also write both reports side by side as one HTML `file`")
	fl.BoolVar(&f.run.mine, "i-operate-this-pool", false, "allow targets that are not on this machine")
	return cmd
}

func (f *compareFlags) compare(ctx context.Context, args []string, stdout io.Writer) error {
	if f.blocks < 0 || f.perBlock < 1 || f.margin <= 0 {
		return usagef("--blocks must not be negative; --per-block and --margin must be above 0")
	}
	checks, profile, err := f.run.choose(f.checks, conform.CN)
	if err != nil {
		return err
	}
	cfg := compare.Config{Checks: checks, Blocks: f.blocks, PerBlock: f.perBlock, Margin: f.margin}
	f.run.jobs = 1
	for i, arm := range []*conform.Config{&cfg.A, &cfg.B} {
		f.run.target = args[i]
		if *arm, err = f.run.config(profile); err != nil {
			return err
		}
		arm.NewHasher = cpu.New
	}
	r, err := compare.Run(ctx, cfg)
	if err != nil {
		return fmt.Errorf("comparing: %w", err)
	}
	return errors.Join(f.write(stdout, args, r), compareOutcome(r))
}

func (f *compareFlags) write(stdout io.Writer, names []string, r *compare.Report) error {
	page := &report.Page{Title: "Comparison of two pools", Tool: toolName(), Made: time.Now().UTC(),
		Pools: []report.Pool{{Name: "A " + names[0], Report: r.A}, {Name: "B " + names[1], Report: r.B}}}
	for _, ratio := range r.Ratios {
		page.Measures = append(page.Measures, report.Measure{Title: ratio.Measure, Rows: [][2]string{
			{"median of A", fmt.Sprintf("%.6f s", ratio.A)}, {"median of B", fmt.Sprintf("%.6f s", ratio.B)},
			{"B over A", fmt.Sprintf("%.3f, 90%% interval %.3f to %.3f", ratio.Ratio, ratio.Interval.Low, ratio.Interval.High)},
			{"samples", fmt.Sprintf("%d each", ratio.Samples)}, {"verdict", string(ratio.Verdict)},
		}})
	}
	if err := writeFile(f.html, func(w io.Writer) error { return report.HTML(w, page) }); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if f.json {
		return printJSON(stdout, r)
	}
	return r.WriteText(stdout)
}

// compareOutcome turns the verdict into an exit status.
func compareOutcome(r *compare.Report) error {
	switch r.Verdict {
	case stats.Equivalent:
		return nil
	case stats.Different:
		return &exitError{status: conform.ExitFailed}
	}
	return &exitError{status: conform.ExitInconclusive}
}
