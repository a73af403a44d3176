package vardiff

import (
	"container/list"
	"sync"
	"time"
)

// Defaults of NewMemory.
const (
	DefaultMemory = 100_000
	DefaultAge    = time.Hour
)

// Key names a miner that may come back.
type Key struct{ Coin, Login, Worker, Address string }

// Memory remembers at what difficulty miners left, so that one that comes back
// need not be found out about again. It is bounded, what was kept first is
// forgotten first, and old entries do not count. It is safe for concurrent
// use.
type Memory struct {
	capacity int
	age      time.Duration

	mu    sync.Mutex
	order *list.List // *memento, newest first
	known map[Key]*list.Element
}

type memento struct {
	key        Key
	difficulty uint64
	at         time.Time
}

// NewMemory remembers so many miners, for so long.
func NewMemory(capacity int, age time.Duration) *Memory {
	return &Memory{capacity: max(capacity, 1), age: age, order: list.New(), known: make(map[Key]*list.Element)}
}

// Keep remembers the difficulty of a miner that leaves now.
func (m *Memory) Keep(k Key, difficulty uint64, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.known[k]; e != nil {
		*e.Value.(*memento) = memento{k, difficulty, now}
		m.order.MoveToFront(e)
		return
	}
	m.known[k] = m.order.PushFront(&memento{k, difficulty, now})
	if m.order.Len() > m.capacity {
		m.forget(m.order.Back())
	}
}

// Recall returns the difficulty at which a miner left, if that was not too
// long ago.
func (m *Memory) Recall(k Key, now time.Time) (difficulty uint64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.known[k]
	if e == nil {
		return 0, false
	}
	left := e.Value.(*memento)
	if now.Sub(left.at) > m.age {
		m.forget(e)
		return 0, false
	}
	return left.difficulty, true
}

func (m *Memory) forget(e *list.Element) {
	delete(m.known, e.Value.(*memento).key)
	m.order.Remove(e)
}
