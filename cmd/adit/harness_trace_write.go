package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/trace/pcapng"
)

// writeNew makes a file that must not exist yet, readable by its owner alone,
// and has it written; "-" is standard output. A file that could not be written
// whole is removed.
func writeNew(path string, stdout io.Writer, write func(io.Writer) error) error {
	if path == "-" {
		return write(stdout)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already: choose another name or remove it", path)
	}
	if err != nil {
		return fmt.Errorf("creating the file: %w", err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// errNoOutput asks for a file name.
func errNoOutput() error {
	return usagef("-o is required: name the file to write, or - for standard output")
}

// cancellable ends reading a trace when ctx ends.
type cancellable struct {
	ctx context.Context
	out io.Writer
}

func (c cancellable) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.out.Write(p)
}

// rewriteFlags is the command line of trace redact and trace salvage.
type rewriteFlags struct {
	output  string
	secrets []string
	redact  bool
	salvage bool
}

func newTraceRedactCmd() *cobra.Command {
	f := rewriteFlags{redact: true}
	cmd := &cobra.Command{
		Use:   "redact FILE -o NEW",
		Short: "Write a trace without its wallets, passwords and names",
		Long: `Writes a trace anew with redaction on, as "harness record" does it while
recording: docs/trace-format.md says what is replaced and what cannot be hidden.
Times, and everything a judge needs, stay; the original is not touched.

A trace that is redacted already is refused.`,
		Example: `  adit harness trace redact evening.mtrace.gz -o public.mtrace.gz --redact my-host.example`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "`file` to write, compressed when it ends in .gz; - is standard output")
	cmd.Flags().StringArrayVar(&f.secrets, "redact", nil, "also replace this `text` wherever it occurs")
	cmd.Flags().BoolVar(&f.salvage, "salvage", false, "skip damaged parts")
	return cmd
}

func newTraceSalvageCmd() *cobra.Command {
	f := rewriteFlags{salvage: true}
	cmd := &cobra.Command{
		Use:   "salvage FILE -o NEW",
		Short: "Make a whole trace of a damaged or truncated one",
		Long: `Writes what can be read of a damaged or truncated trace as a new one whose
checksums are right. A marker stands where something is missing, so that a judge
holds nothing against anybody for it, and the end record says how much.`,
		Example: `  adit harness trace salvage after-the-crash.mtrace.gz -o whole.mtrace.gz`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "`file` to write, compressed when it ends in .gz; - is standard output")
	return cmd
}

func (f *rewriteFlags) run(ctx context.Context, file string, stdout, stderr io.Writer) error {
	if f.output == "" {
		return errNoOutput()
	}
	r, err := trace.Open(file, trace.Options{Salvage: f.salvage})
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	opts := trace.RewriteOptions{Gzip: strings.HasSuffix(f.output, ".gz")}
	if f.redact {
		opts.Redactor = trace.NewRedactor(f.secrets...)
	}
	var end *trace.End
	err = writeNew(f.output, stdout, func(out io.Writer) (err error) {
		end, err = trace.Rewrite(cancellable{ctx, out}, r, opts)
		return err
	})
	if err != nil {
		return explainDamage(file, f.salvage, err)
	}
	fmt.Fprintf(stderr, "%s: %s of %s; the original is %s", f.output, plural(end.Events, "event"), plural(end.Conns, "connection"), r.Summary().Text())
	if end.Dropped > 0 {
		fmt.Fprintf(stderr, "; %s missing", plural(end.Dropped, "event"))
	}
	fmt.Fprintln(stderr)
	return nil
}

func newTraceExportCmd() *cobra.Command {
	var output string
	var asPcapng, salvage bool
	cmd := &cobra.Command{
		Use:   "export FILE --pcapng -o FILE.pcapng",
		Short: "Convert a trace for Wireshark",
		Long: fmt.Sprintf(`Writes a trace as a capture file. What was recorded lay inside TCP and TLS, so
the packets are made up around it: the miner of connection N is 10.x.y.z with N
in the last three bytes, the pool is 192.0.2.1 port %d. Sequence numbers and
checksums are right, and Wireshark reassembles exactly the recorded bytes.
Recorded addresses, truth labels and markers are packet comments.`, pcapng.PoolPort),
		Example: fmt.Sprintf(`  adit harness trace export session.mtrace.gz --pcapng -o session.pcapng
  tshark -r session.pcapng -d tcp.port==%d,json -Y json`, pcapng.PoolPort),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !asPcapng {
				return usagef("give --pcapng: it is the one format there is")
			}
			return traceExport(cmd.Context(), args[0], output, salvage, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&asPcapng, "pcapng", false, "write pcapng, the format of Wireshark")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write; - is standard output")
	cmd.Flags().BoolVar(&salvage, "salvage", false, "skip damaged parts")
	return cmd
}

func traceExport(ctx context.Context, file, output string, salvage bool, stdout, stderr io.Writer) error {
	if output == "" {
		return errNoOutput()
	}
	r, err := trace.Open(file, trace.Options{Salvage: salvage})
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	var counts pcapng.Counts
	err = writeNew(output, stdout, func(out io.Writer) (err error) {
		counts, err = pcapng.Export(ctx, out, r)
		return err
	})
	if err != nil {
		return explainDamage(file, salvage, err)
	}
	fmt.Fprintf(stderr, "%s: %s, %s, %d bytes of stratum", output, plural(counts.Connections, "connection"),
		plural(counts.Packets, "packet"), counts.Bytes)
	if counts.Filler > 0 {
		fmt.Fprintf(stderr, ", %d of them filler for withheld ones", counts.Filler)
	}
	fmt.Fprintln(stderr)
	return nil
}
