package bank

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/aditmine/adit/hash"
)

// ErrFalse says that a share has not the digest that the bank says.
var ErrFalse = errors.New("its nonce hashes to another digest: the bank is damaged or made up")

// Verify hashes every share and returns those that are false, as *LineError,
// joined; nil when all are true. An error of hashing itself ends it.
func (b *Bank) Verify(ctx context.Context, newHasher func(*hash.Algorithm) (hash.Hasher, error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := &verifier{newHasher: newHasher}
	defer v.close()
	var bad []error
	for _, l := range b.order {
		found, err := v.lot(ctx, l)
		if err != nil {
			return fmt.Errorf("verifying the share bank: %w", err)
		}
		if bad = append(bad, found...); len(bad) > maxBad {
			break
		}
	}
	return errors.Join(bad...)
}

// maxBad is how many false shares are looked for.
const maxBad = 20

// verifier hashes, with one hasher at a time.
type verifier struct {
	newHasher func(*hash.Algorithm) (hash.Hasher, error)
	hasher    hash.Hasher
}

func (v *verifier) close() {
	if v.hasher != nil {
		_ = v.hasher.Close() // memory only
	}
}

// lot hashes the shares of a lot, as many at once as the hasher takes.
func (v *verifier) lot(ctx context.Context, l *Lot) (bad []error, err error) {
	if v.hasher == nil || v.hasher.Algorithm() != l.Algorithm {
		h, err := v.newHasher(l.Algorithm)
		if err != nil {
			return nil, err
		}
		v.close()
		v.hasher = h
	}
	lanes := v.hasher.Lanes()
	for at := 0; at < len(l.Shares); at += lanes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		some := l.Shares[at:min(at+lanes, len(l.Shares))]
		in, out := make([]hash.Input, len(some)), make([]hash.Digest, len(some))
		for i := range some {
			in[i] = hash.Input{Blob: l.with(some[i].Nonce), Height: l.Height}
		}
		if err := v.hasher.Hash(out, in); err != nil {
			return nil, err
		}
		for i := range some {
			if out[i] != some[i].Digest {
				bad = append(bad, &LineError{l.line(at + i), ErrFalse})
			}
		}
	}
	return bad, nil
}

// with is the blob with a nonce in it.
func (l *Lot) with(nonce uint64) []byte {
	blob := bytes.Clone(l.Blob)
	copy(blob[l.Offset:], l.Bytes(nonce))
	return blob
}

// line is where a share was read, 0 when it was not.
func (l *Lot) line(i int) int {
	if i < len(l.lines) {
		return l.lines[i]
	}
	return 0
}
