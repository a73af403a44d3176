//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote/walletrpc"
	"github.com/aditmine/adit/pool/ledger"
)

// payouts reads the ledger's payouts, also while the pool runs.
func (r *rig) payouts(t *testing.T, q ledger.PayoutQuery) []ledger.Payout {
	t.Helper()
	reader, err := ledger.OpenReader(t.Context(), r.db)
	require.NoError(t, err)
	defer reader.Close()
	list, err := reader.Payouts(t.Context(), q)
	require.NoError(t, err)
	return list
}

// waitForPayout waits until the pool has paid a miner and seen the chain
// confirm it.
func (r *rig) waitForPayout(t *testing.T, c *moneroChain, within time.Duration) {
	t.Helper()
	eventually(t, within, "a confirmed payout", func(context.Context) error {
		if len(r.payouts(t, ledger.PayoutQuery{State: ledger.PayoutConfirmed})) > 0 {
			return nil
		}
		all := r.payouts(t, ledger.PayoutQuery{})
		if len(all) == 0 {
			return fmt.Errorf("there is no payout yet; the pool says:\n%s", r.pool.tail(5))
		}
		return fmt.Errorf("the newest is %s: %s", all[0].State, all[0].Detail)
	})
}

// minerReceives compares each confirmed payout with what the miner's own
// wallet, which knows nothing of the pool, finds in the chain.
func minerReceives(t *testing.T, c *moneroChain, r *rig) {
	_, err := c.miner.Refresh(t.Context())
	require.NoError(t, err)
	in, err := c.miner.Transfers(t.Context(), walletrpc.Filter{In: true})
	require.NoError(t, err)
	received := make(map[string]uint64)
	for _, transfer := range in {
		require.Equal(t, "in", transfer.Type)
		received[transfer.TxID] += transfer.Amount
	}
	confirmed := r.payouts(t, ledger.PayoutQuery{State: ledger.PayoutConfirmed})
	var sum uint64
	for _, p := range confirmed {
		require.Len(t, p.Entries, 1)
		require.Equal(t, c.minerAddress, p.Entries[0].Login)
		require.Equal(t, p.Entries[0].Sent(), received[p.TxHash], "payout %d, transaction %s", p.ID, p.TxHash)
		sum += p.Entries[0].Sent()
	}
	known := make(map[string]bool)
	for _, p := range r.payouts(t, ledger.PayoutQuery{}) {
		known[p.TxHash] = true
	}
	for tx := range received {
		require.True(t, known[tx], "transaction %s reached the miner, the ledger does not know it", tx)
	}
	t.Logf("%d payouts confirmed, %d atomic units; the miner's wallet has received %d transactions", len(confirmed), sum, len(received))
}

// paidOut sums what has left the pool's wallet, fees included.
func paidOut(t *testing.T, r *rig) (sum uint64) {
	t.Helper()
	for _, p := range r.payouts(t, ledger.PayoutQuery{}) {
		switch p.State {
		case ledger.PayoutSent, ledger.PayoutConfirmed:
			sum += p.Fee
			for _, e := range p.Entries {
				sum += e.Sent()
			}
		case ledger.PayoutReturned:
		default:
			t.Logf("payout %d is %s: %s", p.ID, p.State, p.Detail)
		}
	}
	return sum
}
