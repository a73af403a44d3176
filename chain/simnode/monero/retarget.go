package monero

import (
	"math/big"
	"time"
)

// The retarget rule is a linearly weighted moving average of the times that
// the last blocks took, newest heaviest ("LWMA-1"), in whole numbers.
const (
	retargetWindow = 30
	minRetarget    = 4 // fewer blocks than this keep the first difficulty
)

// sample is what the rule needs of a block.
type sample struct {
	timestamp  uint64 // seconds
	difficulty uint64
}

// nextDifficulty returns the difficulty of the block after the given ones,
// oldest first, for one block per interval. The first sample only starts the
// clock. It stays first until there are minRetarget samples.
func nextDifficulty(blocks []sample, interval time.Duration, first uint64) uint64 {
	if len(blocks) < minRetarget {
		return first
	}
	if len(blocks) > retargetWindow+1 {
		blocks = blocks[len(blocks)-retargetWindow-1:]
	}
	target := int64(interval / time.Second)
	n := int64(len(blocks) - 1)
	var weighted int64
	sum := new(big.Int)
	for i := int64(1); i <= n; i++ {
		took := int64(blocks[i].timestamp) - int64(blocks[i-1].timestamp)
		weighted += i * min(max(took, -6*target), 6*target)
		sum.Add(sum, new(big.Int).SetUint64(blocks[i].difficulty))
	}
	// At most ten times faster in a window, whatever the timestamps say.
	weighted = max(weighted, n*n*target/20, 1)
	next := sum.Mul(sum, big.NewInt(target*(n+1)))
	next.Quo(next, big.NewInt(2*weighted))
	return clamp(next)
}

// maxDifficulty leaves room for products of difficulties.
const maxDifficulty = 1 << 62

func clamp(d *big.Int) uint64 {
	if !d.IsUint64() {
		return maxDifficulty
	}
	return min(max(d.Uint64(), 1), maxDifficulty)
}
