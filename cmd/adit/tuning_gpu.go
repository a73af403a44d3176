package main

import (
	"context"
	"fmt"

	"github.com/aditmine/adit/gpu"
	gputune "github.com/aditmine/adit/gpu/tune"
	"github.com/aditmine/adit/hash"
)

// gpuTuningFile is where settings of a card are kept.
func gpuTuningFile(d *gpu.Device) (gputune.File, error) {
	path, err := gputune.DefaultPath()
	return gputune.NewFile(path, d), err
}

// tunedOptions completes the options that somebody chose with what was measured
// for an algorithm on such a card, if it was. The origin is the one in words of
// bench.Row.
func tunedOptions(d *gpu.Device, a *hash.Algorithm, given gpu.Options) (options gpu.Options, origin string) {
	origin = "default"
	if given != (gpu.Options{}) {
		origin = "given"
	}
	file, err := gpuTuningFile(d)
	if err != nil {
		return given, origin
	}
	saved, ok, err := file.Load(a)
	if err != nil || !ok {
		return given, origin
	}
	options = saved.Options(given)
	if options != given || given == (gpu.Options{}) {
		origin = "tuned"
	}
	return options, origin
}

// openTuned opens a card to mine with: for each algorithm with the options that
// were given, completed with those that were found by tuning.
func openTuned(b gpuBackend, d gpu.Device, given gpu.Options) (hash.Searcher, error) {
	return gputune.NewSearcher(
		func(o gpu.Options) (hash.Searcher, error) { return b.open(d.Index, o) }, given,
		func(a *hash.Algorithm) gpu.Options {
			options, _ := tunedOptions(&d, a, given)
			return options
		})
}

// measureCard tunes a card for an algorithm and keeps the setting. A file that
// cannot be written is an error beside a setting that is good.
func measureCard(ctx context.Context, d *gpu.Device, o gputune.Options) (gputune.Setting, error) {
	best, err := gputune.Measure(ctx, o)
	if err != nil {
		return gputune.Setting{}, err
	}
	file, err := gpuTuningFile(d)
	if err == nil {
		err = file.Save(o.Algorithm, best)
	}
	if err != nil {
		return best, fmt.Errorf("the setting is used, but not kept: %w", err)
	}
	return best, nil
}
