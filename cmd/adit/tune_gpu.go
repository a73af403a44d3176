package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aditmine/adit/gpu"
	gputune "github.com/aditmine/adit/gpu/tune"
	"github.com/aditmine/adit/hash"
)

// cards tunes every card for every algorithm. One that fails does not keep the
// others from it.
func (t *tuner) cards(ctx context.Context, set *deviceSet, algorithms []*hash.Algorithm, given gpu.Options) error {
	for _, s := range set.skipped {
		fmt.Fprintf(t.trace, "%s: not tuned: %s\n", s.Device, s.Why)
	}
	var failures []error
	for _, d := range set.cards {
		for _, a := range algorithms {
			if err := t.card(ctx, &d, a, given); err != nil {
				failures = append(failures, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return errors.Join(failures...)
}

func (t *tuner) card(ctx context.Context, d *foundDevice, a *hash.Algorithm, given gpu.Options) error {
	best, err := measureCard(ctx, &d.Device, gputune.Options{
		Device: d.Device, Algorithm: a, Given: given, Slice: t.slice, Progress: t.cardProgress(d, a),
		Open: func(o gpu.Options) (hash.Searcher, error) { return d.backend.open(d.Index, o) },
	})
	if err != nil && best.Rate == 0 {
		return err
	}
	if err != nil {
		fmt.Fprintln(t.trace, err)
	}
	return t.printCard(d, a, best)
}

// cardProgress tells of each setting that is tried.
func (t *tuner) cardProgress(d *foundDevice, a *hash.Algorithm) func(gputune.Trial) {
	return func(trial gputune.Trial) {
		said := formatRate(trial.Rate)
		if trial.Err != nil {
			said = "no: " + trial.Err.Error()
		}
		fmt.Fprintf(t.trace, "  %-10s %-14s %-40s %14s\n", d.id(), a.Name, formatOptions(trial.Options), said)
	}
}

// formatOptions prints options, those that are the default as "-".
func formatOptions(o gpu.Options) string {
	value := func(n int) string {
		if n == 0 {
			return "-"
		}
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("intensity %s, work size %s, unroll %s", value(o.Intensity), value(o.WorkSize), value(o.Unroll))
}

func (t *tuner) printCard(d *foundDevice, a *hash.Algorithm, s gputune.Setting) error {
	var err error
	if t.json {
		err = json.NewEncoder(t.out).Encode(struct {
			Device string `json:"device"`
			Algo   string `json:"algo"`
			gputune.Setting
		}{d.id(), a.Name, s})
	} else {
		_, err = fmt.Fprintf(t.out, "%-10s %-14s %-40s %14s\n", d.id(), a.Name, formatOptions(s.Options(gpu.Options{})), formatRate(s.Rate))
	}
	if err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}
