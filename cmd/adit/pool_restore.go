package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/ledger"
)

func newPoolRestoreCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "restore SRC",
		Short: "Fill a new ledger from a backup",
		Long: `Fills the ledger named in the configuration from SRC, which 'adit pool backup'
has written. A ledger that has been used is never overwritten: move its file
away, or name an empty database. The accounts of SRC are checked first, and a
backup that is not right is not restored. SRC itself stays as it is; one that an
older adit wrote is upgraded on the way.

A backup of either database can be restored to the other, which is how a pool
moves from SQLite to PostgreSQL or back.

Exit status: 0 when the ledger is ready for 'adit pool run', 1 otherwise.`,
		Example: `  adit pool restore -c pool.toml /backup/adit-2026-11-20.db`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadPoolConfig(cmd.ErrOrStderr(), file)
			if err != nil {
				return err
			}
			err = ledger.Restore(cmd.Context(), args[0], cfg.Ledger.Address(), time.Now())
			if err := explainUnsound(cmd, err); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: restored from %s, and its accounts are right\n", cfg.Ledger, args[0])
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultPoolConfig, "configuration `file`")
	return cmd
}
