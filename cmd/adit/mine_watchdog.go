package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/watchdog"
)

// exitDropped is the exit status of a miner that ended because of a device: the
// one that several miners use for "start me again".
const exitDropped = 42

// watchdogFlags say how devices are guarded.
type watchdogFlags struct {
	hang, reinits int
	stop, resume  float64
	command       string
	exit          bool
}

// The bounds of temperatures that make sense, in degrees Celsius.
const (
	coolest = 30.0
	hottest = 120.0
)

func (f *watchdogFlags) define(fl *pflag.FlagSet) {
	fl.IntVar(&f.hang, "watchdog-hang", int(watchdog.DefaultHang/time.Second), "`seconds` that a GPU may take for what takes much less, before its driver counts as hung")
	fl.IntVar(&f.reinits, "watchdog-reinits", watchdog.DefaultReinits, "`number` of times within ten minutes that a GPU in trouble is opened anew before it is dropped")
	fl.StringVar(&f.command, "watchdog-command", "", "run this `command` when a GPU is dropped (ADIT_DEVICE, ADIT_BUS, ADIT_TROUBLE and ADIT_REASON tell it which and why)")
	fl.BoolVar(&f.exit, "watchdog-exit", false, "end with status 42 when the first GPU is dropped, not when nothing is left")
	fl.Float64Var(&f.stop, "gpu-temp-stop", 0, "stop a GPU at this temperature, in `degrees` Celsius (default: never)")
	fl.Float64Var(&f.resume, "gpu-temp-resume", 0, "and let it go on at this one, in `degrees` Celsius (default: 10 below)")
}

// check says what is wrong with the flags.
func (f *watchdogFlags) check() error {
	switch {
	case f.hang < 1 || f.hang > 3600:
		return usagef("--watchdog-hang %d: want a number of seconds from 1 to 3600", f.hang)
	case f.reinits < 1 || f.reinits > 100:
		return usagef("--watchdog-reinits %d: want a number from 1 to 100", f.reinits)
	case f.stop != 0 && !(f.stop >= coolest && f.stop <= hottest): // also not a number
		return usagef("--gpu-temp-stop %g: want degrees Celsius from %g to %g, or 0 for no limit", f.stop, coolest, hottest)
	case f.resume != 0 && f.stop == 0:
		return usagef("--gpu-temp-resume needs --gpu-temp-stop")
	case f.resume != 0 && !(f.resume >= 1 && f.resume < f.stop):
		return usagef("--gpu-temp-resume %g: want degrees Celsius from 1 to less than the %g of --gpu-temp-stop", f.resume, f.stop)
	}
	return nil
}

// addCards gives an engine a guarded worker for each card, after those of the
// processor's threads.
func (f *watchdogFlags) addCards(deps *miner.Deps, threads int, cards []card, thermometer watchdog.Thermometer, out io.Writer) {
	deps.Guard = func(i int) (watchdog.Options, bool) {
		if i < threads {
			return watchdog.Options{}, false
		}
		c := cards[i-threads]
		name := c.Title()
		return watchdog.Options{
			Name: name, Alias: c.String(), Bus: c.Bus, Open: c.open, Thermometer: thermometer, Unsuited: unsuited,
			Info: hash.SearcherInfo{Backend: c.Backend, Device: name, Impl: c.Backend, Lanes: 1},
			Limits: watchdog.Limits{
				Hang: time.Duration(f.hang) * time.Second, Reinits: f.reinits, StopAt: f.stop, ResumeAt: f.resume,
			},
		}, true
	}
	if f.command != "" {
		deps.Dropped = watchdog.Command(f.command, out)
	}
}

// unsuited reports whether an error says that the work is not for this device,
// rather than that the device is in trouble.
func unsuited(err error) bool {
	var input *hash.InputError
	return errors.Is(err, gpu.ErrNoKernel) || errors.As(err, &input)
}

// open makes the card's searcher. Numbers belong to what the driver sees at the
// moment: when a card has disappeared, another must not take its place.
func (c *card) open() (hash.Searcher, error) {
	all, err := c.backend.devices()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(d gpu.Device) bool { return d.Index == c.Index })
	if i < 0 || all[i].Bus != c.Bus || all[i].Name != c.Name {
		return nil, fmt.Errorf("the card has disappeared: the driver does not list it any more")
	}
	return openTuned(c.backend, c.Device, c.options)
}

// exitFor gives a run that ended because of a device an exit status of its own.
func exitFor(err error) error {
	var dropped *miner.DroppedError
	if errors.As(err, &dropped) {
		return &exitError{exitDropped, err}
	}
	return err
}
