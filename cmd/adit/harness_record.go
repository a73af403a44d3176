package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/record"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
)

const harnessRecordLong = `A proxy between miners and a pool that writes all they say to a trace.

Point the miners at --listen. Every byte is passed on unchanged in both
directions; the trace gets one event a line. Ctrl-C ends the recording with a
complete trace; a crash costs its last second at most.

Wallet addresses, passwords and rig names are replaced by placeholders such as
${addr:1} while writing, and miners' network addresses are left out. What a
judge needs is kept. Even so, the times in a trace can tell what a miner earned:
publish only recordings of test rigs. --no-redact keeps everything.

An output name that ends in .gz is compressed.

Exit status: 0 when stopped, 1 when recording failed, 2 for a mistake on the
command line.`

// recordFlags is the command line of adit harness record.
type recordFlags struct {
	listen, upstream, output string
	algo, coin, net, proto   string
	secrets                  []string
	noRedact, quiet          bool
	maxConns                 int
}

func newHarnessRecordCmd() *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "record --listen ADDR --upstream ADDR -o FILE.mtrace.gz",
		Short: "Record what miners and a pool say to each other",
		Long:  harnessRecordLong,
		Example: `  adit harness record --listen 127.0.0.1:4444 --upstream pool.example.org:3333 -o evening.mtrace.gz
  adit mine -o 127.0.0.1:4444 -u WALLET -a cn/r`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.listen, "listen", "", "`address` for miners, host:port")
	fl.StringVar(&f.upstream, "upstream", "", "`address` of the pool, host:port")
	fl.StringVarP(&f.output, "output", "o", "", "`file` to write, which must not exist yet")
	fl.StringVarP(&f.algo, "algo", "a", "", "`algorithm`, noted for pools that do not name it in their jobs")
	fl.StringVar(&f.coin, "coin", "", "`name` of the coin, noted in the trace")
	fl.StringVar(&f.net, "net", "", "`name` of the network, noted in the trace")
	fl.StringVar(&f.proto, "proto", trace.ProtoAuto, "`dialect`: cn, ckb, or auto to tell by each connection's first line")
	fl.BoolVar(&f.noRedact, "no-redact", false, "keep addresses, passwords and names as they are")
	fl.StringArrayVar(&f.secrets, "redact", nil, "also replace this `text` wherever it occurs")
	fl.IntVar(&f.maxConns, "max-conns", 4096, "most miners at once")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "do not log connections")
	return cmd
}

// header checks the flags that go into the trace's header.
func (f *recordFlags) header() (trace.Header, error) {
	h := trace.Header{Tool: "adit " + version + " (" + revision() + ")", Role: "proxy", Coin: f.coin, Net: f.net}
	switch strings.ToLower(f.proto) {
	case "cn", "cryptonote":
		h.Proto = trace.ProtoCryptoNote
	case "ckb":
		h.Proto = trace.ProtoCKB
	case "auto", "":
		h.Proto = trace.ProtoAuto
	default:
		return h, usagef("--proto %s: give cn, ckb or auto", f.proto)
	}
	if f.algo != "" {
		a, err := parseAlgorithm(f.algo)
		if err != nil {
			return h, err
		}
		h.Algo = a.Name
		if (a.Family == hash.Eaglesong) != (h.Proto == trace.ProtoCKB) && h.Proto != trace.ProtoAuto {
			return h, usagef("--algo %s does not go with --proto %s", a.Name, h.Proto)
		}
	}
	if f.noRedact {
		h.Target = f.upstream
	}
	return h, nil
}

// run records until ctx ends.
func (f *recordFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	listen, err := stratumAddress("--listen", f.listen)
	if err != nil {
		return err
	}
	upstream, err := stratumAddress("--upstream", f.upstream)
	if err != nil {
		return err
	}
	header, err := f.header()
	if err != nil {
		return err
	}
	switch {
	case f.output == "":
		return usagef("-o is required: name the file to write, such as session.mtrace.gz")
	case f.noRedact && len(f.secrets) > 0:
		return usagef("--redact and --no-redact exclude each other")
	case f.maxConns < 1:
		return usagef("--max-conns must be at least 1")
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listening for miners: %w", err)
	}
	defer func() { _ = listener.Close() }() // the proxy closes it first
	return f.record(ctx, listener, upstream, header, stdout, stderr)
}

// record runs the proxy and reports.
func (f *recordFlags) record(ctx context.Context, listener net.Listener, upstream string,
	header trace.Header, stdout, stderr io.Writer) error {
	level := slog.LevelInfo
	if f.quiet {
		level = slog.LevelWarn
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	opts := trace.WriterOptions{
		Gzip:    strings.HasSuffix(f.output, ".gz"),
		OnError: func(err error) { log.Error("the trace ends here, the traffic goes on", "err", err) },
	}
	if !f.noRedact {
		opts.Redactor = trace.NewRedactor(f.secrets...)
	}
	w, err := trace.Create(f.output, header, opts)
	if err != nil {
		return err
	}
	proxy, err := record.New(record.Config{Listener: listener, Upstream: upstream, Trace: w,
		Proto: header.Proto, MaxConns: f.maxConns, Log: log})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "recording %s -> %s to %s\n", listener.Addr(), upstream, f.output)
	runErr := proxy.Run(ctx)
	why := "signal"
	if runErr != nil {
		why = "error"
	}
	closeErr := w.Close(why)
	reportRecording(stdout, f.output, proxy.Stats(), w.Dropped())
	if runErr != nil {
		return runErr
	}
	return closeErr
}

// reportRecording says what is in the file.
func reportRecording(out io.Writer, file string, s record.Stats, dropped uint64) {
	fmt.Fprintf(out, "%s: %s, %s to the pool, %s to the miners\n", file,
		plural(s.Conns, "connection"), plural(s.ToPool, "line"), plural(s.ToMiner, "line"))
	if s.Refused > 0 {
		fmt.Fprintf(out, "%s refused: too many at once, or the pool could not be reached\n", plural(s.Refused, "connection"))
	}
	if dropped > 0 {
		fmt.Fprintf(out, "%s missing from the trace: the disk was too slow or is full\n", plural(dropped, "event"))
	}
}
