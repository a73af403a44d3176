package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/conform"
	labvardiff "github.com/aditmine/adit/harness/lab/vardiff"
	poolvardiff "github.com/aditmine/adit/pool/vardiff"
)

const harnessVardiffLong = `Measures how share difficulty follows a miner: how soon it is within a factor 2
of the ideal one (for 90 % of the next 20 share intervals), how far it
overshoots, how it wanders at rest, and whether credit equals work.

Without --target, in virtual time: --model names algorithms (see --list), among
them models of what pools in the field do and, as adit, the bundled pool's own;
--scenario names what the miner does. --table compares models in one table.

With --target, live: miners log in to the pool and hash for real, held down to
--hashrate each, so no share is made up. All miners together must stay well
below what this machine hashes, and the pool must allow a difficulty as low as
hashrate times interval. --step-at and --step change the rate on the way, or
--scenario names what the miners do, in as many intervals as the simulated ones.
Allow for 20 intervals at the end: convergence is looked for in the time after
it. Shares in flight come with --fault-to-pool latency=500ms.

Exit status: 0 measured, 1 the pool refused valid shares, or credit is clearly
not work, 2 a mistake on the command line, 5 void.`

// vardiffFlags is the command line of adit harness vardiff.
type vardiffFlags struct {
	labFlags
	// named and timed say that a scenario and a duration were given.
	named, timed      bool
	models, scenarios []string
	table, list       bool
	trials, miners    int
	interval          time.Duration
	hashrate, step    float64
	duration, stepAt  time.Duration
}

