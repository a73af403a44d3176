package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu/tune"
)

// maxLanes bounds --lanes: more than any implementation has.
const maxLanes = 64

// tuningFile is where this build keeps what it measured on this machine.
func tuningFile() (tune.File, error) {
	path, err := tune.DefaultPath()
	return tune.File{Path: path, Machine: tune.Machine(), Build: version + " " + revision()}, err
}

// cpuSetting is how the processor searches: with how many threads, and how
// many lanes each (0: the implementation's default).
type cpuSetting struct {
	threads, lanes int
	origin         string // in words
}

// fixedSetting is what the command line says, defaults where it says nothing.
func fixedSetting(threads, lanes int) cpuSetting {
	s := cpuSetting{threads, lanes, "as given"}
	if threads == 0 {
		s.threads = runtime.GOMAXPROCS(0)
	}
	if threads == 0 || lanes == 0 {
		s.origin = "not tuned"
	}
	return s
}

// savedSetting completes what the command line says with what was measured
// before; ok is false when there is nothing of that.
func savedSetting(a *hash.Algorithm, threads, lanes int) (s cpuSetting, ok bool) {
	s = fixedSetting(threads, lanes)
	if lanes > 0 {
		return s, true
	}
	file, err := tuningFile()
	if err != nil {
		return s, false
	}
	saved, ok, err := file.Load(a, threads)
	if err != nil || !ok {
		return s, false
	}
	return cpuSetting{saved.Threads, saved.Lanes, "tuned before"}, true
}

// measureSetting measures what the command line leaves open (threads, unless
// they are 0, are given), and saves it. A file that cannot be written is an error beside a setting that is good.
func measureSetting(ctx context.Context, threads int, options tune.Options) (tune.Setting, error) {
	if threads > 0 {
		options.Threads = []int{threads}
	}
	best, err := tune.Measure(ctx, options)
	if err != nil {
		return best, err
	}
	file, err := tuningFile()
	if err == nil {
		err = file.Save(options.Algorithm, threads, best)
	}
	if err != nil {
		return best, fmt.Errorf("the setting is used, but not kept: %w", err)
	}
	return best, nil
}
