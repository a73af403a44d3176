package suits

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/hash"
)

func TestEveryAlgorithmSuitsAnOrdinaryCard(t *testing.T) {
	card := &gpu.Device{Kind: gpu.Card, Memory: 8 << 30, MaxAlloc: 2 << 30, Units: 40}
	for _, a := range hash.All() {
		require.NoError(t, Check(card, a), a.Name)
	}
}

func TestMemoryDecides(t *testing.T) {
	small := &gpu.Device{Kind: gpu.Card, Memory: 300 << 20, MaxAlloc: 300 << 20, Units: 2}
	for name, want := range map[string]string{
		"eaglesong": "", "cn-pico": "", "cn-heavy/0": "300 MiB of free memory are too little for two batches of cn-heavy/0",
	} {
		a, err := hash.Lookup(name)
		require.NoError(t, err)
		if err := Check(small, a); want == "" {
			require.NoError(t, err, name)
		} else {
			require.EqualError(t, err, want)
		}
	}
	require.ErrorIs(t, Check(small, &hash.Algorithm{Name: "cn/none", Family: hash.CryptoNight}), gpu.ErrNoKernel)
}
