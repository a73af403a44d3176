package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/aditmine/adit/gpu"
	gpubench "github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/gpu/check"
	"github.com/aditmine/adit/gpu/survey"
	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/topology"
)

// deviceHelp says what --device takes.
const deviceHelp = `cpu, opencl, cuda (all GPUs of it), opencl:0, cuda:1 (numbers from
'adit devices'), gpu (every GPU once), all (cpu and gpu)`

// gpuOptionFlags are what can be set for a card.
type gpuOptionFlags struct{ options gpu.Options }

func (f *gpuOptionFlags) define(fl *pflag.FlagSet) {
	fl.IntVar(&f.options.Intensity, "intensity", 0, "cards: nonces in a batch (default: as tuned, or by memory)")
	fl.IntVar(&f.options.WorkSize, "work-size", 0, "cards: work-items in a group (default: as tuned, or fixed)")
	fl.IntVar(&f.options.Unroll, "unroll", 0, "OpenCL cards: turns of the main loop written out at once (default: as tuned, or 1)")
}

func (f *gpuOptionFlags) check() error {
	if err := f.options.Check(); err != nil {
		return usagef("%v", err)
	}
	return nil
}

// foundDevice is a device of a back end.
type foundDevice struct {
	gpu.Device
	backend gpuBackend
}

// id is the device's name on the command line and in reports.
func (d *foundDevice) id() string { return fmt.Sprintf("%s:%d", d.backend.name, d.Index) }

// deviceSet is what --device chose. Skipped back ends are those of "all" and
// "gpu" that have no device.
type deviceSet struct {
	cpu     bool
	cards   []foundDevice
	skipped []gpubench.Skip
}

// chooseDevices reads a list for --device, such as "cpu,opencl:0".
func chooseDevices(list string, backends []gpuBackend) (*deviceSet, error) {
	set := &deviceSet{}
	for word := range strings.SplitSeq(list, ",") {
		if err := set.add(strings.ToLower(strings.TrimSpace(word)), backends); err != nil {
			return nil, err
		}
	}
	if !set.cpu && len(set.cards) == 0 {
		return set, &noDevices{set.skipped}
	}
	return set, nil
}

// noDevices says that there is nothing of what was asked for.
type noDevices struct{ skipped []gpubench.Skip }

func (e *noDevices) Error() string {
	var why []string
	for _, s := range e.skipped {
		why = append(why, s.Device+": "+s.Why)
	}
	return "no GPU was found (" + strings.Join(why, "; ") + ")"
}

func (s *deviceSet) add(word string, backends []gpuBackend) error {
	switch word {
	case "cpu":
		s.cpu = true
		return nil
	case "all", "gpu":
		s.cpu = s.cpu || word == "all"
		for _, b := range backends {
			s.every(b, true)
		}
		return nil
	}
	name, number, numbered := strings.Cut(word, ":")
	i := slices.IndexFunc(backends, func(b gpuBackend) bool { return b.name == name })
	index, err := strconv.Atoi(number)
	if i < 0 || numbered && err != nil {
		return usagef("--device %q: want %s", word, deviceHelp)
	}
	if !numbered {
		s.every(backends[i], false)
		return nil
	}
	return s.one(backends[i], index)
}

// every adds the GPUs of a back end; once leaves out cards that another one
// knows already.
func (s *deviceSet) every(b gpuBackend, once bool) {
	devices, err := b.devices()
	if err != nil {
		s.skipped = append(s.skipped, gpubench.Skip{Device: b.name, What: "back end", Why: reason(err)})
	}
	none := true
	for _, d := range devices {
		if d.Kind != gpu.Card || once && s.knows(&d) {
			continue
		}
		none = false
		s.put(foundDevice{d, b})
	}
	if none && err == nil {
		s.skipped = append(s.skipped, gpubench.Skip{Device: b.name, What: "back end", Why: "it has no GPU that is not listed already; other devices are measured by name, see 'adit devices'"})
	}
}

// one adds a device by its number.
func (s *deviceSet) one(b gpuBackend, index int) error {
	devices, err := b.devices()
	i := slices.IndexFunc(devices, func(d gpu.Device) bool { return d.Index == index })
	switch {
	case i >= 0:
		s.put(foundDevice{devices[i], b})
		return nil
	case err != nil:
		return fmt.Errorf("--device %s:%d: %s", b.name, index, reason(err))
	}
	return usagef("--device %s:%d: there is no such device; 'adit devices' lists them", b.name, index)
}

