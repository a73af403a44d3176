package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/payout"
	"github.com/aditmine/adit/stratum"
)

func newPayoutsListCmd(at *payoutsAt) *cobra.Command {
	var q ledger.PayoutQuery
	var state string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List payouts",
		Long: `Lists payouts, newest first, and says whose are paused. Amounts are atomic
units. With --json it prints one array of
  {"id","coin","state","created","changed","attempts","detail","tx","fee","entries":[{"login","amount","sent"}]}`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.State = ledger.PayoutState(state); state != "" && !slices.Contains(ledger.PayoutStates(), q.State) {
				return usagef("there is no state %q; there are %v", state, ledger.PayoutStates())
			}
			return at.read(cmd, func(_ config.Config, r ledger.Reader) error {
				if q.Coin = at.coin; asJSON {
					return printPayoutsJSON(cmd.Context(), cmd.OutOrStdout(), r, q)
				}
				return printPayouts(cmd.Context(), cmd.OutOrStdout(), r, q)
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only those in this `state`")
	cmd.Flags().StringVar(&q.Login, "login", "", "only those to this `login`")
	cmd.Flags().BoolVar(&q.Open, "open", false, "only those whose money is in flight, oldest first")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "at most so many; 0: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printPayouts(ctx context.Context, out io.Writer, r ledger.PayoutReader, q ledger.PayoutQuery) error {
	list, err := r.Payouts(ctx, q)
	if err != nil {
		return err
	}
	pauses, err := r.PayoutPauses(ctx)
	if err != nil {
		return err
	}
	for _, p := range pauses {
		fmt.Fprintf(out, "payouts of %s are paused since %s: %s\n", p.Coin, p.At.Format(time.DateTime), stratum.Printable(p.Reason))
	}
	if len(list) == 0 {
		fmt.Fprintln(out, "no payouts")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tCOIN\tSTATE\tSINCE\tMINERS\tAMOUNT\tFEE\tTRANSACTION\tDETAIL")
	for _, p := range list {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", p.ID, p.Coin, p.State, p.Changed.Format(time.DateTime),
			len(p.Entries), p.Amount(), p.Fee, cmp.Or(p.TxHash, "-"), stratum.Printable(p.Detail))
	}
	return w.Flush()
}

// payoutRow is a payout in JSON.
type payoutRow struct {
	ID       int64              `json:"id"`
	Coin     string             `json:"coin"`
	State    ledger.PayoutState `json:"state"`
	Created  time.Time          `json:"created"`
	Changed  time.Time          `json:"changed"`
	Attempts int                `json:"attempts"`
	Detail   string             `json:"detail"`
	Tx       string             `json:"tx"`
	Fee      uint64             `json:"fee"`
	Entries  []payoutEntryRow   `json:"entries"`
}

type payoutEntryRow struct {
	Login  string `json:"login"`
	Amount uint64 `json:"amount"`
	Sent   uint64 `json:"sent"`
}

func printPayoutsJSON(ctx context.Context, out io.Writer, r ledger.PayoutReader, q ledger.PayoutQuery) error {
	list, err := r.Payouts(ctx, q)
	if err != nil {
		return err
	}
	rows := []payoutRow{}
	for _, p := range list {
		row := payoutRow{p.ID, p.Coin, p.State, p.Created.UTC(), p.Changed.UTC(), p.Attempts, p.Detail, p.TxHash, p.Fee, nil}
		for _, e := range p.Entries {
			row.Entries = append(row.Entries, payoutEntryRow{e.Login, e.Amount, e.Sent()})
		}
		rows = append(rows, row)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(rows)
}

func newPayoutsShowCmd(at *payoutsAt) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show one payout and whom it pays",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usagef("%q is not the number of a payout", args[0])
			}
			return at.read(cmd, func(_ config.Config, r ledger.Reader) error {
				p, err := r.PayoutByID(cmd.Context(), id)
				if err != nil {
					return err
				}
				return printPayout(cmd.OutOrStdout(), p)
			})
		},
	}
}

