package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aditmine/adit/gpu"
)

// Source reads the cards of one driver. It is used by one goroutine at a time.
type Source interface {
	// Read asks every card. Cards that have gone are in the answer, as lost; an
	// error is one of the driver itself. The sampler sets the readings' Time.
	Read() ([]Reading, error)
	// Close ends the use of the driver.
	Close() error
}

// Opener makes a source. Open fails with gpu.ErrNotBuilt when this binary
// cannot have it, and with gpu.ErrNoDriver when there is nothing to read.
type Opener struct {
	Name string
	Open func() (Source, error)
}

// DefaultInterval is a sensible time between two readings.
const DefaultInterval = 5 * time.Second

const (
	// reopenEvery is how often a source that could not be opened is tried
	// again: a driver may be loaded late.
	reopenEvery = time.Minute
	// patience is how long the end waits for a driver that does not answer.
	patience = 2 * time.Second
)

// ErrStuck says that a driver did not answer before the end.
var ErrStuck = errors.New("a driver does not answer: left without waiting for it")

// Sampler keeps the newest readings. Make one with NewSampler.
type Sampler struct {
	interval time.Duration
	log      *slog.Logger
	feeds    []*feed

	mu sync.Mutex // guards the feeds' status and readings
}

// feed is a source and what it said last.
type feed struct {
	opener   Opener
	source   Source // nil while not open; belongs to the feed's goroutine
	status   Status
	readings []Reading
}

// NewSampler makes a sampler; it reads nothing before Run. An interval of zero
// is DefaultInterval, a nil log drops what is said.
func NewSampler(interval time.Duration, log *slog.Logger, openers ...Opener) *Sampler {
	if interval <= 0 {
		interval = DefaultInterval
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Sampler{interval: interval, log: log}
	for _, o := range openers {
		s.feeds = append(s.feeds, &feed{opener: o, status: Status{Source: o.Name, Problem: "not read yet"}})
	}
	return s
}

// Run reads at once and then at the interval, until ctx ends, and closes the
// sources. A driver that hangs holds up nothing but its own cards; one that
// hangs at the end is left behind with ErrStuck.
func (s *Sampler) Run(ctx context.Context) error {
	var readers sync.WaitGroup
	for _, f := range s.feeds {
		readers.Go(func() { s.follow(ctx, f) })
	}
	ended := make(chan struct{})
	go func() { readers.Wait(); close(ended) }()
	select {
	case <-ended: // no source is left, or the end came at once
		<-ctx.Done()
		return nil
	case <-ctx.Done():
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-ended:
		return nil
	case <-late.C:
		return ErrStuck
	}
}

// follow reads one source until ctx ends, or until it can never be opened.
func (s *Sampler) follow(ctx context.Context, f *feed) {
	defer func() { s.shut(f) }()
	for ctx.Err() == nil {
		pause := s.interval
		switch err := s.step(f); {
		case errors.Is(err, gpu.ErrNotBuilt):
			return
		case err != nil:
			pause = reopenEvery
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// step opens the source if need be, and reads it once.
func (s *Sampler) step(f *feed) error {
	if f.source == nil {
		source, err := f.opener.Open()
		if err != nil {
			s.fail(f, err)
			return err
		}
		f.source = source
	}
	began := time.Now()
	readings, err := f.source.Read()
	for i := range readings {
		readings[i].Time = began
	}
	if err != nil {
		s.fail(f, err)
		s.shut(f)
		return err
	}
	s.store(f, readings)
	return nil
}

func (s *Sampler) shut(f *feed) {
	if f.source == nil {
		return
	}
	if err := f.source.Close(); err != nil {
		s.log.Warn("closing the driver's interface", "source", f.opener.Name, "error", err)
	}
	f.source = nil
}

// fail notes why there is nothing new.
func (s *Sampler) fail(f *feed, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if problem := err.Error(); f.status.Problem != problem {
		f.status.Problem = problem
		s.log.Info("no telemetry", "source", f.opener.Name, "why", problem)
	}
}

// store keeps what was read, and tells of cards that come and go.
func (s *Sampler) store(f *feed, readings []Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.status.Problem != "" || f.status.Cards != len(readings) {
		s.log.Info("telemetry", "source", f.opener.Name, "cards", len(readings))
	}
	for i := range readings {
		r := &readings[i]
		old := slices.IndexFunc(f.readings, func(o Reading) bool { return o.Card == r.Card })
		was := old >= 0 && f.readings[old].Lost
		switch {
		case r.Lost && !was:
			s.log.Warn("card lost: its driver does not reach it any more", "card", r.Card.String())
		case !r.Lost && was:
			s.log.Info("card is back", "card", r.Card.String())
		}
	}
	f.status = Status{Source: f.opener.Name, Cards: len(readings)}
	f.readings = readings
}

// Snapshot is what is known now. It asks no driver.
func (s *Sampler) Snapshot() Snapshot {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Snapshot{Time: now, Sources: make([]Status, 0, len(s.feeds)), Cards: []State{}}
	for _, f := range s.feeds {
		out.Sources = append(out.Sources, f.status)
		for _, r := range f.readings {
			out.Cards = append(out.Cards, State{Reading: r, Stale: now.Sub(r.Time) > staleAfter*s.interval})
		}
	}
	return out
}

// Temperature is that of a card's core, by PCI bus id, in degrees Celsius. It
// is false when it is not known, or no longer.
func (s *Sampler) Temperature(bus string) (celsius float64, ok bool) {
	return s.get(bus, Temperature, Core)
}

// Power is what a card draws, by PCI bus id, in watts. It is false when it is
// not known, or no longer.
func (s *Sampler) Power(bus string) (watts float64, ok bool) { return s.get(bus, Power, "") }

func (s *Sampler) get(bus string, q Quantity, part string) (float64, bool) {
	snap := s.Snapshot()
	card := snap.Find(bus)
	if card == nil {
		return 0, false
	}
	return card.Get(q, part)
}

// ReadOnce opens the sources, reads each once and closes them.
func ReadOnce(openers ...Opener) (Snapshot, error) {
	s := NewSampler(time.Hour, nil, openers...)
	for _, f := range s.feeds {
		_ = s.step(f) // the snapshot says what went wrong
	}
	snap := s.Snapshot()
	var failures []error
	for _, f := range s.feeds {
		if f.source == nil {
			continue
		}
		if err := f.source.Close(); err != nil {
			failures = append(failures, fmt.Errorf("closing %s: %w", f.opener.Name, err))
		}
	}
	return snap, errors.Join(failures...)
}
