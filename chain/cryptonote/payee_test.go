package cryptonote_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
)

// payees is a coin that still has long payment ids.
func payees() cryptonote.Network {
	return cryptonote.Network{Coin: "Old", Name: "mainnet", Standard: 53, Integrated: 54, Subaddress: 63}
}

func payeeAddress(name string) string {
	return cryptonote.Address{
		Prefix: payees().Standard, Spend: cryptonote.Keccak256([]byte(name)), View: cryptonote.Keccak256([]byte("v" + name)),
	}.String()
}

func TestParsePayee(t *testing.T) {
	n := payees()
	standard := payeeAddress("alice")
	address := cryptonote.Address{
		Spend: cryptonote.Keccak256([]byte("alice")), View: cryptonote.Keccak256([]byte("valice")),
	}
	address.Prefix = n.Subaddress
	sub := address.String()
	address.Prefix, address.PaymentID = n.Integrated, []byte{0, 1, 2, 3, 4, 5, 6, 7}
	integrated := address.String()
	long := strings.Repeat("0f", 32)
	for in, want := range map[string]cryptonote.Payee{
		standard:                               {Address: standard},
		sub:                                    {Address: sub},
		integrated:                             {Address: integrated, Alone: true},
		standard + ".0001020304050607":         {Address: integrated, Alone: true},
		standard + "+" + strings.ToUpper(long): {Address: standard, PaymentID: long, Alone: true},
		standard + "#" + long:                  {Address: standard, PaymentID: long, Alone: true},
	} {
		got, err := n.ParsePayee(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{
		"", "nobody", standard + ".", standard + ".rig1", standard + ".00010203040506", standard + "." + long + "00",
		sub + ".0001020304050607", integrated + "." + long, standard[:40], standard + ".0001020304050607.x",
	} {
		_, err := n.ParsePayee(in)
		require.Error(t, err, in)
	}
	_, err := cryptonote.MoneroTestnet().ParsePayee(standard + "." + long)
	require.ErrorContains(t, err, "use an integrated address")
	other := cryptonote.Network{Coin: "X", Standard: n.Standard}
	_, err = other.ParsePayee(standard + ".0001020304050607")
	require.ErrorContains(t, err, "64 hex digits")
}

func FuzzParsePayee(f *testing.F) {
	f.Add(payeeAddress("alice"))
	f.Add(payeeAddress("alice") + ".0001020304050607")
	f.Add(payeeAddress("alice") + "+" + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := payees().ParsePayee(text)
		if err != nil {
			return
		}
		again := p.Address
		if p.PaymentID != "" {
			again += "." + p.PaymentID
		}
		same, err := payees().ParsePayee(again)
		require.NoError(t, err)
		require.Equal(t, p, same)
	})
}
