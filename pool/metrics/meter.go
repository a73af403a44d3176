package metrics

import (
	"slices"
	"time"
)

// Windows that hashrates are estimated over.
const (
	Short = 10 * time.Minute
	Hour  = time.Hour
	Day   = 24 * time.Hour
)

// ring sums work in slots of equal width; slots[i] is the one whose number,
// counted from 1970, is i modulo their count.
type ring[T ~float32 | ~float64] struct {
	slots  []T
	newest int64 // number of the slot that is being filled
}

// advance empties the slots that have come round again.
func (r *ring[T]) advance(number int64) {
	n := int64(len(r.slots))
	if number-r.newest >= n {
		clear(r.slots)
		r.newest = number
	}
	for r.newest < number {
		r.newest++
		r.slots[r.newest%n] = 0
	}
}

// Meter sums work over time: 11 slots of a minute, 13 of five minutes, 25 of
// an hour. Worker's meters are of float32, which a slot of one worker's shares
// fits well; sums of many need float64. Times must not go back; work from
// before the newest slot counts in that.
type Meter[T ~float32 | ~float64] struct {
	rings [3]ring[T]
}

// The slots of a Meter: one more than its windows need, since the newest and
// the oldest are each partly in.
var slotting = [3]struct {
	width  time.Duration
	window time.Duration
}{{time.Minute, Short}, {5 * time.Minute, Hour}, {time.Hour, Day}}

// NewMeter returns an empty meter.
func NewMeter[T ~float32 | ~float64]() *Meter[T] {
	m := &Meter[T]{}
	total := 0
	for _, s := range slotting {
		total += int(s.window/s.width) + 1
	}
	slots := make([]T, total)
	for i, s := range slotting {
		n := int(s.window/s.width) + 1
		m.rings[i].slots, slots = slots[:n:n], slots[n:]
	}
	return m
}

// Add counts work, in hashes, done now.
func (m *Meter[T]) Add(now time.Time, work float64) {
	for i := range m.rings {
		r := &m.rings[i]
		r.advance(now.UnixNano() / int64(slotting[i].width))
		r.slots[r.newest%int64(len(r.slots))] += T(work)
	}
}

// Sum is the work of a window that ends now; a window between the three is of
// the next wider one's slots. The oldest slot counts for the part of it that
// is in the window.
func (m *Meter[T]) Sum(now time.Time, window time.Duration) float64 {
	i := slices.IndexFunc(slotting[:], func(s struct{ width, window time.Duration }) bool { return s.window >= window })
	if i < 0 {
		i = len(slotting) - 1
	}
	r, width := &m.rings[i], slotting[i].width
	r.advance(now.UnixNano() / int64(width))
	whole := int64(window / width)
	n := int64(len(r.slots))
	sum := 0.0
	for number := r.newest - whole + 1; number <= r.newest; number++ {
		sum += float64(r.slots[((number%n)+n)%n])
	}
	if whole < n {
		filled := float64(now.UnixNano()%int64(width)) / float64(width)
		sum += float64(r.slots[((r.newest-whole)%n+n)%n]) * (1 - filled)
	}
	return sum
}

// Rate is the hashrate over a window, in hashes a second. A meter that has
// counted only since a moment within the window is judged by the time since.
func (m *Meter[T]) Rate(now time.Time, window time.Duration, since time.Time) float64 {
	return m.Sum(now, window) / span(now, window, since).Seconds()
}

// span is the part of a window that has been watched, at least a minute.
func span(now time.Time, window time.Duration, since time.Time) time.Duration {
	return max(min(window, now.Sub(since)), time.Minute)
}

// Point is the hashrate over a span of time that ends at a moment.
type Point struct {
	At       time.Time
	Hashrate float64
}

// History is the hashrate of each whole slot of the last 24 hours, by hours,
// and of the last one, by five minutes; oldest first.
func (m *Meter[T]) History(now, since time.Time) []Point {
	var points []Point
	hourAgo := now.Add(-Hour)
	for _, i := range []int{2, 1} {
		r, width := &m.rings[i], slotting[i].width
		r.advance(now.UnixNano() / int64(width))
		n := int64(len(r.slots))
		for number := r.newest - n + 1; number < r.newest; number++ {
			end := time.Unix(0, (number+1)*int64(width))
			if end.Before(since) || i == 2 && end.After(hourAgo) || i == 1 && end.Before(hourAgo) {
				continue
			}
			points = append(points, Point{end, float64(r.slots[((number%n)+n)%n]) / width.Seconds()})
		}
	}
	return points
}
