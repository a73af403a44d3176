package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/config"
)

const poolLong = `Runs a mining pool: CryptoNote stratum (what XMRig speaks) and CKB stratum V1,
any number of coins and ports in one process, over one ledger file.

Every share is verified, written to the ledger, and only then answered with OK.
A share that solves a block goes to the node first of all.

Begin with 'adit pool init', fill in the wallet address, and look the result
over with 'adit pool check'.`

// defaultPoolConfig is the file that the pool commands use unless told
// otherwise.
const defaultPoolConfig = "pool.toml"

func newPoolCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pool",
		Short: "Run a mining pool",
		Long:  poolLong,
		Example: `  adit pool init -o pool.toml
  adit pool check pool.toml
  adit pool run -c pool.toml
  adit pool stats -c pool.toml
  adit pool audit -c pool.toml`,
	}
	cmd.AddCommand(newPoolUsersCmd(), newPoolBanCmd(), newPoolUnbanCmd(), newPoolInitCmd(), newPoolCheckCmd(), newPoolRunCmd(), newPoolStatsCmd(), newPoolCertificateCmd(), newPoolAuditCmd(), newPoolPayoutsCmd(), newPoolReprocessCmd(), newPoolBackupCmd(), newPoolRestoreCmd(), newPoolMachinesCmd())
	return cmd
}

func newPoolInitCmd() *cobra.Command {
	var output string
	var force bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration to start from",
		Long: `Writes a configuration in which every setting is explained. It is ready to run
once the wallet address has been filled in. A file that exists already is left
alone, unless --force.`,
		Example: `  adit pool init
  adit pool init -o /etc/adit/pool.toml
  adit pool init -o - | less`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return poolInit(cmd.OutOrStdout(), output, force) },
	}
	cmd.Flags().StringVarP(&output, "output", "o", defaultPoolConfig, "`file` to write; - is standard output")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file if it exists")
	return cmd
}

func poolInit(out io.Writer, file string, force bool) error {
	if file == "-" {
		_, err := io.WriteString(out, config.Sample())
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !force {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(file, flags, 0o600) // it may come to hold a password
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already: choose another name with -o, or give --force", file)
	}
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	_, err = io.WriteString(f, config.Sample())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	fmt.Fprintf(out, "wrote %s: fill in the wallet address, then run 'adit pool check %s'\n", file, file)
	return nil
}

func newPoolCheckCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Look for mistakes in a configuration",
		Long: `Reads a configuration and explains every mistake in it, one a line, as
file:line: text. No node is asked and nothing is opened.

Exit status: 0 when there is nothing to complain of, 1 otherwise.`,
		Example: `  adit pool check pool.toml`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := defaultPoolConfig
			if len(args) > 0 {
				file = args[0]
			}
			cfg, err := loadPoolConfig(cmd.ErrOrStderr(), file)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: no mistakes found\n", file)
			for _, p := range cfg.Ports {
				c, _ := cfg.CoinNamed(p.Coin)
				fmt.Fprintf(cmd.OutOrStdout(), "  %s: %s (%s), %s, %s, fee %s\n", p.Listen, c.Name, c.Algorithm, describeDifficulty(p), p.Scheme, percent(p.Fee))
			}
			return nil
		},
	}
}

func describeDifficulty(p config.Port) string {
	if p.Fixed > 0 {
		return fmt.Sprintf("fixed difficulty %d", p.Fixed)
	}
	limit := "no upper bound"
	if p.Max > 0 {
		limit = fmt.Sprintf("at most %d", p.Max)
	}
	return fmt.Sprintf("difficulty from %d, at least %d, %s, a share every %s", p.Start, p.Min, limit, p.Interval)
}

// percent writes basis points.
func percent(basisPoints int) string {
	return fmt.Sprintf("%d.%02d %%", basisPoints/100, basisPoints%100)
}

// loadPoolConfig reads a configuration and lists its mistakes, one a line.
func loadPoolConfig(stderr io.Writer, file string) (config.Config, error) {
	cfg, err := config.Load(file)
	var bad *config.Error
	switch {
	case errors.As(err, &bad):
		fmt.Fprintln(stderr, err)
		return cfg, fmt.Errorf("%s has %s", file, counted(uint64(len(bad.Problems)), "mistake"))
	case errors.Is(err, fs.ErrNotExist):
		return cfg, fmt.Errorf("there is no configuration %s: 'adit pool init -o %s' writes one", file, file)
	}
	return cfg, err
}

func newPoolRunCmd() *cobra.Command {
	var file, role string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the pool",
		Long: `Opens the ledger and the ports, waits until each coin's node is synchronised,
and serves miners until it is interrupted. It then answers the shares that are
in flight, closes all sessions and logs what was accepted and refused.

SIGHUP reads the configuration again and puts in force what can change while
miners are connected: limits, bans, the TLS certificate, the log level, and of
each port all but its address and its coin. What has to wait for the next start
is logged; after a mistake in the file everything stays as it was.

Several processes, on one machine or more, can be one pool over a PostgreSQL
ledger: --role says what each does. stratum takes miners, jobs watches the nodes
and tells the others of new tips, unlock divides the rewards of blocks and pay
sends payouts (one process at a time does each; another takes over when it
ends), api answers HTTP.

Exit status: 0 after an interrupt, 1 when the pool cannot start: one line says
why.`,
		Example: `  adit pool run -c pool.toml
  adit pool run -c pool.toml --role stratum,jobs`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadPoolConfig(cmd.ErrOrStderr(), file)
			if err != nil {
				return err
			}
			level := new(slog.LevelVar)
			log := poolLogger(cmd.ErrOrStderr(), cfg.Log, level)
			roles, err := cluster.ParseRoles(role)
			if err != nil {
				return usagef("--role: %v", err)
			}
			p, err := newServedPool(cfg, pool.Deps{Log: log, Roles: roles})
			if err != nil {
				return err
			}
			defer reloadOnHangup(&reloader{pool: p.Pool, file: file, level: level, log: log})()
			return p.run(cmd.Context())
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultPoolConfig, "configuration `file`")
	cmd.Flags().StringVar(&role, "role", "all", "what this process does: some of stratum,jobs,unlock,pay,api")
	return cmd
}

// poolLogger writes the pool's log as the configuration wants it; the level
// may be changed later.
func poolLogger(w io.Writer, cfg config.Log, level *slog.LevelVar) *slog.Logger {
	level.Set(logLevel(cfg))
	options := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// logLevel is the configured level, info when there is none.
func logLevel(cfg config.Log) (level slog.Level) {
	if level.UnmarshalText([]byte(cfg.Level)) != nil {
		return slog.LevelInfo
	}
	return level
}
