package conform

import (
	"fmt"
	"sync/atomic"

	"github.com/aditmine/adit/harness/bank"
)

// ShareCount says where a run's good shares came from.
type ShareCount struct {
	Banked uint64 `json:"banked"` // found before the run
	Mined  uint64 `json:"mined"`
}

func (c ShareCount) String() string {
	return fmt.Sprintf("good shares: %d from the bank, %d mined", c.Banked, c.Mined)
}

// shareCounter counts for all checks of a run.
type shareCounter struct{ banked, mined atomic.Uint64 }

// count is what a report says of the shares; nil without a bank.
func (c *Config) count() *ShareCount {
	if c.Bank == nil {
		return nil
	}
	return &ShareCount{Banked: c.shares.banked.Load(), Mined: c.shares.mined.Load()}
}

// banked takes up to most good shares of a work out of the bank, each of which
// it gives once in a run.
func (e *Env) banked(w *work, most int) []share {
	if e.cfg.Bank == nil {
		return nil
	}
	bw := bank.Work{Algorithm: w.algo, Blob: w.blob, Height: w.height, Offset: w.offset, Size: w.size}
	taken, _ := e.cfg.Bank.Take(&bw, &w.target, most)
	var shares []share
	for _, s := range taken {
		shares = append(shares, share{nonce: bw.Bytes(s.Nonce), digest: s.Digest})
	}
	e.cfg.shares.banked.Add(uint64(len(shares)))
	return shares
}