func printPayout(out io.Writer, p ledger.Payout) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"payout", strconv.FormatInt(p.ID, 10)},
		{"coin", p.Coin},
		{"state", fmt.Sprintf("%s since %s", p.State, p.Changed.Format(time.DateTime))},
		{"created", p.Created.Format(time.DateTime)},
		{"failed attempts", fmt.Sprintf("%d, last activity %s", p.Attempts, p.Tried.Format(time.DateTime))},
		{"detail", cmp.Or(stratum.Printable(p.Detail), "-")},
		{"transaction", cmp.Or(p.TxHash, "-")},
		{"network's fee", strconv.FormatUint(p.Fee, 10)},
		{"amount", strconv.FormatUint(p.Amount(), 10)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
	}
	fmt.Fprintln(w, "\nLOGIN\tAMOUNT\tSENT")
	for _, e := range p.Entries {
		fmt.Fprintf(w, "%s\t%d\t%d\n", stratum.Printable(e.Login), e.Amount, e.Sent())
	}
	return w.Flush()
}

// dryRun shows the transactions that a run would make.
func (at *payoutsAt) dryRun(cmd *cobra.Command, cfg config.Config, r ledger.Reader) error {
	list, err := at.coins(cfg)
	if err != nil {
		return err
	}
	for _, o := range list {
		owed, err := r.Payables(cmd.Context(), o.Coin)
		if err != nil {
			return err
		}
		made, err := payer(cfg, o, nil, slog.New(slog.DiscardHandler)) // a plan needs no ledger
		if err != nil {
			return err
		}
		err = printPlan(cmd, made, payout.MakePlan(made.Rules, owed, made.Payee))
		made.Wallet.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func printPlan(cmd *cobra.Command, made payout.Config, plan payout.Plan) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "coin %s: %s, %d atomic units\n", made.Coin, counted(uint64(len(plan.Batches)), "transaction"), plan.Amount())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, batch := range plan.Batches {
		for _, item := range batch {
			fmt.Fprintf(w, "  %d\t%s\t%d\n", i+1, stratum.Printable(item.Login), item.Amount)
		}
	}
	for _, s := range plan.Skipped {
		fmt.Fprintf(w, "  -\t%s\t%d\tcannot be paid: %s\n", stratum.Printable(s.Login), s.Owed, stratum.Printable(s.Err.Error()))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	balance, err := made.Wallet.Balance(cmd.Context())
	if err != nil {
		fmt.Fprintf(out, "the wallet could not be asked for its balance: %v\n", err)
		return nil
	}
	fmt.Fprintf(out, "the wallet has %d, of which %d can be spent now\n", balance.Total, balance.Unlocked)
	return nil
}

func newPayoutsExportCmd(at *payoutsAt) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "List what miners are owed, as CSV",
		Long: `Prints what every miner is owed, as CSV: coin, login, atomic units, and the
miner's own threshold (0: the pool's). It is how rewards of CKB coins, which the
pool credits and does not pay itself, get to whatever pays them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return at.read(cmd, func(cfg config.Config, r ledger.Reader) error {
				w := csv.NewWriter(cmd.OutOrStdout())
				if err := w.Write([]string{"coin", "login", "owed", "threshold"}); err != nil {
					return err
				}
				for _, c := range cfg.Coins {
					if at.coin != "" && c.Name != at.coin {
						continue
					}
					if err := exportCoin(cmd.Context(), w, r, c.Name); err != nil {
						return err
					}
				}
				w.Flush()
				return w.Error()
			})
		},
	}
}

func exportCoin(ctx context.Context, w *csv.Writer, r ledger.PayoutReader, coin string) error {
	list, err := r.Payables(ctx, coin)
	if err != nil {
		return err
	}
	for _, p := range list {
		row := []string{coin, stratum.Printable(p.Login), strconv.FormatUint(p.Owed, 10), strconv.FormatUint(p.Threshold, 10)}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}
