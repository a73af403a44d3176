package tui

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// childEnv makes the test binary run a dashboard on its terminal.
const childEnv = "ADIT_TEST_DASHBOARD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	source := &fakeSource{snap: busy(2)}
	err := Run(ctx, source, Options{Version: "test", Renderer: NewRenderer(os.Stdout, true)}, os.Stdin, os.Stdout)
	fmt.Println("ended with", err, "after", source.pauses, "pauses")
}

// screenOf collects what a program writes to its terminal.
type screenOf struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (s *screenOf) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *screenOf) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// openTerminal makes a pseudo terminal of 80x24: keys go into one end, the
// program gets the other.
func openTerminal(t *testing.T) (keys, program *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { keys.Close() })
	fd := int(keys.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}))
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	return keys, program
}

// TestOnATerminal runs a real dashboard: it draws, obeys keys, leaves the
// terminal as it was, and never asks the terminal anything.
func TestOnATerminal(t *testing.T) {
	keys, program := openTerminal(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1", "TERM=xterm-256color", "NO_COLOR=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	started := time.Now()
	require.NoError(t, cmd.Start())
	require.NoError(t, program.Close())
	t.Cleanup(func() { _ = cmd.Process.Kill() })

	var screen screenOf
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := keys.Read(buf)
			_, _ = screen.Write(buf[:n])
			if err != nil {
				return // the program has ended
			}
		}
	}()
	await := func(what string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(ansi.Strip(screen.text()), what) },
			20*time.Second, 10*time.Millisecond, "waiting for %q", what)
	}
	press := func(key string) {
		t.Helper()
		_, err := keys.WriteString(key)
		require.NoError(t, err)
	}
	await("pool.example.org:3333")
	press("p")
	await("paused")
	press("?")
	await("back to the dashboard")
	press("q")
	await("ended with <nil> after 1 pauses")
	require.NoError(t, cmd.Wait())

	out := screen.text()
	require.Contains(t, out, "\x1b[?1049h", "the alternate screen is entered")
	require.Contains(t, out, "\x1b[?1049l", "and left")
	require.NotContains(t, out, "\x1b]11", "the background colour is not asked for")
	require.NotContains(t, out, "\x1b[6n", "nor the cursor's position")
	require.Less(t, time.Since(started), 20*time.Second)
}
