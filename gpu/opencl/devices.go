//go:build opencl && cgo

package opencl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jgillich/go-opencl/cl"

	"github.com/aditmine/adit/gpu"
)

// amdBoard asks AMD's drivers for the card's name in shops.
const amdBoard = 0x4038

// Devices lists all devices of all platforms, in the drivers' order, which is
// what their numbers mean. gpu.ErrNoDriver says that there is none.
func Devices() ([]gpu.Device, error) {
	handles, err := handles()
	if err != nil {
		return nil, err
	}
	devices := make([]gpu.Device, len(handles))
	for i, h := range handles {
		devices[i] = describe(i, h)
	}
	return devices, nil
}

// handles are the binding's objects of the same devices.
func handles() ([]*cl.Device, error) {
	platforms, err := cl.GetPlatforms()
	if err != nil && !noDriver(err) {
		return nil, fmt.Errorf("listing OpenCL platforms: %w", err)
	}
	var all []*cl.Device
	var failures []error
	for _, p := range platforms {
		devices, err := p.GetDevices(cl.DeviceTypeAll)
		switch {
		case err == nil:
			all = append(all, devices...)
		case !noDriver(err):
			failures = append(failures, fmt.Errorf("listing the devices of OpenCL platform %q: %w", p.Name(), err))
		}
	}
	if len(all) == 0 {
		return nil, errors.Join(append(failures, fmt.Errorf("OpenCL: %w", gpu.ErrNoDriver))...)
	}
	return all, nil
}

func describe(index int, d *cl.Device) gpu.Device {
	out := gpu.Device{
		Backend: Backend, Index: index, Kind: kind(d.Type()),
		Name: strings.TrimSpace(d.Name()), Vendor: strings.TrimSpace(d.Vendor()), Driver: d.DriverVersion(),
		Memory: uint64(d.GlobalMemSize()), MaxAlloc: uint64(d.MaxMemAllocSize()), Units: d.MaxComputeUnits(),
	}
	if board, err := d.GetInfoString(amdBoard); err == nil && strings.TrimSpace(board) != "" {
		out.Name = strings.TrimSpace(board)
	}
	out.Bus = busOf(d)
	return out
}

func kind(t cl.DeviceType) gpu.Kind {
	switch {
	case t&cl.DeviceTypeGPU != 0:
		return gpu.Card
	case t&cl.DeviceTypeCPU != 0:
		return gpu.Processor
	}
	return gpu.Accelerator
}
