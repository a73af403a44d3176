package eaglesong

import (
	"bytes"
	"encoding/binary"

	"github.com/aditmine/adit/hash"
)

// wide hashes as many messages at once as its kernel has lanes, if they have
// the length of a CKB proof of work. Others are hashed one by one.
type wide struct {
	algorithm *hash.Algorithm
	kernel    Kernel
	context   *kernelContext // nil once closed

	// head begins the messages of the last call, if they began alike, and
	// middle is the state after it. A pool checks many shares of one job.
	head   [rate]byte
	middle Midstate
}

func newWide(a *hash.Algorithm, k Kernel) (hash.Hasher, error) {
	if err := checkFamily(a); err != nil {
		return nil, err
	}
	w := &wide{algorithm: a, kernel: k, context: new(kernelContext)}
	w.middle = NewMidstate(&w.head)
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
	if w.begin(in) {
		w.absorb(in, rate, TailSize)
		for i := range in {
			w.context.state[TailSize/4][i] ^= delimiter
		}
		w.kernel.permute(w.context)
	}
	for i := range in {
		if len(in[i].Blob) == MessageSize {
			out[i] = w.context.digest(i)
		} else {
			out[i] = Sum(in[i].Blob)
		}
	}
	return nil
}

// begin makes the states after the first 32 bytes of the messages. It reports
// whether there is any message of the right length.
func (w *wide) begin(in []hash.Input) bool {
	var head []byte
	alike := true
	for i := range in {
		if blob := in[i].Blob; len(blob) == MessageSize {
			if head == nil {
				head = blob[:rate]
			}
			alike = alike && bytes.Equal(blob[:rate], head)
		}
	}
	switch {
	case head == nil:
		return false
	case alike:
		w.useMidstate((*[rate]byte)(head))
	default:
		clear(w.context.state[:])
		w.absorb(in, 0, rate)
		w.kernel.permute(w.context)
	}
	return true
}

// useMidstate gives all lanes the state after head.
func (w *wide) useMidstate(head *[rate]byte) {
	if w.head != *head {
		w.head, w.middle = *head, NewMidstate(head)
	}
	for j, word := range w.middle.state {
		lanes := w.context.state[j][:w.kernel.Lanes]
		for i := range lanes {
			lanes[i] = word
		}
	}
}

// absorb adds size bytes of each message, from the given one on, to its lane.
func (w *wide) absorb(in []hash.Input, from, size int) {
	for i := range in {
		if blob := in[i].Blob; len(blob) == MessageSize {
			for j := range size / 4 {
				w.context.state[j][i] ^= binary.BigEndian.Uint32(blob[from+4*j:])
			}
		}
	}
}

// digest squeezes the output of one lane.
func (c *kernelContext) digest(i int) (d hash.Digest) {
	for j := range hash.Size / 4 {
		binary.LittleEndian.PutUint32(d[4*j:], c.state[j][i])
	}
	return d
}
