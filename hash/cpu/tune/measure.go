package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// DefaultSlice is how long a setting runs at a time: long enough for a few
// batches of most algorithms.
const DefaultSlice = 200 * time.Millisecond

// Options say what to measure, and with what. Algorithm is needed.
type Options struct {
	Algorithm *hash.Algorithm
	// Threads are the numbers of threads to choose from, in the order of
	// preference; empty stands for Processors().
	Threads []int
	// Lanes are the numbers of lanes to choose from; empty stands for a spread
	// of what the implementation can do.
	Lanes []int
	// Slice is how long a setting runs each time (0: DefaultSlice). A batch
	// that has begun is finished.
	Slice time.Duration
	// Run measures a setting for about a slice; nil stands for real searching.
	Run func(ctx context.Context, a *hash.Algorithm, s Setting, slice time.Duration) (rate float64, err error)
	// Progress is told of each setting as it is measured; it may be nil.
	Progress func(Setting)
}

// Measure times the settings in turn and drops the slower half of them each
// time, until the best is left.
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
		o.Slice = DefaultSlice
	}
	if o.Run == nil {
		o.Run = run
	}
	if o.Progress == nil {
		o.Progress = func(Setting) {}
	}
	return o, nil
}

// spread thins out the numbers of lanes: neighbours differ little, one lane
// alone is slow wherever there is a choice, and loops that work on groups of
// four like its multiples.
func spread(lanes []int) []int {
	if len(lanes) == 1 {
		return lanes
	}
	return slices.DeleteFunc(slices.Clone(lanes), func(n int) bool { return n != 2 && n != 3 && n != 6 && n%4 != 0 })
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

// rounds is how often each setting that is left is measured before the slower
// half is dropped.
const rounds = 3

// knockOut returns the fastest of the settings.
func (o *Options) knockOut(ctx context.Context, left []Setting) (Setting, error) {
	for {
		scores, err := o.compare(ctx, left)
		if err != nil {
			return Setting{}, err
		}
		if len(left) == 1 {
			return left[0], nil
		}
		order := make([]int, len(left))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
		next := make([]Setting, (len(left)+1)/2)
		for i := range next {
			next[i] = left[order[i]]
		}
		if left = next; len(left) == 1 {
			return left[0], nil
		}
	}
}

// compare measures the settings in turn, a few times, and notes the median
// rate of each. The scores are medians too, of rates by those of all settings
// in the same round: a machine that becomes slower or faster from one round to
// the next favours none.
func (o *Options) compare(ctx context.Context, left []Setting) (scores []float64, err error) {
	rates := make([][]float64, len(left))
	relative := make([][]float64, len(left))
	for range rounds {
		sum := 0.0
		for i, s := range left {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if s.Rate, err = o.Run(ctx, o.Algorithm, s, o.Slice); err != nil {
				return nil, fmt.Errorf("tuning %s with %d threads of %d lanes: %w", o.Algorithm.Name, s.Threads, s.Lanes, err)
			}
			o.Progress(s)
			rates[i] = append(rates[i], s.Rate)
			sum += s.Rate
		}
		for i := range left {
			relative[i] = append(relative[i], rates[i][len(rates[i])-1]/sum)
		}
	}
	scores = make([]float64, len(left))
	for i := range left {
		left[i].Rate, scores[i] = median(rates[i]), median(relative[i])
	}
	return scores, nil
}

// median sorts its argument, whose length is odd.
func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
