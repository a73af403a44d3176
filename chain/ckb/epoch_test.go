package ckb

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEpoch(t *testing.T) {
	// The RPC documentation's example: block 555 of 1000 in epoch 50.
	e := NewEpoch(50, 555, 1000)
	require.Equal(t, Epoch(1099520939130930), e)
	require.Equal(t, "50(555/1000)", e.String())
	require.True(t, e.Valid())
	require.True(t, Epoch(0).Valid())
	for _, bad := range []Epoch{NewEpoch(1, 0, 0), NewEpoch(1, 5, 5), e | 1<<56} {
		require.False(t, bad.Valid(), bad)
	}
}

func TestEpochMatured(t *testing.T) {
	found := NewEpoch(10, 30, 100)
	for _, c := range []struct {
		tip  Epoch
		want bool
	}{
		{found, false},
		{NewEpoch(13, 99, 100), false},
		{NewEpoch(14, 29, 100), false},
		{NewEpoch(14, 30, 100), true},
		{NewEpoch(14, 15, 50), true},
		{NewEpoch(14, 14, 50), false},
		{NewEpoch(14, 60, 201), false},
		{NewEpoch(14, 61, 201), true},
		{NewEpoch(15, 0, 1000), true},
	} {
		require.Equal(t, c.want, found.Matured(c.tip, 4), c.tip)
	}
	require.True(t, Epoch(0).Matured(NewEpoch(4, 0, 0), 4))
}
