package ckb

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

// The examples of RFC 0008.
func TestMoleculeExamples(t *testing.T) {
	b := func(s string) []byte { return mustHex(t, s) }
	for want, got := range map[string][]byte{
		"00000000":                     moleculeBytes(nil),
		"0100000012":                   moleculeBytes(b("12")),
		"080000001234567890abcdef":     moleculeBytes(b("1234567890abcdef")),
		"0100000023010000":             moleculeFixed(1, b("23010000")),
		"04000000":                     moleculeDynamic(),
		"0e00000008000000020000001234": moleculeDynamic(moleculeBytes(b("1234"))),
		"34000000180000001e00000022000000280000002d00000002000000123400000000020000000567010000008903000000abcdef": moleculeBytesVec(
			[]Bytes{b("1234"), nil, b("0567"), b("89"), b("abcdef")}),
	} {
		require.Equal(t, want, hex.EncodeToString(got))
	}
}

func TestMoleculeTableRefuses(t *testing.T) {
	good := moleculeDynamic([]byte{1}, []byte{2, 3})
	fields, err := moleculeTable(good, 2)
	require.NoError(t, err)
	require.Equal(t, [][]byte{{1}, {2, 3}}, fields)
	for name, damage := range map[string]func([]byte) []byte{
		"empty":             func([]byte) []byte { return nil },
		"cut":               func(b []byte) []byte { return b[:len(b)-1] },
		"trailing":          func(b []byte) []byte { return append(b, 0) },
		"first offset":      func(b []byte) []byte { b[4]++; return b },
		"offset too large":  func(b []byte) []byte { b[11] = 0x80; return b },
		"offsets backwards": func(b []byte) []byte { b[8] = 4; return b },
		"fewer fields":      func([]byte) []byte { return moleculeDynamic([]byte{1}) },
		"more fields":       func([]byte) []byte { return moleculeDynamic(nil, nil, nil) },
	} {
		_, err := moleculeTable(damage(append([]byte{}, good...)), 2)
		require.Error(t, err, name)
	}
}

func TestCellbaseWitnessExample(t *testing.T) {
	raw := mustHex(t, "450000000c000000410000003500000010000000300000003100000028e83a1277d48add8e72fadaa9248559e1b632bab2bd60b27955ebc4c03800a5000000000000000000")
	w, err := ParseCellbaseWitness(raw)
	require.NoError(t, err)
	require.Equal(t, "0x28e83a1277d48add8e72fadaa9248559e1b632bab2bd60b27955ebc4c03800a5", w.Lock.CodeHash.String())
	require.Equal(t, HashTypeData, w.Lock.HashType)
	require.Empty(t, w.Lock.Args)
	require.Empty(t, w.Message)
	require.Equal(t, raw, w.Encode())
}

func FuzzCellbaseWitness(f *testing.F) {
	f.Add(CellbaseWitness{}.Encode())
	f.Add(CellbaseWitness{Lock: SighashLock([20]byte{9}), Message: []byte("hello")}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := ParseCellbaseWitness(b)
		if err == nil {
			require.Equal(t, b, w.Encode())
		}
	})
}
