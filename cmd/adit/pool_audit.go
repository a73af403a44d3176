package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/stratum"
)

func newPoolAuditCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove that the ledger's accounts are right",
		Long: `Recomputes the accounts of the ledger named in the configuration, also while
the pool runs: every transaction sums to zero, every balance is the sum of its
entries, the credits and fees of every unlocked block are its reward and what
its scheme makes of the shares, no round is paid twice, no share belongs to
nobody, what is in flight is what open payouts have, and what is paid was
confirmed. What does not hold is printed, one line each, with the rows it is about.

Exit status: 0 when all holds, 1 otherwise.`,
		Example: `  adit pool audit -c pool.toml`,
		Args:    cobra.NoArgs,
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
			found, err := reader.Audit(cmd.Context())
			if err != nil {
				return err
			}
			for _, v := range found {
				fmt.Fprintln(cmd.OutOrStdout(), stratum.Printable(v.String()))
			}
			if len(found) > 0 {
				return fmt.Errorf("ledger %s has %s", cfg.Ledger, counted(uint64(len(found)), "violation"))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: the accounts are right\n", cfg.Ledger)
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultPoolConfig, "configuration `file`")
	return cmd
}
