package chain

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"github.com/aditmine/adit/hash"
)

// The "target" field of a CryptoNote job is 4 or 8 bytes, little-endian, in
// hex. XMRig widens the 4-byte form to 64 bits and accepts a digest whose top
// eight bytes are strictly below that bound. The functions here follow this
// rule on the miner's side, and on the pool's side choose a field whose bound
// is never looser than the difficulty.

// ErrZeroTarget says that a compact target is zero: no digest can meet it, and
// XMRig divides by it.
var ErrZeroTarget = errors.New("target is zero: no share can meet it")

// Compact4 returns the 4-byte compact target of difficulty d, which is
// floor((2^32-1)/d). It reports false when there is none, from 2^32 upwards.
// Difficulty 0 means 1.
func Compact4(d uint64) (uint32, bool) {
	t := uint32(math.MaxUint32 / max(d, 1))
	return t, t != 0
}

// Compact8 returns the 8-byte compact target of difficulty d, which is
// floor((2^64-1)/d). Difficulty 0 means 1.
func Compact8(d uint64) uint64 {
	return math.MaxUint64 / max(d, 1)
}

// widen turns a 4-byte compact target into the 64-bit bound that XMRig uses.
// t must not be zero.
func widen(t uint32) uint64 {
	return math.MaxUint64 / uint64(math.MaxUint32/t)
}

// TargetFromCompact4 returns the inclusive 256-bit target that a 4-byte
// compact target stands for. Its only error is ErrZeroTarget.
func TargetFromCompact4(t uint32) (hash.Target, error) {
	if t == 0 {
		return hash.Target{}, ErrZeroTarget
	}
	return TargetFromCompact8(widen(t))
}

// TargetFromCompact8 returns the inclusive 256-bit target t*2^192 - 1: the
// largest number whose top 64 bits are strictly below t. Its only error is
// ErrZeroTarget.
func TargetFromCompact8(t uint64) (hash.Target, error) {
	var target hash.Target
	if t == 0 {
		return target, ErrZeroTarget
	}
	for i := range target {
		target[i] = 0xff
	}
	binary.BigEndian.PutUint64(target[:], t-1)
	return target, nil
}

// NeedsCompact8 reports whether the 4-byte compact target of d makes a miner
// work more than 0.1 % harder than d, or does not exist. Work beyond d is
// never credited, so a pool then sends 8 bytes to miners that take them.
func NeedsCompact8(d uint64) bool {
	t, ok := Compact4(d)
	if !ok {
		return true
	}
	d = max(d, 1)
	worked := uint64(math.MaxUint32 / t) // the difficulty the miner works at
	return (worked-d)*1000 > d
}

// TargetHex returns the "target" field for difficulty d: 16 hex characters
// when wide, otherwise 8. There is no 8-character form from 2^32 upwards, and
// 16 characters are returned there whatever the caller asks: a field of zeros
// would crash miners.
func TargetHex(d uint64, wide bool) string {
	t, ok := Compact4(d)
	if wide || !ok {
		return hex.EncodeToString(binary.LittleEndian.AppendUint64(nil, Compact8(d)))
	}
	return hex.EncodeToString(binary.LittleEndian.AppendUint32(nil, t))
}

// ParseTargetHex reads the "target" field of a CryptoNote job, 8 or 16 hex
// characters. It returns the inclusive 256-bit target and the difficulty that
// miners show for it, floor((2^64-1)/t). A zero field gives ErrZeroTarget.
func ParseTargetHex(s string) (hash.Target, uint64, error) {
	bound, err := parseBound(s)
	if err != nil {
		return hash.Target{}, 0, err
	}
	target, err := TargetFromCompact8(bound)
	return target, math.MaxUint64 / bound, err
}

// parseBound reads the field as XMRig's 64-bit bound, never zero.
func parseBound(s string) (uint64, error) {
	if len(s) != 8 && len(s) != 16 {
		return 0, fmt.Errorf("target has %d characters, not 8 or 16", len(s))
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return 0, fmt.Errorf("target %q is not hex", s)
	}
	var bound uint64
	if len(raw) == 8 {
		bound = binary.LittleEndian.Uint64(raw)
	} else if t := binary.LittleEndian.Uint32(raw); t != 0 {
		bound = widen(t)
	}
	if bound == 0 {
		return 0, ErrZeroTarget
	}
	return bound, nil
}
