package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	gpubench "github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/gpu/survey"
	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu/tune/store"
)

const gpuCheckLong = `Checks every card against the processor, algorithm by algorithm, and then
measures it: known messages, random ones, more hits than a card's list has room
for, several batches, and the ends of the nonces. What fails a check is not
measured. A card that two back ends know is checked with both.

It keeps to a time (--budget); what there was none for is listed as skipped. One
driver that hangs does not keep the others from being checked.

The report goes to --output in JSON, as of "adit bench --submit-format" with the
checks in it, and what is printed goes to a file of the same name with .txt. The
binary needs nothing but itself and the card's driver: CUDA needs no toolkit, and
OpenCL is in binaries that were built for it.

The exit status is 1 when a check or a measurement failed, and when there was no
card.`

// gpuCheck is one call of "adit gpu-check".
type gpuCheck struct {
	algorithms []*hash.Algorithm
	device     string
	budget     time.Duration
	seconds    float64
	output     string
	card       gpuOptionFlags
	backends   []gpuBackend
	openers    []telemetry.Opener
}

func newGPUCheckCmd() *cobra.Command {
	var list string
	c := gpuCheck{backends: gpuBackends(), openers: telemetryOpeners()}
	cmd := &cobra.Command{
		Use:   "gpu-check [--device LIST] [-a ALGO[,ALGO...]|all] [--budget TIME] [-o FILE]",
		Short: "Check every card against the processor, then measure it",
		Long:  gpuCheckLong,
		Example: `  adit gpu-check -o rig.json
  adit gpu-check --device cuda:0 -a cn/r,eaglesong --budget 1m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if c.algorithms, err = parseAlgorithms(list); err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			return c.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.device, "device", "opencl,cuda", "what to check: "+deviceHelp)
	flags.StringVarP(&list, "algo", "a", "all", "algorithms, separated by commas, or \"all\"")
	flags.DurationVar(&c.budget, "budget", 8*time.Minute, "the time for everything")
	flags.Float64Var(&c.seconds, "seconds", 10, "how long to measure each algorithm at most")
	flags.StringVarP(&c.output, "output", "o", "", "`file` for the report (default: none is written)")
	c.card.define(flags)
	return cmd
}

func (c *gpuCheck) check() error {
	switch {
	case c.budget < time.Second || c.budget > 24*time.Hour:
		return usagef("--budget %v: want 1s to 24h", c.budget)
	case !(c.seconds > 0 && c.seconds <= maxBenchSeconds):
		return usagef("--seconds %g: want more than 0 and at most %d", c.seconds, maxBenchSeconds)
	}
	return c.card.check()
}

// run surveys the cards. There is a report of what was found also when it is
// interrupted.
func (c *gpuCheck) run(ctx context.Context, out io.Writer) error {
	set, err := chooseDevices(c.device, c.backends)
	if err != nil {
		return err
	}
	power, stop := startTelemetry(ctx, c.openers)
	defer stop()
	var summary strings.Builder
	both := io.MultiWriter(out, &summary)
	targets := set.targets(benchOptions{}, c.card.options, power)
	for _, t := range targets {
		fmt.Fprintf(both, "%s  %s, driver %s\n", t.Device.ID, t.Device.Name, t.Device.Driver)
	}
	report, interrupted := survey.Run(ctx, targets, survey.Options{
		Algorithms: c.algorithms, Checks: true, Budget: c.budget,
		Duration: time.Duration(c.seconds * float64(time.Second)), Observer: &checkTable{surveyTable: surveyTable{out: both}},
	})
	signReport(report)
	report.Skipped = append(set.skipped, report.Skipped...)
	sumUp(both, report)
	return errors.Join(interrupted, c.write(report, summary.String()), verdictOf(report))
}

// checkTable prints a line for each algorithm that was checked, before the rows
// of the measurements.
type checkTable struct {
	surveyTable
	device, algo string
	passed       []string
	hashes       int
}

func (t *checkTable) Check(c gpubench.Check) {
	t.turn(c.Device, c.Algo)
	if c.Error != "" {
		t.surveyTable.Check(c)
		return
	}
	t.passed, t.hashes = append(t.passed, c.Name), t.hashes+c.Hashes
}

func (t *checkTable) Row(r gpubench.Row) {
	t.turn("", "")
	t.surveyTable.Row(r)
}

// turn prints what is known of the algorithm before the next one.
func (t *checkTable) turn(device, algo string) {
	if device == t.device && algo == t.algo {
		return
	}
	if len(t.passed) > 0 {
		fmt.Fprintf(t.out, "%-10s %-14s %d hashes right: %s\n", t.device, t.algo, t.hashes, strings.Join(t.passed, ", "))
	}
	t.device, t.algo, t.passed, t.hashes = device, algo, nil, 0
}

// sumUp prints what was skipped and the totals.
func sumUp(out io.Writer, r *gpubench.Report) {
	for _, s := range r.Skipped {
		fmt.Fprintf(out, "%s: skipped: %s\n", skipped(&s), s.Why)
	}
	hashes, failed := 0, 0
	for _, c := range r.Checks {
		hashes += c.Hashes
		if c.Error != "" {
			failed++
		}
	}
	fmt.Fprintf(out, "%d checks, %d failed, %d hashes compared with the processor's; %d measurements\n", len(r.Checks), failed, hashes, len(r.Rows))
}

// write keeps the report and the summary.
func (c *gpuCheck) write(r *gpubench.Report, summary string) error {
	if c.output == "" {
		return nil
	}
	var text strings.Builder
	if err := r.Write(&text); err != nil {
		return err
	}
	base := strings.TrimSuffix(c.output, ".json")
	for path, data := range map[string]string{c.output: text.String(), base + ".txt": summary} {
		if err := store.Replace(path, []byte(data)); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

// verdictOf is the error that ends the command, nil when all went well.
func verdictOf(r *gpubench.Report) error {
	if failures := r.Failures(); len(failures) > 0 {
		return fmt.Errorf("%d checks or measurements failed, the first: %s", len(failures), failures[0])
	}
	if len(r.Checks) == 0 && len(r.Rows) == 0 {
		return errors.New("nothing was checked: --budget is too little")
	}
	return nil
}
