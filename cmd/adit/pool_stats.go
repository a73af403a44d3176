package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/reward"
	"github.com/aditmine/adit/stratum"
)

func newPoolStatsCmd() *cobra.Command {
	var file string
	var asJSON bool
	var limit int
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Show what the ledger holds",
		Long: `Sums the accepted shares of every login and worker, lists the blocks that were
found, newest first, and the accounts: what each login is owed, what the pool
has kept (fees), what PPS blocks brought less what PPS shares cost (fund), and
minus all rewards. Amounts are atomic units. It reads the ledger named in the configuration, also
while the pool runs.

With --json it prints one object:
  {"miners": [{"coin","login","worker","rig","shares","difficulty","blocks","last"}],
   "blocks": [{"coin","height","hash","difficulty","state","detail","found","login","worker","scheme","depth","reward"}],
   "balances": [{"coin","kind","login","amount"}]}
difficulty is a decimal in quotes, for it may be larger than other numbers can.`,
		Example: `  adit pool stats -c pool.toml
  adit pool stats -c pool.toml --json | jq '.miners[] | select(.login == "...")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadPoolConfig(cmd.ErrOrStderr(), file)
			if err != nil {
				return err
			}
			reader, err := ledger.OpenReader(cmd.Context(), cfg.Ledger.Address())
			if err != nil {
				return err
			}
			defer reader.Close()
			totals, err := reader.Totals(cmd.Context())
			if err != nil {
				return err
			}
			blocks, err := reader.Blocks(cmd.Context(), limit)
			if err != nil {
				return err
			}
			balances, err := reader.Balances(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printPoolJSON(cmd.OutOrStdout(), totals, blocks, balances)
			}
			return printPoolTables(cmd.OutOrStdout(), totals, blocks, balances)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultPoolConfig, "configuration `file`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().IntVar(&limit, "blocks", 50, "list at most so many `blocks`")
	return cmd
}

// poolMinerRow and poolBlockRow are the rows of the JSON form.
type poolMinerRow struct {
	Coin       string    `json:"coin"`
	Login      string    `json:"login"`
	Worker     string    `json:"worker"`
	Rig        string    `json:"rig"`
	Shares     uint64    `json:"shares"`
	Difficulty string    `json:"difficulty"`
	Blocks     uint64    `json:"blocks"`
	Last       time.Time `json:"last"`
}

type poolBlockRow struct {
	Coin       string            `json:"coin"`
	Height     uint64            `json:"height"`
	Hash       string            `json:"hash"`
	Difficulty string            `json:"difficulty"`
	State      ledger.BlockState `json:"state"`
	Detail     string            `json:"detail"`
	Found      time.Time         `json:"found"`
	Login      string            `json:"login"`
	Worker     string            `json:"worker"`
	Scheme     reward.Scheme     `json:"scheme"`
	Depth      uint64            `json:"depth"`
	Reward     uint64            `json:"reward"`
}

type poolBalanceRow struct {
	Coin   string             `json:"coin"`
	Kind   ledger.AccountKind `json:"kind"`
	Login  string             `json:"login"`
	Amount int64              `json:"amount"`
}

func printPoolJSON(out io.Writer, totals []ledger.Total, blocks []ledger.Block, balances []ledger.Balance) error {
	answer := struct {
		Miners   []poolMinerRow   `json:"miners"`
		Blocks   []poolBlockRow   `json:"blocks"`
		Balances []poolBalanceRow `json:"balances"`
	}{[]poolMinerRow{}, []poolBlockRow{}, []poolBalanceRow{}}
	for _, t := range totals {
		answer.Miners = append(answer.Miners, poolMinerRow{t.Coin, t.Login, t.Worker, t.Rig, t.Shares, t.Difficulty.String(), t.Blocks, t.Last.UTC()})
	}
	for _, b := range blocks {
		answer.Blocks = append(answer.Blocks, poolBlockRow{b.Coin, b.Height, b.Hash, b.Difficulty, b.State, b.Detail, b.Found.UTC(), b.Login, b.Worker, b.Scheme, b.Depth, b.Reward})
	}
	for _, b := range balances {
		answer.Balances = append(answer.Balances, poolBalanceRow(b))
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(answer)
}

func printPoolTables(out io.Writer, totals []ledger.Total, blocks []ledger.Block, balances []ledger.Balance) error {
	const layout = "2006-01-02 15:04:05"
	if len(totals) == 0 {
		fmt.Fprintln(out, "no shares yet")
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(totals) > 0 {
		fmt.Fprintln(w, "COIN\tLOGIN\tWORKER\tSHARES\tDIFFICULTY\tBLOCKS\tLAST SHARE")
	}
	for _, t := range totals {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%s\n", t.Coin, stratum.Printable(t.Login), cmp.Or(stratum.Printable(t.Worker), t.Rig, "-"),
			t.Shares, t.Difficulty, t.Blocks, t.Last.Format(layout))
	}
	if len(blocks) > 0 {
		fmt.Fprintln(w, "\nCOIN\tHEIGHT\tSTATE\tDEPTH\tREWARD\tSCHEME\tFOUND\tWORKER\tHASH\tDETAIL")
	}
	for _, b := range blocks {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", b.Coin, b.Height, b.State, b.Depth, b.Reward, b.Scheme, b.Found.Format(layout),
			cmp.Or(stratum.Printable(b.Worker), "-"), b.Hash, stratum.Printable(b.Detail))
	}
	if len(balances) > 0 {
		fmt.Fprintln(w, "\nCOIN\tACCOUNT\tLOGIN\tATOMIC UNITS")
	}
	for _, b := range balances {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", b.Coin, b.Kind, cmp.Or(stratum.Printable(b.Login), "-"), b.Amount)
	}
	return w.Flush()
}
