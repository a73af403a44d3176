package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/replay/server"
	"github.com/aditmine/adit/harness/trace"
)

const harnessServeLong = `Plays the pool of a trace to real miners: the Nth miner that connects gets,
byte for byte, what the Nth recorded one got. That shows how a miner takes a
certain pool's jobs, answers and mistakes, again and again and without the pool.

By causality (the default) each piece is sent as soon as the miner has made the
requests that came before it in the recording: the third answer to a share waits
for a third share. With --speed pieces are sent by the clock instead, whatever
the miner does.

Being byte-exact, answers carry the recorded request ids: a miner that numbers
its requests otherwise than the recorded one will not recognise them. What
redaction replaced is played as the placeholder.

The command ends when each recorded connection was played once (--loop: never)
and says how much of it came about.

Exit status: 0 when every connection was played to its end or the command was
stopped, 1 when a miner left before, 2 for a mistake on the command line.`

// serveFlags is the command line of adit harness serve.
type serveFlags struct {
	listen, speed       string
	loop, salvage, json bool
}

func newHarnessServeCmd() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve FILE --listen ADDR",
		Short: "Play a trace's pool to real miners, byte for byte",
		Long:  harnessServeLong,
		Example: `  adit harness serve session.mtrace.gz --listen 127.0.0.1:5555
  adit harness serve session.mtrace.gz --listen 127.0.0.1:5555 --speed x10 --loop`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.listen, "listen", "", "`address` for miners, host:port")
	fl.StringVar(&f.speed, "speed", "causality", "`pace`: causality, real, or a factor such as x10")
	fl.BoolVar(&f.loop, "loop", false, "begin anew behind the last recorded connection")
	fl.BoolVar(&f.salvage, "salvage", false, "skip damaged parts of the trace")
	fl.BoolVar(&f.json, "json", false, "print the outcome as JSON")
	return cmd
}

func (f *serveFlags) run(ctx context.Context, file string, stdout, stderr io.Writer) error {
	listen, err := stratumAddress("--listen", f.listen)
	if err != nil {
		return err
	}
	cfg := server.Config{Loop: f.loop, Log: slog.New(slog.NewTextHandler(stderr, nil))}
	if f.speed != "causality" {
		if cfg.Speed, err = parseSpeed(f.speed); err != nil || cfg.Speed == 0 {
			return usagef("--speed %s: give causality, real, or a factor such as x10", f.speed)
		}
	}
	if cfg.Script, err = f.load(ctx, file); err != nil {
		return err
	}
	if n := cfg.Script.Redacted(); n > 0 {
		cfg.Log.Warn("some pieces are not what the pool sent: the trace is redacted", "pieces", n)
	}
	if cfg.Listener, err = net.Listen("tcp", listen); err != nil {
		return fmt.Errorf("listening for miners: %w", err)
	}
	s, err := server.New(cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "playing %s to miners on %s\n", plural(cfg.Script.Connections(), "connection"), cfg.Listener.Addr())
	outcomes, err := s.Run(ctx)
	if err != nil {
		return err
	}
	return f.report(ctx, stdout, outcomes)
}

// load reads the trace into memory.
func (f *serveFlags) load(ctx context.Context, file string) (*server.Script, error) {
	r, err := trace.Open(file, trace.Options{Salvage: f.salvage})
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read
	script, err := server.Load(ctx, r)
	if err != nil {
		return nil, explainDamage(file, f.salvage, err)
	}
	return script, nil
}

// report prints how each connection went.
func (f *serveFlags) report(ctx context.Context, out io.Writer, outcomes []server.Outcome) error {
	early := 0
	for _, o := range outcomes {
		if o.Err != "" {
			early++
		}
		if f.json {
			if err := json.NewEncoder(out).Encode(o); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(out, "conn %d: %d of %d bytes sent; %s heard, %d of them recorded, %d missing", o.Conn, o.Sent, o.Recorded,
			plural(o.Heard, "request"), o.Matched, o.Missing)
		if o.Err != "" {
			fmt.Fprintf(out, "; %s", o.Err)
		}
		fmt.Fprintln(out)
	}
	if early > 0 && ctx.Err() == nil {
		return &exitError{status: exitFailure}
	}
	return nil
}
