package cpu

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/aditmine/adit/hash"
)

// Report is what the self-test found out about one implementation of one
// algorithm.
type Report struct {
	Algorithm *hash.Algorithm
	Impl      string
	// Available says whether this machine runs it; Reason why not.
	Available bool
	Reason    string
	// Hashes is how many digests were compared.
	Hashes int
	// Err says what went wrong; nil means that every digest was right.
	Err error
}

// SelfTest runs every implementation of the algorithms over vectors built into
// the binary: in every lane, and through the search for a nonce that is known.
// It calls progress after each implementation. The error is the context's, and
// nil even when an implementation failed.
func SelfTest(ctx context.Context, algorithms []*hash.Algorithm, progress func(Report)) error {
	return selfTest(ctx, algorithms, Implementations, progress)
}

func selfTest(
	ctx context.Context,
	algorithms []*hash.Algorithm,
	implementations func(*hash.Algorithm) []Implementation,
	progress func(Report),
) error {
	for _, a := range algorithms {
		for _, impl := range implementations(a) {
			report := Report{Algorithm: a, Impl: impl.Name, Available: impl.Available, Reason: impl.Reason}
			if impl.Available {
				report.Hashes, report.Err = testImplementation(ctx, a, impl)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(report)
		}
	}
	return ctx.Err()
}

// testImplementation returns how many digests were right before the first
// wrong one. It ends early when ctx does.
func testImplementation(ctx context.Context, a *hash.Algorithm, impl Implementation) (hashes int, err error) {
	known, err := KnownAnswers(a)
	if err != nil {
		return 0, err
	}
	hasher, err := impl.New(0)
	if err != nil {
		return 0, fmt.Errorf("starting: %w", err)
	}
	defer func() { err = errors.Join(err, hasher.Close()) }()
	for i := range known {
		if ctx.Err() != nil {
			return hashes, ctx.Err()
		}
		if err := testLanes(hasher, known, i); err != nil {
			return hashes, err
		}
		hashes += hasher.Lanes()
	}
	if err := testSearch(a, impl, known[0]); err != nil {
		return hashes, err
	}
	return hashes + 1, nil
}

// KnownAnswer is a message and its digest, from a source outside of adit.
type KnownAnswer struct {
	Input  hash.Input
	Digest hash.Digest
}

// KnownAnswers are the vectors of a that are built into the binary, of which
// there is at least one. The first has room for the nonce.
func KnownAnswers(a *hash.Algorithm) ([]KnownAnswer, error) {
	var known []KnownAnswer
	for _, v := range selfTestVectors {
		if v.algorithm != a.Name {
			continue
		}
		input, err := hex.DecodeString(v.input)
		if err != nil {
			return nil, fmt.Errorf("decoding a vector: %w", err)
		}
		digest, err := hex.DecodeString(v.digest)
		if err != nil || len(digest) != hash.Size {
			return nil, fmt.Errorf("decoding a vector: digest %q is not 32 bytes", v.digest)
		}
		known = append(known, KnownAnswer{hash.Input{Blob: input, Height: v.height}, hash.Digest(digest)})
	}
	if len(known) == 0 {
		return nil, errors.New("there is no vector to test it with")
	}
	return known, nil
}

// testLanes hashes as many vectors at once as there are lanes, from the given
// one on, over and over again when there are fewer.
func testLanes(hasher hash.Hasher, known []KnownAnswer, from int) error {
	in := make([]hash.Input, hasher.Lanes())
	out := make([]hash.Digest, hasher.Lanes())
	for lane := range in {
		in[lane] = known[(from+lane)%len(known)].Input
	}
	if err := hasher.Hash(out, in); err != nil {
		return err
	}
	for lane := range out {
		if want := known[(from+lane)%len(known)].Digest; out[lane] != want {
			return fmt.Errorf("lane %d: %x hashes to %x, want %x", lane, in[lane].Blob, out[lane], want)
		}
	}
	return nil
}

// testSearch looks for the nonce in the known message, with its digest as the
// target. The search path may differ from plain hashing.
func testSearch(a *hash.Algorithm, impl Implementation, known KnownAnswer) (err error) {
	searcher, err := NewSearcher(SearcherOptions{
		Pick: func(*hash.Algorithm) (Implementation, error) { return impl, nil },
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, searcher.Close()) }()
	work := &hash.Work{
		Algorithm:   a,
		Blob:        known.Input.Blob,
		Height:      known.Input.Height,
		NonceOffset: a.NonceOffset,
		NonceSize:   min(a.NonceSize, 8),
		Target:      a.Number(&known.Digest),
	}
	if err := searcher.SetWork(work); err != nil {
		return err
	}
	nonce := nonceField{work.NonceOffset, work.NonceSize}.get(work.Blob)
	hits, done, err := searcher.Search(nonce, 1, nil)
	if err != nil {
		return err
	}
	if done != 1 || len(hits) != 1 || hits[0] != (hash.Hit{Nonce: nonce, Digest: known.Digest}) {
		return fmt.Errorf("searching %x: the nonce %#x was not found", work.Blob, nonce)
	}
	return nil
}
