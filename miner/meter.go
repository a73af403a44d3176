package miner

import (
	"sort"
	"time"
)

// Hash rates are averages over these windows. A window is unknown until the
// engine has run for as long as it covers.
const (
	ShortWindow  = 10 * time.Second
	MediumWindow = time.Minute
	LongWindow   = 15 * time.Minute
)

const (
	// sampleEvery is how often the counters are read.
	sampleEvery = time.Second
	// sampleMin keeps late timer ticks from crowding the ring.
	sampleMin = sampleEvery / 2
	// ringRows covers the long window, with room for uneven ticks.
	ringRows = int(LongWindow/sampleEvery) + 60
	// HistoryLength is how many one-second rates a snapshot carries at most.
	HistoryLength = 180
)

// Rate is a hash rate in hashes per second; it is unknown until its window is
// covered.
type Rate struct {
	PerSecond float64
	Known     bool
}

// Rates are the averages of one worker, or of all of them.
type Rates struct {
	// Recent covers the last ten seconds, or the time since the start while
	// that is shorter: a number to show at once.
	Recent float64
	Short  Rate
	Medium Rate
	Long   Rate
}

// meter keeps one row of running hash counts a second, one column for each
// worker and a last one for the sum. Times count from the engine's start. It
// is not safe for concurrent use.
type meter struct {
	columns int
	times   []time.Duration // ring of ringRows
	counts  []uint64        // ringRows rows of columns
	rows    int             // rows ever written
	max     float64
}

// newMeter starts a meter for that many workers, all at zero hashes.
func newMeter(workers int) *meter {
	m := &meter{columns: workers + 1}
	m.times = make([]time.Duration, ringRows)
	m.counts = make([]uint64, ringRows*m.columns)
	m.rows = 1
	return m
}

// add records the workers' running hash counts at a time, unless the last row
// is too fresh. It reports whether it did.
func (m *meter) add(at time.Duration, counts []uint64) bool {
	if at-m.times[m.slot(m.rows-1)] < sampleMin {
		return false
	}
	slot := m.slot(m.rows)
	m.rows++
	m.times[slot] = at
	row := m.counts[slot*m.columns : (slot+1)*m.columns]
	row[m.columns-1] = 0
	for i, n := range counts {
		row[i] = n
		row[m.columns-1] += n
	}
	if r := m.rate(m.columns-1, ShortWindow); r.Known {
		m.max = max(m.max, r.PerSecond)
	}
	return true
}

func (m *meter) slot(row int) int { return row % ringRows }

// oldest is the first row the ring still holds.
func (m *meter) oldest() int { return max(0, m.rows-ringRows) }

func (m *meter) at(row int) time.Duration { return m.times[m.slot(row)] }

// rate is a column's average over the window that ends at the newest row.
func (m *meter) rate(column int, window time.Duration) Rate {
	last := m.rows - 1
	from, ok := m.rowBefore(m.at(last) - window)
	if !ok {
		return Rate{}
	}
	return Rate{PerSecond: m.between(column, from, last), Known: true}
}

// recent is a column's average over the short window or over what there is.
func (m *meter) recent(column int) float64 {
	from, ok := m.rowBefore(m.at(m.rows-1) - ShortWindow)
	if !ok {
		from = m.oldest()
	}
	return m.between(column, from, m.rows-1)
}

// rowBefore finds the newest row at or before t.
func (m *meter) rowBefore(t time.Duration) (row int, ok bool) {
	first := m.oldest()
	n := sort.Search(m.rows-first, func(i int) bool { return m.at(first+i) > t })
	return first + n - 1, n > 0
}

// between is a column's average rate from one row to a later one.
func (m *meter) between(column, from, to int) float64 {
	seconds := (m.at(to) - m.at(from)).Seconds()
	if seconds <= 0 {
		return 0
	}
	before := m.counts[m.slot(from)*m.columns+column]
	after := m.counts[m.slot(to)*m.columns+column]
	return float64(after-before) / seconds
}

// rates gathers one column's averages.
func (m *meter) rates(column int) Rates {
	return Rates{
		Recent: m.recent(column),
		Short:  m.rate(column, ShortWindow),
		Medium: m.rate(column, MediumWindow),
		Long:   m.rate(column, LongWindow),
	}
}

// history is the sum's rate in each interval between rows, oldest first.
func (m *meter) history() []float64 {
	from := max(m.oldest(), m.rows-1-HistoryLength)
	out := make([]float64, 0, HistoryLength)
	for row := from + 1; row < m.rows; row++ {
		out = append(out, m.between(m.columns-1, row-1, row))
	}
	return out
}
