// Package lru is a bounded map that forgets what was not touched for longest:
// how much strangers can make a pool remember must not be up to them.
//
// It imports nothing of adit. The packages under pool use it.
package lru

import (
	"container/list"
	"iter"
)

// Map keeps at most so many values. It is not safe for concurrent use.
type Map[K comparable, V any] struct {
	capacity int
	order    *list.List // of *entry[K, V], touched last in front
	entries  map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns an empty map for at least one value.
func New[K comparable, V any](capacity int) *Map[K, V] {
	return &Map[K, V]{capacity: max(capacity, 1), order: list.New(), entries: make(map[K]*list.Element)}
}

// Len is how many values there are.
func (m *Map[K, V]) Len() int { return len(m.entries) }

// Get touches a key and returns its value, nil when there is none. The pointer
// is good until the value is dropped or forgotten.
func (m *Map[K, V]) Get(k K) *V {
	e := m.entries[k]
	if e == nil {
		return nil
	}
	m.order.MoveToFront(e)
	return &e.Value.(*entry[K, V]).value
}

// Put touches a key and returns its value, a zero one when it is new. A new
// one may cost the value touched longest ago its place.
func (m *Map[K, V]) Put(k K) *V {
	if v := m.Get(k); v != nil {
		return v
	}
	added := &entry[K, V]{key: k}
	m.entries[k] = m.order.PushFront(added)
	if m.order.Len() > m.capacity {
		m.Drop(m.order.Back().Value.(*entry[K, V]).key)
	}
	return &added.value
}

// Drop forgets a key. It reports whether it was there.
func (m *Map[K, V]) Drop(k K) bool {
	e := m.entries[k]
	if e == nil {
		return false
	}
	m.order.Remove(e)
	delete(m.entries, k)
	return true
}

// All goes through all values without touching them, the one touched last
// first. The present one may be dropped meanwhile.
func (m *Map[K, V]) All() iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		for e := m.order.Front(); e != nil; {
			next := e.Next()
			if at := e.Value.(*entry[K, V]); !yield(at.key, &at.value) {
				return
			}
			e = next
		}
	}
}
