package ckb

import "time"

// At returns the same work with another timestamp, and so another PowHash: a
// pool that must give a miner fresh work between two templates moves the time
// by a millisecond. The node refuses blocks more than 15 seconds ahead of its
// clock, and those not after the median of the 37 blocks before. The two
// templates share their body.
func (t *Template) At(timestamp time.Time) *Template {
	ms := uint64(timestamp.UnixMilli())
	if ms == t.header.Timestamp {
		return t
	}
	moved := *t
	moved.header.Timestamp = ms
	moved.powHash = moved.header.PowHash()
	return &moved
}
