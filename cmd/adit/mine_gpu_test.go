package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner/config"
)

// fakeBackends are back ends with these devices, or with an error.
func fakeBackends(cuda, opencl any) []gpuBackend {
	list := func(v any) func() ([]gpu.Device, error) {
		return func() ([]gpu.Device, error) {
			if err, bad := v.(error); bad {
				return nil, err
			}
			return v.([]gpu.Device), nil
		}
	}
	open := func(int, gpu.Options) (hash.Searcher, error) { return nil, errors.New("out of memory") }
	return []gpuBackend{{"cuda", list(cuda), open}, {"opencl", list(opencl), open}}
}

func device(backend string, index int, kind gpu.Kind, name, bus string) gpu.Device {
	return gpu.Device{Backend: backend, Index: index, Kind: kind, Name: name, Bus: bus}
}

// oneRig has two NVIDIA cards that both back ends know, in another order, an AMD
// card, and a processor.
func oneRig() []gpuBackend {
	return fakeBackends(
		[]gpu.Device{device("cuda", 0, gpu.Card, "T4", "0000:01:00.0"), device("cuda", 1, gpu.Card, "T4", "0000:02:00.0")},
		[]gpu.Device{
			device("opencl", 0, gpu.Processor, "PoCL", ""), device("opencl", 1, gpu.Card, "T4", "0000:02:00.0"),
			device("opencl", 2, gpu.Card, "T4", "0000:01:00.0"), device("opencl", 3, gpu.Card, "gfx90c", "0000:03:00.0"),
		})
}

func titles(cards []card) (out []string) {
	for _, c := range cards {
		out = append(out, fmt.Sprint(c.Backend, " ", c.Index))
	}
	return out
}

func TestChoosingCards(t *testing.T) {
	for _, c := range []struct {
		flags    gpuFlags
		backends []gpuBackend
		want     []string
		notes    []string
	}{
		{gpuFlags{}, oneRig(), nil, nil},
		{gpuFlags{opencl: true}, oneRig(), []string{"opencl 1", "opencl 2", "opencl 3"}, nil},
		{gpuFlags{cuda: true}, oneRig(), []string{"cuda 0", "cuda 1"}, nil},
		{gpuFlags{cuda: true, opencl: true, noCPU: true}, oneRig(), []string{"cuda 0", "cuda 1", "opencl 3"}, nil},
		{gpuFlags{cuda: true, openclDevices: "1"}, oneRig(), []string{"cuda 0", "opencl 1"}, nil},
		{gpuFlags{cudaDevices: "1", opencl: true}, oneRig(), []string{"cuda 1", "opencl 2", "opencl 3"}, nil},
		{gpuFlags{openclDevices: "3, 0"}, oneRig(), []string{"opencl 3", "opencl 0"}, nil},
		{gpuFlags{openclDevices: "3,7"}, oneRig(), []string{"opencl 3"}, []string{"OpenCL: there is no device 7; 'adit devices' lists them"}},
		{
			gpuFlags{cuda: true, opencl: true}, fakeBackends(fmt.Errorf("CUDA: cuInit failed: %w", gpu.ErrNoDriver), gpu.ErrNotBuilt), nil,
			[]string{
				"CUDA: cuInit failed: no driver, or no device",
				"OpenCL: this adit was built without it; with its headers installed, 'make build' makes one that has it",
			},
		},
		{
			gpuFlags{cuda: true, opencl: true}, fakeBackends(errors.New("broken"), oneRig()[1].must(t)),
			[]string{"opencl 1", "opencl 2", "opencl 3"}, []string{"CUDA: broken"},
		},
		{
			gpuFlags{opencl: true}, fakeBackends(nil, []gpu.Device{device("opencl", 0, gpu.Processor, "PoCL", "")}), nil,
			[]string{"OpenCL: there is no GPU; 'adit devices' lists other devices, for --opencl-devices"},
		},
		{ // two platforms for one card
			gpuFlags{opencl: true}, fakeBackends(nil, []gpu.Device{
				device("opencl", 0, gpu.Card, "gfx", "0000:01:00.0"), device("opencl", 1, gpu.Card, "Radeon", "0000:01:00.0"),
			}), []string{"opencl 0"}, []string{"OpenCL 1 Radeon is the same card as OpenCL 0 gfx, and is not used twice"},
		},
		{ // no bus id
			gpuFlags{cuda: true, opencl: true}, fakeBackends(
				[]gpu.Device{device("cuda", 0, gpu.Card, "T4", "0000:01:00.0")}, []gpu.Device{device("opencl", 0, gpu.Card, "T4", "")}),
			[]string{"cuda 0"}, nil,
		},
	} {
		got, err := c.flags.choose(c.backends, cnPico(t), &config.File{})
		require.NoError(t, err)
		require.Equal(t, c.want, titles(got.cards), "%+v", c.flags)
		require.Equal(t, c.notes, got.notes, "%+v", c.flags)
	}
}

