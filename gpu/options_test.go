package gpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckOfOptions(t *testing.T) {
	for _, good := range []Options{{}, {Intensity: 1, WorkSize: 1, Unroll: 1}, {WorkSize: MaxWorkSize, Unroll: 8}} {
		require.NoError(t, good.Check(), "%+v", good)
	}
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{Intensity: -1}, "intensity -1"},
		{Options{WorkSize: -8}, "work size -8"},
		{Options{WorkSize: 12}, "work size 12"},
		{Options{WorkSize: 512}, "work size 512"},
		{Options{Unroll: 3}, "unroll 3"},
		{Options{Unroll: 16}, "unroll 16"},
	} {
		require.ErrorContains(t, c.options.Check(), c.want)
	}
}

func TestMemoryLeft(t *testing.T) {
	require.EqualValues(t, 256<<20, (&Options{}).Left())
	require.EqualValues(t, 5, (&Options{Leave: 5}).Left())
}
