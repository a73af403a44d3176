// Package compare puts two pools, or two builds of one, to the same checks and
// the same requests in one run, turn and turn about, and says where they differ.
//
// It imports harness/conform and harness/stats. Package cmd imports it.
package compare

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/stats"
)

// Confidence is that of the intervals: with 90 %, an interval within the margin
// is equivalence at the 5 % level (two one-sided tests).
const Confidence = 0.90

// Config says what to compare. A and B differ in what they test and in nothing
// else.
type Config struct {
	A, B   conform.Config
	Checks []conform.Check
	// Blocks is how many pairs of blocks of requests are timed, PerBlock how
	// many requests a block has. Blocks of A and B alternate as ABBA.
	Blocks, PerBlock int
	// Margin is how far a ratio may be from 1 to count as the same: 0.1 stands
	// for 1/1.1 to 1.1.
	Margin float64
	// Progress is told of each pair of verdicts; it may be nil.
	Progress func(id string, a, b conform.Verdict)
}

// Report is what came of a comparison.
type Report struct {
	A           *conform.Report `json:"a"`
	B           *conform.Report `json:"b"`
	Differences []Difference    `json:"differences"`
	Ratios      []Ratio         `json:"ratios"`
	Margin      float64         `json:"margin"`
	Verdict     stats.Verdict   `json:"verdict"`
}

// Difference is a check that came to different verdicts.
type Difference struct {
	ID   string          `json:"id"`
	A    conform.Verdict `json:"a"`
	B    conform.Verdict `json:"b"`
	GotA string          `json:"got_a,omitempty"`
	GotB string          `json:"got_b,omitempty"`
}

// Ratio compares one measure: the statistic of B over that of A.
type Ratio struct {
	Measure  string         `json:"measure"`
	Samples  int            `json:"samples"` // of each pool
	A        float64        `json:"a_seconds"`
	B        float64        `json:"b_seconds"`
	Ratio    float64        `json:"ratio"`
	Interval stats.Interval `json:"interval"`
	Verdict  stats.Verdict  `json:"verdict"`
}

// Run compares.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	r := &Report{Margin: cfg.Margin}
	if err := r.checks(ctx, &cfg); err != nil {
		return r, err
	}
	if err := r.times(ctx, &cfg); err != nil {
		return r, err
	}
	r.Verdict = r.verdict()
	return r, nil
}

// checks puts both pools to each check, in turns.
func (r *Report) checks(ctx context.Context, cfg *Config) error {
	r.A, r.B = empty(&cfg.A), empty(&cfg.B)
	for i, c := range cfg.Checks {
		arms := []struct {
			to   *conform.Report
			with conform.Config
		}{{r.A, cfg.A}, {r.B, cfg.B}}
		if i%2 == 1 {
			arms[0], arms[1] = arms[1], arms[0]
		}
		for _, arm := range arms {
			one, err := conform.Run(ctx, arm.with, []conform.Check{c})
			if err != nil {
				return err
			}
			arm.to.Results = append(arm.to.Results, one.Results...)
			arm.to.Counts[one.Results[0].Verdict]++
		}
		a, b := &r.A.Results[i], &r.B.Results[i]
		if cfg.Progress != nil {
			cfg.Progress(c.ID, a.Verdict, b.Verdict)
		}
		if a.Verdict != b.Verdict {
			r.Differences = append(r.Differences, Difference{c.ID, a.Verdict, b.Verdict, a.Got + a.Reason, b.Got + b.Reason})
		}
	}
	return nil
}

func empty(cfg *conform.Config) *conform.Report {
	return &conform.Report{Target: cfg.Target, Profile: cfg.Profile, Seed: cfg.Seed, Strict: cfg.Strict, Counts: map[conform.Verdict]int{}}
}

// measure times one kind of request.
type measure struct {
	name string
	take func(*conform.Probe) (time.Duration, error)
}

