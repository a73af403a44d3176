//go:build !race

package monero_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// TestRealProofOfWork mines with CryptoNight: an algorithm with the smallest
// scratchpad, and one whose program depends on the height.
func TestRealProofOfWork(t *testing.T) {
	for _, name := range []string{"cn/upx2", "cn/r"} {
		t.Run(name, func(t *testing.T) {
			algo, err := hash.Lookup(name)
			require.NoError(t, err)
			b := start(t, monero.Config{
				Algorithm: algo, NewHasher: cpu.New, Fixed: true, Difficulty: 4, GenesisHeight: 1806259, Transactions: 2,
			})
			hasher, err := cpu.New(algo)
			require.NoError(t, err)
			defer hasher.Close()
			raw, tmpl := b.template(8)
			blob, err := tmpl.HashingBlob(nil)
			require.NoError(t, err)
			target := chain.TargetFromBig(raw.Difficulty)

			// The node's verdict on each nonce is ours, up to the first hit.
			for nonce := byte(0); ; nonce++ {
				blob[tmpl.NonceOffset()] = nonce
				out := make([]hash.Digest, 1)
				require.NoError(t, hasher.Hash(out, []hash.Input{{Blob: blob, Height: raw.Height}}))
				block, err := tmpl.BlockBlob(nil, [4]byte{nonce})
				require.NoError(t, err)
				err = b.rpc.SubmitBlock(t.Context(), block)
				if algo.Meets(&out[0], &target) {
					require.NoError(t, err)
					break
				}
				require.ErrorIs(t, err, monerod.ErrNotAccepted)
			}
			require.Equal(t, uint64(1806260), b.Tip().Height)
		})
	}
}
