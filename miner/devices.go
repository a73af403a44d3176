package miner

import (
	"context"
	"fmt"

	"github.com/aditmine/adit/miner/watchdog"
)

// DroppedError ends a run for which a device that was dropped was one too many.
type DroppedError struct {
	// Device is its name, Reason what was wrong with it.
	Device, Reason string
	// Last says that nothing is left to mine with.
	Last bool
}

func (e *DroppedError) Error() string {
	if e.Last {
		return fmt.Sprintf("nothing is left to mine with; the last was %s: %s", e.Device, e.Reason)
	}
	return fmt.Sprintf("%s was dropped: %s", e.Device, e.Reason)
}

// newWorker makes a worker, with a guard if it needs one.
func (e *Engine) newWorker(index int) *worker {
	w := &worker{engine: e, index: index}
	if e.deps.Guard == nil {
		return w
	}
	options, guarded := e.deps.Guard(index)
	if guarded {
		options.Report = e.reported
		w.device = watchdog.New(options)
	}
	return w
}

// reported logs what the watchdog does.
func (e *Engine) reported(r watchdog.Report) {
	kind := EventWarning
	if r.Action == watchdog.Resume {
		kind = EventInfo
	}
	e.note(kind, "%v", r)
}

// judged passes the verdict on a hit to the device's guard.
func (w *worker) judged(right bool) {
	if w.device != nil {
		w.device.Judge(right)
	}
}

// dropped does what there is to do about a worker whose device was given up. An
// error ends the run.
func (e *Engine) dropped(ctx context.Context, w *worker) error {
	status := w.device.Status()
	if e.deps.Dropped != nil {
		report := watchdog.Report{
			Device: w.device.Name(), Bus: status.Bus, Trouble: status.LastTrouble, Action: watchdog.Drop, Reason: status.Last,
		}
		if err := e.deps.Dropped(ctx, report); err != nil {
			e.note(EventWarning, "%v", err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone++
	delete(e.ready.arrived, w.index)
	if last := e.gone == len(e.workers); last || e.cfg.EndOnDrop {
		return &DroppedError{Device: w.device.Name(), Reason: status.Last, Last: last}
	}
	e.tellReady()
	return nil
}
