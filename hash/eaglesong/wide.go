package eaglesong

import (
	"encoding/binary"

	"github.com/aditmine/adit/hash"
)

// wide hashes as many messages at once as its kernel has lanes, if they have
// the length of a CKB proof of work. Where one has not, they are hashed one by
// one.
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
	alike, fits := w.loadTails(out, in)
	if !fits {
		return w.hashAny(out, in)
	}
	if alike {
		if head := (*[rate]byte)(in[0].Blob); !equalHeads(head, &w.head) {
			w.setHead(head)
		}
		w.kernel.tails(w.context)
	} else {
		for i := range in {
			*(*[rate]byte)(w.context.messages[i][:]) = [rate]byte(in[i].Blob)
		}
		w.kernel.whole(w.context)
	}
	copy(out, w.context.digests[:len(in)])
	return nil
}

// loadTails copies the ends of the messages, and reports whether their heads
// are alike. It gives up, with fits false, on any call that is not a whole
// number of messages of the right length. It is on the path of every share: a
// hash takes little longer than a few calls and branches.
func (w *wide) loadTails(out []hash.Digest, in []hash.Input) (alike, fits bool) {
	if len(out) != len(in) || len(in) == 0 || len(in) > w.kernel.Lanes || len(in[0].Blob) != MessageSize {
		return false, false
	}
	order := binary.LittleEndian
	first := (*[rate]byte)(in[0].Blob)
	a, b, c, d := order.Uint64(first[0:]), order.Uint64(first[8:]), order.Uint64(first[16:]), order.Uint64(first[24:])
	differ := uint64(0)
	messages := w.context.messages[:len(in)]
	for i := range messages {
		if len(in[i].Blob) != MessageSize {
			return false, false
		}
		m := (*[MessageSize]byte)(in[i].Blob)
		differ |= order.Uint64(m[0:]) ^ a | order.Uint64(m[8:]) ^ b | order.Uint64(m[16:]) ^ c | order.Uint64(m[24:]) ^ d
		*(*[TailSize]byte)(messages[i][rate:]) = [TailSize]byte(m[rate:])
	}
	return differ == 0, true
}

// hashAny hashes messages of any length one by one, after the checks that
// others have passed by their form.
func (w *wide) hashAny(out []hash.Digest, in []hash.Input) error {
	if err := w.algorithm.CheckCall(w.Lanes(), out, in); err != nil {
		return err
	}
	for i := range in {
		out[i] = Sum(in[i].Blob)
	}
	return nil
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
