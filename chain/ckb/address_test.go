package ckb

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	sighashCode  = "0x9bd7e06f3ecf4be0f2fcd2188b23f1b9fcc88e5d4b65a8637b17723bbda3cce8"
	multisigCode = "0x5c5069eb0857efc65e1bca0c07df34c31663b3622fd3876c876320fc9634e2a8"
	acpMainnet   = "0xd369597ff47f29fbc0d47d2e3775370d1250b85140c670e4718af712983a2354"
	acpTestnet   = "0x3419a1c09eb2567f6552ee7a8ecffd64155cffe0f1796e6e61ec088d740c1356"
)

func mustHash(t testing.TB, s string) Hash {
	t.Helper()
	h, err := ParseHash(s)
	require.NoError(t, err)
	return h
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// The examples of RFC 0021, a short anyone-can-pay address with a minimum
// amount, and one from the documentation's questions and answers.
var addressVectors = []struct {
	name, address string
	network       Network
	format        AddressFormat
	code          string
	hashType      HashType
	args          string
}{
	{"full", "ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4",
		Mainnet, FormatFull, sighashCode, HashTypeType, "b39bbc0b3673c7d36450bc14cfcdad2d559c6c64"},
	{"short, one key", "ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5v",
		Mainnet, FormatShort, sighashCode, HashTypeType, "b39bbc0b3673c7d36450bc14cfcdad2d559c6c64"},
	{"short, multisig", "ckb1qyq5lv479ewscx3ms620sv34pgeuz6zagaaqklhtgg",
		Mainnet, FormatShort, multisigCode, HashTypeType, "4fb2be2e5d0c1a3b8694f832350a33c1685d477a"},
	{"short, anyone can pay", "ckb1qypylv479ewscx3ms620sv34pgeuz6zagaaqcehzz9g",
		Mainnet, FormatShort, acpMainnet, HashTypeType, "4fb2be2e5d0c1a3b8694f832350a33c1685d477a0c"},
	{"deprecated full", "ckb1qjda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xw3vumhs9nvu786dj9p0q5elx66t24n3kxgj53qks",
		Mainnet, FormatFullType, sighashCode, HashTypeType, "b39bbc0b3673c7d36450bc14cfcdad2d559c6c64"},
}

func TestParseAddress(t *testing.T) {
	for _, v := range addressVectors {
		t.Run(v.name, func(t *testing.T) {
			want := Address{Network: v.network, Format: v.format, Script: Script{
				CodeHash: mustHash(t, v.code), HashType: v.hashType, Args: mustHex(t, v.args)}}
			got, err := ParseAddress(v.address)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, v.address, got.String())

			got, err = ParseAddress(strings.ToUpper(v.address))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestParseLongTestnetAddress(t *testing.T) {
	const s = "ckt1qr6k6tltndf5kh09zl4p63wju9cejya9mangkkns3aaugkm6mm8tgq2vctn9ycsy4e4zar70ztm663e0gxskqm2mjcjta67jzhtcpqyldff9d38e4h6hpw6rvzjvtg29mtjjr69dzwpedzjdayled8ufjr2ln5reqgqqqqqqqqgpreg7"
	a, err := ParseAddress(s)
	require.NoError(t, err)
	require.Equal(t, Testnet, a.Network)
	require.Equal(t, s, a.String())
	require.Greater(t, len(a.Script.Args), 20)
}

func TestParseAddressRefuses(t *testing.T) {
	good := addressVectors[0].address
	lock := SighashLock([20]byte{1})
	payload := func(b ...byte) []byte { return append(b, lock.CodeHash[:]...) }
	for name, c := range map[string]struct {
		address string
		kind    error
		want    string
	}{
		"empty":             {"", ErrAddressFormat, "form of an address"},
		"no separator":      {"ckb", ErrAddressFormat, "form of an address"},
		"mixed case":        {"CKB" + good[3:], ErrAddressFormat, "mixes"},
		"changed":           {good[:20] + "q" + good[21:], ErrAddressChecksum, "checksum"},
		"cut":               {good[:len(good)-1], ErrAddressChecksum, "checksum"},
		"foreign character": {good[:20] + "b" + good[21:], ErrAddressFormat, `'b'`},
		"bitcoin":           {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ErrAddressNetwork, `"bc"`},
		"very long":         {"ckb1" + strings.Repeat("q", maxAddress), ErrAddressFormat, "longer"},
		"nothing":           {bech32Encode("ckb", nil, checkBech32m), ErrAddressFormat, "nothing"},
		"unknown format":    {bech32Encode("ckb", payload(3), checkBech32), ErrAddressFormat, "format 0x03"},
		"old checksum":      {bech32Encode("ckb", append(payload(0), 1), checkBech32), ErrAddressChecksum, "kind of checksum"},
		"new checksum":      {bech32Encode("ckb", payload(4), checkBech32m), ErrAddressChecksum, "kind of checksum"},
		"no code hash":      {bech32Encode("ckb", []byte{0, 1, 2}, checkBech32m), ErrAddressFormat, "code hash"},
		"no hash type":      {bech32Encode("ckb", payload(0), checkBech32m), ErrAddressFormat, "too short for a hash type"},
		"bad hash type":     {bech32Encode("ckb", append(payload(0), 3), checkBech32m), ErrAddressFormat, "hash type 3"},
		"unknown lock":      {bech32Encode("ckb", append([]byte{1, 3}, make([]byte, 20)...), checkBech32), ErrAddressFormat, "unknown lock"},
		"short arguments":   {bech32Encode("ckb", append([]byte{1, 0}, make([]byte, 19)...), checkBech32), ErrAddressFormat, "19 bytes"},
		"long arguments":    {bech32Encode("ckb", append([]byte{1, 0}, make([]byte, 21)...), checkBech32), ErrAddressFormat, "21 bytes"},
		"stray bits":        {"ckb1qpuaxgyj", ErrAddressFormat, "stray bits"},
		"not text":          {"ckb1\x00\xff1qqqqqq", ErrAddressFormat, "form"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseAddress(c.address)
			var e *AddressError
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.address, e.Address)
			require.ErrorIs(t, err, c.kind)
			if name != "not text" {
				require.ErrorContains(t, err, c.want)
			}
		})
	}
}

func TestParseAddressOn(t *testing.T) {
	lock := SighashLock([20]byte{1, 2, 3})
	s := EncodeAddress(Testnet, lock)
	a, err := ParseAddressOn(Testnet, s)
	require.NoError(t, err)
	require.True(t, a.Script.Equal(lock))
	_, err = ParseAddressOn(Mainnet, s)
	require.ErrorIs(t, err, ErrAddressNetwork)
	require.ErrorContains(t, err, "is for the testnet (ckt), not for the mainnet (ckb)")
}

func TestWellKnownLocks(t *testing.T) {
	require.Equal(t, sighashCode, shortCodeHash(Mainnet, shortSighash).String())
	require.Equal(t, sighashCode, shortCodeHash(Testnet, shortSighash).String())
	require.Equal(t, multisigCode, shortCodeHash(Testnet, shortMultisig).String())
	require.Equal(t, acpMainnet, shortCodeHash(Mainnet, shortAnyoneCanPay).String())
	require.Equal(t, acpTestnet, shortCodeHash(Testnet, shortAnyoneCanPay).String())
}

func TestAddressFallsBackToFull(t *testing.T) {
	lock := Script{CodeHash: Hash{1}, HashType: HashTypeData1, Args: Bytes{2}}
	for _, format := range []AddressFormat{FormatShort, FormatFullData, FormatFullType} {
		got := Address{Network: Mainnet, Format: format, Script: lock}.String()
		require.Equal(t, EncodeAddress(Mainnet, lock), got)
	}
}

func TestLooksLikeAddress(t *testing.T) {
	require.True(t, LooksLikeAddress("CKT1abc"))
	require.False(t, LooksLikeAddress("alice"))
}

// BIP 173 and BIP 350.
func TestBech32Vectors(t *testing.T) {
	for s, want := range map[string]uint32{
		"A12UEL5L": checkBech32,
		"A1LQFN3A": checkBech32m,
		"?1v759aa": checkBech32m,
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w": checkBech32,
		"split1checkupstagehandshakeupstreamerranterredcaperredlc445v": checkBech32m,
	} {
		hrp, _, check, err := bech32Decode(s)
		require.NoError(t, err)
		require.Equal(t, want, check, s)
		require.NotEmpty(t, hrp)
	}
}

func FuzzAddress(f *testing.F) {
	for _, v := range addressVectors {
		f.Add(v.address)
	}
	f.Add("ckt1")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			var e *AddressError
			require.ErrorAs(t, err, &e)
			return
		}
		require.Equal(t, strings.ToLower(s), a.String())
		again, err := ParseAddress(a.String())
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}

func FuzzEncodeAddress(f *testing.F) {
	f.Add([]byte{}, byte(1), []byte("0123456789abcdefghij"))
	f.Fuzz(func(t *testing.T, code []byte, hashType byte, args []byte) {
		lock := Script{HashType: HashType(hashType), Args: append(Bytes{}, args...)}
		copy(lock.CodeHash[:], code)
		if !lock.HashType.active() || len(args) > 1000 {
			return
		}
		a, err := ParseAddress(EncodeAddress(Mainnet, lock))
		require.NoError(t, err)
		require.True(t, a.Script.Equal(lock))
	})
}
