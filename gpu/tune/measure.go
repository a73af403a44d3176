package tune

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/hash"
)

// DefaultSlice is how long a setting is measured: long enough for a few batches
// of a large card.
const DefaultSlice = 3 * time.Second

// better is by how much a setting must be faster to be preferred to one that
// was there before it: less is noise.
const better = 1.01

// Options say what to tune, and with what. Device, Algorithm and Open are
// needed.
type Options struct {
	Device    gpu.Device
	Algorithm *hash.Algorithm
	// Given are options that somebody chose: those that are not zero stay.
	Given gpu.Options
	// Slice is how long a setting is measured (0: DefaultSlice). What begins in
	// it is finished.
	Slice time.Duration
	// Open opens the device.
	Open func(gpu.Options) (hash.Searcher, error)
	// Progress is told of each setting as it was measured; it may be nil.
	Progress func(Trial)
}

// Trial is a setting that was measured. Batch is the number of nonces in its
// batches. Err says why it is not considered: the card refused it, or erred.
type Trial struct {
	Options gpu.Options
	Batch   int
	Rate    float64 // hashes per second
	Err     error
}

// Measure finds the best setting. It begins with the defaults, then changes one
// option after the other and keeps what is faster. The winner must beat the
// defaults once more at the end, measured in turn with them: cards slow down as
// they become warm.
func Measure(ctx context.Context, o Options) (Setting, error) {
	if o.Algorithm == nil || o.Open == nil {
		return Setting{}, errors.New("tuning: no algorithm or no device given")
	}
	if o.Slice <= 0 {
		o.Slice = DefaultSlice
	}
	if o.Progress == nil {
		o.Progress = func(Trial) {}
	}
	t := tuner{o, map[gpu.Options]bool{}}
	first := t.try(ctx, o.Given)
	if first.Err != nil {
		return Setting{}, fmt.Errorf("tuning %s on %v: %w", o.Algorithm.Name, &o.Device, first.Err)
	}
	best := first
	for _, d := range t.dimensions(first.Batch) {
		best = t.along(ctx, d, best)
	}
	best, err := t.confirm(ctx, first, best)
	return setting(best), errors.Join(err, ctx.Err())
}

// tuner is one search. seen are the options that were tried.
type tuner struct {
	Options
	seen map[gpu.Options]bool
}

// dimension is an option, and values of it to try.
type dimension struct {
	field  func(*gpu.Options) *int
	values []int
}

// dimensions lists what can be changed, in the order of how much it matters. A
// batch is the one that the defaults give.
func (t *tuner) dimensions(batch int) []dimension {
	group := dimension{func(o *gpu.Options) *int { return &o.WorkSize }, []int{32, 64, 128, 256}}
	intensity := dimension{func(o *gpu.Options) *int { return &o.Intensity }, []int{batch / 4, batch * 4}}
	unroll := dimension{func(o *gpu.Options) *int { return &o.Unroll }, []int{1, 2, 4, 8}}
	if t.Algorithm.Family == hash.Eaglesong {
		return t.open([]dimension{group, intensity})
	}
	group.values = []int{8, 16, 32, 64, 128}
	intensity.values = []int{batch * 3 / 4, batch / 2, batch / 4, batch / 8}
	if t.Algorithm.Scratchpad < 1<<20 { // few of them fit a large card's cache
		intensity.values = append(intensity.values, batch/16, batch/32, batch/64)
	}
	if t.Device.Backend != "opencl" { // CUDA's kernels are compiled beforehand
		return t.open([]dimension{group, intensity})
	}
	return t.open([]dimension{group, intensity, unroll})
}

// open leaves out what somebody chose, and values that are none.
func (t *tuner) open(list []dimension) []dimension {
	list = slices.DeleteFunc(list, func(d dimension) bool { return *d.field(&t.Given) != 0 })
	for i := range list {
		list[i].values = slices.DeleteFunc(list[i].values, func(v int) bool { return v < 1 })
	}
	return list
}

// along tries the values of one option, the others being as they are best.
func (t *tuner) along(ctx context.Context, d dimension, best Trial) Trial {
	base := best.Options
	for _, v := range d.values {
		next := base
		*d.field(&next) = v
		if t.seen[next] || ctx.Err() != nil {
			continue
		}
		if got := t.try(ctx, next); got.Err == nil && got.Rate > better*best.Rate {
			best = got
		}
	}
	return best
}

// confirm measures the best and the first setting again, in turn.
func (t *tuner) confirm(ctx context.Context, first, best Trial) (Trial, error) {
	if best.Options == first.Options {
		return first, nil
	}
	var again [2][]float64
	for range 2 {
		for i, o := range []gpu.Options{first.Options, best.Options} {
			got := t.try(ctx, o)
			if got.Err != nil {
				return first, fmt.Errorf("tuning %s on %v: a setting that ran before: %w", t.Algorithm.Name, &t.Device, got.Err)
			}
			again[i] = append(again[i], got.Rate)
		}
	}
	first.Rate, best.Rate = bench.NewRate(again[0]).Median, bench.NewRate(again[1]).Median
	if best.Rate <= better*first.Rate {
		return first, nil
	}
	return best, nil
}

// try measures a setting, with a searcher of its own: two would not have room.
func (t *tuner) try(ctx context.Context, o gpu.Options) Trial {
	t.seen[o] = true
	trial := Trial{Options: o}
	if trial.Err = ctx.Err(); trial.Err != nil {
		return trial
	}
	trial.Batch, trial.Rate, trial.Err = t.run(ctx, o)
	t.Progress(trial)
	return trial
}

func (t *tuner) run(ctx context.Context, o gpu.Options) (batch int, rate float64, err error) {
	searcher, err := t.Open(o)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, searcher.Close()) }()
	result, err := bench.Measure(ctx, []hash.Searcher{searcher}, bench.Options{
		Algorithm: t.Algorithm, Duration: t.Slice, Windows: 3, Hits: 24,
	})
	return searcher.Info().Lanes, result.Rate.Median, errors.Join(err, result.Hits.Err())
}
