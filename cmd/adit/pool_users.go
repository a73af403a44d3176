package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/api"
	"github.com/aditmine/adit/stratum"
)

func newPoolUsersCmd() *cobra.Command {
	var file, coin, part string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "users",
		Short: "List the logins of a running pool",
		Long: `Asks the running pool for its logins, those with the highest hashrates first,
and prints what each does and is owed. Amounts are atomic units. The pool is
found by [api] of the configuration, and the token in the file that it names.`,
		Example: `  adit pool users -c pool.toml
  adit pool users --match 44AFF --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > 200 {
				return usagef("--limit %d: it must be from 1 to 200", limit)
			}
			client, err := adminClientOf(cmd, file)
			if err != nil {
				return err
			}
			q := url.Values{"limit": {strconv.Itoa(limit)}, "coin": {coin}, "q": {part}}
			var users []api.User
			if err := client.ask(cmd.Context(), "GET", "users?"+q.Encode(), nil, &users); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(users)
			}
			if len(users) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no such logins")
				return nil
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "COIN\tLOGIN\tH/S\tSESSIONS\tSHARES\tBALANCE\tPAID\tLAST SHARE")
			for _, u := range users {
				last := "-"
				if u.LastShare != nil {
					last = u.LastShare.Local().Format(time.DateTime)
				}
				fmt.Fprintf(w, "%s\t%s\t%.0f\t%d\t%d\t%d\t%d\t%s\n", u.Coin, stratum.Printable(u.Login), u.Now, u.Sessions, u.Shares, u.Balance, u.Paid, last)
			}
			return w.Flush()
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&file, "config", "c", defaultPoolConfig, "configuration `file`")
	fl.StringVar(&coin, "coin", "", "only those of this `coin`")
	fl.StringVar(&part, "match", "", "only logins with this `text` in them")
	fl.IntVar(&limit, "limit", 50, "at most so many `logins`, up to 200")
	fl.BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

// adminClientOf reads a configuration and makes the client of its pool.
func adminClientOf(cmd *cobra.Command, file string) (*adminClient, error) {
	cfg, err := loadPoolConfig(cmd.ErrOrStderr(), file)
	if err != nil {
		return nil, err
	}
	return newAdminClient(cfg)
}
