package payout

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/walletd"
	"github.com/aditmine/adit/chain/cryptonote/walletrpc"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// Connect makes a client of the wallet that a configuration names. It connects
// with the first call.
func Connect(o config.Payout) (Wallet, error) {
	if o.Kind == config.WalletdKind {
		client, err := walletd.New(walletd.Config{URL: o.Wallet, Password: o.Password})
		if err != nil {
			return nil, fmt.Errorf("payouts of coin %s: %w", o.Coin, err)
		}
		return NewWalletd(client, o.NetworkFee, o.Anonymity), nil
	}
	client, err := walletrpc.New(walletrpc.Config{URL: o.Wallet, User: o.User, Password: o.Password})
	if err != nil {
		return nil, fmt.Errorf("payouts of coin %s: %w", o.Coin, err)
	}
	return NewMonero(client.Account(o.Account), o.Priority, o.RingSize), nil
}

// Configured is the Config of a coin's payer as the pool's configuration has
// it.
func Configured(coin config.Coin, o config.Payout, w Wallet, store ledger.PayoutStore, log *slog.Logger, now func() time.Time) (Config, error) {
	network, err := coin.CryptoNoteNetwork()
	if err != nil {
		return Config{}, fmt.Errorf("payouts of coin %s: %w", coin.Name, err)
	}
	return Config{
		Coin: coin.Name, Wallet: w, Store: store, Log: log, Now: now,
		Rules: Rules{
			Threshold: o.Threshold, ThresholdMin: o.ThresholdMin, Denomination: o.Denomination,
			MaxAmount: o.MaxAmount, MaxTargets: o.MaxDestinations,
		},
		Payee:         func(login string) (cryptonote.Payee, error) { return network.ParsePayee(login) },
		MinersPayFees: o.MinersPayFees, Confirmations: o.Confirmations, Interval: o.Interval,
	}, nil
}
