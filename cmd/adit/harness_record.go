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

const harnessRecordLong = `A proxy between miners and a pool that writes all they say to a trace; or, with
--client, a miner of its own that logs in and records its session.

Point the miners at --listen. Every byte is passed on unchanged in both
directions; the trace gets one event a line. Ctrl-C ends the recording with a
complete trace; a crash costs its last second at most.

TLS on either side: with --tls the proxy speaks it with miners, with a
certificate of its own making (its fingerprint is printed) or --tls-cert's; an
upstream of stratum+ssl:// is spoken to in TLS. The trace holds what is inside.
PROXY protocol: --accept-proxy expects a header (version 1 or 2) from a balancer
in front, --send-proxy sends one to the pool.

--client needs no listener: adit logs in as -u, mines with a part of one
processor (--effort), or only listens (--effort 0), and reconnects as miners do.

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

	front  recordFront
	back   recordBack
	client recordClient
}

func newHarnessRecordCmd() *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "record (--listen ADDR | --client) --upstream ADDR -o FILE.mtrace.gz",
		Short: "Record what miners and a pool say to each other",
		Long:  harnessRecordLong,
		Example: `  adit harness record --listen 127.0.0.1:4444 --upstream pool.example.org:3333 -o evening.mtrace.gz
  adit mine -o 127.0.0.1:4444 -u WALLET -a cn/r
  adit harness record --client --upstream stratum+ssl://pool.example.org:443 -u WALLET -a cn/r -o mine.mtrace.gz`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.listen, "listen", "", "`address` for miners, host:port")
	fl.StringVar(&f.upstream, "upstream", "", "`address` of the pool, host:port, or stratum+ssl://host:port for TLS")
	fl.StringVarP(&f.output, "output", "o", "", "`file` to write, which must not exist yet")
	fl.StringVarP(&f.algo, "algo", "a", "", "`algorithm`, noted for pools that do not name it in their jobs")
	fl.StringVar(&f.coin, "coin", "", "`name` of the coin, noted in the trace")
	fl.StringVar(&f.net, "net", "", "`name` of the network, noted in the trace")
	fl.StringVar(&f.proto, "proto", trace.ProtoAuto, "`dialect`: cn, ckb, or auto to tell by each connection's first line")
	fl.BoolVar(&f.noRedact, "no-redact", false, "keep addresses, passwords and names as they are")
	fl.StringArrayVar(&f.secrets, "redact", nil, "also replace this `text` wherever it occurs")
	fl.IntVar(&f.maxConns, "max-conns", 4096, "most miners at once")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "do not log connections")
	f.front.define(fl)
	f.back.define(fl)
	f.client.define(fl)
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
	header, err := f.header()
	if err != nil {
		return err
	}
	if err := f.back.check(f.upstream); err != nil {
		return err
	}
	switch {
	case f.output == "":
		return usagef("-o is required: name the file to write, such as session.mtrace.gz")
	case f.noRedact && len(f.secrets) > 0:
		return usagef("--redact and --no-redact exclude each other")
	case f.maxConns < 1:
		return usagef("--max-conns must be at least 1")
	case f.client.on && (f.listen != "" || f.front.used() || f.back.proxy != 0):
		return usagef("--client has no miners: leave out --listen, --tls, --accept-proxy and --send-proxy")
	}
	level := slog.LevelInfo
	if f.quiet {
		level = slog.LevelWarn
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	if f.client.on {
		return f.recordClient(ctx, header, stdout, log)
	}
	return f.recordProxy(ctx, header, stdout, log)
}

// create makes the trace.
func (f *recordFlags) create(header trace.Header, log *slog.Logger) (*trace.Writer, error) {
	opts := trace.WriterOptions{
		Gzip:    strings.HasSuffix(f.output, ".gz"),
		OnError: func(err error) { log.Error("the trace ends here, the traffic goes on", "err", err) },
	}
	if !f.noRedact {
		opts.Redactor = trace.NewRedactor(f.secrets...)
	}
	return trace.Create(f.output, header, opts)
}

// recordProxy runs the proxy and reports.
func (f *recordFlags) recordProxy(ctx context.Context, header trace.Header, stdout io.Writer, log *slog.Logger) error {
	listen, err := stratumAddress("--listen", f.listen)
	if err != nil {
		return err
	}
	front, fingerprint, err := f.front.config()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listening for miners: %w", err)
	}
	defer func() { _ = listener.Close() }() // the proxy closes it first
	w, err := f.create(header, log)
	if err != nil {
		return err
	}
	proxy, err := record.New(record.Config{Listener: listener, Upstream: f.back.endpoint.Host, Trace: w,
		Proto: header.Proto, MaxConns: f.maxConns, Log: log, Front: front, Back: f.back.config()})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "recording %s -> %s to %s\n", listener.Addr(), f.upstream, f.output)
	if fingerprint != "" {
		fmt.Fprintf(stdout, "TLS certificate for miners: --tls-fingerprint %s\n", fingerprint)
	}
	err = endTrace(w, proxy.Run(ctx))
	reportRecording(stdout, f.output, proxy.Stats(), w.Dropped())
	return err
}

// endTrace completes a trace behind what was recorded.
func endTrace(w *trace.Writer, runErr error) error {
	why := "signal"
	if runErr != nil {
		why = "error"
	}
	if err := w.Close(why); runErr == nil {
		return err
	}
	return runErr
}

// reportRecording says what is in the file.
func reportRecording(out io.Writer, file string, s record.Stats, dropped uint64) {
	fmt.Fprintf(out, "%s: %s, %s to the pool, %s to the miners\n", file,
		plural(s.Conns, "connection"), plural(s.ToPool, "line"), plural(s.ToMiner, "line"))
	if s.Refused > 0 {
		fmt.Fprintf(out, "%s refused: too many at once, or the miner or the pool could not be spoken to\n", plural(s.Refused, "connection"))
	}
	if dropped > 0 {
		fmt.Fprintf(out, "%s missing from the trace: the disk was too slow or is full\n", plural(dropped, "event"))
	}
}
