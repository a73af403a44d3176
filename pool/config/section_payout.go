package config

import (
	"fmt"
	"math"
	"net/url"
	"time"
)

// WalletKind is the family that a wallet's RPC belongs to.
type WalletKind string

// The kinds of wallet.
const (
	MoneroWallet WalletKind = "monero"  // monero-wallet-rpc
	WalletdKind  WalletKind = "walletd" // walletd, turtle-service and relatives
)

// Payout says how the miners of a coin are paid. Amounts are atomic units.
type Payout struct {
	Coin    string // name of a coin of kind CryptoNote
	Enabled bool
	Kind    WalletKind
	// Wallet is the base URL of the wallet's RPC.
	Wallet string
	// User and Password log in to it: HTTP digest for a MoneroWallet, the
	// password alone for a WalletdKind.
	User, Password string
	// Account, Priority and RingSize are of a MoneroWallet; 0 is the wallet's
	// default.
	Account, Priority, RingSize int
	// NetworkFee and Anonymity are of a WalletdKind, for every transaction.
	NetworkFee uint64
	Anonymity  int
	// MinersPayFees takes the network's fee from what miners are sent; else
	// the pool's fees bear it.
	MinersPayFees bool
	// Interval is the time between two runs.
	Interval time.Duration
	// Threshold is from what a login is paid, where it has none of its own;
	// ThresholdMin the lowest that counts of those.
	Threshold, ThresholdMin uint64
	// Denomination: what is paid is a multiple of it.
	Denomination uint64
	// MaxDestinations and MaxAmount bound one transaction; an amount of 0 is
	// no bound.
	MaxDestinations int
	MaxAmount       uint64
	// Confirmations is how deep in the chain a transaction counts as paid.
	Confirmations uint64
}

// DefaultPayout returns the defaults of payouts.
func DefaultPayout() Payout {
	return Payout{
		Kind: MoneroWallet, Anonymity: 3, Interval: 2 * time.Hour, Threshold: 300_000_000_000, Denomination: 1,
		MaxDestinations: 15, Confirmations: 10,
	}
}

// PayoutOf returns how the miners of a coin are paid, and whether the
// configuration says so at all.
func (c *Config) PayoutOf(coin string) (Payout, bool) {
	for _, p := range c.Payouts {
		if p.Coin == coin {
			return p, true
		}
	}
	return Payout{}, false
}

func readPayout(s *section) Payout {
	c := DefaultPayout()
	s.need("coin", &c.Coin)
	s.flag("enabled", &c.Enabled)
	kind := string(c.Kind)
	s.oneOf("kind", &kind, string(MoneroWallet), string(WalletdKind))
	c.Kind = WalletKind(kind)
	s.need("wallet", &c.Wallet)
	s.text("user", &c.User)
	s.text("password", &c.Password)
	s.count("account", &c.Account, 0, math.MaxInt32)
	s.count("priority", &c.Priority, 0, 4)
	s.count("ring_size", &c.RingSize, 0, 1000)
	s.amount("network_fee", &c.NetworkFee)
	s.count("anonymity", &c.Anonymity, 0, 1000)
	payer := "pool"
	s.oneOf("fee_from", &payer, "pool", "miners")
	c.MinersPayFees = payer == "miners"
	s.duration("interval", &c.Interval, time.Second, 30*24*time.Hour)
	s.amount("threshold", &c.Threshold)
	c.ThresholdMin = c.Threshold
	s.amount("threshold_min", &c.ThresholdMin)
	s.amount("denomination", &c.Denomination)
	s.count("max_destinations", &c.MaxDestinations, 1, 1000)
	s.amount("max_amount", &c.MaxAmount)
	if n, ok := s.integer("confirmations", 1, 10_000); ok {
		c.Confirmations = uint64(n)
	}
	s.close()
	return c
}

// amount is a number of atomic units.
func (s *section) amount(key string, dst *uint64) { s.difficulty(key, dst, 0) }

func (c *Config) checkPayout(p *problems, i int) {
	o, path := &c.Payouts[i], fmt.Sprintf("payout[%d]", i)
	coin, ok := c.CoinNamed(o.Coin)
	switch {
	case o.Coin == "":
	case !ok:
		p.add(path+".coin", "there is no coin named %q%s", o.Coin, hint(o.Coin, c.coinNames()))
	case coin.Kind == CKB:
		p.add(path+".coin", "coin %q is a CKB coin: its payments are exported, not made; leave [[payout]] out", o.Coin)
	}
	for j := range i {
		if c.Payouts[j].Coin == o.Coin && o.Coin != "" {
			p.add(path+".coin", "coin %q has a [[payout]] already", o.Coin)
		}
	}
	if u, err := url.Parse(o.Wallet); o.Wallet != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		p.add(path+".wallet", "wallet is not a URL such as http://127.0.0.1:18083")
	}
	if o.Kind == WalletdKind && o.NetworkFee == 0 {
		p.add(path+".network_fee", "a walletd wants to be told the network's fee: give network_fee in atomic units")
	}
	if o.MaxAmount > 0 && o.MaxAmount < max(o.Denomination, 1) {
		p.add(path+".max_amount", "max_amount %d is less than denomination %d: nothing could be paid", o.MaxAmount, o.Denomination)
	}
	if o.Interval <= 0 || o.MaxDestinations <= 0 || o.Confirmations == 0 {
		p.add(path, "interval, max_destinations and confirmations must be above 0")
	}
}
