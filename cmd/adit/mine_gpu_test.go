package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
)

func TestChoosingCards(t *testing.T) {
	known := func() ([]gpu.Device, error) {
		return []gpu.Device{{Index: 0, Kind: gpu.Processor}, {Index: 1, Kind: gpu.Card}, {Index: 2, Kind: gpu.Card}}, nil
	}
	indexes := func(list []gpu.Device) (out []int) {
		for _, d := range list {
			out = append(out, d.Index)
		}
		return out
	}
	for _, c := range []struct {
		flags gpuFlags
		want  []int
	}{
		{gpuFlags{}, nil},
		{gpuFlags{opencl: true}, []int{1, 2}},
		{gpuFlags{opencl: true, noCPU: true}, []int{1, 2}},
		{gpuFlags{devices: "2, 0"}, []int{2, 0}},
	} {
		got, err := c.flags.choose(known)
		require.NoError(t, err)
		require.Equal(t, c.want, indexes(got))
	}
	for _, c := range []struct {
		flags gpuFlags
		known func() ([]gpu.Device, error)
		want  string
	}{
		{gpuFlags{noCPU: true}, known, "leaves nothing"},
		{gpuFlags{devices: "3"}, known, `no device "3"`},
		{gpuFlags{devices: "x"}, known, `no device "x"`},
		{gpuFlags{opencl: true}, func() ([]gpu.Device, error) { return nil, gpu.ErrNotBuilt }, "built without OpenCL"},
		{gpuFlags{opencl: true}, func() ([]gpu.Device, error) { return nil, gpu.ErrNoDriver }, "no driver"},
		{gpuFlags{opencl: true}, func() ([]gpu.Device, error) { return []gpu.Device{{Kind: gpu.Processor}}, nil }, "there is no GPU"},
	} {
		_, err := c.flags.choose(c.known)
		require.ErrorContains(t, err, c.want)
	}
}
