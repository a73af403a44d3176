package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/topology"
	"github.com/aditmine/adit/hash/cpu/tune"
)

const (
	maxBenchThreads = 1024
	maxBenchSeconds = 24 * 60 * 60
)

const benchLong = `Measures how fast this machine searches for shares, algorithm by algorithm.
It runs the miner's own search loop, with a target that nothing meets, and with
as many threads and lanes as "adit tune" has found best, where it has.

With --json, every algorithm gives one JSON object on a line of its own, as
soon as it has been measured:

  algo      algorithm name
  backend   "cpu"
  device    name of the processor
  impl      implementation, see 'adit verify'
  threads   number of threads
  lanes     hashes that one thread computes at once
  hashes    hashes computed by all threads together
  seconds   time from the common start to the end of the last thread
  rate      hashes per second: hashes / seconds
  huge_pages_percent
            how much of the scratchpads lies in huge pages; null without any

Ctrl-C ends the measurement; what was measured until then is printed.

With --device it measures cards too: a row for each device and algorithm, with
the rate's median over nine windows and its 95% interval, what the card draws and
hashes per joule where there is telemetry, and the hits at a low difficulty that
were found meanwhile. All of those are hashed again by the processor; a wrong one,
or far more or fewer than chance allows, makes the run fail. Cards run with what
"adit tune --device" found, where it did. --json then gives rows of the report.

--submit-format prints one report in JSON (docs/benchmarks/README.md describes it)
with machine, devices, drivers, settings and results, without names of hosts or
addresses. --compare FILE tells how the rates differ from such a report: the exit
status is 3 when one is lower by more than --tolerance, and that is not noise.

Algorithms: `

// benchOptions are the flags of "adit bench", checked.
type benchOptions struct {
	algorithms []*hash.Algorithm
	threads    int // 0 is as tuned
	lanes      int // 0 is as tuned
	duration   time.Duration
}