// put adds a device unless it is there.
func (s *deviceSet) put(d foundDevice) {
	if !slices.ContainsFunc(s.cards, func(have foundDevice) bool { return have.id() == d.id() }) {
		s.cards = append(s.cards, d)
	}
}

// knows reports whether a card is there by another back end.
func (s *deviceSet) knows(d *gpu.Device) bool {
	return slices.ContainsFunc(s.cards, func(have foundDevice) bool {
		return have.Backend != d.Backend && telemetry.SameBus(have.Bus, d.Bus)
	})
}

// reason says in a line why a back end has no devices.
func reason(err error) string {
	if errors.Is(err, gpu.ErrNotBuilt) {
		return "this adit was built without it"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// powerOf reads what a card draws, by its PCI bus id.
type powerOf func(bus string) (watts float64, ok bool)

// targets makes the devices ready for a survey.
func (s *deviceSet) targets(cpuOptions benchOptions, given gpu.Options, power powerOf) []survey.Target {
	var list []survey.Target
	if s.cpu {
		list = append(list, cpuTarget(cpuOptions))
	}
	for _, d := range s.cards {
		list = append(list, d.target(given, power))
	}
	return list
}

// The sizes of batches while checking: a card's are large enough to be spread
// over all of it. OpenCL's processors are no faster than what they are checked
// with, and are given little.
const (
	checkIntensity          = 512
	checkProcessorIntensity = 16
	checkEaglesongIntensity = 4096
)

func (d *foundDevice) target(given gpu.Options, power powerOf) survey.Target {
	t := survey.Target{Device: gpubench.Device{
		ID: d.id(), Kind: string(d.Kind), Name: d.Name, Vendor: d.Vendor, Driver: d.Driver, Memory: d.Memory, Units: d.Units,
	}}
	if power != nil && d.Bus != "" {
		t.Power = func() (float64, bool) { return power(d.Bus) }
	}
	if d.Kind == gpu.Processor {
		t.Check = check.Options{Many: 24, Sample: 8}
	}
	t.Open = func(a *hash.Algorithm, forChecks bool) (*survey.Opened, error) {
		options, origin := tunedOptions(&d.Device, a, given)
		if forChecks {
			options.Intensity = checkBatch(d.Kind, a)
		}
		s, err := d.backend.open(d.Index, options)
		if err != nil {
			return nil, err
		}
		return &survey.Opened{Searchers: []hash.Searcher{s}, Origin: origin, Settings: map[string]int{
			"intensity": options.Intensity, "work_size": options.WorkSize, "unroll": options.Unroll,
		}}, nil
	}
	return t
}

func checkBatch(kind gpu.Kind, a *hash.Algorithm) int {
	switch {
	case a.Family == hash.Eaglesong:
		return checkEaglesongIntensity
	case kind == gpu.Processor:
		return checkProcessorIntensity
	}
	return checkIntensity
}

// cpuTarget is the processor, with as many threads as it mines with.
func cpuTarget(o benchOptions) survey.Target {
	t := survey.Target{Device: gpubench.Device{
		ID: cpu.Backend, Kind: string(gpu.Processor), Name: cpu.Model(), Units: topology.Detect().Cores,
	}}
	t.Open = func(a *hash.Algorithm, _ bool) (*survey.Opened, error) {
		s, tuned := savedSetting(a, o.threads, o.lanes)
		opened := &survey.Opened{Origin: "default", Settings: map[string]int{"threads": s.threads, "lanes": s.lanes}}
		switch {
		case tuned:
			opened.Origin = "tuned"
		case o.threads > 0 || o.lanes > 0:
			opened.Origin = "given"
		}
		if pins := defaultPinning(s.threads); pins != nil {
			opened.Pin = func(i int) error { return topology.Pin(pins[i]) }
		}
		for i := range s.threads {
			searcher, err := cpu.NewSearcher(cpu.SearcherOptions{Index: i, Lanes: func(*hash.Algorithm) int { return s.lanes }})
			if err != nil {
				return nil, err
			}
			opened.Searchers = append(opened.Searchers, searcher)
		}
		return opened, nil
	}
	return t
}
