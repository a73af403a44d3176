package engine

import "errors"

// maxHits is ADIT_MAX_HITS of the kernels.
const maxHits = 255

// hitList is the size of a list of hits in words.
const hitList = 1 + maxHits

var errNothingBegun = errors.New("no batch is under way")

// turns says which of two slots is next, and which are under way.
type turns struct {
	next  int
	under []int // oldest first
}

// begin takes the next slot.
func (t *turns) begin() {
	t.under = append(t.under, t.next)
	t.next = 1 - t.next
}

// finish gives the slot that began first, and says whether it is the only one.
func (t *turns) finish() (slot int, alone bool, err error) {
	if len(t.under) == 0 {
		return 0, false, errNothingBegun
	}
	slot, alone = t.under[0], len(t.under) == 1
	t.under = t.under[1:]
	return slot, alone, nil
}

// buffers are what a slot has on the device.
type buffers struct {
	rt    Runtime
	queue Queue
	all   []Buffer
}

func (b *buffers) open(rt Runtime) (err error) {
	b.rt = rt
	b.queue, err = rt.NewQueue()
	return err
}

// alloc makes buffers of as many bytes as each size says.
func (b *buffers) alloc(sizes map[*Buffer]int) error {
	for place, bytes := range sizes {
		buffer, err := b.rt.Alloc(bytes)
		if err != nil {
			return err
		}
		*place = buffer
		b.all = append(b.all, buffer)
	}
	return nil
}

// close waits for the queue, since it may use the buffers.
func (b *buffers) close() {
	if b.queue != nil {
		b.queue.Release()
	}
	for _, buffer := range b.all {
		buffer.Release()
	}
}

// roundUp is the least multiple of group that is at least n.
func roundUp(n uint64, group int) int {
	return int((n + uint64(group) - 1) / uint64(group) * uint64(group))
}
