package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/miner"
)

// TestMineGoesOnWithWhatWorks mines with one card, the processor in disguise,
// while another back end has no driver and a card is not there.
func TestMineGoesOnWithWhatWorks(t *testing.T) {
	p := newScriptedPool(t, "cn/upx2")
	backends := fakeBackends([]gpu.Device{device("cuda", 0, gpu.Card, "Disguise", "0000:01:00.0")}, gpu.ErrNoDriver)
	var options gpu.Options
	backends[0].open = func(_ int, o gpu.Options) (hash.Searcher, error) {
		options = o
		return cpu.NewSearcher(cpu.SearcherOptions{})
	}
	var out bytes.Buffer
	cmd := mineCmd(backends)
	cmd.SetArgs([]string{"-o", p.listener.Addr().String(), "-u", "w", "-a", "cn/upx2", "--no-cpu", "--cuda-devices", "0,5", "--opencl", "--shares", "2",
		"-c", writeConfig(t, `{"cuda": {"cn/upx2": [{"index": 0, "intensity": 77}]}}`)})
	cmd.SetIn(strings.NewReader(""))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	require.NoError(t, cmd.ExecuteContext(t.Context()))
	p.requireFine(2)
	require.Equal(t, 77, options.Intensity)
	for _, want := range []string{
		" * THREADS      none\n", " * CUDA         0 Disguise, 0 units, 0000:01:00.0, intensity 77\n",
		" * NOT USED     CUDA: there is no device 5; 'adit devices' lists them\n",
		" * NOT USED     OpenCL: no driver, or no device\n",
		"miner   OpenCL: no driver, or no device\n", "accepted (2/0)",
	} {
		require.Contains(t, out.String(), want)
	}
}

func TestADroppedDeviceHasAnExitStatus(t *testing.T) {
	var errs bytes.Buffer
	err := exitFor(fmt.Errorf("mining: %w", &miner.DroppedError{Device: "CUDA 0 T4", Reason: "out of memory", Last: true}))
	require.Equal(t, exitDropped, exitStatus(t.Context(), err, &errs))
	require.Equal(t, "adit: mining: nothing is left to mine with; the last was CUDA 0 T4: out of memory\n", errs.String())
	require.Equal(t, exitFailure, exitStatus(t.Context(), exitFor(errors.New("x")), &errs))
	require.NoError(t, exitFor(nil))
}

func TestUnsuitedWorkIsNoTrouble(t *testing.T) {
	require.True(t, unsuited(fmt.Errorf("x: %w", gpu.ErrNoKernel)))
	require.True(t, unsuited(fmt.Errorf("x: %w", &hash.InputError{})))
	require.False(t, unsuited(errors.New("out of memory")))
}
