package chain_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
)

func TestFormatDifficulty(t *testing.T) {
	for d, want := range map[uint64]string{
		0: "0", 1: "1", 9999: "9999", 10_000: "10k", 12_346: "12.35k", 999_949: "999.9k",
		999_950: "1M", 123_456_789_012: "123.5G", math.MaxUint64: "18.45E",
	} {
		require.Equal(t, want, chain.FormatDifficulty(d))
	}
}

func TestFormatHashrate(t *testing.T) {
	for rate, want := range map[float64]string{
		0: "0 H/s", 0.5: "0.5 H/s", 812.44: "812.4 H/s", 999.96: "1 kH/s", 12_346: "12.35 kH/s",
		3.2e9: "3.2 GH/s", -1: "n/a", math.Inf(1): "n/a",
	} {
		require.Equal(t, want, chain.FormatHashrate(rate))
	}
	require.Equal(t, "n/a", chain.FormatHashrate(math.NaN()))
}
