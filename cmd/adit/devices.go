package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/opencl"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/topology"
)

const devicesLong = `Lists what this machine can mine with: its processor, and its OpenCL devices
where this adit was built for them (go build -tags opencl, with OpenCL's headers
installed).

With --json there is one object: cpu with model, processors and cores; devices
with backend, index, kind, name, vendor, driver, bus, memory, max_alloc (bytes),
units; missing, why a back end has none, by back end.`

func newDevicesCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "devices [--json]",
		Short: "List what can mine here",
		Long:  devicesLong,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := findDevices(map[string]func() ([]gpu.Device, error){opencl.Backend: opencl.Devices})
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
			}
			return list.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// deviceList is what there is.
type deviceList struct {
	CPU struct {
		Model      string `json:"model"`
		Processors int    `json:"processors"`
		Cores      int    `json:"cores"`
	} `json:"cpu"`
	Devices []deviceRow       `json:"devices"`
	Missing map[string]string `json:"missing"` // reasons by back end
}

// deviceRow is a gpu.Device in JSON.
type deviceRow struct {
	Backend  string `json:"backend"`
	Index    int    `json:"index"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Vendor   string `json:"vendor"`
	Driver   string `json:"driver"`
	Bus      string `json:"bus"`
	Memory   uint64 `json:"memory"`
	MaxAlloc uint64 `json:"max_alloc"`
	Units    int    `json:"units"`
}

func findDevices(backends map[string]func() ([]gpu.Device, error)) *deviceList {
	list := &deviceList{Devices: []deviceRow{}, Missing: map[string]string{}}
	machine := topology.Detect()
	list.CPU.Model, list.CPU.Processors, list.CPU.Cores = cpu.Model(), runtime.NumCPU(), machine.Cores
	for name, devices := range backends {
		found, err := devices()
		switch {
		case errors.Is(err, gpu.ErrNotBuilt):
			list.Missing[name] = "this adit was built without it"
		case err != nil:
			list.Missing[name] = err.Error()
		}
		for _, d := range found {
			list.Devices = append(list.Devices, deviceRow{
				d.Backend, d.Index, string(d.Kind), d.Name, d.Vendor, d.Driver, d.Bus, d.Memory, d.MaxAlloc, d.Units,
			})
		}
	}
	return list
}

func (l *deviceList) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "cpu       %s, %d processors on %d cores\n", l.CPU.Model, l.CPU.Processors, l.CPU.Cores)
	for _, d := range l.Devices {
		bus := d.Bus
		if bus == "" {
			bus = "bus unknown"
		}
		_, e := fmt.Fprintf(w, "%s %d  %s (%s), %s, %d units, %.1f GiB, driver %s\n",
			d.Backend, d.Index, d.Name, d.Kind, bus, d.Units, float64(d.Memory)/(1<<30), d.Driver)
		err = errors.Join(err, e)
	}
	for name, why := range l.Missing {
		_, e := fmt.Fprintf(w, "%s    none: %s\n", name, why)
		err = errors.Join(err, e)
	}
	return err
}
