package conform

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// TestGoodSharesComeFromTheBankFirst, and each once; what is missing is mined,
// and both are counted.
func TestGoodSharesComeFromTheBankFirst(t *testing.T) {
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	w := &work{algo: a, blob: bytes.Repeat([]byte{5}, 48), offset: 36, size: 12, target: chain.TargetFromDifficulty(4), difficulty: 4}
	h, err := cpu.New(a)
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Close()) }()
	lot := &bank.Lot{Work: bank.Work{Algorithm: a, Blob: w.blob, Offset: w.offset, Size: w.size}, Target: w.target}
	for len(lot.Shares) < 3 {
		s, err := digest(h, w, lot.Bytes(lot.Tried))
		require.NoError(t, err)
		if s.meets(w) {
			lot.Shares = append(lot.Shares, bank.Share{Nonce: lot.Tried, Digest: s.digest})
		}
		lot.Tried++
	}
	b := bank.New(bank.Header{Profile: "ckb"})
	require.True(t, b.Add(lot))
	require.NoError(t, b.Verify(t.Context(), cpu.New))

	cfg := Config{Profile: CKB, NewHasher: cpu.New, Bank: b}.withDefaults()
	env := newEnv(t.Context(), &cfg, &Check{ID: "CKB-SHR-01"}, nil)
	defer env.close()
	m := &miner{env: env}
	first, err := env.valid(w)
	require.NoError(t, err)
	require.Equal(t, lot.Bytes(lot.Shares[0].Nonce), first.nonce)
	more, err := m.stock(&task{work: w}, 4)
	require.NoError(t, err)
	require.Len(t, more, 4)
	seen := map[string]bool{string(first.nonce): true}
	for i := range more {
		require.False(t, seen[string(more[i].nonce)])
		seen[string(more[i].nonce)] = true
		again, err := digest(h, w, more[i].nonce)
		require.NoError(t, err)
		require.Equal(t, again.digest, more[i].digest)
		require.True(t, more[i].meets(w))
	}
	require.Equal(t, ShareCount{Banked: 3, Mined: 2}, *cfg.count())
	require.Equal(t, "good shares: 3 from the bank, 2 mined", cfg.count().String())
	cfg.Bank = nil
	require.Nil(t, cfg.count())
}
