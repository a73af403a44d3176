package verify

import "slices"

// queue is what waits: urgent requests in the order in which they came, and
// the others by owner. Owners are served in turn, so that one with many
// requests does not hold up one with few. It has no lock.
type queue struct {
	limit  int
	urgent fifo[waiting]
	lines  map[uint64]*line
	turns  fifo[*line] // lines that are not empty; the first is next
	held   int         // in the lines
}

// line is what waits for one owner.
type line struct {
	owner    uint64
	requests fifo[waiting]
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, lines: make(map[uint64]*line)}
}

// push takes a request, and reports false when there is no room. An owner may
// fill as much as it leaves free: one alone gets half of the room, and there is
// always some for an owner who has nothing waiting. Requests without an owner
// may fill all of it.
func (q *queue) push(r waiting, urgent bool) bool {
	if urgent {
		if q.urgent.len() == q.limit {
			return false
		}
		q.urgent.push(r)
		return true
	}
	l, free := q.lines[r.Owner], q.limit-q.held
	if free == 0 || r.Owner != 0 && l != nil && l.requests.len() >= free {
		return false
	}
	if l == nil {
		l = &line{owner: r.Owner}
		q.lines[r.Owner] = l
		q.turns.push(l)
	}
	l.requests.push(r)
	q.held++
	return true
}

// pop takes the next request; the queue is not empty.
func (q *queue) pop() waiting {
	if q.urgent.len() > 0 {
		return q.urgent.pop()
	}
	l := q.turns.pop()
	r := l.requests.pop()
	q.held--
	if l.requests.len() > 0 {
		q.turns.push(l)
	} else {
		delete(q.lines, l.owner)
	}
	return r
}

func (q *queue) len() int { return q.urgent.len() + q.held }

// fifo is a first-in first-out list that reuses its memory.
type fifo[T any] struct {
	list []T
	head int
}

func (f *fifo[T]) len() int { return len(f.list) - f.head }

func (f *fifo[T]) push(v T) {
	if f.head > 0 && f.head >= len(f.list)/2 && len(f.list) == cap(f.list) {
		f.list = slices.Delete(f.list, 0, f.head)
		f.head = 0
	}
	f.list = append(f.list, v)
}

func (f *fifo[T]) pop() T {
	var zero T
	v := f.list[f.head]
	f.list[f.head] = zero
	if f.head++; f.head == len(f.list) {
		f.list, f.head = f.list[:0], 0
	}
	return v
}
