package eaglesong

import (
	"fmt"

	"github.com/aditmine/adit/hash"
)

// Impl is the name of this implementation.
const Impl = "generic"

// hasher hashes one message per call and owns no memory.
type hasher struct {
	algorithm *hash.Algorithm
	closed    bool
}

// New returns a Hasher of one lane for an algorithm of the Eaglesong family.
func New(a *hash.Algorithm) (hash.Hasher, error) {
	if err := checkFamily(a); err != nil {
		return nil, err
	}
	return &hasher{algorithm: a}, nil
}

func checkFamily(a *hash.Algorithm) error {
	if a.Family != hash.Eaglesong {
		return fmt.Errorf("eaglesong: cannot compute %s, which is of the family %q", a.Name, a.Family)
	}
	return nil
}

func (h *hasher) Algorithm() *hash.Algorithm { return h.algorithm }

func (h *hasher) Impl() string { return Impl }

func (h *hasher) Lanes() int { return 1 }

// Hash takes messages of any length; their height does not matter.
func (h *hasher) Hash(out []hash.Digest, in []hash.Input) error {
	if h.closed {
		return hash.ErrClosed
	}
	if err := h.algorithm.CheckCall(h.Lanes(), out, in); err != nil {
		return err
	}
	out[0] = Sum(in[0].Blob)
	return nil
}

func (h *hasher) Close() error {
	h.closed = true
	return nil
}
