package cryptonote_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
)

// Published in issue 29 of monero-pool: a template of Monero mainnet and the
// hashing blob that the node gave with it.
const (
	mainnetTemplate = "0c0cf1bae6ef052ed0244969f5a7d1dd396310ec90dd58daf3ea793970f0594bb34e403e1691580000000002c3c57901ff87c57901" +
		"cbe290e8ae3c0273891cf52fa0a0c4621f5ed1ec9ea2b9ac1fa61130267ad2ce06ac47295ad17234010af23c4cc6c0f5c62fb572cfbdd5dae6" +
		"ca28a613edc6b01ea656adf80cd313d1021100000000000000000000000000000000000000"
	mainnetHashingBlob = "0c0cf1bae6ef052ed0244969f5a7d1dd396310ec90dd58daf3ea793970f0594bb34e403e1691580000000" +
		"0fa9adcad3f2ad7ade80a7d4fbafda0f8b3fbcfcfdc6dd6a4095b07d5a2a4399a01"
	mainnetID       = "269d4a002834f74e545ec62c92f5c3038579a4c76c9c1b3a39a5ef403b3e3ad0"
	mainnetReserved = 128
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func mainnet(t testing.TB) *cryptonote.Template {
	t.Helper()
	tmpl, err := cryptonote.ParseTemplate(unhex(t, mainnetTemplate), mainnetReserved)
	require.NoError(t, err)
	return tmpl
}

func TestMainnetTemplate(t *testing.T) {
	tmpl := mainnet(t)
	blob, err := tmpl.HashingBlob(nil)
	require.NoError(t, err)
	require.Equal(t, mainnetHashingBlob, hex.EncodeToString(blob))
	require.Equal(t, mainnetID, cryptonote.BlockID(blob).String())
	require.Equal(t, mainnetID, tmpl.ID().String())

	h := tmpl.Header()
	require.Equal(t, uint64(12), h.Major)
	require.Equal(t, uint64(12), h.Minor)
	require.Equal(t, uint64(1576639857), h.Timestamp)
	require.Equal(t, "2ed0244969f5a7d1dd396310ec90dd58daf3ea793970f0594bb34e403e169158", h.PrevID.String())
	require.Equal(t, 39, tmpl.NonceOffset())
	require.Equal(t, uint64(1991303), tmpl.Height())
	require.Equal(t, uint64(2074150711627), tmpl.Reward())
	require.Equal(t, 1, tmpl.TxCount())
	require.Equal(t, 17, tmpl.ReservedSize())
	require.Equal(t, mainnetReserved, tmpl.ReservedOffset())
	require.Equal(t, tmpl.Bytes()[:43], h.Append(nil))

	tx := tmpl.MinerTx()
	require.Equal(t, uint64(2), tx.Version)
	require.Equal(t, tx.Height+60, tx.UnlockTime)
	require.Len(t, tx.Outputs, 1)
	require.Equal(t, tx.Reward(), tx.Outputs[0].Amount)
	require.Len(t, tx.Extra, 52)
}

// TestFilledTemplate shows that the cached path gives what parsing the whole
// block again gives.
func TestFilledTemplate(t *testing.T) {
	tmpl := mainnet(t)
	for _, extra := range [][]byte{{1}, {1, 2, 3, 4, 5, 6, 7, 8}, bytes.Repeat([]byte{0xff}, 17)} {
		nonce := [4]byte{0xde, 0xad, 0xbe, 0xef}
		block, err := tmpl.BlockBlob(extra, nonce)
		require.NoError(t, err)
		parsed, err := cryptonote.ParseBlock(block)
		require.NoError(t, err)

		job, err := tmpl.HashingBlob(extra)
		require.NoError(t, err)
		copy(job[tmpl.NonceOffset():], nonce[:])
		require.Equal(t, parsed.HashingBlob(), job)
		require.Equal(t, parsed.ID(), cryptonote.BlockID(job))
		require.NotEqual(t, tmpl.ID(), parsed.ID())
		require.Equal(t, uint32(0xefbeadde), parsed.Header().Nonce)
	}
	require.Equal(t, mainnetTemplate, hex.EncodeToString(tmpl.Bytes()), "the template stays as it was")
}

func TestReservedTooSmall(t *testing.T) {
	tmpl := mainnet(t)
	_, err := tmpl.HashingBlob(make([]byte, 18))
	require.ErrorIs(t, err, cryptonote.ErrReservedTooSmall)
	_, err = tmpl.BlockBlob(make([]byte, 18), [4]byte{})
	require.ErrorIs(t, err, cryptonote.ErrReservedTooSmall)

	none, err := cryptonote.ParseTemplate(unhex(t, mainnetTemplate), -1)
	require.NoError(t, err)
	_, err = none.HashingBlob([]byte{0})
	require.ErrorIs(t, err, cryptonote.ErrReservedTooSmall)
	_, err = none.HashingBlob(nil)
	require.NoError(t, err)
}

func TestReservedOffset(t *testing.T) {
	blob := unhex(t, mainnetTemplate)
	for offset := range len(blob) + 20 {
		tmpl, err := cryptonote.ParseTemplate(blob, offset)
		if offset >= mainnetReserved && offset < mainnetReserved+17 {
			require.NoError(t, err)
			require.Equal(t, mainnetReserved+17-offset, tmpl.ReservedSize())
			continue
		}
		var pe *cryptonote.ParseError
		require.ErrorAs(t, err, &pe, "offset %d", offset)
		require.Equal(t, "reserved bytes", pe.Field)
	}
}

// TestTruncatedTemplate cuts the template everywhere: each cut is an error
// that names a place inside the blob.
func TestTruncatedTemplate(t *testing.T) {
	blob := unhex(t, mainnetTemplate)
	for n := range blob {
		_, err := cryptonote.ParseTemplate(blob[:n], -1)
		var pe *cryptonote.ParseError
		require.ErrorAs(t, err, &pe, "cut to %d bytes", n)
		require.LessOrEqual(t, pe.Offset, n)
	}
}

func TestDamagedTemplate(t *testing.T) {
	patch := func(at int, b ...byte) []byte {
		blob := unhex(t, mainnetTemplate)
		copy(blob[at:], b)
		return blob
	}
	tests := []struct {
		name        string
		blob        []byte
		field       string
		offset      int
		unsupported bool
	}{
		{"padded version", patch(0, 0x8c, 0x00), "major version", 0, false},
		{"transaction version 3", patch(43, 3), "miner transaction version", 43, true},
		{"two inputs", patch(47, 2), "number of miner transaction inputs", 47, false},
		{"not a coinbase", patch(48, 2), "miner transaction input type", 48, false},
		{"script output", patch(59, 0), "miner transaction output type", 59, true},
		{"many outputs", patch(52, 0x7f), "number of miner transaction outputs", 52, false},
		{"signatures", patch(145, 5), "ring signature type of the miner transaction", 145, true},
		{"hashes missing", patch(146, 1), "number of transactions", 146, false},
		{"something behind", append(patch(0, 12), 0), "end of block", 147, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := cryptonote.ParseTemplate(tt.blob, mainnetReserved)
			var pe *cryptonote.ParseError
			require.ErrorAs(t, err, &pe)
			require.Equal(t, tt.field, pe.Field)
			require.Equal(t, tt.offset, pe.Offset)
			require.Equal(t, tt.unsupported, errors.Is(err, cryptonote.ErrUnsupported))
		})
	}
}

func FuzzParseTemplate(f *testing.F) {
	f.Add(unhex(f, mainnetTemplate), mainnetReserved)
	f.Add(unhex(f, mainnetTemplate), -1)
	f.Add([]byte{1, 1, 1}, 0)
	f.Fuzz(func(t *testing.T, blob []byte, reserved int) {
		tmpl, err := cryptonote.ParseTemplate(blob, reserved)
		if err != nil {
			var pe *cryptonote.ParseError
			require.ErrorAs(t, err, &pe)
			return
		}
		require.Equal(t, blob, tmpl.Bytes())
		extra := bytes.Repeat([]byte{0xa5}, tmpl.ReservedSize())
		block, err := tmpl.BlockBlob(extra, [4]byte{1, 2, 3, 4})
		require.NoError(t, err)
		parsed, err := cryptonote.ParseBlock(block)
		require.NoError(t, err, "a filled template still parses")
		job, err := tmpl.HashingBlob(extra)
		require.NoError(t, err)
		copy(job[tmpl.NonceOffset():], []byte{1, 2, 3, 4})
		require.Equal(t, parsed.HashingBlob(), job)
	})
}
