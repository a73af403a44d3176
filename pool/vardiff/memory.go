package vardiff

import (
	"sync"
	"time"

	"github.com/aditmine/adit/pool/lru"
)

// Defaults of NewMemory.
const (
	DefaultMemory = 100_000
	DefaultAge    = time.Hour
)

// Key names a miner that may come back.
type Key struct{ Coin, Login, Worker, Address string }

// Memory remembers at what difficulty miners left, so that one that comes back
// need not be found out about again. It is bounded, and old entries do not
// count. It is safe for concurrent use.
type Memory struct {
	age time.Duration

	mu   sync.Mutex
	left *lru.Map[Key, departure]
}

// departure is how a miner left.
type departure struct {
	difficulty uint64
	at         time.Time
}

// NewMemory remembers so many miners, for so long.
func NewMemory(capacity int, age time.Duration) *Memory {
	return &Memory{age: age, left: lru.New[Key, departure](capacity)}
}

// Keep remembers the difficulty of a miner that leaves now.
func (m *Memory) Keep(k Key, difficulty uint64, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*m.left.Put(k) = departure{difficulty, now}
}

// Recall returns the difficulty at which a miner left, if that was not too
// long ago.
func (m *Memory) Recall(k Key, now time.Time) (difficulty uint64, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := m.left.Get(k)
	if left == nil {
		return 0, false
	}
	if now.Sub(left.at) > m.age {
		m.left.Drop(k)
		return 0, false
	}
	return left.difficulty, true
}
