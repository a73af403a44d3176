package eaglesong

import (
	"encoding/binary"

	"github.com/aditmine/adit/hash"
)

// wide hashes as many messages at once as its kernel has lanes, if they have
// the length of a CKB proof of work. Others are hashed one by one.
type wide struct {
	algorithm *hash.Algorithm
	kernel    Kernel
	context   *kernelContext // nil once closed

	// head is what the messages of the latest call in which all began alike
	// began with; the context has the state after it. A pool checks many shares
	// of one job.
	head [rate]byte
}

func newWide(a *hash.Algorithm, k Kernel) (hash.Hasher, error) {
	if err := checkFamily(a); err != nil {
		return nil, err
	}
	w := &wide{algorithm: a, kernel: k, context: new(kernelContext)}
	w.setHead(&w.head)
	return w, nil
}

func (w *wide) Algorithm() *hash.Algorithm { return w.algorithm }

func (w *wide) Impl() string { return w.kernel.Name }

func (w *wide) Lanes() int { return w.kernel.Lanes }

func (w *wide) Close() error {
	w.context = nil
	return nil
}

// Hash takes messages of any length; their height does not matter.
func (w *wide) Hash(out []hash.Digest, in []hash.Input) error {
	if w.context == nil {
		return hash.ErrClosed
	}
	if err := w.algorithm.CheckCall(w.Lanes(), out, in); err != nil {
		return err
	}
	switch head, alike := w.load(in); {
	case head == nil: // nothing for the kernel
	case alike:
		if !equalHeads(head, &w.head) {
			w.setHead(head)
		}
		w.kernel.tails(w.context)
	default:
		w.kernel.whole(w.context)
	}
	for i := range in {
		if len(in[i].Blob) == MessageSize {
			out[i] = w.context.digests[i]
		} else {
			out[i] = Sum(in[i].Blob)
		}
	}
	return nil
}

// load copies the messages of the right length. It returns the head of one of
// them, nil if there is none, and whether the others begin alike.
func (w *wide) load(in []hash.Input) (head *[rate]byte, alike bool) {
	alike = true
	for i := range in {
		blob := in[i].Blob
		if len(blob) != MessageSize {
			continue
		}
		w.context.messages[i] = [MessageSize]byte(blob)
		if head == nil {
			head = (*[rate]byte)(blob)
		}
		alike = alike && equalHeads(head, (*[rate]byte)(blob))
	}
	return head, alike
}

// setHead makes the context ready for messages that begin with head.
func (w *wide) setHead(head *[rate]byte) {
	w.head = *head
	middle := NewMidstate(head)
	w.context.middle = middle.before(new([TailSize]byte))
}

// equalHeads is *a == *b, without a call.
func equalHeads(a, b *[rate]byte) bool {
	order := binary.LittleEndian
	return order.Uint64(a[0:]) == order.Uint64(b[0:]) && order.Uint64(a[8:]) == order.Uint64(b[8:]) &&
		order.Uint64(a[16:]) == order.Uint64(b[16:]) && order.Uint64(a[24:]) == order.Uint64(b[24:])
}