func newBenchCmd() *cobra.Command {
	var list string
	var threads, lanes int
	var seconds float64
	var asJSON bool
	var more surveyFlags
	cmd := &cobra.Command{
		Use:   "bench [-a ALGO[,ALGO...]|all] [--device LIST] [--seconds S] [--json] [--compare FILE]",
		Short: "Measure hash rates",
		Long:  benchLong + algorithmNames(),
		Example: `  adit bench -a cn/r
  adit bench -a cn-pico,eaglesong -t 4 --seconds 10
  adit bench -a all --json
  adit bench -a all --device all --submit-format > rig.json
  adit bench -a all --device cuda:0 --compare rig.json
  adit bench --compare old.json --with new.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := parseBenchOptions(list, threads, lanes, seconds)
			if err != nil {
				return err
			}
			if err := more.check(); err != nil {
				return err
			}
			if !more.plain() {
				b := &surveyBench{more, options, asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr(), gpuBackends(), telemetryOpeners()}
				return b.run(cmd.Context())
			}
			var report benchReport = benchTable{cmd.OutOrStdout()}
			if asJSON {
				report = benchJSON{cmd.OutOrStdout()}
			}
			return bench(cmd.Context(), options, report)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&list, "algo", "a", "all", "algorithms, separated by commas, or \"all\"")
	flags.IntVarP(&threads, "threads", "t", 0, "number of threads (default: as tuned, or one for each processor)")
	flags.IntVar(&lanes, "lanes", 0, "hashes that one thread computes at once (default: as tuned, or a fixed choice)")
	flags.Float64Var(&seconds, "seconds", 3, "how long to measure each algorithm")
	flags.BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	more.define(flags)
	return cmd
}

func parseBenchOptions(list string, threads, lanes int, seconds float64) (benchOptions, error) {
	algorithms, err := parseAlgorithms(list)
	switch {
	case err != nil:
		return benchOptions{}, err
	case threads < 0 || threads > maxBenchThreads:
		return benchOptions{}, usagef("--threads %d: want 1 to %d, or 0 for the default", threads, maxBenchThreads)
	case lanes < 0 || lanes > maxLanes:
		return benchOptions{}, usagef("--lanes %d: want 1 to %d, or 0 for the default", lanes, maxLanes)
	case !(seconds > 0 && seconds <= maxBenchSeconds): // also not a number
		return benchOptions{}, usagef("--seconds %g: want more than 0 and at most %d", seconds, maxBenchSeconds)
	}
	for _, a := range algorithms {
		if _, err := cpu.Best(a); err != nil {
			return benchOptions{}, err
		}
	}
	return benchOptions{algorithms, threads, lanes, time.Duration(seconds * float64(time.Second))}, nil
}

// bench measures one algorithm after the other. When ctx ends, the one that is
// running is the last, and is reported with what it has done.
func bench(ctx context.Context, options benchOptions, report benchReport) error {
	if err := report.begin(); err != nil {
		return err
	}
	for _, a := range options.algorithms {
		row, err := measure(ctx, a, options)
		if err != nil {
			return fmt.Errorf("measuring %s: %w", a.Name, err)
		}
		if err := report.row(row); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// benchRow is the result for one algorithm.
type benchRow struct {
	Algo    string  `json:"algo"`
	Backend string  `json:"backend"`
	Device  string  `json:"device"`
	Impl    string  `json:"impl"`
	Threads int     `json:"threads"`
	Lanes   int     `json:"lanes"`
	Hashes  uint64  `json:"hashes"`
	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"rate"`
	// HugePages is how much of the scratchpads lies in huge pages; null for
	// algorithms that have none.
	HugePages *int `json:"huge_pages_percent"`
}

// measure runs all threads on one algorithm for the time that was asked for.
func measure(ctx context.Context, a *hash.Algorithm, options benchOptions) (row benchRow, err error) {
	setting, _ := savedSetting(a, options.threads, options.lanes)
	workers := make([]*benchWorker, setting.threads)
	pins := defaultPinning(setting.threads)
	for i := range workers {
		if workers[i], err = newBenchWorker(i, setting, a); err != nil {
			return benchRow{}, err
		}
		defer func() { err = errors.Join(err, workers[i].searcher.Close()) }()
		if pins != nil {
			workers[i].pin = func() error { return topology.Pin(pins[i]) }
		}
	}
	// A first hash touches the whole scratchpad, outside the measured time.
	if err := inParallel(workers, func(w *benchWorker) error { return w.search(1) }); err != nil {
		return benchRow{}, err
	}
	for _, w := range workers {
		w.hashes = 0
	}

	ctx, cancel := context.WithTimeout(ctx, options.duration)
	defer cancel()
	begun := time.Now()
	if err := inParallel(workers, func(w *benchWorker) error { return w.run(ctx) }); err != nil {
		return benchRow{}, err
	}
	seconds := time.Since(begun).Seconds()

	info := workers[0].searcher.Info()
	row = benchRow{
		Algo: a.Name, Backend: info.Backend, Device: cpu.Model(), Impl: info.Impl,
		Threads: len(workers), Lanes: info.Lanes, Seconds: seconds,
	}
	var memory hash.MemoryStatus
	for _, w := range workers {
		row.Hashes += w.hashes
		memory = memory.Add(w.searcher.Info().Memory)
	}
	if memory.Bytes > 0 {
		row.HugePages = new(memory.Percent())
	}
	row.Rate = float64(row.Hashes) / seconds
	return row, nil
}

// inParallel calls f for each worker in a goroutine of its own.
func inParallel(workers []*benchWorker, f func(*benchWorker) error) error {
	failures := make([]error, len(workers))
	var running sync.WaitGroup
	for i, w := range workers {
		running.Go(func() { failures[i] = f(w) })
	}
	running.Wait()
	return errors.Join(failures...)
}

// benchWorker is one thread. Its nonces start in a part of the nonce space of
// its own and come round again at the end.
type benchWorker struct {
	searcher hash.Searcher
	nonce    uint64
	last     uint64 // the greatest nonce
	hashes   uint64
	pin      func() error // nil leaves the thread to the system
}

func newBenchWorker(index int, setting cpuSetting, a *hash.Algorithm) (*benchWorker, error) {
	searcher, err := cpu.NewSearcher(cpu.SearcherOptions{Index: index, Lanes: func(*hash.Algorithm) int { return setting.lanes }})
	if err != nil {
		return nil, err
	}
	work := tune.Work(a)
	if err := searcher.SetWork(work); err != nil {
		return nil, errors.Join(err, searcher.Close())
	}
	last := uint64(math.MaxUint64) >> (64 - 8*work.NonceSize)
	return &benchWorker{searcher: searcher, nonce: last / uint64(setting.threads) * uint64(index), last: last}, nil
}

// run searches until ctx ends, but at least once. A thread that cannot be
// pinned is measured as it is.
func (w *benchWorker) run(ctx context.Context) error {
	runtime.LockOSThread() // and never unlock: the thread ends with its pinning
	if w.pin != nil {
		_ = w.pin()
	}
	for {
		if err := w.search(math.MaxUint64); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// search is one call of the searcher.
func (w *benchWorker) search(count uint64) error {
	_, done, err := w.searcher.Search(w.nonce, count, nil)
	w.nonce = (w.nonce + done) & w.last
	w.hashes += done
	return err
}

// benchReport presents results as they come.
type benchReport interface {
	begin() error
	row(benchRow) error
}

// benchJSON prints each result as a line of JSON.
type benchJSON struct{ out io.Writer }

func (benchJSON) begin() error { return nil }

func (b benchJSON) row(r benchRow) error { return json.NewEncoder(b.out).Encode(r) }

// benchTable prints the results for people.
type benchTable struct{ out io.Writer }

func (b benchTable) begin() error {
	_, err := fmt.Fprintf(b.out, "%s\n%-14s %-10s %7s %5s %5s %13s %9s %14s\n", cpu.Model(),
		"ALGO", "IMPL", "THREADS", "LANES", "HUGE", "HASHES", "SECONDS", "RATE")
	return err
}

func (b benchTable) row(r benchRow) error {
	huge := "-"
	if r.HugePages != nil {
		huge = fmt.Sprintf("%d%%", *r.HugePages)
	}
	_, err := fmt.Fprintf(b.out, "%-14s %-10s %7d %5d %5s %13d %9.2f %14s\n",
		r.Algo, r.Impl, r.Threads, r.Lanes, huge, r.Hashes, r.Seconds, formatRate(r.Rate))
	return err
}

// formatRate prints a hash rate with its unit: "812.40 H/s", "1.25 MH/s".
func formatRate(rate float64) string {
	units := []string{"H/s", "kH/s", "MH/s", "GH/s", "TH/s"}
	i := 0
	for rate >= 1000 && i < len(units)-1 {
		rate /= 1000
		i++
	}
	return fmt.Sprintf("%.2f %s", rate, units[i])
}
