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

	// While alike is set, all lanes start with middle, the state after head,
	// in those words that do not take part of the message's tail. A pool checks
	// many shares of one job.
	alike  bool
	head   [rate]byte
	middle Midstate
}

// tailWords is how many words the tail changes, with the delimiter.
const tailWords = TailSize/4 + 1

func newWide(a *hash.Algorithm, k Kernel) (hash.Hasher, error) {
	if err := checkFamily(a); err != nil {
		return nil, err
	}
	return &wide{algorithm: a, kernel: k, context: new(kernelContext)}, nil
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
	if head, alike := commonHead(in); head != nil {
		if alike {
			w.startAlike(head, in)
		} else {
			w.startEach(in)
		}
		w.kernel.permute(w.context)
	}
	for i := range in {
		if len(in[i].Blob) == MessageSize {
			w.context.digest(i, &out[i])
		} else {
			out[i] = Sum(in[i].Blob)
		}
	}
	return nil
}

// commonHead returns the first 32 bytes of the first message that has the
// right length, nil if none has, and whether the others begin alike.
func commonHead(in []hash.Input) (head *[rate]byte, alike bool) {
	for i := range in {
		switch blob := in[i].Blob; {
		case len(blob) != MessageSize:
		case head == nil:
			head = (*[rate]byte)(blob)
		case !equalHeads(head, (*[rate]byte)(blob)):
			return head, false
		}
	}
	return head, true
}

// equalHeads is *a == *b, without a call.
func equalHeads(a, b *[rate]byte) bool {
	order := binary.LittleEndian
	return order.Uint64(a[0:]) == order.Uint64(b[0:]) && order.Uint64(a[8:]) == order.Uint64(b[8:]) &&
		order.Uint64(a[16:]) == order.Uint64(b[16:]) && order.Uint64(a[24:]) == order.Uint64(b[24:])
}

// startAlike prepares for messages with the same head.
func (w *wide) startAlike(head *[rate]byte, in []hash.Input) {
	c := w.context
	if !w.alike || w.head != *head {
		w.alike, w.head, w.middle = true, *head, NewMidstate(head)
		w.middle.state[tailWords-1] ^= delimiter
		for j, word := range w.middle.state {
			for i := range w.kernel.Lanes {
				c.start[j][i] = word
			}
		}
	}
	middle := &w.middle.state
	for i := range in {
		if blob := in[i].Blob; len(blob) == MessageSize {
			tail, i := (*[TailSize]byte)(blob[rate:]), i%maxLanes
			c.start[0][i] = middle[0] ^ binary.BigEndian.Uint32(tail[0:])
			c.start[1][i] = middle[1] ^ binary.BigEndian.Uint32(tail[4:])
			c.start[2][i] = middle[2] ^ binary.BigEndian.Uint32(tail[8:])
			c.start[3][i] = middle[3] ^ binary.BigEndian.Uint32(tail[12:])
		}
	}
}

// startEach absorbs the head of each message on its own.
func (w *wide) startEach(in []hash.Input) {
	w.alike = false
	c := w.context
	clear(c.start[rate/4:])
	for i := range in {
		if blob := in[i].Blob; len(blob) == MessageSize {
			head, i := (*[rate]byte)(blob), i%maxLanes
			for j := range rate / 4 {
				c.start[j][i] = binary.BigEndian.Uint32(head[4*j:])
			}
		}
	}
	w.kernel.permute(c)
	c.start = c.state
	for i := range in {
		if blob := in[i].Blob; len(blob) == MessageSize {
			tail, i := (*[TailSize]byte)(blob[rate:]), i%maxLanes
			for j := range TailSize / 4 {
				c.start[j][i] ^= binary.BigEndian.Uint32(tail[4*j:])
			}
			c.start[tailWords-1][i] ^= delimiter
		}
	}
}
