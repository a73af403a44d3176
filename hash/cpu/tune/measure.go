package tune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// Setting is how to search an algorithm. Rate, in hashes per second of all
// threads together, is what it came to when it was measured.
type Setting struct {
	Threads int     `json:"threads"`
	Lanes   int     `json:"lanes"`
	Rate    float64 `json:"rate"`
}

// Options say what to measure, and with what. Algorithm is needed.
type Options struct {
	Algorithm *hash.Algorithm
	// Threads are the numbers of threads to choose from, in the order of
	// preference; empty stands for Processors().
	Threads []int
	// Lanes are the numbers of lanes to choose from; empty stands for a spread
	// of what the implementation can do.
	Lanes []int
	// Slice is how long a setting runs each time (0: 300 ms). A batch that has
	// begun is finished.
	Slice time.Duration
	// Run measures a setting for about a slice; nil stands for real searching.
	Run func(ctx context.Context, a *hash.Algorithm, s Setting, slice time.Duration) (rate float64, err error)
	// Progress is told of each setting as it is measured; it may be nil.
	Progress func(Setting)
}

// finalists is how many settings are left to be compared most closely.
const finalists = 2

// Measure times the settings in turn and drops the slower half of them each
// time, until the best is left. They alternate, and each is judged by its best
// slice, so that what else the machine does disturbs the answer little.
func Measure(ctx context.Context, o Options) (Setting, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Setting{}, err
	}
	best, err := o.knockOut(ctx, o.settings(o.Threads[0], o.Lanes))
	if err != nil {
		return Setting{}, err
	}
	for _, threads := range o.Threads[1:] {
		// Fewer threads share the caches: each may do better with more lanes.
		rivals := append([]Setting{best}, o.settings(threads, around(o.Lanes, best.Lanes))...)
		if best, err = o.knockOut(ctx, rivals); err != nil {
			return Setting{}, err
		}
	}
	return best, nil
}

func (o Options) withDefaults() (Options, error) {
	if o.Algorithm == nil {
		return o, errors.New("tuning: no algorithm given")
	}
	if len(o.Threads) == 0 {
		o.Threads = Processors()
	}
	if len(o.Lanes) == 0 {
		impl, err := cpu.Best(o.Algorithm)
		if err != nil {
			return o, fmt.Errorf("tuning %s: %w", o.Algorithm.Name, err)
		}
		o.Lanes = spread(impl.Lanes)
	}
	if o.Slice <= 0 {
		o.Slice = 300 * time.Millisecond
	}
	if o.Run == nil {
		o.Run = run
	}
	if o.Progress == nil {
		o.Progress = func(Setting) {}
	}
	return o, nil
}

// spread thins out the numbers of lanes: below four every one costs much for
// little, and loops that work on groups of four like its multiples.
func spread(lanes []int) []int {
	return slices.DeleteFunc(slices.Clone(lanes), func(n int) bool {
		return n > 2 && n != 5 && n != 6 && n%4 != 0 && n%10 != 0
	})
}

// around are the numbers of lanes from half to twice of n.
func around(lanes []int, n int) []int {
	return slices.DeleteFunc(slices.Clone(lanes), func(l int) bool { return 2*l < n || l > 2*n })
}

func (o *Options) settings(threads int, lanes []int) []Setting {
	list := make([]Setting, len(lanes))
	for i, n := range lanes {
		list[i] = Setting{Threads: threads, Lanes: n}
	}
	return list
}

// knockOut returns the fastest of the settings.
func (o *Options) knockOut(ctx context.Context, left []Setting) (Setting, error) {
	for len(left) > 1 {
		rounds := 1
		if len(left) <= 2*finalists {
			rounds = 3
		}
		if err := o.round(ctx, left, rounds); err != nil {
			return Setting{}, err
		}
		slices.SortStableFunc(left, func(a, b Setting) int {
			switch {
			case a.Rate > b.Rate:
				return -1
			case a.Rate < b.Rate:
				return 1
			}
			return 0
		})
		left = left[:(len(left)+1)/2]
	}
	if left[0].Rate == 0 { // there was no choice
		if err := o.round(ctx, left, 1); err != nil {
			return Setting{}, err
		}
	}
	return left[0], nil
}

// round measures each setting so many times, in turn, and notes its best.
func (o *Options) round(ctx context.Context, left []Setting, times int) error {
	for range times {
		for i := range left {
			if err := ctx.Err(); err != nil {
				return err
			}
			rate, err := o.Run(ctx, o.Algorithm, left[i], o.Slice)
			if err != nil {
				return fmt.Errorf("tuning %s with %d threads of %d lanes: %w", o.Algorithm.Name, left[i].Threads, left[i].Lanes, err)
			}
			left[i].Rate = math.Max(left[i].Rate, rate)
			o.Progress(left[i])
		}
	}
	return nil
}
