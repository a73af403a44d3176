//go:build linux

package bench

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a child.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Scanner
	ended bool
}

// start runs this test binary as a child until it is killed, or the test ends.
func start(t testing.TB, r role) *process {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err)
	p := &process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+string(text))
	p.cmd.Stderr = os.Stderr
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, 64<<20)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	return p
}

// hear reads the child's next line.
func (p *process) hear(v any) {
	p.t.Helper()
	require.True(p.t, p.out.Scan(), "a child has ended: %v", p.out.Err())
	require.NoError(p.t, json.Unmarshal(p.out.Bytes(), v), "%s", p.out.Text())
}

// kill ends the child as a power cut would, and waits for it.
func (p *process) kill() {
	if p.ended {
		return
	}
	p.ended = true
	p.cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	p.cmd.Wait()         //nolint:errcheck // killed
}

// startPool runs a pool and returns its address and how long it took to be
// ready.
func startPool(t testing.TB, r poolRole) (p *process, address string, took time.Duration) {
	t.Helper()
	began := time.Now()
	p = start(t, role{Pool: &r})
	var h hello
	p.hear(&h)
	return p, h.Address, time.Since(began)
}
