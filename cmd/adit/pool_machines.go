package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/stratum"
)

// missing is after how long without a word a process is taken to have ended.
const missing = time.Minute

func newPoolMachinesCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "machines",
		Short: "List the processes that are one pool",
		Long: `Lists the processes that the ledger named in the configuration has heard of in
the last minute: the machine and process id of each, what it does, and when it
was last seen. Only processes over a PostgreSQL ledger say that they are there.`,
		Example: `  adit pool machines -c pool.toml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadPoolConfig(cmd.ErrOrStderr(), file)
			if err != nil {
				return err
			}
			now := time.Now()
			list, err := ledger.Instances(cmd.Context(), cfg.Ledger.Address(), now.Add(-missing))
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no process has been heard of in the last minute")
				return nil
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NUMBER\tPROCESS\tROLES\tSEEN")
			for _, i := range list {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s ago\n", i.Epoch, stratum.Printable(i.Name), i.Roles, now.Sub(i.Seen).Round(time.Second))
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultPoolConfig, "configuration `file`")
	return cmd
}
