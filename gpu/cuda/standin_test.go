//go:build !nocuda && linux && (amd64 || arm64)

package cuda

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/kernels/cl"
)

// standin is a library that behaves as the driver's does; see
// testdata/standin.c.
type standin struct {
	path string

	Fail     func(call string, code, after int32)
	Cards    func(count, capability int32, free uint64)
	Plant    func(item uint32)
	Say      func(log string)
	Wrong    func() string
	Launched func() string
	Image    func() string
	Live     func() int32
}

// compile makes the stand-in's library, once.
var compile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "adit-standin")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	kernel, err := cl.Source("eaglesong.cl")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "eaglesong.c"), []byte(kernel), 0o600); err != nil {
		return nil, err
	}
	out := filepath.Join(dir, "libcuda.so")
	cmd := exec.Command("gcc", "-O1", "-shared", "-fPIC", "-pthread", "-I"+dir, "testdata/standin.c", "-o", out)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
})

// newStandin gives a test a library of its own, and judges in the end how it
// was used.
func newStandin(t *testing.T) *standin {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil && os.Getenv("ADIT_REQUIRE_REAL") == "" {
		t.Skip("the stand-in for NVIDIA's driver needs gcc: apt-get install gcc libc6-dev")
	}
	library, err := compile()
	require.NoError(t, err)
	s := &standin{path: filepath.Join(t.TempDir(), "libcuda.so")}
	require.NoError(t, os.WriteFile(s.path, library, 0o700))
	handle, err := openLibrary(s.path)
	require.NoError(t, err)
	for name, function := range map[string]any{
		"fail": &s.Fail, "cards": &s.Cards, "plant": &s.Plant, "say": &s.Say,
		"wrong": &s.Wrong, "launched": &s.Launched, "image": &s.Image, "live": &s.Live,
	} {
		purego.RegisterLibFunc(function, handle, "standin_"+name)
	}
	t.Cleanup(func() {
		require.Empty(t, s.Wrong(), "the driver was used wrongly")
		require.Zero(t, s.Live(), "contexts, streams, modules or buffers were not given up")
	})
	return s
}

func (s *standin) load(t *testing.T) *driver {
	t.Helper()
	d, err := load(s.path)
	require.NoError(t, err)
	return d
}
