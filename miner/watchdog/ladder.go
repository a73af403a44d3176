package watchdog

import (
	"fmt"
	"strings"
	"time"
)

const (
	// restartLimit is how many batches are started again within Limits.Window
	// before that is not enough.
	restartLimit = 5
	// reinitPause is the wait before a device is opened anew; each time it is
	// twice the last.
	reinitPause = 5 * time.Second
)

// ladder decides what is done about trouble.
type ladder struct {
	limits            Limits
	failing           bool // the last search failed
	restarts, reinits []time.Time
}

// worked tells of a search that went well.
func (l *ladder) worked() { l.failing = false }

// next is the rung for some trouble. A failure is tried again once where the
// device is open; what comes after that, or is worse, opens the device anew; and
// a device that needs that too often is dropped.
func (l *ladder) next(t Trouble, open bool, now time.Time) Action {
	since := now.Add(-l.limits.Window)
	l.restarts, l.reinits = after(l.restarts, since), after(l.reinits, since)
	if t == Failed && open && !l.failing && len(l.restarts) < restartLimit {
		l.failing = true
		l.restarts = append(l.restarts, now)
		return Restart
	}
	if len(l.reinits) >= l.limits.Reinits {
		return Drop
	}
	l.failing = false
	l.reinits = append(l.reinits, now)
	return Reinit
}

// pause is how long to wait before the device is opened anew.
func (l *ladder) pause() time.Duration { return reinitPause << (len(l.reinits) - 1) }

// after drops the moments up to since.
func after(moments []time.Time, since time.Time) []time.Time {
	for len(moments) > 0 && !moments[0].After(since) {
		moments = moments[1:]
	}
	return moments
}

// trouble books what happened and does something about it. It returns
// ErrResting or ErrDropped.
func (d *Device) trouble(t Trouble, reason string) error {
	reason = strings.TrimPrefix(oneLine(reason), oneLine(d.opts.Alias)+": ")
	now := time.Now()
	action := d.ladder.next(t, d.host != nil && d.host.searcher != nil, now)
	d.ready = false
	next := "the batch is started again"
	switch action {
	case Reinit:
		pause := d.ladder.pause()
		d.rest = now.Add(pause)
		next = fmt.Sprintf("opening it anew in %v (%d of %d)", pause, len(d.ladder.reinits), d.opts.Limits.Reinits)
		d.reach(Retrying)
	case Drop:
		next = fmt.Sprintf("dropped after %d attempts to open it anew", len(d.ladder.reinits))
		d.reach(Dropped)
	}
	d.book(t, action, reason, next)
	if action != Restart {
		d.pace = pace{}
		_ = d.shut() // it is in trouble as it is
	}
	if action == Drop {
		return ErrDropped
	}
	return ErrResting
}

// book counts and reports an action.
func (d *Device) book(t Trouble, a Action, reason, next string) {
	d.mu.Lock()
	if a != Resume && a != Warn {
		d.status.Troubles[t]++
		d.status.Last, d.status.LastTrouble = reason, t
	}
	d.status.Actions[a]++
	d.mu.Unlock()
	d.opts.Report(Report{Device: d.opts.Name, Bus: d.opts.Bus, Trouble: t, Action: a, Reason: reason, Next: next})
}
