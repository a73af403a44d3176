package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/suits"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/topology"
)

const devicesLong = `Lists what this machine can mine with: its processor, and the devices of CUDA and
of OpenCL. A card that both know, by its place on the PCI bus, is listed once,
with its number in each: those for --cuda-devices and --opencl-devices. CUDA
needs NVIDIA's driver alone; OpenCL needs an adit that was built for it, as 'make
build' does where OpenCL's headers are installed.

With --json there is one object: cpu with model, processors and cores; devices
with kind, name, vendor, bus, memory (bytes), units, backends (backend, index,
driver, max_alloc in bytes; the first is the one that is used), algorithms, and
cannot, why not, by algorithm; missing, why a back end has no devices, by back
end.`

func newDevicesCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "devices [--json]",
		Short: "List what can mine here",
		Long:  devicesLong,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := findDevices(gpuBackends())
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
	Devices []*deviceRow      `json:"devices"`
	Missing map[string]string `json:"missing"` // reasons by back end
}

// deviceRow is a device with all its back ends.
type deviceRow struct {
	Kind       string            `json:"kind"`
	Name       string            `json:"name"`
	Vendor     string            `json:"vendor"`
	Bus        string            `json:"bus"`
	Memory     uint64            `json:"memory"`
	Units      int               `json:"units"`
	Backends   []deviceView      `json:"backends"`
	Algorithms []string          `json:"algorithms"`
	Cannot     map[string]string `json:"cannot"` // reasons by algorithm

	first gpu.Device
}

// deviceView is a device as one back end has it.
type deviceView struct {
	Backend  string `json:"backend"`
	Index    int    `json:"index"`
	Driver   string `json:"driver"`
	MaxAlloc uint64 `json:"max_alloc"`
}

func findDevices(backends []gpuBackend) *deviceList {
	list := &deviceList{Devices: []*deviceRow{}, Missing: map[string]string{}}
	machine := topology.Detect()
	list.CPU.Model, list.CPU.Processors, list.CPU.Cores = cpu.Model(), runtime.NumCPU(), machine.Cores
	for _, b := range backends {
		found, err := b.devices()
		switch {
		case errors.Is(err, gpu.ErrNotBuilt):
			list.Missing[b.name] = "this adit was built without it"
		case err != nil:
			text := strings.Join(strings.Fields(err.Error()), " ")
			list.Missing[b.name] = strings.TrimPrefix(text, gpu.BackendTitle(b.name)+": ")
		}
		for _, d := range found {
			list.add(d)
		}
	}
	return list
}

// add puts a device into the row of the card it is a view of, or its own.
func (l *deviceList) add(d gpu.Device) {
	view := deviceView{d.Backend, d.Index, d.Driver, d.MaxAlloc}
	i := slices.IndexFunc(l.Devices, func(r *deviceRow) bool { return sameCard(&r.first, &d) })
	if i >= 0 {
		l.Devices[i].Backends = append(l.Devices[i].Backends, view)
		return
	}
	row := &deviceRow{
		Kind: string(d.Kind), Name: d.Name, Vendor: d.Vendor, Bus: d.Bus, Memory: d.Memory, Units: d.Units,
		Backends: []deviceView{view}, Algorithms: []string{}, Cannot: map[string]string{}, first: d,
	}
	for _, a := range hash.All() {
		if err := suits.Check(&d, a); err != nil {
			row.Cannot[a.Name] = err.Error()
			continue
		}
		row.Algorithms = append(row.Algorithms, a.Name)
	}
	l.Devices = append(l.Devices, row)
}

func (l *deviceList) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "cpu  %s, %d processors on %d cores\n", l.CPU.Model, l.CPU.Processors, l.CPU.Cores)
	for _, d := range l.Devices {
		d.print(&b)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Missing)) {
		fmt.Fprintf(&b, "no %s devices: %s\n", gpu.BackendTitle(name), l.Missing[name])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *deviceRow) print(b *strings.Builder) {
	bus := d.Bus
	if bus == "" {
		bus = "bus unknown"
	}
	kind := d.Kind
	if d.first.Kind == gpu.Processor {
		kind = "cpu (as an OpenCL device)"
	}
	fmt.Fprintf(b, "%s  %s, %s, %d units, %.1f GiB\n", kind, d.Name, bus, d.Units, float64(d.Memory)/(1<<30))
	for _, v := range d.Backends {
		fmt.Fprintf(b, "     %s %d, driver %s\n", v.Backend, v.Index, v.Driver)
	}
	if len(d.Cannot) == 0 {
		fmt.Fprintf(b, "     can mine all %d algorithms\n", len(d.Algorithms))
		return
	}
	fmt.Fprintf(b, "     can mine %d of %d algorithms\n", len(d.Algorithms), len(d.Algorithms)+len(d.Cannot))
	for _, name := range slices.Sorted(maps.Keys(d.Cannot)) {
		fmt.Fprintf(b, "     not %s: %s\n", name, d.Cannot[name])
	}
}
