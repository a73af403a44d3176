package penalty

import "container/list"

// lru is a map that forgets what was not touched for longest once it holds more
// than its capacity.
type lru[K comparable, V any] struct {
	capacity int
	order    *list.List // *node[K, V], newest first
	nodes    map[K]*list.Element
}

type node[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](capacity int) *lru[K, V] {
	return &lru[K, V]{capacity: max(capacity, 1), order: list.New(), nodes: make(map[K]*list.Element)}
}

// get returns the value of a key and touches it; nil when there is none.
func (l *lru[K, V]) get(k K) *V {
	e := l.nodes[k]
	if e == nil {
		return nil
	}
	l.order.MoveToFront(e)
	return &e.Value.(*node[K, V]).value
}

// put returns the value of a key, a zero one when it is new, and touches it.
func (l *lru[K, V]) put(k K) *V {
	if v := l.get(k); v != nil {
		return v
	}
	n := &node[K, V]{key: k}
	l.nodes[k] = l.order.PushFront(n)
	if l.order.Len() > l.capacity {
		l.drop(l.order.Back().Value.(*node[K, V]).key)
	}
	return &n.value
}

func (l *lru[K, V]) drop(k K) bool {
	e := l.nodes[k]
	if e == nil {
		return false
	}
	l.order.Remove(e)
	delete(l.nodes, k)
	return true
}

// each calls f for every value until it returns false; f may drop the key it
// is given.
func (l *lru[K, V]) each(f func(K, *V) bool) {
	for e := l.order.Front(); e != nil; {
		next := e.Next()
		n := e.Value.(*node[K, V])
		if !f(n.key, &n.value) {
			return
		}
		e = next
	}
}
