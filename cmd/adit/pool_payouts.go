package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/payout"
)

const payoutsLong = `Shows and steers what a pool pays its miners; [[payout]] in the configuration
says how. A payout is one transaction of the wallet:

  created    the money is set aside in the ledger
  prepared   the wallet has signed a transaction and kept it; its hash is known
  sending    it is being handed out: it may have left
  sent       the wallet's history shows it
  confirmed  it is deep enough in the chain: paid
  returned   it never left; the money is the miners' again
  review     it may have left, and the history does not show it: a person decides

list, show, export and run --dry-run only read, also while the pool runs. The
others write to the ledger. In PostgreSQL they do so while the pool runs; a
SQLite file has one writer, so stop the pool first, or pause and resume through
its admin API.`

func newPoolPayoutsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "payouts",
		Short: "Show and steer payouts to miners",
		Long:  payoutsLong,
		Example: `  adit pool payouts list -c pool.toml
  adit pool payouts run --dry-run -c pool.toml
  adit pool payouts pause --reason "moving the wallet" -c pool.toml
  adit pool payouts return 17 -c pool.toml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var at payoutsAt
	cmd.PersistentFlags().StringVarP(&at.file, "config", "c", defaultPoolConfig, "configuration `file`")
	cmd.PersistentFlags().StringVar(&at.coin, "coin", "", "only this `coin`")
	cmd.AddCommand(newPayoutsListCmd(&at), newPayoutsShowCmd(&at), newPayoutsRunCmd(&at), newPayoutsPauseCmd(&at),
		newPayoutsResumeCmd(&at), newPayoutsRetryCmd(&at), newPayoutsReturnCmd(&at), newPayoutsExportCmd(&at))
	return cmd
}

// payoutsAt is where the payouts commands work.
type payoutsAt struct{ file, coin string }

// load reads the configuration and makes sure that it has the coin.
func (at *payoutsAt) load(cmd *cobra.Command) (config.Config, error) {
	cfg, err := loadPoolConfig(cmd.ErrOrStderr(), at.file)
	if err != nil {
		return cfg, err
	}
	if _, ok := cfg.CoinNamed(at.coin); at.coin != "" && !ok {
		return cfg, usagef("%s has no coin named %q", at.file, at.coin)
	}
	return cfg, nil
}

// read opens the ledger for reading.
func (at *payoutsAt) read(cmd *cobra.Command, f func(config.Config, ledger.Reader) error) error {
	cfg, err := at.load(cmd)
	if err != nil {
		return err
	}
	reader, err := ledger.OpenReader(cmd.Context(), cfg.Ledger.Address())
	if err != nil {
		return err
	}
	defer reader.Close()
	return f(cfg, reader)
}

// write opens the ledger for writing.
func (at *payoutsAt) write(cmd *cobra.Command, f func(config.Config, ledger.Store) error) error {
	cfg, err := at.load(cmd)
	if err != nil {
		return err
	}
	store, err := openLedgerAlone(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	return errors.Join(f(cfg, store), store.Close())
}

// openLedgerAlone opens a ledger for writing, or says how to come to that.
func openLedgerAlone(ctx context.Context, cfg config.Config) (ledger.Store, error) {
	store, err := ledger.Open(ctx, cfg.Ledger.Address(), time.Now())
	if errors.Is(err, ledger.ErrLocked) {
		return nil, fmt.Errorf("%w: stop the pool first (a SQLite ledger has one writer), or use its admin API", err)
	}
	if err != nil {
		return nil, err
	}
	return store, nil
}

// coins are those whose payouts a command is about: the chosen one, or all
// that have any.
func (at *payoutsAt) coins(cfg config.Config) ([]config.Payout, error) {
	var list []config.Payout
	for _, o := range cfg.Payouts {
		if at.coin == "" || o.Coin == at.coin {
			list = append(list, o)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no [[payout]] for that: 'adit pool init -o -' shows one", at.file)
	}
	return list, nil
}

// payer is what a coin's payouts are made by.
func payer(cfg config.Config, o config.Payout, store ledger.PayoutStore, log *slog.Logger) (payout.Config, error) {
	coin, ok := cfg.CoinNamed(o.Coin)
	if !ok {
		return payout.Config{}, fmt.Errorf("there is no coin named %q", o.Coin)
	}
	wallet, err := payout.Connect(o)
	if err != nil {
		return payout.Config{}, err
	}
	return payout.Configured(coin, o, wallet, store, log, time.Now)
}

func newPayoutsRunCmd(at *payoutsAt) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Pay now who is due, or show who would be",
		Long: `Pays every miner who is owed at least his threshold, now and whether or not
