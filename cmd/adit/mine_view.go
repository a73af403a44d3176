package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/plain"
	"github.com/aditmine/adit/miner/tui"
)

// minerView runs a mining engine and shows what it does: as a dashboard on a
// terminal, as lines elsewhere.
type minerView struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string // os.Getenv

	noTUI, noColor, ascii bool
	speedEvery            time.Duration
	logFile               string      // "" is none
	banner                []plain.Row // printed first where lines are
	// extra gives more lines for the dashboard; see tui.Options.
	extra func() []string
	// sensors is what the cards tell; nil is none.
	sensors func() telemetry.Snapshot
}

// newMinerView shows an engine on a command's streams.
func newMinerView(cmd *cobra.Command) minerView {
	return minerView{
		stdin: cmd.InOrStdin(), stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(),
		env: os.Getenv, speedEvery: time.Minute,
	}
}

// run mines until the engine ends, the user quits or ctx ends, and then sums
// up. The engine's error is returned.
func (v minerView) run(ctx context.Context, engine *miner.Engine) error {
	file, err := v.openLog()
	if err != nil {
		return err
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	// The views outlast the engine, to show the end of it.
	shown, hide := context.WithCancel(context.WithoutCancel(ctx))
	defer hide()

	var views sync.WaitGroup
	var viewErr, logErr error
	views.Go(func() {
		defer quit() // the user has quit, or nobody can see anything
		viewErr = v.show(shown, engine)
	})
	if file != nil {
		views.Go(func() { logErr = v.log(shown, engine, file) })
	}
	err = engine.Run(ctx)
	hide()
	views.Wait()

	s := engine.Snapshot()
	sumErr := plain.Summary(v.stdout, v.color(), &s)
	if logErr != nil {
		fmt.Fprintf(v.stderr, "adit: %v (mining went on without the log)\n", logErr)
	}
	return errors.Join(err, viewErr, sumErr)
}

// show runs the dashboard, or prints lines where there can be none.
func (v minerView) show(ctx context.Context, engine *miner.Engine) error {
	if v.dashboard() {
		return tui.Run(ctx, engine, v.tuiOptions(), v.stdin, v.stdout)
	}
	if err := plain.Banner(v.stdout, v.color(), v.banner); err != nil {
		return err
	}
	return plain.Run(ctx, engine, plain.Options{Out: v.stdout, Color: v.color(), SpeedEvery: v.speedEvery})
}

// openLog opens the log file; it is nil without one.
func (v minerView) openLog() (*os.File, error) {
	if v.logFile == "" {
		return nil, nil
	}
	file, err := os.OpenFile(v.logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return file, nil
}

// log writes lines to a file until ctx ends.
func (v minerView) log(ctx context.Context, engine *miner.Engine, file *os.File) error {
	err := plain.Run(ctx, engine, plain.Options{Out: file, SpeedEvery: v.speedEvery})
	return errors.Join(err, file.Close())
}

func (v minerView) tuiOptions() tui.Options {
	return tui.Options{
		Version: version, ASCII: v.ascii || !v.unicode(), Extra: v.extra, Sensors: v.sensors,
		Renderer: tui.NewRenderer(v.stdout, v.color()),
	}
}

// dashboard reports whether a full screen can be drawn: only on a terminal
// that moves its cursor.
func (v minerView) dashboard() bool {
	return !v.noTUI && isTerminal(v.stdin) && isTerminal(v.stdout) && !v.dumb()
}

// color reports whether to use colours: on a terminal, unless NO_COLOR or the
// user says otherwise.
func (v minerView) color() bool {
	return !v.noColor && v.env("NO_COLOR") == "" && isTerminal(v.stdout) && !v.dumb()
}

func (v minerView) dumb() bool { return v.env("TERM") == "dumb" || v.env("TERM") == "" }

// unicode reports whether the locale can show more than ASCII. Without any
// locale, as in many containers, terminals can.
func (v minerView) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToUpper(v.env(name)); locale != "" {
			return strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8")
		}
	}
	return true
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
