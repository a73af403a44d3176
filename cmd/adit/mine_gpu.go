package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/opencl"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
)

// gpuFlags choose cards.
type gpuFlags struct {
	opencl  bool
	devices string
	noCPU   bool
}

func (f *gpuFlags) define(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.BoolVar(&f.opencl, "opencl", false, "mine with OpenCL devices too, all GPUs of them")
	fl.StringVar(&f.devices, "opencl-devices", "", "mine with these OpenCL devices, as `numbers` from 'adit devices'; implies --opencl")
	fl.BoolVar(&f.noCPU, "no-cpu", false, "leave the processor alone")
}

// choose lists the devices to mine with.
func (f *gpuFlags) choose(known func() ([]gpu.Device, error)) ([]gpu.Device, error) {
	if !f.opencl && f.devices == "" {
		if f.noCPU {
			return nil, usagef("--no-cpu leaves nothing to mine with: add --opencl")
		}
		return nil, nil
	}
	all, err := known()
	switch {
	case errors.Is(err, gpu.ErrNotBuilt):
		return nil, usagef("--opencl: this adit was built without OpenCL: with its headers installed, go build -tags opencl ./cmd/adit makes one")
	case err != nil:
		return nil, err
	case f.devices != "":
		return pickDevices(all, f.devices)
	}
	cards := slices.DeleteFunc(all, func(d gpu.Device) bool { return d.Kind != gpu.Card })
	if len(cards) == 0 {
		return nil, usagef("--opencl: there is no GPU; 'adit devices' lists other devices, for --opencl-devices")
	}
	return cards, nil
}

// pickDevices finds devices by a list of numbers.
func pickDevices(all []gpu.Device, list string) ([]gpu.Device, error) {
	var picked []gpu.Device
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		i := slices.IndexFunc(all, func(d gpu.Device) bool { return d.Index == n })
		if err != nil || i < 0 {
			return nil, usagef("--opencl-devices %q: there is no device %q; 'adit devices' lists them", list, text)
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// addCards gives an engine a worker for each card, after those of the
// processor's threads.
func addCards(deps *miner.Deps, threads int, cards []gpu.Device) {
	cpu, pin := deps.NewSearcher, deps.Pin
	deps.NewSearcher = func(i int) (hash.Searcher, error) {
		if i < threads {
			return cpu(i)
		}
		return opencl.NewSearcher(cards[i-threads].Index, gpu.Options{})
	}
	if pin != nil {
		deps.Pin = func(i int) error {
			if i < threads {
				return pin(i)
			}
			return nil // it waits for the card, wherever there is time
		}
	}
}
