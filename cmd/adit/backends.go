package main

import (
	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/cuda"
	"github.com/aditmine/adit/gpu/opencl"
	"github.com/aditmine/adit/hash"
)

// gpuBackend is a way to reach devices.
type gpuBackend struct {
	name    string
	devices func() ([]gpu.Device, error)
	open    func(index int, options gpu.Options) (hash.Searcher, error)
}

// gpuBackends are all there are, the preferred ones first: the first that knows
// a card is the one to use it with.
func gpuBackends() []gpuBackend {
	return []gpuBackend{
		{cuda.Backend, cuda.Devices, cuda.NewSearcher},
		{opencl.Backend, opencl.Devices, opencl.NewSearcher},
	}
}
