package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/miner"
)

// The smallest terminal the dashboard fits in.
const (
	MinWidth  = 60
	MinHeight = 16
)

// refreshEvery is how often the dashboard reads a snapshot.
const refreshEvery = time.Second / 4

// Source is the engine as the dashboard needs it; *miner.Engine is one.
type Source interface {
	Snapshot() miner.Snapshot
	Pause()
	Resume()
}

// Options adjust the dashboard.
type Options struct {
	// Version is shown in the title bar.
	Version string
	// ASCII draws without characters beyond ASCII.
	ASCII bool
	// Renderer carries the terminal's colours; nil is one without any.
	Renderer *lipgloss.Renderer
	// Extra gives lines to show above the key help, such as where a demo's
	// pool listens. It is called at every refresh, from the dashboard's own
	// goroutine, and must not block. Nil is none.
	Extra func() []string
	// Sensors is what the cards' sensors tell; it must not block. Nil is none.
	Sensors func() telemetry.Snapshot
}

// page is what fills the screen below the hash rate.
type page uint8

const (
	pageMain page = iota
	pageRates
	pageResults
	pageConnection
	pageCards
	pageHelp
)

// tick asks for a refresh.
type tick time.Time

// Model is the dashboard's state, a bubbletea model. Make one with New.
type Model struct {
	source Source
	opts   Options
	theme  *theme

	width, height int
	page          page
	scroll        int
	snap          miner.Snapshot
	extra         []string
	cards         []telemetry.State
}

// New makes a dashboard for a source; its size comes from the terminal.
func New(source Source, opts Options) Model {
	if opts.Renderer == nil {
		opts.Renderer = plainRenderer()
	}
	m := Model{source: source, opts: opts, theme: newTheme(opts.Renderer, opts.ASCII)}
	return m.refresh()
}

// refresh reads the source.
func (m Model) refresh() Model {
	m.snap = m.source.Snapshot()
	m.extra = nil
	if m.opts.Extra != nil {
		m.extra = m.opts.Extra()
	}
	m.cards = nil
	if m.opts.Sensors != nil {
		m.cards = m.opts.Sensors().Cards
	}
	return m
}

func nextTick() tea.Cmd {
	return tea.Tick(refreshEvery, func(t time.Time) tea.Msg { return tick(t) })
}

// Init starts the refreshing.
func (m Model) Init() tea.Cmd { return nextTick() }

// Update handles a key, a new size or a tick.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tick:
		return m.refresh(), nextTick()
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.scroll = min(m.scroll, m.lastScroll())
	case tea.KeyMsg:
		return m.keys(msg)
	}
	return m, nil
}

// keys acts on what one read of the terminal brought: strokes in quick
// succession come as one message.
func (m Model) keys(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 {
		return m.key(msg.String())
	}
	if msg.Paste {
		return m, nil // meant for another window
	}
	var next tea.Model = m
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		var cmd tea.Cmd
		next, cmd = next.(Model).key(string(r))
		cmds = append(cmds, cmd)
	}
	return next, tea.Batch(cmds...)
}

// key acts on a key stroke. A page's key pressed again leads back.
func (m Model) key(key string) (tea.Model, tea.Cmd) {
	switch key {
	case "q", "Q", "ctrl+c":
		return m, tea.Quit
	case "ctrl+z":
		return m, tea.Suspend
	case "p", "P":
		m.source.Pause()
		return m.refresh(), nil
	case "r", "R":
		m.source.Resume()
		return m.refresh(), nil
	case "h", "H":
		return m.open(pageRates), nil
	case "s", "S":
		return m.open(pageResults), nil
	case "c", "C":
		return m.open(pageConnection), nil
	case "g", "G":
		return m.open(pageCards), nil
	case "?":
		return m.open(pageHelp), nil
	case "esc", "backspace":
		return m.open(pageMain), nil
	case "up", "k":
		m.scroll = max(m.scroll-1, 0)
	case "down", "j":
		m.scroll = min(m.scroll+1, m.lastScroll())
	}
	return m, nil
}

// open shows a page, or the main one when it is shown already.
func (m Model) open(p page) Model {
	if m.page == p {
		p = pageMain
	}
	m.page, m.scroll = p, 0
	return m
}
