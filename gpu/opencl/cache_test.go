//go:build opencl && cgo

package opencl

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jgillich/go-opencl/cl"
	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/internal/kernelcache"
)

// TestMain keeps the user's own cache away from the tests.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "adit-test-cache")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", folder)
	status := m.Run()
	os.RemoveAll(folder)
	os.Exit(status)
}

const addOne = "__kernel void add_one(__global uint *data) { data[get_global_id(0)] += 1; }\n"

// runAddOne reports whether a program does what its source says.
func runAddOne(t *testing.T, ctx *cl.Context, device *cl.Device, program *cl.Program) {
	t.Helper()
	kernel, err := program.CreateKernel("add_one")
	require.NoError(t, err)
	defer kernel.Release()
	queue, err := ctx.CreateCommandQueue(device, 0)
	require.NoError(t, err)
	defer queue.Release()
	buffer, err := ctx.CreateEmptyBuffer(cl.MemReadWrite, words(4))
	require.NoError(t, err)
	defer buffer.Release()
	require.NoError(t, write(queue, buffer, []uint32{1, 2, 3, 4}))
	require.NoError(t, kernel.SetArgBuffer(0, buffer))
	require.NoError(t, launch(queue, kernel, 4, 4))
	got := make([]uint32, 4)
	require.NoError(t, read(queue, buffer, got))
	require.Equal(t, []uint32{2, 3, 4, 5}, got)
}

// Programs come from the cache the second time, and a kept one that the driver
// refuses, or that was damaged, is compiled anew.
func TestProgramsAreKept(t *testing.T) {
	all, err := handles()
	if err != nil && os.Getenv("ADIT_REQUIRE_REAL") == "" {
		t.Skip("no OpenCL device: apt-get install pocl-opencl-icd")
	}
	require.NoError(t, err)
	device := all[0]
	ctx, err := cl.CreateContext(all[:1])
	require.NoError(t, err)
	defer ctx.Release()
	folder := filepath.Join(t.TempDir(), "kernels")
	cache := kernelcache.New(folder)
	use := func() {
		t.Helper()
		program, err := cachedBuild(cache, ctx, device, addOne)
		require.NoError(t, err)
		defer program.Release()
		runAddOne(t, ctx, device, program)
	}
	use()
	list, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Len(t, list, 1)
	first, err := os.ReadFile(list[0])
	require.NoError(t, err)
	use()

	key := kernelcache.Key(device.Name(), device.Vendor(), device.Version(), device.DriverVersion(), buildOptions, addOne)
	binary, ok := cache.Get(key)
	require.True(t, ok)
	program, err := load(ctx, device, binary)
	require.NoError(t, err, "the driver takes its own program back")
	runAddOne(t, ctx, device, program)
	program.Release()

	_, err = load(ctx, device, []byte("no program of any driver"))
	require.Error(t, err)
	require.NoError(t, cache.Put(key, []byte("no program of any driver")))
	use()
	again, err := os.ReadFile(list[0])
	require.NoError(t, err)
	require.Greater(t, len(again), len(first)/2, "compiled and kept again")

	require.NoError(t, os.WriteFile(list[0], first[:len(first)-1], 0o600))
	use()
	_, err = cachedBuild(cache, ctx, device, "this is no C")
	require.ErrorContains(t, err, "compiler says")
	cacheless, err := cachedBuild(nil, ctx, device, addOne)
	require.NoError(t, err)
	cacheless.Release()
}
