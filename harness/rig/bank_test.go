package rig_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/lab/labtest"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
)

// TestBankedSharesComeFirst, are accepted, and are not found a second time by
// the search behind them.
func TestBankedSharesComeFirst(t *testing.T) {
	for _, proto := range []string{rig.CryptoNote, rig.CKB} {
		p := (&labtest.Pool{Proto: proto, Difficulty: 5}).Start(t)
		results := make(chan *wire.Result, 1)
		s := open(t, p, rig.Watcher{Result: func(r *wire.Result, _ time.Time) { results <- r }})
		job := s.Job()
		lot, err := rig.Deposit(t.Context(), p.Finder(t), job, 4)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(lot.Shares), 4)
		b := bank.New(bank.Header{Profile: proto})
		require.True(t, b.Add(lot))

		f := p.Finder(t)
		f.UseBank(b)
		next := uint64(0)
		banked, err := f.Search(job, &next, 1, nil)
		require.NoError(t, err)
		require.Len(t, banked, len(lot.Shares))
		require.Zero(t, f.Hashes)
		require.Equal(t, lot.Tried, next)
		for _, share := range banked[:4] {
			require.True(t, share.Banked)
			require.NoError(t, s.Submit(share))
			require.Equal(t, wire.Accepted, (<-results).Verdict)
		}
		var mined []*rig.Share
		for len(mined) == 0 {
			mined, err = f.Search(job, &next, 100, nil)
			require.NoError(t, err)
		}
		require.False(t, mined[0].Banked)
		require.NoError(t, s.Submit(mined[0]))
		require.Equal(t, wire.Accepted, (<-results).Verdict)
	}
}
