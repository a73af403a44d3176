package watchdog

import "sync"

const (
	// wrongLimit of the last wrongWindow hits must fail their re-check for that
	// to be trouble: a sound card has none in weeks, one that is clocked too
	// high has many.
	wrongLimit  = 3
	wrongWindow = 32
)

// verdicts remembers which of the newest hits were wrong. It may be used from
// several goroutines.
type verdicts struct {
	mu     sync.Mutex
	recent []bool // true is wrong; the newest last
}

func (v *verdicts) add(right bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.recent) == wrongWindow {
		v.recent = v.recent[1:]
	}
	v.recent = append(v.recent, !right)
}

// tooMany reports whether too many were wrong, with the counts; the window then
// begins anew.
func (v *verdicts) tooMany() (wrong, of int, bad bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, w := range v.recent {
		if w {
			wrong++
		}
	}
	if wrong < wrongLimit {
		return wrong, len(v.recent), false
	}
	of = len(v.recent)
	v.recent = nil
	return wrong, of, true
}
