package main

import (
	"strings"

	"github.com/spf13/cobra"
)

const rootLong = `adit mines, runs a mining pool, and judges mining pools.

  adit demo                      node, pool and miner in one process: see it work
  adit mine -o POOL -u WALLET    mine the CryptoNight family or Eaglesong
  adit pool init                 write a commented pool configuration
  adit harness record            record what a miner and a pool say to each other
  adit harness judge FILE        check every verdict in a recording, offline

No fee is taken anywhere.`

// newRootCmd assembles the command tree.
func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:           "adit",
		Short:         "A proof-of-work miner, reference pool and pool harness",
		Long:          rootLong,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE:          rejectUnknown,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v (see '%s --help')", err, cmd.CommandPath())
	})
	root.AddCommand(
		newDemoCmd(),
		newMineCmd(),
		newPoolCmd(),
		newHarnessCmd(),
		newNodeCmd(),
		newHashCmd(),
		newBenchCmd(),
		newTuneCmd(),
		newGPUCheckCmd(),
		newDevicesCmd(),
		newTelemetryCmd(),
		newVerifyCmd(),
		newVersionCmd(),
	)
	for _, cmd := range root.Commands() {
		wrapArgs(cmd)
	}
	return root
}

// rejectUnknown runs when no subcommand matched.
func rejectUnknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	msg := "unknown command " + args[0]
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		msg += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef("%s (see '%s --help')", msg, cmd.CommandPath())
}

// wrapArgs makes a wrong number of arguments a usage error in cmd and in the
// commands below it, and gives command groups the same answer to a typo.
func wrapArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%v (see '%s --help')", err, cmd.CommandPath())
			}
			return nil
		}
	}
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args, cmd.RunE = cobra.ArbitraryArgs, rejectUnknown
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}
