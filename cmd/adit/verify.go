package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

const verifyLong = `Hashes known messages with every implementation of every algorithm, in every
lane and through the search loop, and compares the results. One line tells of
each: "ok", "FAIL" with what went wrong, or "not available" with the reason.

The exit status is 1 when an implementation failed. Then this machine, or this
build, would send bad shares: do not mine with it.`

func newVerifyCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Test every implementation on this machine",
		Long:  verifyLong,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return verify(cmd.Context(), cmd.OutOrStdout(), hash.All(), cpu.SelfTest)
		},
	}
}

// selfTest is the signature of cpu.SelfTest.
type selfTest func(ctx context.Context, algorithms []*hash.Algorithm, progress func(cpu.Report)) error

// verify prints a line for each implementation and fails when one did.
func verify(ctx context.Context, out io.Writer, algorithms []*hash.Algorithm, test selfTest) error {
	failed, run := 0, 0
	err := test(ctx, algorithms, func(r cpu.Report) {
		if r.Available {
			run++
		}
		if r.Err != nil {
			failed++
		}
		fmt.Fprintf(out, "%-14s %-10s %s\n", r.Algorithm.Name, r.Impl, verdict(r))
	})
	switch {
	case err != nil:
		return err
	case failed > 0:
		return fmt.Errorf("%d of %d implementations failed: do not mine with them", failed, run)
	}
	return nil
}

// verdict is the last column of the line for r.
func verdict(r cpu.Report) string {
	switch {
	case !r.Available:
		return "not available: " + r.Reason
	case r.Err != nil:
		return "FAIL: " + r.Err.Error()
	}
	return fmt.Sprintf("ok (%d hashes)", r.Hashes)
}
