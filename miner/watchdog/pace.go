package watchdog

import (
	"slices"
	"time"
)

const (
	// paceWindow is how many searches the median looks at, paceMin how many it
	// needs.
	paceWindow = 31
	paceMin    = 8
	// slowFactor is how many times its median a search must take for each nonce
	// to count as slow, and slowFloor how long it must last: what is shorter is
	// the machine's jitter.
	slowFactor = 10
	slowFloor  = time.Second
	// slowLimit is how many slow searches in a row are trouble.
	slowLimit = 3
	// hangFactor is how many times its median a search may take.
	hangFactor = 20
)

// pace knows how long searches usually take, in seconds.
type pace struct {
	calls   []float64 // of whole searches, the newest last
	nonces  []float64 // of each nonce of them
	slowRun int
}

// add takes one search and reports whether it makes one too many in a row that
// are slow. Slow ones do not count as usual.
func (p *pace) add(took time.Duration, done uint64) (tooSlow bool) {
	each := took.Seconds() / float64(max(done, 1))
	if usual, known := median(p.nonces); known && took >= slowFloor && each > slowFactor*usual {
		p.slowRun++
		return p.slowRun >= slowLimit
	}
	p.slowRun = 0
	p.calls, p.nonces = push(p.calls, took.Seconds()), push(p.nonces, each)
	return false
}

// limit is how long a search may take.
func (p *pace) limit(hang time.Duration) time.Duration {
	usual, known := median(p.calls)
	if !known {
		return OpenFactor * hang // the first ones may still compile
	}
	return max(hang, time.Duration(hangFactor*usual*float64(time.Second)))
}

func push(list []float64, v float64) []float64 {
	if len(list) == paceWindow {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, v)
}

func median(list []float64) (v float64, known bool) {
	if len(list) < paceMin {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2], true
}
