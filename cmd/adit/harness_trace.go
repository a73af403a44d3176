package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/trace"
)

func newHarnessTraceCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trace",
		Short: "Look into trace files, compare and convert them",
	}
	cmd.AddCommand(newTraceInfoCmd(), newTraceCatCmd(), newTraceDiffCmd(), newTraceRedactCmd(),
		newTraceSalvageCmd(), newTraceExportCmd(), newTraceSchemaCmd())
	return cmd
}

func newTraceSchemaCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a trace's lines",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), trace.Schema())
			return err
		},
	}
}

func newTraceInfoCmd() *cobra.Command {
	var asJSON, salvage bool
	cmd := &cobra.Command{
		Use:   "info FILE",
		Short: "Check a trace and say what it holds",
		Long: `Reads a whole trace, checks its checksums and says what it holds.

Exit status: 0 when the file is readable (truncated counts as readable), 1 when
it is damaged, 2 for a mistake on the command line.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return traceInfo(cmd.Context(), args[0], salvage, asJSON, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&salvage, "salvage", false, "skip damaged parts")
	return cmd
}

func newTraceCatCmd() *cobra.Command {
	var salvage bool
	var conn uint64
	cmd := &cobra.Command{
		Use:   "cat FILE",
		Short: "Print a trace for reading",
		Long: `Prints one line for each event: time, connection, direction, bytes. "c1 >" is
from the miner to the pool, "c1 <" the other way. Bytes that are not printable
are shown as escapes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return traceCat(cmd.Context(), args[0], salvage, conn, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&salvage, "salvage", false, "skip damaged parts")
	cmd.Flags().Uint64Var(&conn, "conn", 0, "only this connection's `number`")
	return cmd
}

// explainDamage adds what to do about a damaged file.
func explainDamage(file string, salvage bool, err error) error {
	var damage *trace.CorruptError
	if errors.As(err, &damage) && !salvage {
		return fmt.Errorf("%s: %w; --salvage skips the damaged part", file, err)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// eachEvent reads a trace to its end.
func eachEvent(ctx context.Context, file string, salvage bool, do func(*trace.Event) error) (*trace.Reader, error) {
	r, err := trace.Open(file, trace.Options{Salvage: salvage})
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read
	for {
		ev, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return r, nil
		case err != nil:
			return nil, explainDamage(file, salvage, err)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		if err := do(ev); err != nil {
			return nil, err
		}
	}
}

// traceFacts is what "trace info --json" prints.
type traceFacts struct {
	Header  *trace.Header       `json:"header"`
	Summary trace.Summary       `json:"summary"`
	Codes   map[string]int      `json:"codes"`
	Bytes   map[string]int      `json:"bytes"`
	Protos  map[string]int      `json:"protos"`
	Markers map[string]int      `json:"markers"`
	Conns   int                 `json:"conns"`
	known   map[uint64]struct{} // connections seen
}

func traceInfo(ctx context.Context, file string, salvage, asJSON bool, out io.Writer) error {
	f := &traceFacts{Codes: map[string]int{}, Bytes: map[string]int{}, Protos: map[string]int{},
		Markers: map[string]int{}, known: map[uint64]struct{}{}}
	r, err := eachEvent(ctx, file, salvage, f.add)
	if err != nil {
		return err
	}
	f.Header, f.Summary, f.Conns = r.Header(), r.Summary(), len(f.known)
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(f)
	}
	return f.write(out)
}

func (f *traceFacts) add(ev *trace.Event) error {
	f.Codes[string(byte(ev.Code))]++
	if ev.Conn != 0 {
		f.known[ev.Conn] = struct{}{}
	}
	if ev.Data != nil {
		f.Bytes[string(byte(ev.Code))] += len(ev.Data)
	}
	if kind := ev.Marker.Kind(); kind != "" {
		f.Markers[kind]++
	}
	if proto, ok := ev.Marker["proto"].(string); ok {
		f.Protos[proto]++
	}
	return nil
}

func (f *traceFacts) write(out io.Writer) error {
	h, s := f.Header, f.Summary
	redacted := "no"
	if h.Redact != nil {
		redacted = fmt.Sprintf("policy %d", h.Redact.Policy)
	}
	_, err := fmt.Fprintf(out, `id         %q
tool       %q
proto      %q, algo %q, coin %q, net %q
started    %s
length     %s
state      %s
redacted   %s
events     %d, of %d connections
to pool    %d lines, %d bytes
to miner   %d lines, %d bytes
`, h.ID, h.Tool, h.Proto, h.Algo, h.Coin, h.Net, h.Clock.BaseWall.Format(time.RFC3339), s.LastTime, s.Text(), redacted,
		s.Events, f.Conns, f.Codes[">"], f.Bytes[">"], f.Codes["<"], f.Bytes["<"])
	return err
}

func traceCat(ctx context.Context, file string, salvage bool, conn uint64, out io.Writer) error {
	r, err := eachEvent(ctx, file, salvage, func(ev *trace.Event) error {
		if conn != 0 && ev.Conn != conn {
			return nil
		}
		_, err := fmt.Fprintf(out, "%12.6f c%d %c %s\n", ev.Time.Seconds(), ev.Conn, ev.Code, eventText(ev))
		return err
	})
	if err != nil {
		return err
	}
	if s := r.Summary(); s.Truncated {
		_, err = fmt.Fprintf(out, "(truncated: no end record)\n")
	}
	return err
}

// eventText is the readable payload of an event. Bytes from the wire are
// quoted: they must not be able to drive a terminal.
func eventText(ev *trace.Event) string {
	switch ev.Code {
	case trace.CodeToPool, trace.CodeToMiner:
		if ev.Data == nil {
			return fmt.Sprintf("(%d bytes withheld)", ev.Withheld)
		}
		return quoteLine(ev.Data)
	case trace.CodeOpen:
		return fmt.Sprintf("open %q", ev.Open.Peer)
	case trace.CodeClose:
		return fmt.Sprintf("closed by %q: %q %q", ev.Close.By, ev.Close.How, ev.Close.Err)
	case trace.CodeHalf:
		return fmt.Sprintf("%q", ev.Half)
	}
	var payload any
	switch {
	case ev.Marker != nil:
		payload = ev.Marker
	case ev.Annotation != nil:
		payload = ev.Annotation
	case ev.Checkpoint != nil:
		payload = ev.Checkpoint
	default:
		payload = ev.End
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// quoteLine shows printable ASCII as it is and escapes the rest.
func quoteLine(data []byte) string {
	out := make([]byte, 0, len(data))
	for _, c := range data {
		switch {
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c < ' ' || c > '~':
			out = fmt.Appendf(out, `\x%02x`, c)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
