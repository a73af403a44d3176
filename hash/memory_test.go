package hash_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
)

func TestMemoryStatus(t *testing.T) {
	tests := []struct {
		status  hash.MemoryStatus
		text    string
		percent int
	}{
		{hash.MemoryStatus{}, "no scratchpads", 100},
		{hash.MemoryStatus{Bytes: 100}, "no huge pages", 0},
		{hash.MemoryStatus{Bytes: 1000, Huge: 999}, "99% huge pages (transparent)", 99},
		{hash.MemoryStatus{Bytes: 8 << 20, Huge: 8 << 20, Reserved: true}, "100% huge pages (reserved)", 100},
	}
	for _, test := range tests {
		require.Equal(t, test.text, test.status.String())
		require.Equal(t, test.percent, test.status.Percent())
	}
}

func TestMemoryStatusAdd(t *testing.T) {
	none := hash.MemoryStatus{}
	plain := hash.MemoryStatus{Bytes: 10}
	transparent := hash.MemoryStatus{Bytes: 10, Huge: 5}
	reserved := hash.MemoryStatus{Bytes: 10, Huge: 10, Reserved: true}
	require.Equal(t, reserved, none.Add(reserved))
	require.Equal(t, reserved, reserved.Add(none))
	require.Equal(t, plain, none.Add(plain))
	require.Equal(t, hash.MemoryStatus{Bytes: 20, Huge: 10, Reserved: true}, reserved.Add(plain))
	require.Equal(t, hash.MemoryStatus{Bytes: 20, Huge: 15}, reserved.Add(transparent))
	require.Equal(t, hash.MemoryStatus{Bytes: 20, Huge: 15}, transparent.Add(reserved))
}
