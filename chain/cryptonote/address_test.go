package cryptonote_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
)

// The donation addresses of the Monero project, old and new.
const (
	mainnetStandard   = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
	mainnetSubaddress = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
)

// on returns the keys of the standard mainnet address with another prefix.
func on(t testing.TB, prefix uint64, paymentID []byte) string {
	t.Helper()
	a, err := cryptonote.DecodeAddress(mainnetStandard)
	require.NoError(t, err)
	a.Prefix, a.PaymentID = prefix, paymentID
	return a.String()
}

func TestParseAddress(t *testing.T) {
	id := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	turtle := cryptonote.Network{Coin: "TurtleCoin", Name: "mainnet", Standard: 0x3bbb1d}
	tests := []struct {
		net     cryptonote.Network
		address string
		kind    cryptonote.AddressKind
		starts  string
	}{
		{cryptonote.MoneroMainnet(), mainnetStandard, cryptonote.StandardAddress, "4"},
		{cryptonote.MoneroMainnet(), mainnetSubaddress, cryptonote.Subaddress, "8"},
		{cryptonote.MoneroMainnet(), on(t, 19, id), cryptonote.IntegratedAddress, "4"},
		{cryptonote.MoneroTestnet(), on(t, 53, nil), cryptonote.StandardAddress, "9"},
		{cryptonote.MoneroTestnet(), on(t, 54, id), cryptonote.IntegratedAddress, "A"},
		{cryptonote.MoneroTestnet(), on(t, 63, nil), cryptonote.Subaddress, "B"},
		{cryptonote.MoneroStagenet(), on(t, 24, nil), cryptonote.StandardAddress, "5"},
		{cryptonote.MoneroStagenet(), on(t, 25, id), cryptonote.IntegratedAddress, "5"},
		{cryptonote.MoneroStagenet(), on(t, 36, nil), cryptonote.Subaddress, "7"},
		{turtle, on(t, 0x3bbb1d, nil), cryptonote.StandardAddress, "TRTL"},
	}
	for _, tt := range tests {
		t.Run(tt.net.String()+" "+tt.kind.String(), func(t *testing.T) {
			require.True(t, strings.HasPrefix(tt.address, tt.starts), tt.address)
			a, kind, err := tt.net.ParseAddress(tt.address)
			require.NoError(t, err)
			require.Equal(t, tt.kind, kind)
			require.Equal(t, tt.address, a.String())
			if kind == cryptonote.IntegratedAddress {
				require.Equal(t, id, a.PaymentID)
			}
		})
	}
}

func TestAddressOfAnotherNetwork(t *testing.T) {
	_, _, err := cryptonote.MoneroMainnet().ParseAddress(on(t, 53, nil))
	require.ErrorIs(t, err, cryptonote.ErrAddressNetwork)
	require.ErrorContains(t, err, "this is a Monero testnet standard address, the pool mines on Monero mainnet")

	_, _, err = cryptonote.MoneroTestnet().ParseAddress(on(t, 9999, nil))
	require.ErrorIs(t, err, cryptonote.ErrAddressNetwork)
	require.ErrorContains(t, err, "network prefix 9999 is unknown")

	turtle := cryptonote.Network{Coin: "TurtleCoin", Name: "mainnet", Standard: 0x3bbb1d}
	_, _, err = turtle.ParseAddress(on(t, 0, nil))
	require.ErrorIs(t, err, cryptonote.ErrAddressNetwork, "an absent kind is no prefix 0")
}

func TestBadAddresses(t *testing.T) {
	mistyped := strings.Replace(mainnetStandard, "DwYtN", "DwYtM", 1)
	for _, tt := range []struct {
		name, address string
		want          error
	}{
		{"empty", "", cryptonote.ErrAddressLength},
		{"word", "x", cryptonote.ErrAddressText},
		{"cut by a character", mainnetStandard[:94], cryptonote.ErrAddressText},
		{"cut by a block", mainnetStandard[:88], cryptonote.ErrAddressChecksum},
		{"impossible length", mainnetStandard[:89], cryptonote.ErrAddressText},
		{"no base58 character", strings.Replace(mainnetStandard, "D", "0", 1), cryptonote.ErrAddressText},
		{"mistyped", mistyped, cryptonote.ErrAddressChecksum},
		{"overflow of a block", strings.Repeat("z", 95), cryptonote.ErrAddressText},
		{"endless", strings.Repeat("4", 100_000), cryptonote.ErrAddressLength},
		{"not ASCII", "44é" + mainnetStandard[4:], cryptonote.ErrAddressText},
		{"integrated prefix, standard length", on(t, 19, nil), cryptonote.ErrAddressLength},
		{"standard prefix, integrated length", on(t, 18, make([]byte, 8)), cryptonote.ErrAddressLength},
		{"payment id too short", on(t, 19, make([]byte, 7)), cryptonote.ErrAddressLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := cryptonote.MoneroMainnet().ParseAddress(tt.address)
			var ae *cryptonote.AddressError
			require.ErrorAs(t, err, &ae)
			require.ErrorIs(t, err, tt.want)
			require.Less(t, len(err.Error()), 200, "one readable line")
		})
	}
}

func FuzzDecodeAddress(f *testing.F) {
	f.Add(mainnetStandard)
	f.Add(mainnetSubaddress)
	f.Add(on(f, 19, make([]byte, 8)))
	f.Add("zzzzzzzzzzz")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := cryptonote.DecodeAddress(s)
		if err == nil {
			require.Equal(t, s, a.String())
		}
	})
}