// must lists the devices of a back end that has some.
func (b gpuBackend) must(t *testing.T) []gpu.Device {
	t.Helper()
	list, err := b.devices()
	require.NoError(t, err)
	return list
}

func TestCardsThatCannotBeChosen(t *testing.T) {
	for _, c := range []struct {
		flags    gpuFlags
		backends []gpuBackend
		want     string
	}{
		{gpuFlags{noCPU: true}, oneRig(), "leaves nothing to mine with: add --opencl or --cuda"},
		{gpuFlags{noCPU: true, cuda: true}, fakeBackends(gpu.ErrNoDriver, nil), "--no-cpu leaves nothing to mine with: CUDA: no driver, or no device"},
		{gpuFlags{openclDevices: "x"}, oneRig(), `"x" is no number of a device`},
		{gpuFlags{openclDevices: "1,"}, oneRig(), `"" is no number`},
		{gpuFlags{cudaDevices: "-1"}, oneRig(), `"-1" is no number`},
		{gpuFlags{cudaDevices: "1,0,1"}, oneRig(), "device 1 is listed twice"},
		{gpuFlags{cudaDevices: "1", openclDevices: "1"}, oneRig(), "--opencl-devices: device 1 is the card that CUDA 1 T4 is already: name it once"},
	} {
		_, err := c.flags.choose(c.backends, cnPico(t), &config.File{})
		require.ErrorContains(t, err, c.want)
	}
}

func TestCardsOfAConfiguration(t *testing.T) {
	file, err := config.Parse([]byte(`{
		"opencl": {"cn-pico": [{"index": 3, "intensity": 64}], "cn": "nothing", "cn-lite": false},
		"cuda": {"*": [{"index": 1, "worksize": 32}]}}`))
	require.NoError(t, err)
	got, err := (&gpuFlags{cuda: true, opencl: true}).choose(oneRig(), cnPico(t), file)
	require.NoError(t, err)
	require.Equal(t, []string{"cuda 1", "opencl 3"}, titles(got.cards))
	require.Equal(t, gpu.Options{WorkSize: 32}, got.cards[0].options)
	require.Equal(t, gpu.Options{Intensity: 64}, got.cards[1].options)

	got, err = (&gpuFlags{openclDevices: "1,3"}).choose(oneRig(), cnPico(t), file)
	require.NoError(t, err)
	require.Equal(t, []string{"opencl 1", "opencl 3"}, titles(got.cards), "the command line decides which")
	require.Equal(t, gpu.Options{Intensity: 64}, got.cards[1].options, "the configuration decides how")

	lite, err := hash.Lookup("cn-lite/1")
	require.NoError(t, err)
	got, err = (&gpuFlags{opencl: true}).choose(oneRig(), lite, file)
	require.NoError(t, err)
	require.Equal(t, []string{"OpenCL: the configuration has no devices for cn-lite/1"}, got.notes)

	half, err := hash.Lookup("cn/half")
	require.NoError(t, err)
	_, err = (&gpuFlags{opencl: true}).choose(oneRig(), half, file)
	require.ErrorContains(t, err, `configuration, opencl: profile "cn" is like "nothing"`)
}

// A number means another card once one has disappeared: it must not be opened.
func TestACardThatHasDisappeared(t *testing.T) {
	rig := oneRig()
	c := card{Device: rig[1].must(t)[3], backend: rig[1]}
	_, err := c.open()
	require.EqualError(t, err, "out of memory")
	c.backend.devices = func() ([]gpu.Device, error) {
		return []gpu.Device{device("opencl", 3, gpu.Card, "T4", "0000:02:00.0")}, nil
	}
	_, err = c.open()
	require.ErrorContains(t, err, "disappeared")
	c.backend.devices = func() ([]gpu.Device, error) { return nil, gpu.ErrNoDriver }
	_, err = c.open()
	require.ErrorIs(t, err, gpu.ErrNoDriver)
}