[[payout]] is enabled, and returns when all transactions are handed out; the
pool, or the next run, sees them confirmed. Payouts under way are followed first.

With --dry-run nothing is written and the wallet is only asked for its balance:
it prints the transactions that would be made.

Exit status: 0 when all was done, 1 when something is open or failed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dry {
				return at.read(cmd, func(cfg config.Config, r ledger.Reader) error { return at.dryRun(cmd, cfg, r) })
			}
			return at.write(cmd, func(cfg config.Config, s ledger.Store) error { return at.payNow(cmd, cfg, s) })
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show what would be paid")
	return cmd
}

func (at *payoutsAt) payNow(cmd *cobra.Command, cfg config.Config, store ledger.Store) error {
	list, err := at.coins(cfg)
	if err != nil {
		return err
	}
	var failed []error
	for _, o := range list {
		made, err := payer(cfg, o, store, poolLogger(cmd.ErrOrStderr(), cfg.Log, new(slog.LevelVar)))
		if err != nil {
			return err
		}
		p := payout.New(made)
		err = errors.Join(p.Follow(cmd.Context()), p.Pay(cmd.Context()))
		made.Wallet.Close()
		if err != nil {
			failed = append(failed, fmt.Errorf("coin %s: %w", o.Coin, err))
		}
	}
	return errors.Join(append(failed, printPayouts(cmd.Context(), cmd.OutOrStdout(), store, ledger.PayoutQuery{Coin: at.coin, Open: true}))...)
}

func newPayoutsPauseCmd(at *payoutsAt) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "pause",
		Short: "Let no payout begin until resume",
		Long: `Lets no payout begin, of one coin or of all, until 'resume', also after a
restart. Payouts that have begun are followed to their end.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return at.eachCoin(cmd, func(s ledger.Store, coin string) error {
				return s.PausePayouts(cmd.Context(), coin, reason, time.Now())
			}, "payouts of %s are paused\n")
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "by hand", "why, for those who look later")
	return cmd
}

func newPayoutsResumeCmd(at *payoutsAt) *cobra.Command {
	return &cobra.Command{
		Use:   "resume",
		Short: "Let payouts begin again",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return at.eachCoin(cmd, func(s ledger.Store, coin string) error {
				return s.ResumePayouts(cmd.Context(), coin)
			}, "payouts of %s may begin\n")
		},
	}
}

// eachCoin does something for each coin that the command is about.
func (at *payoutsAt) eachCoin(cmd *cobra.Command, do func(s ledger.Store, coin string) error, said string) error {
	return at.write(cmd, func(cfg config.Config, s ledger.Store) error {
		for _, c := range cfg.Coins {
			if at.coin != "" && c.Name != at.coin {
				continue
			}
			if err := do(s, c.Name); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), said, c.Name)
		}
		return nil
	})
}

func newPayoutsRetryCmd(at *payoutsAt) *cobra.Command {
	return &cobra.Command{
		Use:   "retry ID",
		Short: "Have a payout under review followed again",
		Long: `Takes a payout out of review: it is looked for in the wallet's history again,
and the same transaction is handed out again where that does not show it. No
other transaction is ever made for it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return at.decide(cmd, args[0], payout.Retry, "payout %d is followed again\n")
		},
	}
}

func newPayoutsReturnCmd(at *payoutsAt) *cobra.Command {
	return &cobra.Command{
		Use:   "return ID",
		Short: "Give a payout's money back to its miners",
		Long: `Gives the money of a payout back to the balances it came from: of one that was
not handed out, or of one under review. Of the latter the wallet's history is
asked first, and nothing happens when it shows the transaction.

Returning what has left all the same pays twice. Before you return a payout
under review, look for its hash ('show ID') in a block explorer and in a wallet
that has been rescanned, and wait a day after it was sent: networks keep a
transaction that is in no block for that long.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return at.decide(cmd, args[0], payout.Return, "payout %d is returned: its money is owed again\n")
		},
	}
}

// decide carries out a person's decision about a payout.
func (at *payoutsAt) decide(cmd *cobra.Command, number string, do func(context.Context, payout.Config, int64) error, said string) error {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return usagef("%q is not the number of a payout", number)
	}
	return at.write(cmd, func(cfg config.Config, s ledger.Store) error {
		o, err := s.PayoutByID(cmd.Context(), id)
		if err != nil {
			return err
		}
		how, ok := cfg.PayoutOf(o.Coin)
		if !ok {
			return fmt.Errorf("%s has no [[payout]] for coin %s: its wallet cannot be asked", at.file, o.Coin)
		}
		made, err := payer(cfg, how, s, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		defer made.Wallet.Close()
		if err := do(cmd.Context(), made, id); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), said, id)
		return nil
	})
}
