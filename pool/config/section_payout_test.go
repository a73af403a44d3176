package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
)

const payoutBase = `
[[coin]]
name = "xmr"
kind = "cryptonote"
algorithm = "cn/0"
network = "testnet"
node = "http://127.0.0.1:28081"
address = "9wG8QL8sqwQNnWdrPYg4HbCit37oFMZij2j5Vy3P3uQ1g3NmUPuMpfB2QAQYrscXGLXTyBb1sRoBG4EgPreKbQ6zKk3Z8k6"

[[coin]]
name = "ckb"
kind = "ckb"
node = "http://127.0.0.1:8114"

[[port]]
listen = "127.0.0.1:3333"
coin = "xmr"
`

func TestPayout(t *testing.T) {
	c, err := config.Parse("f", payoutBase+`
[[payout]]
coin = "xmr"
enabled = true
kind = "walletd"
wallet = "http://127.0.0.1:8070"
password = "secret"
network_fee = 10
fee_from = "miners"
interval = "10m"
threshold = 5000
denomination = 100
`)
	require.NoError(t, err)
	o, ok := c.PayoutOf("xmr")
	require.True(t, ok)
	require.Equal(t, config.Payout{
		Coin: "xmr", Enabled: true, Kind: config.WalletdKind, Wallet: "http://127.0.0.1:8070", Password: "secret",
		NetworkFee: 10, Anonymity: 3, MinersPayFees: true, Interval: 10 * time.Minute, Threshold: 5000, ThresholdMin: 5000,
		Denomination: 100, MaxDestinations: 15, Confirmations: 10,
	}, o)
	_, ok = c.PayoutOf("ckb")
	require.False(t, ok)
}

func TestPayoutMistakes(t *testing.T) {
	for want, text := range map[string]string{
		"[[payout]] lacks wallet":             "coin = \"xmr\"",
		"there is no coin named \"xnr\"; did": "coin = \"xnr\"\nwallet = \"http://x\"",
		"is a CKB coin":                       "coin = \"ckb\"\nwallet = \"http://x\"",
		"wallet is not a URL":                 "coin = \"xmr\"\nwallet = \"127.0.0.1:18083\"",
		"fee_from is \"me\"":                  "coin = \"xmr\"\nwallet = \"http://x\"\nfee_from = \"me\"",
		"wants to be told the network's fee":  "coin = \"xmr\"\nwallet = \"http://x\"\nkind = \"walletd\"",
		"nothing could be paid":               "coin = \"xmr\"\nwallet = \"http://x\"\nmax_amount = 5\ndenomination = 10",
		"has a [[payout]] already":            "coin = \"xmr\"\nwallet = \"http://x\"\n[[payout]]\ncoin = \"xmr\"\nwallet = \"http://x\"",
		"[[payout]] has no key \"treshold\"":  "coin = \"xmr\"\nwallet = \"http://x\"\ntreshold = 5",
		"threshold is -1, less than 0":        "coin = \"xmr\"\nwallet = \"http://x\"\nthreshold = -1",
	} {
		_, err := config.Parse("f", payoutBase+"\n[[payout]]\n"+text+"\n")
		require.ErrorContains(t, err, want)
	}
}
