package plain

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aditmine/adit/miner"
)

const (
	pollEvery  = 100 * time.Millisecond
	timeLayout = "2006-01-02 15:04:05.000"
)

// Source is the engine as the printer needs it; *miner.Engine is one.
type Source interface{ Snapshot() miner.Snapshot }

// Options adjust the printer.
type Options struct {
	Out   io.Writer
	Color bool
	// SpeedEvery is the time between two lines with the hash rate; 0 prints
	// none.
	SpeedEvery time.Duration
}

// printer remembers what has been printed.
type printer struct {
	opts  Options
	seq   uint64 // the last event printed
	speed time.Time
}

// Run prints events as they come until ctx ends, then those that are left. It
// returns the first error of writing.
func Run(ctx context.Context, source Source, opts Options) error {
	p := &printer{opts: opts}
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			s := source.Snapshot()
			return p.events(&s)
		}
		s := source.Snapshot()
		if err := p.print(&s); err != nil {
			return err
		}
	}
}

// print writes what is new in a snapshot.
func (p *printer) print(s *miner.Snapshot) error {
	if err := p.events(s); err != nil {
		return err
	}
	if p.speed.IsZero() {
		p.speed = s.Time
	}
	if p.opts.SpeedEvery <= 0 || s.Time.Sub(p.speed) < p.opts.SpeedEvery {
		return nil
	}
	p.speed = s.Time
	return p.line(s.Time, "miner", magenta, SpeedText(s))
}

// events writes the events not printed yet, and how many the engine had to
// forget before they could be.
func (p *printer) events(s *miner.Snapshot) error {
	for _, e := range s.Events {
		if e.Seq <= p.seq {
			continue
		}
		if missed := e.Seq - p.seq - 1; missed > 0 {
			if err := p.line(e.Time, "miner", magenta, fmt.Sprintf("%d events came too fast to print", missed)); err != nil {
				return err
			}
		}
		p.seq = e.Seq
		tag, color := tagOf(e.Kind)
		if err := p.line(e.Time, tag, color, paint(p.opts.Color, colorOf(e.Kind), e.Text)); err != nil {
			return err
		}
	}
	return nil
}

// line writes one line with its time and tag.
func (p *printer) line(at time.Time, tag, color, text string) error {
	on := p.opts.Color
	_, err := fmt.Fprintf(p.opts.Out, "%s  %s %s\n",
		paint(on, grey, "["+at.Format(timeLayout)+"]"), paint(on, color, fmt.Sprintf("%-7s", tag)), text)
	return err
}

// SpeedText is the line with the hash rates. One unit serves the whole line:
// H/s, or MH/s from a million hashes a second on.
func SpeedText(s *miner.Snapshot) string {
	scale, unit := 1.0, "H/s"
	if s.Rates.Recent >= 1e6 || s.MaxRate >= 1e6 {
		scale, unit = 1e6, "MH/s"
	}
	number := func(r miner.Rate) string {
		if !r.Known {
			return "n/a"
		}
		return fmt.Sprintf("%.1f", r.PerSecond/scale)
	}
	top := number(miner.Rate{PerSecond: s.MaxRate, Known: s.MaxRate > 0})
	rates := []string{number(s.Rates.Short), number(s.Rates.Medium), number(s.Rates.Long)}
	return fmt.Sprintf("speed 10s/60s/15m %s %s max %s %s", strings.Join(rates, " "), unit, top, unit)
}
