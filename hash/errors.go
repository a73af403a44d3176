package hash

import (
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is returned by a Hasher or Searcher that is used after Close.
var ErrClosed = errors.New("hasher is closed")

// UnknownAlgorithmError says that no algorithm has a name, and which names
// were perhaps meant.
type UnknownAlgorithmError struct {
	Name string
	// Near holds the names of algorithms spelled almost alike, nearest first;
	// it is empty when there are none.
	Near []string
}

// Error suggests the near names, or lists all names when there are none.
func (e *UnknownAlgorithmError) Error() string {
	if len(e.Near) > 0 {
		return fmt.Sprintf("unknown algorithm %q: did you mean %s?", e.Name, oneOf(e.Near))
	}
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].Name
	}
	// A name may come off the wire: a long one is not repeated in full.
	return fmt.Sprintf("unknown algorithm %.64q: use one of %s", e.Name, strings.Join(names, ", "))
}

func oneOf(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// InputError says that an algorithm cannot hash an input, for instance
// because it is too short. The message is at fault, not the implementation.
type InputError struct {
	Algorithm string
	// Reason continues a sentence that begins with the algorithm's name.
	Reason string
}

func (e *InputError) Error() string { return e.Algorithm + " " + e.Reason }

// CheckInput reports whether a can hash in, as an *InputError if not. A height
// of 0 counts as missing: no chain reaches such an algorithm with its genesis
// block, and a forgotten height would otherwise give wrong digests silently.
func (a *Algorithm) CheckInput(in *Input) error {
	if len(in.Blob) < a.MinInput {
		return &InputError{a.Name, fmt.Sprintf("needs at least %d bytes, got %d", a.MinInput, len(in.Blob))}
	}
	if a.NeedsHeight && in.Height == 0 {
		return &InputError{a.Name, "needs the block height"}
	}
	return nil
}

// CheckCall reports whether out and in may be given to Hash of a Hasher with
// that many lanes, as the Hasher contract demands. Implementations call it
// first.
func (a *Algorithm) CheckCall(lanes int, out []Digest, in []Input) error {
	if len(out) != len(in) || len(in) < 1 || len(in) > lanes {
		return fmt.Errorf("hashing %s: %d inputs and %d outputs given, want 1 to %d of each",
			a.Name, len(in), len(out), lanes)
	}
	for i := range in {
		if err := a.CheckInput(&in[i]); err != nil {
			return err
		}
	}
	return nil
}
