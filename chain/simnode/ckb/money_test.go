package ckb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	simckb "github.com/aditmine/adit/chain/simnode/ckb"
)

func TestRewards(t *testing.T) {
	w := start(t, func(c *simckb.Config) { c.EpochLength = 5; c.Maturity = 2 })
	w.node.AddTransactions(2)
	w.step() // 1 proposes
	first, _, err := w.client.BlockByNumber(t.Context(), 1)
	require.NoError(t, err)
	ctx := t.Context()
	for range 10 {
		_, found, err := w.client.BlockEconomicState(ctx, first.Hash)
		require.NoError(t, err)
		require.False(t, found)
		w.step()
	}
	require.Zero(t, w.node.Status().Paid.Immature)
	paying := w.step() // 12 pays
	state, found, err := w.client.BlockEconomicState(ctx, first.Hash)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, paying.Hash(), state.FinalizedAt)
	require.NotZero(t, state.MinerReward.Proposal)
	require.Zero(t, state.TxsFee)

	block, _, err := w.client.BlockByNumber(ctx, 12)
	require.NoError(t, err)
	require.Equal(t, state.MinerReward.Total(), uint64(block.Transactions[0].Outputs[0].Capacity))
	require.True(t, block.Transactions[0].Outputs[0].Lock.Equal(poolLock))
	require.Equal(t, state.MinerReward.Total(), w.node.Status().Paid.Immature)

	w.step()
	w.step()
	third, _, err := w.client.BlockByNumber(ctx, 3)
	require.NoError(t, err)
	require.Len(t, third.Transactions, 3)
	state, found, err = w.client.BlockEconomicState(ctx, third.Hash)
	require.NoError(t, err)
	require.True(t, found)
	fees := uint64(state.TxsFee)
	require.NotZero(t, fees)
	require.NotZero(t, state.MinerReward.Committed)

	for range 9 {
		w.step()
	}
	paid := w.node.Status().Paid
	require.NotZero(t, paid.Mature)
	require.NotZero(t, paid.Immature)
	require.Equal(t, uint64(23), paid.Blocks)
}
