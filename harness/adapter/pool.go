package adapter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aditmine/adit/harness/conform"
)

// defaultWait is how long a command may take, and a pool to open its port.
const defaultWait = 30 * time.Second

// maxOutput is how much of a command's output is kept, in bytes.
const maxOutput = 4 << 20

// signals are the signals that a pool may be stopped with.
func signals() map[string]os.Signal {
	return map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt}
}

// Pool runs the pool of an adapter. It is used by one goroutine at a time.
type Pool struct {
	a    *Adapter
	dir  string
	vars map[string]string

	cmd    *exec.Cmd // nil while it does not run
	ended  chan struct{}
	output tail
}

var _ interface {
	conform.Control
	conform.Ledger
} = (*Pool)(nil)

// NewPool makes a pool that keeps its files in dir. In the adapter's commands
// and files ${DIR} stands for that folder, and the names in vars for their
// values.
func NewPool(a *Adapter, dir string, vars map[string]string) *Pool {
	p := &Pool{a: a, dir: dir, vars: map[string]string{"DIR": dir, "TARGET": a.Target}}
	for name, value := range vars {
		p.vars[name] = value
	}
	return p
}

// expand fills in the variables; what is no variable stays as it is.
func (p *Pool) expand(s string) string {
	for name, value := range p.vars {
		s = strings.ReplaceAll(s, "${"+name+"}", value)
	}
	return s
}

// Start starts the pool and waits until its port is open.
func (p *Pool) Start(ctx context.Context) error {
	if err := p.Launch(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wait(p.a.Start.Ready))
	defer cancel()
	for {
		if nc, err := new(net.Dialer).DialContext(ctx, "tcp", p.a.Target); err == nil {
			_ = nc.Close() // only a look
			return nil
		}
		select {
		case <-p.ended:
			p.cmd = nil
			return fmt.Errorf("starting %s: it ended by itself: %s", p.a.Name, p.output.last())
		case <-ctx.Done():
			return fmt.Errorf("starting %s: nothing listens at %s: %s", p.a.Name, p.a.Target, p.output.last())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Launch starts the pool and does not wait for it.
func (p *Pool) Launch(ctx context.Context) error {
	switch {
	case p.a.Start == nil:
		return fmt.Errorf("the adapter of %s does not say how to start it", p.a.Name)
	case p.cmd != nil:
		return fmt.Errorf("%s runs already", p.a.Name)
	}
	if err := p.write(); err != nil {
		return err
	}
	cmd := p.command(context.WithoutCancel(ctx), p.a.Start)
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.a.Name, err)
	}
	p.cmd, p.ended = cmd, make(chan struct{})
	ended := p.ended
	go func() {
		_ = cmd.Wait() // how it ended shows in its output
		close(ended)
	}()
	return nil
}

// write writes the adapter's files.
func (p *Pool) write() error {
	for name, text := range p.a.Files {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(p.expand(text)), 0o600); err != nil {
			return fmt.Errorf("preparing %s: %w", p.a.Name, err)
		}
	}
	return nil
}

func (p *Pool) command(ctx context.Context, c *Command) *exec.Cmd {
	var args []string
	for _, arg := range c.Run {
		args = append(args, p.expand(arg))
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	if cmd.Dir = p.dir; c.Dir != "" {
		cmd.Dir = p.expand(c.Dir)
	}
	cmd.Env = os.Environ()
	for name, value := range c.Env {
		cmd.Env = append(cmd.Env, name+"="+p.expand(value))
	}
	return cmd
}

// Stop ends the pool in an orderly way.
func (p *Pool) Stop(ctx context.Context) error {
	if p.cmd == nil {
		return nil
	}
	stop := p.a.Stop
	if stop == nil {
		stop = &Stop{Signal: "TERM"}
	}
	if stop.Command != nil {
		if _, err := p.printed(ctx, stop.Command); err != nil {
			return fmt.Errorf("stopping %s: %w", p.a.Name, err)
		}
	} else if err := p.cmd.Process.Signal(signals()[stop.Signal]); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.a.Name, err)
	}
	select {
	case <-p.ended:
		p.cmd = nil
		return nil
	case <-ctx.Done():
	case <-time.After(wait(stop.Wait)):
	}
	return errors.Join(fmt.Errorf("%s did not end within %v and was killed: %s", p.a.Name, wait(stop.Wait), p.output.last()), p.Kill(ctx))
}

// Kill ends the pool at once.
func (p *Pool) Kill(context.Context) error {
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing %s: %w", p.a.Name, err)
	}
	<-p.ended
	p.cmd = nil
	return nil
}

// Shift moves the pool's clock by whole seconds.
func (p *Pool) Shift(ctx context.Context, d time.Duration) error {
	if p.a.Clock == nil {
		return fmt.Errorf("the adapter of %s does not say how to move its clock", p.a.Name)
	}
	p.vars["SECONDS"] = strconv.FormatInt(int64(d/time.Second), 10)
	if _, err := p.printed(ctx, p.a.Clock); err != nil {
		return fmt.Errorf("moving the clock of %s: %w", p.a.Name, err)
	}
	return nil
}

// Reset makes the pool forget everything and prepares its next start; it must
// not run.
func (p *Pool) Reset(ctx context.Context) error {
	if p.a.Reset != nil {
		if _, err := p.printed(ctx, p.a.Reset); err != nil {
			return fmt.Errorf("resetting %s: %w", p.a.Name, err)
		}
	}
	if p.a.Prepare != nil {
		if _, err := p.printed(ctx, p.a.Prepare); err != nil {
			return fmt.Errorf("preparing %s: %w", p.a.Name, err)
		}
	}
	return nil
}

// printed runs a command to its end and returns what it printed.
func (p *Pool) printed(ctx context.Context, c *Command) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, wait(c.Ready))
	defer cancel()
	cmd := p.command(ctx, c)
	var said tail
	out := &limited{most: maxOutput}
	cmd.Stdout, cmd.Stderr = out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", cmd.Path, err, said.last())
	}
	if out.over {
		return nil, fmt.Errorf("%s printed more than %d bytes", cmd.Path, maxOutput)
	}
	return out.data, nil
}

func wait(d time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return defaultWait
}

// tail keeps the end of what a program printed.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const most = 256 << 10
	t.data = append(t.data, b...)
	if len(t.data) > 2*most {
		t.data = append([]byte(nil), t.data[len(t.data)-most:]...)
	}
	return len(b), nil
}

// text is what is left of all that was printed.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}

// last is the last line that is not empty.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.data)), "\n")
	if text := lines[len(lines)-1]; text != "" {
		return text
	}
	return "it printed nothing"
}

// limited keeps what is written up to a bound.
type limited struct {
	most int
	data []byte
	over bool
}

var _ io.Writer = (*limited)(nil)

func (l *limited) Write(b []byte) (int, error) {
	room := l.most - len(l.data)
	l.over = l.over || len(b) > room
	l.data = append(l.data, b[:min(room, len(b))]...)
	return len(b), nil
}
