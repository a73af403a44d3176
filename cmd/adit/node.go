package main

import "github.com/spf13/cobra"

const nodeLong = `Runs a small coin node with a private chain in memory.

It speaks the RPC of the real node, gives block templates and verifies every
block for real, so that a pool can be tried without a network and without
waiting. It can also be told to reorganise its chain, to be slow and to fail.`

// newNodeCmd groups the simulated nodes.
func newNodeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Run a simulated coin node",
		Long:  nodeLong,
		Args:  cobra.ArbitraryArgs,
		RunE:  rejectUnknown,
	}
	cmd.AddCommand(newNodeMoneroCmd(), newNodeCKBCmd())
	return cmd
}
