package main

import (
	"context"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/trace/diff"
)

// traceDiffFlags is the command line of trace diff.
type traceDiffFlags struct {
	opts          diff.Options
	json, salvage bool
}

func newTraceDiffCmd() *cobra.Command {
	var f traceDiffFlags
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Say in what two traces differ",
		Long: `Compares two traces message by message: the Nth connection with the Nth, in it
the third submit with the third submit and its answer with its answer. Times,
request ids, spacing and the order of keys are left aside.

Two sessions with a live pool always differ in job ids, blobs and nonces:
--shape compares only which messages there are and what members of what type
they have, --ignore leaves members out by name.

Exit status: 0 when nothing differs, 1 when something does or a file cannot be
read, 2 for a mistake on the command line.`,
		Example: `  adit harness trace diff before.mtrace.gz after.mtrace.gz --shape
  adit harness trace diff a.mtrace b.mtrace --ignore 'params.*' --ignore 'result.job.*'`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], args[1], cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&f.opts.Shape, "shape", false, "compare messages, members and types, not values")
	cmd.Flags().StringArrayVar(&f.opts.Ignore, "ignore", nil, "leave out members whose path fits this `pattern`, such as params.nonce or result.*")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	cmd.Flags().BoolVar(&f.salvage, "salvage", false, "skip damaged parts")
	return cmd
}

func (f *traceDiffFlags) run(ctx context.Context, fileA, fileB string, out io.Writer) error {
	a, err := trace.Open(fileA, trace.Options{Salvage: f.salvage})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // only read
	b, err := trace.Open(fileB, trace.Options{Salvage: f.salvage})
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }() // only read
	rep, err := diff.Compare(ctx, a, b, f.opts)
	if err != nil {
		return explainDamage(fileA+", "+fileB, f.salvage, err)
	}
	if err := f.write(out, rep); err != nil {
		return err
	}
	if len(rep.Differences) > 0 {
		return &exitError{status: exitFailure}
	}
	return nil
}

func (f *traceDiffFlags) write(out io.Writer, rep *diff.Report) error {
	if !f.json {
		return rep.WriteText(out)
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(rep)
}
