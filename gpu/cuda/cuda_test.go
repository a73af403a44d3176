//go:build !nocuda && linux && (amd64 || arm64)

package cuda

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

func work(t *testing.T, name string, offset, size int, target byte) *hash.Work {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	w := &hash.Work{Algorithm: a, Blob: make([]byte, 76), Height: 1788000, NonceOffset: offset, NonceSize: size}
	if a.Family != hash.CryptoNight {
		w.Blob = w.Blob[:48]
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range w.Blob {
		w.Blob[i] = byte(rng.Uint32())
	}
	for i := range w.Target {
		w.Target[i] = 0xff
	}
	w.Target[0] = target
	return w
}

// small keeps what a batch needs small.
var small = gpu.Options{WorkSize: 8, Intensity: 16, Leave: 1}

func open(t *testing.T, d *driver, index int, o gpu.Options) hash.Searcher {
	t.Helper()
	s, err := d.newSearcher(index, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestDevices(t *testing.T) {
	list, err := newStandin(t).load(t).devices()
	require.NoError(t, err)
	require.Equal(t, []gpu.Device{
		{Backend: "cuda", Index: 0, Kind: gpu.Card, Name: "Stand-in 0", Vendor: "NVIDIA", Driver: "CUDA 12.4", Bus: "0000:0a:00.0", Memory: 8 << 30, MaxAlloc: 8 << 30, Units: 4},
		{Backend: "cuda", Index: 1, Kind: gpu.Card, Name: "Stand-in 1", Vendor: "NVIDIA", Driver: "CUDA 12.4", Bus: "0000:0b:00.0", Memory: 8 << 30, MaxAlloc: 8 << 30, Units: 4},
	}, list)
}

func TestNothingToUse(t *testing.T) {
	_, err := load(filepath.Join(t.TempDir(), "libnone.so.1"))
	requireLine(t, err, gpu.ErrNoDriver, "NVIDIA's driver library cannot be loaded", "libnone.so.1")

	s := newStandin(t)
	s.Cards(0, 86, 0)
	_, err = s.load(t).devices()
	requireLine(t, err, gpu.ErrNoDriver, "CUDA")

	s = newStandin(t)
	s.Fail("cuInit", 999, 0)
	_, err = load(s.path)
	requireLine(t, err, gpu.ErrNoDriver, "does not start", "cuInit: CUDA_ERROR_UNKNOWN (999)")

	s = newStandin(t)
	s.Fail("cuDeviceGetCount", 100, 0)
	_, err = s.load(t).devices()
	requireLine(t, err, gpu.ErrNoDriver, "CUDA_ERROR_NO_DEVICE (100)")
}

// A library without the functions is a driver that cannot be used.
func TestStrangeLibrary(t *testing.T) {
	newStandin(t) // for its skip
	dir := t.TempDir()
	source := filepath.Join(dir, "empty.c")
	require.NoError(t, os.WriteFile(source, []byte("int nothing;\n"), 0o600))
	require.NoError(t, exec.Command("gcc", "-shared", "-fPIC", source, "-o", filepath.Join(dir, "libcuda.so")).Run())
	_, err := load(filepath.Join(dir, "libcuda.so"))
	requireLine(t, err, gpu.ErrNoDriver, "too old")
}

func requireLine(t *testing.T, err, is error, parts ...string) {
	t.Helper()
	require.Error(t, err)
	if is != nil {
		require.ErrorIs(t, err, is)
	}
	require.NotContains(t, err.Error(), "\n")
	for _, part := range parts {
		require.ErrorContains(t, err, part)
	}
}

func TestRefusals(t *testing.T) {
	s := newStandin(t)
	d := s.load(t)
	_, err := d.newSearcher(2, gpu.Options{})
	requireLine(t, err, nil, "there is no CUDA device 2")
	s.Cards(1, 35, 0)
	_, err = d.newSearcher(0, gpu.Options{})
	requireLine(t, err, nil, "cuda 0 (Stand-in 0)", "compute capability is 3.5; the kernels need 5.0")
	_, err = NewSearcher(0, gpu.Options{WorkSize: 3})
	requireLine(t, err, nil, "work size 3")
}

// The stand-in runs the kernel of Eaglesong: what it finds is what the
// processor finds, wherever the nonce lies.
func TestEaglesongFindsWhatTheProcessorFinds(t *testing.T) {
	d := newStandin(t).load(t)
	reference, err := cpu.NewSearcher(cpu.SearcherOptions{})
	require.NoError(t, err)
	defer reference.Close()
	for _, options := range []gpu.Options{{}, {WorkSize: 256, Intensity: 1000}} {
		s := open(t, d, 0, options)
		for _, place := range [][2]int{{32, 8}, {33, 4}, {39, 3}, {44, 4}} {
			w := work(t, "eaglesong", place[0], place[1], 2)
			require.NoError(t, s.SetWork(w))
			require.NoError(t, reference.SetWork(w))
			for _, start := range []uint64{0, 1<<(8*place[1]) - 100, 0xfff0} {
				require.Equal(t, searchAll(t, reference, start, 4000), searchAll(t, s, start, 4000), "nonce at %v from %#x", place, start)
			}
		}
	}
}

// searchAll tries count nonces, or all that are left.
func searchAll(t *testing.T, s hash.Searcher, start, count uint64) (hits []hash.Hit) {
	t.Helper()
	for count > 0 {
		var done uint64
		var err error
		if hits, done, err = s.Search(start, count, hits); err != nil {
			require.ErrorContains(t, err, "does not fit")
			return hits
		}
		require.Positive(t, done)
		start, count = start+done, count-done
		if start == 0 {
			return hits
		}
	}
	return hits
}

// Hits that the device has come back with their nonces, from each batch, for
// all algorithms; the PTX is complete.
func TestCryptoNightHits(t *testing.T) {
	library := newStandin(t)
	d := library.load(t)
	for _, item := range []uint32{3, 15, 200} {
		library.Plant(item)
	}
	for _, a := range hash.All() {
		if a.Family != hash.CryptoNight {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			s := open(t, d, 1, small)
			require.NoError(t, s.SetWork(work(t, a.Name, 39, 4, 0)))
			require.Equal(t, 16, s.Info().Lanes)
			hits, done, err := s.Search(1000, 16+5, nil)
			require.NoError(t, err)
			require.EqualValues(t, 16+5, done)
			var nonces []uint64
			for _, h := range hits {
				nonces = append(nonces, h.Nonce)
			}
			require.Equal(t, []uint64{1003, 1015, 1016 + 3}, nonces)
			require.NotContains(t, library.Image(), "ADIT_PROGRAM")
		})
	}
	require.Contains(t, library.Launched(), "cn_prepare 16/8\ncn_fill 128/64\ncn_loop 16/8\ncn_drain 128/64\ncn_finish 16/8\n"+
		"cn_prepare 8/8\ncn_fill 64/64\n")
}

// The program of each height is another, and that of the next is built ahead.
func TestHeights(t *testing.T) {
	library := newStandin(t)
	s := open(t, library.load(t), 0, small)
	w := work(t, "cn/r", 39, 4, 0)
	seen := map[string]bool{}
	for _, height := range []uint64{1788000, 1788001, 1788001, 1788002, 1788001, 1790000} {
		w.Height = height
		require.NoError(t, s.SetWork(w))
		_, done, err := s.Search(0, 16, nil)
		require.NoError(t, err)
		require.EqualValues(t, 16, done)
		seen[library.Image()] = true
	}
	require.NoError(t, s.Close())
	require.Greater(t, len(seen), 1)
}

// Every call fails once, at each of the times it is made: that gives one clear
// line, the other card goes on, and nothing is left behind.
func TestEveryFailure(t *testing.T) {
	for _, c := range []struct {
		call string
		code int32
		want string
	}{
		{"cuCtxCreate", 2, "CUDA_ERROR_OUT_OF_MEMORY (2): out of memory; end other programs on the card"},
		{"cuMemGetInfo", 999, "CUDA_ERROR_UNKNOWN (999)"},
		{"cuMemAlloc", 2, "bytes of memory: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2)"},
		{"cuStreamCreate", 2, "cuStreamCreate"},
		{"cuModuleLoadDataEx", 218, "CUDA_ERROR_INVALID_PTX (218); a newer NVIDIA driver may help; the driver's compiler says: line 7: no such thing"},
		{"cuModuleGetFunction", 500, "kernel"},
		{"cuMemcpyHtoDAsync", 719, "CUDA_ERROR_LAUNCH_FAILED (719)"},
		{"cuLaunchKernel", 701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701); set a smaller work size"},
		{"cuStreamSynchronize", 719, "CUDA_ERROR_LAUNCH_FAILED (719)"},
		{"cuStreamSynchronize", 999, "CUDA_ERROR_UNKNOWN (999)"},
		{"cuMemcpyDtoHAsync", 719, "CUDA_ERROR_LAUNCH_FAILED (719)"},
	} {
		t.Run(c.call, func(t *testing.T) {
			for after := int32(0); ; after++ {
				require.Less(t, after, int32(60))
				if !failsOnce(t, c.call, c.code, after, c.want) {
					require.Positive(t, after, "it is never called")
					return
				}
			}
		})
	}
}

// failsOnce searches with a card whose library fails once, and reports whether
// that was seen.
func failsOnce(t *testing.T, call string, code, after int32, want string) bool {
	library := newStandin(t)
	library.Say("line 7: no such thing\nmore")
	d := library.load(t)
	other := open(t, d, 1, small)
	require.NoError(t, other.SetWork(work(t, "cn/upx2", 39, 4, 0)))
	library.Fail(call, code, after)
	err := searchOnce(t, d)
	_, done, otherErr := other.Search(0, 20, nil)
	if otherErr == nil {
		require.EqualValues(t, 20, done)
	}
	require.NoError(t, other.Close())
	switch {
	case err != nil:
		requireLine(t, err, nil, "cuda 0 (Stand-in 0)", want)
		require.NoError(t, otherErr, "the other card fails too")
		return true
	case otherErr != nil:
		return false // the calls of the first card were too few
	}
	return false
}

// searchOnce uses a card for all kinds of work.
func searchOnce(t *testing.T, d *driver) error {
	s, err := d.newSearcher(0, small)
	if err != nil {
		return err
	}
	defer func() { require.NoError(t, s.Close()) }()
	for _, name := range []string{"eaglesong", "cn/upx2"} {
		w := work(t, name, 39, 4, 0)
		if name == "eaglesong" {
			w.NonceOffset = 40
		}
		if err := s.SetWork(w); err != nil {
			return err
		}
		if _, _, err := s.Search(0, 40, nil); err != nil {
			return err
		}
	}
	return nil
}

// Searchers of several goroutines, which move between threads, each use their
// own context.
func TestManyAtOnce(t *testing.T) {
	library := newStandin(t)
	d := library.load(t)
	var wait sync.WaitGroup
	for i := range 4 {
		s := open(t, d, i%2, small)
		w := work(t, []string{"eaglesong", "cn/r"}[i/2], 40-i/2, 4, 0)
		wait.Go(func() {
			for round := range uint64(5) {
				w.Height = 1788000 + round
				if err := s.SetWork(w); err != nil {
					t.Error(err)
				}
				if _, _, err := s.Search(0, 40, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestTooLittleMemory(t *testing.T) {
	library := newStandin(t)
	library.Cards(1, 86, 300<<20)
	s := open(t, library.load(t), 0, gpu.Options{})
	err := s.SetWork(work(t, "cn-heavy/0", 39, 4, 0))
	requireLine(t, err, nil, "300 MiB of free memory are too little for two batches of cn-heavy/0")
	require.NoError(t, s.SetWork(work(t, "eaglesong", 32, 8, 0)), "what needs less goes on")
}

func TestErrorOfAnUnknownCode(t *testing.T) {
	err := newStandin(t).load(t).check("cuInit", 12345)
	require.EqualError(t, err, "cuInit: CUDA error (12345)")
	require.False(t, strings.Contains((&Error{Code: 1, Name: "A", Call: "b"}).Error(), ";"))
}
