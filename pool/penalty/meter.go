package penalty

import "time"

// Meter counts the good and bad shares of one session, login or address in a
// sliding window. It keeps two halves of the window, so a count is of between
// half and all of it. The zero Meter is empty. It is not safe for concurrent
// use.
type Meter struct {
	half      int64 // number of the half window that now is in
	good, bad [2]uint32
}

// roll moves the window on to now.
func (m *Meter) roll(now time.Time, window time.Duration) {
	half := now.UnixNano() / max(int64(window/2), 1)
	switch half - m.half {
	case 0:
		return
	case 1:
		m.good[1], m.bad[1] = m.good[0], m.bad[0]
	default:
		m.good[1], m.bad[1] = 0, 0
	}
	m.half, m.good[0], m.bad[0] = half, 0, 0
}

func (m *Meter) addGood() { m.good[0] = saturate(m.good[0], 1) }

func (m *Meter) addBad(n uint32) { m.bad[0] = saturate(m.bad[0], n) }

// sums are the good and bad shares in the window.
func (m *Meter) sums() (good, bad uint64) {
	return uint64(m.good[0]) + uint64(m.good[1]), uint64(m.bad[0]) + uint64(m.bad[1])
}

func saturate(a, b uint32) uint32 {
	if a+b < a {
		return ^uint32(0)
	}
	return a + b
}
