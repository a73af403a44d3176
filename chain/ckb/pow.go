package ckb

import (
	"errors"
	"fmt"

	"github.com/aditmine/adit/hash"
)

// PowMessageSize is the length of a proof-of-work message in bytes.
const PowMessageSize = len(Hash{}) + NonceSize

// ErrInvalidNonce is a header whose hash does not meet its own target.
var ErrInvalidNonce = errors.New("the hash does not meet the target")

// PowMessage is what Eaglesong hashes: pow_hash, then the nonce as it lies.
func PowMessage(powHash Hash, nonce Nonce) (m [PowMessageSize]byte) {
	copy(m[:], powHash[:])
	copy(m[len(powHash):], nonce[:])
	return m
}

// PowMessage is what Eaglesong hashes for this header.
func (h *Header) PowMessage() [PowMessageSize]byte { return PowMessage(h.PowHash(), h.Nonce) }

// VerifyPow hashes the header and compares the result with the target that the
// header claims. It fails with ErrInvalidNonce, with a *CompactError when the
// target is none, or with the hasher's error. Whether the chain asks for that
// target is another question.
func VerifyPow(h *Header, hasher hash.Hasher) error {
	target, err := TargetFromCompact(h.CompactTarget)
	if err != nil {
		return err
	}
	message := h.PowMessage()
	out := make([]hash.Digest, 1)
	if err := hasher.Hash(out, []hash.Input{{Blob: message[:], Height: h.Number}}); err != nil {
		return fmt.Errorf("hashing the header of block %d: %w", h.Number, err)
	}
	if !hasher.Algorithm().Meets(&out[0], &target) {
		return fmt.Errorf("%w: hash %x, target %x", ErrInvalidNonce, hasher.Algorithm().Number(&out[0]), target)
	}
	return nil
}