func newHarnessVardiffCmd() *cobra.Command {
	var f vardiffFlags
	cmd := &cobra.Command{
		Use:   "vardiff",
		Short: "Measure how difficulty follows a miner, simulated or live",
		Long:  harnessVardiffLong,
		Example: `  adit harness vardiff --model all --table
  adit harness vardiff --model ring,adit --scenario step-up,steady
  adit harness vardiff --target 127.0.0.1:3333 --algo cn/upx2 --hashrate 20 --miners 5 --interval 15s --duration 20m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.named, f.timed = cmd.Flags().Changed("scenario"), cmd.Flags().Changed("duration")
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringSliceVarP(&f.models, "model", "m", []string{"all"}, "`names` of models, or all")
	fl.StringSliceVar(&f.scenarios, "scenario", []string{"steady"}, "`names` of scenarios, or all")
	fl.BoolVar(&f.table, "table", false, "compare the models in one table")
	fl.BoolVar(&f.list, "list", false, "list models and scenarios")
	fl.IntVar(&f.trials, "trials", labvardiff.DefaultTrials, "simulated sessions per scenario")
	fl.DurationVar(&f.interval, "interval", labvardiff.DefaultInterval, "declared `time` between shares")
	fl.Float64Var(&f.hashrate, "hashrate", 20, "live: hashes per `second` of each miner")
	fl.IntVarP(&f.miners, "miners", "n", 1, "live: `number` of miners")
	fl.DurationVarP(&f.duration, "duration", "d", 15*time.Minute, "live: for how `long`")
	fl.DurationVar(&f.stepAt, "step-at", 0, "live: `when` the hashrate changes")
	fl.Float64Var(&f.step, "step", 1, "live: by what `factor`")
	return cmd
}

// bundledModel is the bundled pool's own algorithm, with a port's defaults.
func bundledModel() labvardiff.Model {
	return labvardiff.Model{ID: "adit", Form: "the bundled pool's own: work rate over the last 30 shares, dead band narrowing with evidence",
		TickEvery: 5 * time.Second, New: func(s labvardiff.Settings) labvardiff.Controller {
			epoch := time.Unix(0, 0) // any will do
			return &bundledController{epoch: epoch, c: poolvardiff.New(poolvardiff.Config{
				Start: s.Start, Min: s.Min, Max: s.Max, Interval: s.Interval}, epoch)}
		}}
}

// bundledController drives the pool's controller by session time.
type bundledController struct {
	c     *poolvardiff.Controller
	epoch time.Time
}

func (b *bundledController) Difficulty() uint64               { return b.c.Difficulty() }
func (b *bundledController) Share(at time.Duration, d uint64) { b.c.Share(b.epoch.Add(at), d) }
func (b *bundledController) Tick(at time.Duration)            { b.c.Tick(b.epoch.Add(at)) }

func (f *vardiffFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	if f.trials < 1 || f.interval <= 0 || f.miners < 1 || f.duration <= 0 || f.stepAt < 0 || f.step < 0 || !(f.hashrate > 0) {
		return usagef("numbers and times must be above 0; --step-at and --step may be 0")
	}
	models := append(labvardiff.Models(), bundledModel())
	switch {
	case f.list:
		return listVardiff(stdout, models)
	case f.target != "":
		return f.live(ctx, stdout, stderr)
	}
	models, err := pick("--model", f.models, models, func(m labvardiff.Model) string { return m.ID })
	if err != nil {
		return err
	}
	if f.table {
		return f.compare(ctx, stdout, models)
	}
	scenarios, err := pick("--scenario", f.scenarios, labvardiff.Scenarios(), func(s labvardiff.Scenario) string { return s.Name })
	if err != nil {
		return err
	}
	return f.simulate(ctx, stdout, models, scenarios)
}

// pick finds what is named; all is everything.
func pick[T any](flag string, names []string, all []T, name func(T) string) ([]T, error) {
	var out []T
	for _, wanted := range names {
		if wanted == "all" {
			return all, nil
		}
		found := false
		for _, v := range all {
			if name(v) == wanted {
				out, found = append(out, v), true
			}
		}
		if !found {
			known := make([]string, len(all))
			for i, v := range all {
				known[i] = name(v)
			}
			return nil, usagef("%s %s: there are %s", flag, wanted, strings.Join(known, ", "))
		}
	}
	return out, nil
}

func listVardiff(w io.Writer, models []labvardiff.Model) error {
	for _, m := range models {
		if _, err := fmt.Fprintf(w, "%-12s %s\n", m.ID, m.Form); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w, "\nscenarios:"); err != nil {
		return err
	}
	for _, s := range labvardiff.Scenarios() {
		if _, err := fmt.Fprintf(w, "%-12s starts at %g of the ideal difficulty, %v\n", s.Name, s.Start, s.Length); err != nil {
			return err
		}
	}
	return nil
}

func (f *vardiffFlags) options() labvardiff.Options {
	return labvardiff.Options{Interval: f.interval, Trials: f.trials, Seed: f.seed}
}

func (f *vardiffFlags) compare(ctx context.Context, w io.Writer, models []labvardiff.Model) error {
	rows, err := labvardiff.Table(ctx, models, f.options())
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(w, rows)
	}
	if err := labvardiff.WriteTable(w, rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\nconvergence in seconds, p50/p90 of %d sessions; x is difficulty over the ideal one\n", f.trials)
	return err
}

func (f *vardiffFlags) simulate(ctx context.Context, w io.Writer, models []labvardiff.Model, scenarios []labvardiff.Scenario) error {
	var results []labvardiff.Result
	for _, m := range models {
		for _, sc := range scenarios {
			res, err := labvardiff.Run(ctx, &m, sc, f.options())
			if err != nil {
				return err
			}
			if results = append(results, res); f.json {
				continue
			}
			if err := res.WriteText(w); err != nil {
				return err
			}
		}
	}
	if f.json {
		return printJSON(w, results)
	}
	return nil
}

// live measures a pool.
func (f *vardiffFlags) live(ctx context.Context, stdout, stderr io.Writer) error {
	scenario, err := f.liveScenario()
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
	result, err := labvardiff.RunLive(ctx, labvardiff.LiveConfig{Target: bench.target, Miners: f.miners, Rate: f.hashrate,
		Interval: f.interval, Scenario: scenario, Finder: finder, Progress: progressTo(stderr)})
	if result == nil {
		return err
	}
	if err := errors.Join(err, f.print(stdout, result)); err != nil {
		return err
	}
	return liveOutcome(result)
}

// liveScenario is the one that is named, or made of the flags.
func (f *vardiffFlags) liveScenario() (labvardiff.Scenario, error) {
	if !f.named {
		sc := labvardiff.Scenario{Name: "live", Length: f.duration, From: f.stepAt}
		if f.stepAt > 0 {
			sc.Rates = []labvardiff.Step{{At: f.stepAt, Rate: f.step}}
		}
		return sc, nil
	}
	picked, err := pick("--scenario", f.scenarios, labvardiff.Scenarios(), func(s labvardiff.Scenario) string { return s.Name })
	switch {
	case err != nil:
		return labvardiff.Scenario{}, err
	case len(picked) != 1:
		return labvardiff.Scenario{}, usagef("--scenario: a live run has one")
	case f.stepAt > 0:
		return labvardiff.Scenario{}, usagef("give --scenario or --step-at, not both")
	}
	sc := picked[0].Scaled(f.interval)
	if f.timed {
		sc.Length = f.duration
	}
	return sc, nil
}

// liveOutcome turns a live result into an exit status.
func liveOutcome(r *labvardiff.LiveResult) error {
	switch {
	case len(r.Rejected) > 0, r.CreditIn != nil && !r.CreditIn.Contains(1) && (r.Credit > 1.2 || r.Credit < 0.8):
		return &exitError{status: conform.ExitFailed}
	case len(r.Void) > 0:
		return &exitError{status: conform.ExitInconclusive}
	}
	return nil
}
