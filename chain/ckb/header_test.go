package ckb

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

type headerVector struct {
	Number     uint64 `json:"number"`
	RawHeader  string `json:"raw_header"`
	PowHash    string `json:"pow_hash"`
	NonceJSON  string `json:"nonce_json"`
	NonceBytes string `json:"nonce_bytes"`
	Eaglesong  string `json:"eaglesong"`
	Target     string `json:"target"`
	Difficulty string `json:"difficulty"`
	BlockHash  string `json:"block_hash"`
}

// headerVectors are blocks of the mainnet.
func headerVectors(t testing.TB) []headerVector {
	t.Helper()
	data, err := os.ReadFile("../../testdata/vectors/ckb_headers.json")
	require.NoError(t, err)
	var vs []headerVector
	require.NoError(t, json.Unmarshal(data, &vs))
	require.NotEmpty(t, vs)
	return vs
}

func (v *headerVector) header(t testing.TB) *Header {
	t.Helper()
	raw, err := ParseRawHeader(mustHex(t, v.RawHeader))
	require.NoError(t, err)
	return &Header{RawHeader: *raw, Nonce: Nonce(mustHex(t, v.NonceBytes))}
}

func TestMainnetHeaders(t *testing.T) {
	for _, v := range headerVectors(t) {
		h := v.header(t)
		raw := h.RawHeader.Encode()
		require.Equal(t, v.RawHeader, hex.EncodeToString(raw[:]))
		require.Equal(t, v.Number, h.Number)
		require.True(t, h.Epoch.Valid(), h.Epoch)
		require.Equal(t, "0x"+v.PowHash, h.PowHash().String())
		require.Equal(t, "0x"+v.BlockHash, h.Hash().String())
		require.Equal(t, v.NonceJSON, h.Nonce.String())

		target, err := TargetFromCompact(h.CompactTarget)
		require.NoError(t, err)
		require.Equal(t, v.Target, hex.EncodeToString(target[:]))
		require.Equal(t, v.Difficulty, DifficultyFromTarget(target).String())

		message := h.PowMessage()
		require.Equal(t, v.PowHash+v.NonceBytes, hex.EncodeToString(message[:]))
	}
}

func TestHeaderRoundTrips(t *testing.T) {
	for _, v := range headerVectors(t) {
		h := v.header(t)
		full := h.Encode()
		back, err := ParseHeader(full[:])
		require.NoError(t, err)
		require.Equal(t, h, back)

		text, err := json.Marshal(h)
		require.NoError(t, err)
		var fromJSON Header
		require.NoError(t, json.Unmarshal(text, &fromJSON))
		require.Equal(t, *h, fromJSON)

		text, err = json.Marshal(h.View())
		require.NoError(t, err)
		require.Contains(t, string(text), v.BlockHash)
		var view HeaderView
		require.NoError(t, json.Unmarshal(text, &view))
		require.Equal(t, h.View(), view)
	}
}

func TestParseHeaderWantsItsLength(t *testing.T) {
	for _, n := range []int{0, HeaderSize - 1, HeaderSize + 1} {
		_, err := ParseHeader(make([]byte, n))
		require.ErrorContains(t, err, "208 bytes")
		_, err = ParseRawHeader(make([]byte, n))
		require.ErrorContains(t, err, "192 bytes")
	}
}

func TestHeaderJSONRefuses(t *testing.T) {
	good, err := json.Marshal(Header{})
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(good, &members))
	for name := range members {
		for _, damage := range []any{nil, 5, "0x01"} {
			damaged := map[string]any{}
			require.NoError(t, json.Unmarshal(good, &damaged))
			damaged[name] = damage
			text, err := json.Marshal(damaged)
			require.NoError(t, err)
			require.ErrorContains(t, json.Unmarshal(text, &Header{}), name)
		}
	}
	for _, bad := range []string{`null`, `[]`, `"x"`, `{}`} {
		require.Error(t, (&Header{}).UnmarshalJSON([]byte(bad)), bad)
	}
	require.ErrorContains(t, json.Unmarshal([]byte(`{}`), &Header{}), "lacks compact_target")
}

func TestHeaderViewChecksItsHash(t *testing.T) {
	h := headerVectors(t)[0].header(t)
	view := h.View()
	view.Hash[0] ^= 1
	text, err := json.Marshal(view)
	require.NoError(t, err)
	require.ErrorContains(t, json.Unmarshal(text, &HeaderView{}), "hashes to 0xf8513ddb")
}

// fixedHasher answers with one digest.
type fixedHasher struct {
	digest hash.Digest
	err    error
}

func (f *fixedHasher) Algorithm() *hash.Algorithm {
	return &hash.Algorithm{Name: "eaglesong", Family: hash.Eaglesong, BigEndian: true}
}
func (f *fixedHasher) Impl() string { return "fixed" }
func (f *fixedHasher) Lanes() int   { return 1 }
func (f *fixedHasher) Close() error { return nil }
func (f *fixedHasher) Hash(out []hash.Digest, _ []hash.Input) error {
	out[0] = f.digest
	return f.err
}

func TestVerifyPow(t *testing.T) {
	for _, v := range headerVectors(t) {
		h := v.header(t)
		digest := hash.Digest(mustHex(t, v.Eaglesong))
		require.NoError(t, VerifyPow(h, &fixedHasher{digest: digest}))

		target, err := TargetFromCompact(h.CompactTarget)
		require.NoError(t, err)
		digest = hash.Digest(target) // equality passes
		require.NoError(t, VerifyPow(h, &fixedHasher{digest: digest}))
		digest[31]++
		require.ErrorIs(t, VerifyPow(h, &fixedHasher{digest: digest}), ErrInvalidNonce)

		h.CompactTarget = 0x2100ffff
		require.ErrorIs(t, VerifyPow(h, &fixedHasher{}), ErrTargetOverflow)
	}
	broken := &fixedHasher{err: os.ErrClosed}
	require.ErrorIs(t, VerifyPow(headerVectors(t)[0].header(t), broken), os.ErrClosed)
}

// With the real hash, mainnet blocks are proven, and their nonces read
// backwards prove nothing.
func TestVerifyPowOfMainnet(t *testing.T) {
	algorithm, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	hasher, err := eaglesong.New(algorithm)
	require.NoError(t, err)
	defer hasher.Close()
	for _, v := range headerVectors(t) {
		h := v.header(t)
		require.NoError(t, VerifyPow(h, hasher))
		slices.Reverse(h.Nonce[:])
		require.ErrorIs(t, VerifyPow(h, hasher), ErrInvalidNonce)
	}
}

func FuzzHeader(f *testing.F) {
	for _, v := range headerVectors(f) {
		full := v.header(f).Encode()
		f.Add(full[:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			require.NotEqual(t, HeaderSize, len(b))
			return
		}
		full := h.Encode()
		require.Equal(t, b, full[:])
		text, err := json.Marshal(h)
		require.NoError(t, err)
		var back Header
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, *h, back)
	})
}
