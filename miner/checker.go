package miner

import (
	"fmt"
	"slices"

	"github.com/aditmine/adit/hash"
)

// checker hashes candidates again with code of its own. It serves one
// goroutine.
type checker struct {
	newHasher func(*hash.Algorithm) (hash.Hasher, error)
	hasher    hash.Hasher // for the algorithm last seen; nil before
	blob      []byte
	in        []hash.Input
	out       []hash.Digest
}

func newChecker(newHasher func(*hash.Algorithm) (hash.Hasher, error)) *checker {
	return &checker{newHasher: newHasher, in: make([]hash.Input, 1), out: make([]hash.Digest, 1)}
}

func (k *checker) close() {
	if k.hasher != nil {
		k.hasher.Close() // frees memory; there is nothing to lose
		k.hasher = nil
	}
}

// prepare sees to it that the hasher is one for an algorithm.
func (k *checker) prepare(a *hash.Algorithm) error {
	if k.hasher != nil && k.hasher.Algorithm() == a {
		return nil
	}
	k.close()
	h, err := k.newHasher(a)
	if err != nil {
		return fmt.Errorf("preparing to re-check %s hits: %w", a.Name, err)
	}
	k.hasher = h
	return nil
}

// hash computes a candidate's digest and returns its nonce field.
func (k *checker) hash(c candidate) (digest hash.Digest, nonce []byte, err error) {
	k.blob, nonce = c.unit.space.put(k.blob[:0], c.hit.Nonce)
	k.in[0] = hash.Input{Blob: k.blob, Height: c.unit.job.Height}
	if err := k.hasher.Hash(k.out, k.in); err != nil {
		return digest, nil, err
	}
	return k.out[0], slices.Clone(nonce), nil
}

// nonce returns a candidate's nonce field without hashing.
func (k *checker) nonce(c candidate) []byte {
	var nonce []byte
	k.blob, nonce = c.unit.space.put(k.blob[:0], c.hit.Nonce)
	return slices.Clone(nonce)
}