func measures() []measure {
	return []measure{{"answer to a request", (*conform.Probe).Ping}, {"answer to a good share", (*conform.Probe).Share}}
}

// times measures both pools in alternating blocks.
func (r *Report) times(ctx context.Context, cfg *Config) error {
	if cfg.Blocks < 1 {
		return nil
	}
	a, err := conform.NewProbe(ctx, cfg.A)
	if err != nil {
		return fmt.Errorf("the first pool: %w", err)
	}
	defer a.Close()
	b, err := conform.NewProbe(ctx, cfg.B)
	if err != nil {
		return fmt.Errorf("the second pool: %w", err)
	}
	defer b.Close()
	rng := rand.New(rand.NewPCG(cfg.A.Seed, 0xabba))
	for _, m := range measures() {
		ratio, err := compareTimes(ctx, cfg, m, a, b, rng)
		if err != nil {
			return err
		}
		r.Ratios = append(r.Ratios, ratio)
	}
	return nil
}

func compareTimes(ctx context.Context, cfg *Config, m measure, a, b *conform.Probe, rng *rand.Rand) (Ratio, error) {
	var of [2][][]float64
	for block := range cfg.Blocks {
		for turn := range 2 {
			arm := (turn + block) % 2 // ABBA
			samples, err := sample(ctx, m, []*conform.Probe{a, b}[arm], cfg.PerBlock)
			if err != nil {
				return Ratio{}, err
			}
			of[arm] = append(of[arm], samples)
		}
	}
	ratio, interval := stats.BlockRatio(of[0], of[1], median, Confidence, rng)
	return Ratio{Measure: m.name, Samples: cfg.Blocks * cfg.PerBlock, A: median(flat(of[0])), B: median(flat(of[1])),
		Ratio: ratio, Interval: interval, Verdict: stats.Equivalence(interval, cfg.Margin)}, nil
}

func sample(ctx context.Context, m measure, p *conform.Probe, count int) (out []float64, err error) {
	for range count {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d, err := m.take(p)
		if err != nil {
			return nil, err
		}
		out = append(out, d.Seconds())
	}
	return out, nil
}

func flat(blocks [][]float64) (all []float64) {
	for _, b := range blocks {
		all = append(all, b...)
	}
	return all
}

func median(samples []float64) float64 {
	sorted := stats.Sorted(samples)
	return sorted[len(sorted)/2]
}

// verdict joins all that was compared: one difference makes the pools
// different, and all has to be equivalent for them to be.
func (r *Report) verdict() stats.Verdict {
	v := stats.Equivalent
	if len(r.Differences) > 0 {
		return stats.Different
	}
	for _, ratio := range r.Ratios {
		switch {
		case ratio.Verdict == stats.Different:
			return stats.Different
		case ratio.Verdict != stats.Equivalent:
			v = stats.Undecided
		}
	}
	return v
}

// WriteText prints the comparison for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	out := &printer{w: w}
	out.printf("%d checks, %d with different verdicts\n", len(r.A.Results), len(r.Differences))
	for _, d := range r.Differences {
		out.printf("  %-14s A %-12s B %-12s\n", d.ID, d.A, d.B)
		for name, got := range map[string]string{"A": d.GotA, "B": d.GotB} {
			if got != "" {
				out.printf("    %s: %s\n", name, got)
			}
		}
	}
	for _, ratio := range r.Ratios {
		out.printf("%s: A %s, B %s (medians, n=%d each), B/A %.3f, 90%% interval %.3f to %.3f: %s\n", ratio.Measure,
			seconds(ratio.A), seconds(ratio.B), ratio.Samples, ratio.Ratio, ratio.Interval.Low, ratio.Interval.High, ratio.Verdict)
	}
	out.printf("verdict: %s, with a margin of %.0f%%\n", r.Verdict, 100*r.Margin)
	return out.err
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Microsecond).String()
}

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
