// Package cpu picks among the implementations that compute an algorithm on the
// processor, searches for nonces with them, and tests them on the machine they
// run on.
//
// It imports package hash and the implementations below hash; anything above
// the ground floor may import it.
package cpu

import (
	"fmt"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
	"github.com/aditmine/adit/hash/internal/cpufeature"
)

// Backend is the name under which processors appear in hash.SearcherInfo.
const Backend = "cpu"

// Implementation is one way of computing an algorithm.
type Implementation struct {
	// Name is what Hasher.Impl of its hashers says.
	Name string
	// Available says whether it runs on this machine; Reason why not.
	Available bool
	Reason    string
	// Lanes are the numbers of lanes there is a choice of, ascending.
	Lanes []int
	// DefaultLanes is the one among them to use where nothing better is known
	// about the machine.
	DefaultLanes int

	// Make returns a Hasher with one of those numbers of lanes; see New.
	Make func(lanes int) (hash.Hasher, error)

	// midstate searches instead of a Hasher where it suits the work; nil for
	// implementations that cannot.
	midstate func() *eaglesong.Search
}

// New returns a Hasher with scratchpads of its own and the given number of
// lanes: DefaultLanes for 0, otherwise the most there is a choice of up to it,
// or the fewest there are.
func (i Implementation) New(lanes int) (hash.Hasher, error) {
	return i.Make(i.lanes(lanes))
}

func (i Implementation) lanes(wanted int) int {
	if wanted == 0 {
		return i.DefaultLanes
	}
	chosen := i.Lanes[0]
	for _, n := range i.Lanes {
		if n <= wanted {
			chosen = n
		}
	}
	return chosen
}

// Implementations lists every implementation of a, the fastest first, also
// those that this machine cannot run. The last is portable. It is empty for a
// family without one.
func Implementations(a *hash.Algorithm) []Implementation {
	switch a.Family {
	case hash.CryptoNight:
		return cryptoNightImplementations(a)
	case hash.Eaglesong:
		return eaglesongImplementations(a)
	}
	return nil
}

// Best returns the fastest implementation of a that this machine runs. It
// fails when the environment asks for a level that there is not.
func Best(a *hash.Algorithm) (Implementation, error) {
	if _, err := cpufeature.Allowed(); err != nil {
		return Implementation{}, err
	}
	for _, impl := range Implementations(a) {
		if impl.Available {
			return impl, nil
		}
	}
	return Implementation{}, fmt.Errorf("no implementation of %s runs on this processor", a.Name)
}

// New returns a Hasher of the best implementation of a, with as many lanes as
// that has by default.
func New(a *hash.Algorithm) (hash.Hasher, error) {
	impl, err := Best(a)
	if err != nil {
		return nil, err
	}
	return impl.New(0)
}

// Hash computes the digest of every in[i] into out[i], as many at once as h
// has lanes. Unlike h itself it takes any number of inputs, and none; out must
// be as long as in. On an *hash.InputError nothing in out is meaningful.
func Hash(h hash.Hasher, out []hash.Digest, in []hash.Input) error {
	if len(out) != len(in) {
		return fmt.Errorf("hashing %s: %d inputs but %d outputs given", h.Algorithm().Name, len(in), len(out))
	}
	for len(in) > 0 {
		n := min(h.Lanes(), len(in))
		if err := h.Hash(out[:n], in[:n]); err != nil {
			return err
		}
		out, in = out[n:], in[n:]
	}
	return nil
}
