package hash

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func algorithm(t *testing.T, name string) *Algorithm {
	t.Helper()
	a, err := Lookup(name)
	require.NoError(t, err)
	return a
}

func TestCheckInput(t *testing.T) {
	tests := []struct {
		algorithm string
		in        Input
		want      string // "" when the input is fine
	}{
		{"cn/0", Input{}, ""},
		{"cn/1", Input{Blob: make([]byte, 12)}, "cn/1 needs at least 43 bytes, got 12"},
		{"cn/1", Input{Blob: make([]byte, 42)}, "cn/1 needs at least 43 bytes, got 42"},
		{"cn/1", Input{Blob: make([]byte, 43)}, ""},
		{"cn/fast", Input{Blob: make([]byte, 42)}, "cn/fast needs at least 43 bytes, got 42"},
		{"cn/rto", Input{Blob: make([]byte, 42)}, "cn/rto needs at least 43 bytes, got 42"},
		{"cn-lite/1", Input{Blob: make([]byte, 42)}, "cn-lite/1 needs at least 43 bytes, got 42"},
		{"cn-heavy/tube", Input{Blob: make([]byte, 42)}, "cn-heavy/tube needs at least 43 bytes, got 42"},
		{"cn-heavy/xhv", Input{Blob: make([]byte, 1)}, ""},
		{"cn/r", Input{Blob: make([]byte, 76)}, "cn/r needs the block height"},
		{"cn/r", Input{Blob: make([]byte, 76), Height: 1}, ""},
		{"cn/2", Input{Blob: make([]byte, 76)}, ""},
		{"eaglesong", Input{}, ""},
	}
	for _, test := range tests {
		err := algorithm(t, test.algorithm).CheckInput(&test.in)
		if test.want == "" {
			require.NoError(t, err, test.algorithm)
			continue
		}
		require.EqualError(t, err, test.want)
		var input *InputError
		require.ErrorAs(t, err, &input)
		require.Equal(t, test.algorithm, input.Algorithm)
	}
}

func TestCheckCall(t *testing.T) {
	a := algorithm(t, "cn/1")
	good := []Input{{Blob: make([]byte, 43)}, {Blob: make([]byte, 76)}}
	require.NoError(t, a.CheckCall(2, make([]Digest, 2), good))
	require.NoError(t, a.CheckCall(2, make([]Digest, 1), good[:1]))

	require.EqualError(t, a.CheckCall(1, make([]Digest, 2), good),
		"hashing cn/1: 2 inputs and 2 outputs given, want 1 to 1 of each")
	require.Error(t, a.CheckCall(2, make([]Digest, 1), good))
	require.Error(t, a.CheckCall(2, nil, nil))

	var input *InputError
	good[1].Blob = good[1].Blob[:42]
	require.ErrorAs(t, a.CheckCall(2, make([]Digest, 2), good), &input)
}
