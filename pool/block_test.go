package pool

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

func TestBlockIsSubmittedAndCreditedOnce(t *testing.T) {
	l := startLab(t, func(_ *config.Config, d *Deps) {})
	xmr := l.coins["xmr"]
	xmr.change(func() { xmr.difficulty = 200; xmr.content = 1 })
	l.feeds[0].kick()
	l.eventually("the new difficulty", func() bool { return l.feeds[0].current.Load().Difficulty.Uint64() == 200 })
	c := l.login()
	nonce, d := mine(t, c.job, 0, 200, 1<<30)
	fake := hash.Digest{}
	require.Equal(t, "Invalid share", c.submit(c.job.JobID, nonce, fake), "a claim alone is no block")
	require.Empty(t, xmr.blocks())
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	l.eventually("block settled", func() bool { return l.seen(func(e Event) bool { _, ok := e.(*BlockSettled); return ok }) })
	require.Len(t, xmr.blocks(), 1)
	blob, err := hex.DecodeString(c.job.Blob)
	require.NoError(t, err)
	raw, _ := hex.DecodeString(nonceHex(nonce))
	copy(blob[39:], raw)
	require.Equal(t, hex.EncodeToString(blob), xmr.blocks()[0].Payload, "the block is the one that was mined")
	blocks, err := l.store.Blocks(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, blocks, 1)
	require.Equal(t, ledger.BlockAccepted, blocks[0].State)
	require.Equal(t, "200", blocks[0].Difficulty)
	require.EqualValues(t, 1, l.totals()[0].Shares)
	require.EqualValues(t, 1, l.totals()[0].Blocks)
	require.Equal(t, "Duplicate share", c.submit(c.job.JobID, nonce, d))
	require.Len(t, xmr.blocks(), 1)
}

func TestBlockThatTheNodeRefuses(t *testing.T) {
	l := startLab(t, nil)
	xmr := l.coins["xmr"]
	xmr.change(func() { xmr.difficulty, xmr.content, xmr.refuse = 50, 1, refused("bad reward") })
	l.feeds[0].kick()
	l.eventually("the new difficulty", func() bool { return l.feeds[0].current.Load().Difficulty.Uint64() == 50 })
	c := l.login()
	nonce, d := mine(t, c.job, 0, 50, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d), "the miner has done the work")
	l.eventually("outcome", func() bool {
		blocks, err := l.store.Blocks(t.Context(), 1)
		return err == nil && len(blocks) == 1 && blocks[0].State == ledger.BlockRefused && blocks[0].Detail == "bad reward"
	})
	require.Contains(t, l.log.String(), "block not accepted")
}

func TestStaleBlockStillGoesToTheNode(t *testing.T) {
	for _, taken := range []bool{true, false} {
		t.Run(fmt.Sprint(taken), func(t *testing.T) {
			l := startLab(t, nil)
			xmr := l.coins["xmr"]
			xmr.change(func() { xmr.difficulty, xmr.content = 60, 1 })
			l.feeds[0].kick()
			l.eventually("the new difficulty", func() bool { return l.feeds[0].current.Load().Difficulty.Uint64() == 60 })
			c := l.login()
			old := c.job
			xmr.change(func() {
				xmr.height++
				if !taken {
					xmr.refuse = refused("too old")
				}
			})
			c.nextJob()
			nonce, d := mine(t, old, 0, 60, 1<<30)
			verdict := c.submit(old.JobID, nonce, d)
			require.Len(t, xmr.blocks(), 1)
			if taken {
				require.Empty(t, verdict)
				require.EqualValues(t, 1, l.totals()[0].Shares)
			} else {
				require.Equal(t, "Block expired", verdict)
				require.Empty(t, l.totals())
			}
		})
	}
}

// A block is worth more than its record.
func TestBlockIsSubmittedEvenWithAFullDisk(t *testing.T) {
	l := startLab(t, nil)
	xmr := l.coins["xmr"]
	xmr.change(func() { xmr.difficulty, xmr.content = 50, 1 })
	l.feeds[0].kick()
	l.eventually("the new difficulty", func() bool { return l.feeds[0].current.Load().Difficulty.Uint64() == 50 })
	c := l.login()
	l.store.failWith(ledger.ErrFull)
	nonce, d := mine(t, c.job, 0, 50, 1<<30)
	require.Equal(t, textNotRecorded, c.submit(c.job.JobID, nonce, d))
	l.eventually("the block", func() bool { return len(xmr.blocks()) == 1 })
	require.Contains(t, l.log.String(), xmr.blocks()[0].Payload, "the log has what the ledger has not")
}
