package tui

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	// Before bubbletea starts: see the package.
	_ "github.com/aditmine/adit/miner/tui/background"
)

// NewRenderer makes a renderer for a terminal that is not asked anything:
// colours follow the environment (TERM, COLORTERM, NO_COLOR), or there are
// none.
func NewRenderer(w io.Writer, color bool) *lipgloss.Renderer {
	r := lipgloss.NewRenderer(w, termenv.WithTTY(true))
	r.SetHasDarkBackground(true)
	if color {
		r.SetColorProfile(r.Output().EnvColorProfile())
	} else {
		r.SetColorProfile(termenv.Ascii)
	}
	return r
}

func plainRenderer() *lipgloss.Renderer { return NewRenderer(io.Discard, false) }

// Run shows the dashboard until the user quits or ctx ends; both return nil.
// in and out must be a terminal.
func Run(ctx context.Context, source Source, opts Options, in io.Reader, out io.Writer) error {
	p := tea.NewProgram(New(source, opts), tea.WithInput(in), tea.WithOutput(out),
		tea.WithAltScreen(), tea.WithoutSignalHandler())
	stop := context.AfterFunc(ctx, p.Quit)
	defer stop()
	if _, err := p.Run(); err != nil && !errors.Is(err, tea.ErrInterrupted) {
		return fmt.Errorf("showing the dashboard: %w", err)
	}
	return nil
}
