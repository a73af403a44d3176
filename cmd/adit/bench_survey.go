package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	gpubench "github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/gpu/survey"
	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/topology"
)

// exitSlower is the status of a comparison that found something slower.
const exitSlower = 3

// surveyFlags are those of "adit bench" that ask for more than the processor's
// plain rates.
type surveyFlags struct {
	device    string
	submit    bool
	compare   string
	with      string
	tolerance float64
	card      gpuOptionFlags
}

func (f *surveyFlags) define(fl *pflag.FlagSet) {
	fl.StringVar(&f.device, "device", "cpu", "what to measure: "+deviceHelp)
	fl.BoolVar(&f.submit, "submit-format", false, "print one JSON report that can be compared with those of other rigs")
	fl.StringVar(&f.compare, "compare", "", "compare with the report in this `file`")
	fl.StringVar(&f.with, "with", "", "with --compare: compare the report in this `file` instead of measuring")
	fl.Float64Var(&f.tolerance, "tolerance", 0.05, "with --compare: the part of a rate by which it may be lower")
	f.card.define(fl)
}

// plain reports whether nothing of all that was asked for.
func (f *surveyFlags) plain() bool { return f.device == "cpu" && !f.submit && f.compare == "" }

func (f *surveyFlags) check() error {
	switch {
	case f.with != "" && f.compare == "":
		return usagef("--with needs --compare, the earlier report")
	case !(f.tolerance >= 0 && f.tolerance < 1):
		return usagef("--tolerance %g: want 0 to less than 1; 0.05 is five percent", f.tolerance)
	}
	return f.card.check()
}

// surveyBench is one call of "adit bench" that measures devices.
type surveyBench struct {
	surveyFlags
	options   benchOptions
	json      bool
	out, errs io.Writer
	backends  []gpuBackend
	openers   []telemetry.Opener
}

// run measures, prints, and compares.
func (b *surveyBench) run(ctx context.Context) error {
	var old *gpubench.Report
	if b.compare != "" {
		var err error
		if old, err = readBench(b.compare); err != nil {
			return err
		}
	}
	now, interrupted := b.report(ctx)
	if now == nil {
		return interrupted
	}
	if b.submit {
		if err := now.Write(b.out); err != nil {
			return err
		}
	}
	if interrupted != nil {
		return interrupted
	}
	var slower error
	if old != nil {
		notes := b.out
		if b.submit || b.json {
			notes = b.errs
		}
		slower = compareReports(notes, old, now, b.tolerance)
	}
	if failures := now.Failures(); len(failures) > 0 {
		return fmt.Errorf("%d of %d measurements failed, the first: %s", len(failures), len(now.Rows), failures[0])
	}
	return slower
}

// report is that of --with, or a new one. When ctx ended the measurements there
// is one with what was measured until then, beside the error.
func (b *surveyBench) report(ctx context.Context) (*gpubench.Report, error) {
	if b.with != "" {
		return readBench(b.with)
	}
	set, err := chooseDevices(b.device, b.backends)
	if err != nil {
		return nil, err
	}
	var power powerOf
	if len(set.cards) > 0 {
		var stop func()
		power, stop = startTelemetry(ctx, b.openers)
		defer stop()
	}
	report, err := survey.Run(ctx, set.targets(b.options, b.card.options, power), survey.Options{
		Algorithms: b.options.algorithms, Duration: b.options.duration, Observer: b.observer(),
	})
	signReport(report)
	report.Skipped = append(set.skipped, report.Skipped...)
	if b.submit {
		return report, err
	}
	for _, s := range report.Skipped {
		fmt.Fprintf(b.errs, "%s: not measured: %s\n", skipped(&s), s.Why)
	}
	return report, err
}

func (b *surveyBench) observer() survey.Observer {
	switch {
	case b.json:
		return &rowLines{b.out}
	case b.submit:
		return &surveyTable{out: b.errs}
	}
	return &surveyTable{out: b.out}
}

