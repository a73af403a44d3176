package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	gputune "github.com/aditmine/adit/gpu/tune"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu/tune"
)

const tuneLong = `Measures how many threads, and how many hashes at once on each of them (lanes),
search an algorithm fastest on this machine, and keeps the answer in the user's
cache folder, where "adit mine" and "adit bench" find it.

"adit mine" does the same by itself when it meets an algorithm for the first
time. Tune again after a change of the machine's memory or huge pages. Another
version of adit, or another processor, is measured anew in any case.

It takes about ten seconds for each algorithm, during which nothing else should
run. With --json every algorithm gives one object on a line of its own: algo,
threads, lanes, rate in hashes per second.

With --device it tunes cards: the number of nonces in a batch (intensity), the
work-items in a group, and how far the main loop is unrolled where the driver
compiles it (OpenCL). Only settings with which the card finds the right hits are
considered. They are kept for cards of that name, memory, driver and these
kernels, and "adit mine" and "adit bench" use them. It takes a minute or so for
each algorithm and card; --slice is then 3s by default. --json then gives device,
algo, intensity, work_size, unroll (0: the default), rate.`

func newTuneCmd() *cobra.Command {
	var list string
	var threads int
	var slice time.Duration
	var asJSON bool
	var device string
	var card gpuOptionFlags
	cmd := &cobra.Command{
		Use:   "tune [-a ALGO[,ALGO...]|all] [--device LIST] [-t THREADS] [--json]",
		Short: "Find the fastest settings of the processor, and of cards",
		Long:  tuneLong,
		Example: `  adit tune -a cn/r
  adit tune -a all
  adit tune -a cn-pico -t 4
  adit tune -a cn/r --device cuda:0
  adit tune -a eaglesong --device all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			algorithms, err := parseAlgorithms(list)
			if err != nil {
				return err
			}
			if threads < 0 || threads > maxBenchThreads {
				return usagef("--threads %d: want 1 to %d, or 0 for as many as are best", threads, maxBenchThreads)
			}
			if slice <= 0 || slice > time.Minute {
				return usagef("--slice %v: want more than 0 and at most a minute", slice)
			}
			if err := card.check(); err != nil {
				return err
			}
			set, err := chooseDevices(device, gpuBackends())
			if err != nil {
				return err
			}
			t := tuner{out: cmd.OutOrStdout(), trace: cmd.ErrOrStderr(), threads: threads, slice: slice, json: asJSON}
			if set.cpu {
				if err := t.all(cmd.Context(), algorithms); err != nil {
					return err
				}
			}
			if !cmd.Flags().Changed("slice") {
				t.slice = gputune.DefaultSlice
			}
			return t.cards(cmd.Context(), set, algorithms, card.options)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&list, "algo", "a", "all", "algorithms, separated by commas, or \"all\"")
	flags.IntVarP(&threads, "threads", "t", 0, "number of threads (default: as many as are best)")
	flags.DurationVar(&slice, "slice", tune.DefaultSlice, "how long a setting runs at a time")
	flags.BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	flags.StringVar(&device, "device", "cpu", "what to tune: "+deviceHelp)
	card.define(flags)
	return cmd
}

// tuner measures and prints.
type tuner struct {
	out, trace io.Writer
	threads    int
	slice      time.Duration
	json       bool
}

func (t *tuner) all(ctx context.Context, algorithms []*hash.Algorithm) error {
	for _, a := range algorithms {
		best, err := measureSetting(ctx, t.threads, tune.Options{Algorithm: a, Slice: t.slice, Progress: t.progress(a)})
		if err != nil && best.Threads == 0 {
			return err
		}
		if err != nil {
			fmt.Fprintln(t.trace, err)
		}
		if err := t.print(a, best); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	}
	return nil
}

// progress tells of each setting that is tried.
func (t *tuner) progress(a *hash.Algorithm) func(tune.Setting) {
	return func(s tune.Setting) {
		fmt.Fprintf(t.trace, "  %-14s %3d threads %3d lanes %14s\n", a.Name, s.Threads, s.Lanes, formatRate(s.Rate))
	}
}

func (t *tuner) print(a *hash.Algorithm, s tune.Setting) error {
	if t.json {
		return json.NewEncoder(t.out).Encode(struct {
			Algo string `json:"algo"`
			tune.Setting
		}{a.Name, s})
	}
	_, err := fmt.Fprintf(t.out, "%-14s %3d threads %3d lanes %14s\n", a.Name, s.Threads, s.Lanes, formatRate(s.Rate))
	return err
}
