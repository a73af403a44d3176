package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/aditmine/adit/harness/rig"
)

// Class is what a share truly is.
type Class string

// The classes.
const (
	Valid     Class = "valid"     // met the target it was issued with
	Low       Class = "low"       // its hash is stated truly and misses the target
	BadHash   Class = "badhash"   // states a hash that it does not have (CryptoNote)
	Duplicate Class = "duplicate" // was sent before on the same connection
	Stale     Class = "stale"     // for the previous block
	BadJob    Class = "badjob"    // names a job that was never issued
	Malformed Class = "malformed" // its nonce is too short
)

// Classes are all of them, in the order of reports.
var classOrder = [...]Class{Valid, Low, BadHash, Duplicate, Stale, BadJob, Malformed}

// Classes returns all classes in the order of reports.
func Classes() []Class { return slices.Clone(classOrder[:]) }

// Part is a class with its weight.
type Part struct {
	Class  Class `json:"class"`
	Weight int   `json:"weight"`
}

// Mix is how often each class is drawn.
type Mix []Part

// maxWeight bounds one weight of a mix.
const maxWeight = 1_000_000

// ParseMix reads "valid=90,duplicate=5,low=5".
func ParseMix(s string) (Mix, error) {
	var mix Mix
	for part := range strings.SplitSeq(s, ",") {
		name, weight, found := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(weight)
		switch {
		case !found || err != nil || n < 1 || n > maxWeight:
			return nil, fmt.Errorf("%q: give class=weight with a weight from 1 to %d", part, maxWeight)
		case !slices.Contains(classOrder[:], Class(name)):
			return nil, fmt.Errorf("class %q: there are %v", name, classOrder)
		case mix.has(Class(name)):
			return nil, fmt.Errorf("class %q is given twice", name)
		}
		mix = append(mix, Part{Class(name), n})
	}
	return mix, nil
}

func (m Mix) has(c Class) bool {
	return slices.ContainsFunc(m, func(p Part) bool { return p.Class == c })
}

// String writes the mix as ParseMix reads it.
func (m Mix) String() string {
	parts := make([]string, len(m))
	for i, p := range m {
		parts[i] = fmt.Sprintf("%s=%d", p.Class, p.Weight)
	}
	return strings.Join(parts, ",")
}

// check says which classes a dialect, or a run, cannot have.
func (m Mix) check(proto string, tips bool) error {
	switch {
	case proto == rig.CKB && m.has(BadHash):
		return fmt.Errorf("CKB shares state no hash: there is no class %s", BadHash)
	case m.has(Stale) && !tips:
		return fmt.Errorf("stale shares need a new block: let the harness be the pool's node")
	}
	return nil
}

// draw picks a class.
func (m Mix) draw(rng *rand.Rand) Class {
	sum := 0
	for _, p := range m {
		sum += p.Weight
	}
	at := rng.IntN(sum)
	for _, p := range m {
		if at -= p.Weight; at < 0 {
			return p.Class
		}
	}
	return Valid // not reached: the weights sum up to sum
}
