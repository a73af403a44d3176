//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// need skips the test, or fails it where everything is required, when one of
// the programs is not on this machine.
func need(t *testing.T, programs ...string) {
	t.Helper()
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	switch {
	case len(missing) == 0:
	case os.Getenv("ADIT_REQUIRE_REAL") == "1":
		t.Fatalf("missing %v, and ADIT_REQUIRE_REAL=1", missing)
	default:
		t.Skipf("skipped for want of %v (apt-get install monero)", missing)
	}
}

// proc is a program under test with its output kept.
type proc struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error

	mu   sync.Mutex
	out  bytes.Buffer
	more chan struct{}
}

// start runs a program until the test ends. Its output is shown when the test
// fails.
func start(t *testing.T, name, program string, args ...string) *proc {
	t.Helper()
	p := &proc{name: name, done: make(chan struct{}), more: make(chan struct{}, 1)}
	p.cmd = exec.Command(program, args...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it must not outlive a test that is killed
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.cmd.Stderr = p.cmd.Stdout
	require.NoError(t, p.cmd.Start(), "starting %s", name)
	go p.collect(stdout)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("last output of %s:\n%s", name, p.tail(60))
		}
	})
	return p
}

func (p *proc) collect(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.out.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

func (p *proc) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *proc) tail(n int) string {
	lines := bytes.Split([]byte(p.output()), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}

func (p *proc) kill() {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// interrupt asks the program to end, as Ctrl-C does, and returns how it ended.
func (p *proc) interrupt(t *testing.T, within time.Duration) error {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	return p.wait(t, within)
}

// wait waits for the program to end by itself.
func (p *proc) wait(t *testing.T, within time.Duration) error {
	t.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(within):
		t.Fatalf("%s did not end within %v; last output:\n%s", p.name, within, p.tail(30))
		return nil
	}
}

// eventually polls until check returns nil, and fails with its last error.
func eventually(t *testing.T, within time.Duration, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v: %v", what, within, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// listening waits until something accepts connections at addr.
func (p *proc) listening(t *testing.T, addr string) {
	t.Helper()
	eventually(t, 60*time.Second, p.name+" listening", func(context.Context) error {
		select {
		case <-p.done:
			t.Fatalf("%s ended early (%v):\n%s", p.name, p.err, p.tail(30))
		default:
		}
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err
	})
}

// freePort returns a loopback address nobody listens on at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(fmt.Sprintf("BUG: %q is no address", addr))
	}
	return port
}

// adit returns the path of the binary under test, built from this tree.
func adit(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "adit")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/adit").CombinedOutput()
	require.NoError(t, err, "building adit: %s", out)
	return path
}

// runAdit runs one command to its end and returns what it printed to stdout.
func runAdit(t *testing.T, binary string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "adit %v: %s%s", args, out, stderr.String())
	return string(out)
}
