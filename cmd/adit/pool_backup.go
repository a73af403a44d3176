package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/stratum"
)

func newPoolBackupCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "backup DEST",
		Short: "Copy the ledger as it is at one moment",
		Long: `Writes the ledger named in the configuration, as it is at one moment, to the new
file DEST, also while pools run. The file is a SQLite ledger whichever database
it comes from: 'adit pool restore' fills either kind with it. It appears under
its name when it is whole and on disk, and its accounts are checked as
'adit pool audit' does.

Exit status: 0 when the backup is there and right, 1 otherwise. When only the
accounts are wrong, the backup has been written nevertheless.`,
		Example: `  adit pool backup -c pool.toml /backup/adit-$(date +%F).db`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadPoolConfig(cmd.ErrOrStderr(), file)
			if err != nil {
				return err
			}
			err = ledger.Backup(cmd.Context(), cfg.Ledger.Address(), args[0], time.Now())
			if err := explainUnsound(cmd, err); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: a backup of %s, and its accounts are right\n", args[0], cfg.Ledger)
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultPoolConfig, "configuration `file`")
	return cmd
}

// explainUnsound lists what is wrong with a ledger, one violation a line.
func explainUnsound(cmd *cobra.Command, err error) error {
	if unsound := new(ledger.UnsoundError); errors.As(err, &unsound) {
		for _, v := range unsound.Violations {
			fmt.Fprintln(cmd.OutOrStdout(), stratum.Printable(v.String()))
		}
	}
	return err
}
