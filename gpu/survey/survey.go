// Package survey checks and measures the devices of a machine, one after the
// other, and writes what comes out into a report, within a time that is given.
//
// It imports gpu, gpu/bench, gpu/check and hash; cmd uses it.
package survey

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/gpu/check"
	"github.com/aditmine/adit/hash"
)

// Target is a device to survey.
type Target struct {
	Device bench.Device
	// Open prepares to search an algorithm. For checks the batches are to be
	// small, which hash more in little time.
	Open func(a *hash.Algorithm, forChecks bool) (*Opened, error)
	// Power reads what the device draws, in watts; nil where nothing does.
	Power func() (watts float64, ok bool)
	// Check are the amounts of its checks; their Algorithm is not used.
	Check check.Options
}

// Opened is a device ready to search an algorithm.
type Opened struct {
	Searchers []hash.Searcher // all work at once; of a card, one
	Pin       func(worker int) error
	Settings  map[string]int // as a bench.Row has them
	Origin    string
}

// close ends the use of the device.
func (o *Opened) close() error {
	var failures []error
	for _, s := range o.Searchers {
		failures = append(failures, s.Close())
	}
	return errors.Join(failures...)
}

// Observer is told of everything as it comes. Its methods are called by one
// goroutine at a time.
type Observer interface {
	Check(bench.Check)
	Row(bench.Row)
	Skip(bench.Skip)
}

// Options say what to do.
type Options struct {
	Algorithms []*hash.Algorithm
	// Checks asks for checks before the measurements. What fails them is not
	// measured.
	Checks bool
	// Duration is how long to measure, or, with a budget, how long at most.
	Duration time.Duration
	// Budget is the time for everything; 0 is as long as it takes. What there
	// is no time for is skipped, and the report says so.
	Budget time.Duration
	// Observer may be nil.
	Observer Observer
}

// grace is how long after the end of the budget a device may take to answer;
// then it is left alone.
const grace = 20 * time.Second

// Run surveys the targets. The report lacks what the survey cannot know: when,
// where, and by which adit. When ctx ends, or a device hangs, it has what was
// found until then; the error is ctx's.
func Run(ctx context.Context, targets []Target, o Options) (*bench.Report, error) {
	book := &book{observer: o.Observer, hung: map[string]bool{}, report: bench.Report{Schema: bench.Schema, Devices: []bench.Device{}, Rows: []bench.Row{}}}
	end := time.Now().Add(o.Budget)
	for i := range targets {
		book.device(targets[i].Device)
		visit := &visit{Options: o, target: &targets[i], book: book}
		if o.Budget > 0 {
			visit.end = time.Now().Add(time.Until(end) / time.Duration(len(targets)-i))
		}
		if !visit.attended(ctx) {
			book.giveUp(targets[i].Device.ID)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return book.close(), ctx.Err()
}

// book collects the report. Devices that were given up may still write to it,
// without effect.
type book struct {
	mu       sync.Mutex
	observer Observer
	report   bench.Report
	hung     map[string]bool // by the device's ID
}

func (b *book) device(d bench.Device) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.report.Devices = append(b.report.Devices, d)
}

// giveUp notes a device that hangs. From now on nothing is taken from it.
func (b *book) giveUp(device string) {
	b.check(bench.Check{
		Device: device, Algo: "all", Name: "answering", Error: "it does not answer any more: its driver hangs",
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hung[device] = true
}

func (b *book) check(c bench.Check) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hung[c.Device] {
		return
	}
	b.report.Checks = append(b.report.Checks, c)
	if b.observer != nil {
		b.observer.Check(c)
	}
}

func (b *book) row(r bench.Row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hung[r.Device] {
		return
	}
	b.report.Rows = append(b.report.Rows, r)
	if b.observer != nil {
		b.observer.Row(r)
	}
}

func (b *book) skip(s bench.Skip) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hung[s.Device] {
		return
	}
	b.report.Skipped = append(b.report.Skipped, s)
	if b.observer != nil {
		b.observer.Skip(s)
	}
}

// close returns the report; nothing is added to it any more.
func (b *book) close() *bench.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.report.Devices {
		b.hung[d.ID] = true
	}
	report := b.report
	return &report
}

// errNoTime is why something was left out.
var errNoTime = errors.New("no time is left of the budget")