// signReport writes into a report what a survey cannot know.
func signReport(r *gpubench.Report) {
	r.Time = time.Now().UTC().Truncate(time.Second)
	r.Adit = gpubench.Build{Version: version, Revision: revision(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	r.Machine = gpubench.Machine{CPU: cpu.Model(), Processors: runtime.NumCPU(), Cores: topology.Detect().Cores}
}

func readBench(path string) (*gpubench.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening a report: %w", err)
	}
	defer f.Close()
	r, err := gpubench.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// startTelemetry reads the cards' sensors in the background, until stop.
func startTelemetry(ctx context.Context, openers []telemetry.Opener) (power powerOf, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	sampler := telemetry.NewSampler(500*time.Millisecond, nil, openers...)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = sampler.Run(ctx) // a driver that hangs costs its readings only
	}()
	return sampler.Power, func() { cancel(); <-ended }
}

// rowLines prints each row as a line of JSON.
type rowLines struct{ out io.Writer }

func (rowLines) Check(gpubench.Check) {}
func (rowLines) Skip(gpubench.Skip)   {}
func (l rowLines) Row(r gpubench.Row) { _ = json.NewEncoder(l.out).Encode(r) }

// surveyTable prints rows and failed checks for people, as they come.
type surveyTable struct {
	out   io.Writer
	begun bool
}

func (t *surveyTable) Check(c gpubench.Check) {
	if c.Error != "" {
		fmt.Fprintf(t.out, "%s %s, %s: FAIL: %s\n", c.Device, c.Algo, c.Name, c.Error)
	}
}

func (t *surveyTable) Skip(s gpubench.Skip) {}

const surveyFormat = "%-10s %-14s %12s  %-27s %8s %10s %8s  %s\n"

func (t *surveyTable) Row(r gpubench.Row) {
	if !t.begun {
		t.begun = true
		fmt.Fprintf(t.out, surveyFormat, "DEVICE", "ALGO", "RATE", "95% INTERVAL", "POWER", "H/J", "VERIFIED", "SETTINGS")
	}
	if r.Error != "" {
		fmt.Fprintf(t.out, "%-10s %-14s FAIL: %s\n", r.Device, r.Algo, r.Error)
		return
	}
	fmt.Fprintf(t.out, surveyFormat, r.Device, r.Algo, formatRate(r.Rate.Median), formatInterval(&r.Rate),
		formatFloat(r.Watts, "%.0f W"), formatFloat(r.HashesPerJoule, "%.4g"), fmt.Sprintf("%d ok", r.Hits.Verified), formatSettings(&r))
}

func formatInterval(r *gpubench.Rate) string {
	if r.Low == nil {
		return "too few windows"
	}
	return formatRate(*r.Low) + " - " + formatRate(*r.High)
}

// formatFloat prints "-" for what is not known.
func formatFloat(v *float64, format string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf(format, *v)
}

// formatSettings prints settings that are not the default: "threads 4, lanes 8
// (tuned)".
func formatSettings(r *gpubench.Row) string {
	text := ""
	for _, name := range []string{"threads", "lanes", "intensity", "work_size", "unroll"} {
		if v := r.Settings[name]; v > 0 {
			text += fmt.Sprintf("%s %d, ", name, v)
		}
	}
	if text == "" {
		return r.Origin
	}
	return fmt.Sprintf("%s (%s)", text[:len(text)-2], r.Origin)
}

// skipped names what was left out.
func skipped(s *gpubench.Skip) string {
	if s.Algo == "" {
		return s.Device
	}
	return fmt.Sprintf("%s %s, %s", s.Device, s.Algo, s.What)
}

// compareReports prints how the rates changed; slower ones are an error.
func compareReports(out io.Writer, old, now *gpubench.Report, tolerance float64) error {
	c := gpubench.Compare(old, now)
	fmt.Fprintf(out, "%-10s %-14s %12s %12s %6s  %s\n", "DEVICE", "ALGO", "OLD", "NEW", "RATIO", "90% INTERVAL")
	for _, r := range c.Ratios {
		interval := "-"
		if r.Low != nil {
			interval = fmt.Sprintf("%.3f - %.3f", *r.Low, *r.High)
		}
		if r.OldName != r.NewName {
			interval += fmt.Sprintf("  (%s, was %s)", r.NewName, r.OldName)
		}
		fmt.Fprintf(out, "%-10s %-14s %12s %12s %6.3f  %s\n", r.Device, r.Algo, formatRate(r.Old.Median), formatRate(r.New.Median), r.Ratio, interval)
	}
	for _, row := range c.Lost {
		fmt.Fprintf(out, "%s: only in the old report\n", row)
	}
	for _, row := range c.New {
		fmt.Fprintf(out, "%s: only in the new report\n", row)
	}
	if len(c.Ratios) == 0 {
		return errors.New("the reports have no device and algorithm in common")
	}
	if slower := c.Slower(tolerance); len(slower) > 0 {
		return &exitError{exitSlower, fmt.Errorf("%d of %d rates are lower by more than %g%%: %v is the worst", len(slower), len(c.Ratios), 100*tolerance, &slower[0])}
	}
	return nil
}
