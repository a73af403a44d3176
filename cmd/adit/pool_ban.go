package main

import (
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/api"
	"github.com/aditmine/adit/stratum"
)

// banFlags say whom a ban is about.
type banFlags struct{ file, login, address string }

func (f *banFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVarP(&f.file, "config", "c", defaultPoolConfig, "configuration `file`")
	fl.StringVar(&f.login, "login", "", "`login`, as the ledger has it")
	fl.StringVar(&f.address, "address", "", "IP `address`")
}

func newPoolBanCmd() *cobra.Command {
	var f banFlags
	var reason string
	var duration time.Duration
	cmd := &cobra.Command{
		Use:   "ban",
		Short: "Ban a login or an address, or list the bans",
		Long: `Tells the running pool to refuse a login, an address, or a login at an address,
from its next login on. Without either it lists the bans in force, those that
the pool has pronounced itself among them.`,
		Example: `  adit pool ban
  adit pool ban --address 192.0.2.7 --for 24h --reason 'floods the port'
  adit pool ban --login WALLET --address 192.0.2.7 --reason test`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (f.login != "" || f.address != "") && reason == "" {
				return usagef("--reason is missing: say why, for those who read the list later")
			}
			if duration < time.Second {
				return usagef("--for %s: it must be a second at least", duration)
			}
			client, err := adminClientOf(cmd, f.file)
			if err != nil {
				return err
			}
			if f.login == "" && f.address == "" {
				return listBans(cmd, client)
			}
			var done api.Done
			order := api.BanOrder{Login: f.login, Address: f.address, Reason: reason, Seconds: int64(duration / time.Second)}
			if err := client.ask(cmd.Context(), "POST", "bans", order, &done); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), done.Done)
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, in a few words")
	cmd.Flags().DurationVar(&duration, "for", 24*time.Hour, "how `long`")
	return cmd
}

func listBans(cmd *cobra.Command, client *adminClient) error {
	var bans []api.Ban
	if err := client.ask(cmd.Context(), "GET", "bans", nil, &bans); err != nil {
		return err
	}
	if len(bans) == 0 {
		fmt.Fprintln(cmd.OutOrStdout(), "nobody is banned")
		return nil
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LOGIN\tADDRESS\tUNTIL\tREASON")
	for _, b := range bans {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", orDash(stratum.Printable(b.Login)), orDash(b.Address), b.Until.Local().Format(time.DateTime), stratum.Printable(b.Reason))
	}
	return w.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func newPoolUnbanCmd() *cobra.Command {
	var f banFlags
	cmd := &cobra.Command{
		Use:     "unban",
		Short:   "Lift a ban",
		Long:    `Tells the running pool to lift a ban. It is named by the login and the address that 'adit pool ban' lists for it.`,
		Example: `  adit pool unban --address 192.0.2.7`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.login == "" && f.address == "" {
				return usagef("say which ban: --login, --address, or both, as 'adit pool ban' lists it")
			}
			client, err := adminClientOf(cmd, f.file)
			if err != nil {
				return err
			}
			var done api.Done
			q := url.Values{"login": {f.login}, "address": {f.address}}
			if err := client.ask(cmd.Context(), "DELETE", "bans?"+q.Encode(), nil, &done); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), done.Done)
			return nil
		},
	}
	f.register(cmd)
	return cmd
}
