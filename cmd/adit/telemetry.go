package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"github.com/aditmine/adit/gpu/amdgpu"
	"github.com/aditmine/adit/gpu/nvml"
	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/gpu/telemetry/metrics"
	"github.com/aditmine/adit/miner/api"
)

const telemetryLong = `Shows the sensors of this machine's graphics cards to Prometheus, on /metrics:
temperatures, fans, power, energy, clocks, load, memory, throttling, PCI Express,
memory errors. It needs no miner of adit's and changes nothing on the cards.

NVIDIA cards are read through the driver's NVML, AMD cards from the files of
Linux's amdgpu driver. What a card does not tell has no metric. A source that is
not there is named, and looked for again every minute. Scrapes never wait for a
driver: the cards are read every --interval.

The exporter has no passwords: it listens on this machine alone unless --listen
says otherwise.

--once prints one reading and ends; with --json as an object with sources and
cards, whose values have the names of the metrics.`

const telemetryExample = `  # serve http://127.0.0.1:9101/metrics
  adit telemetry

  # to a Prometheus on another machine, read every ten seconds
  adit telemetry --listen 192.168.1.20:9101 --interval 10s

  # look once
  adit telemetry --once`

// telemetryFlags is the command line of adit telemetry.
type telemetryFlags struct {
	listen   string
	interval time.Duration
	once     bool
	asJSON   bool
}

func newTelemetryCmd() *cobra.Command {
	var f telemetryFlags
	cmd := &cobra.Command{
		Use:     "telemetry [--listen ADDRESS] [--interval TIME] | --once [--json]",
		Short:   "Show the sensors of graphics cards, to Prometheus or once",
		Long:    telemetryLong,
		Example: telemetryExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, telemetryOpeners()) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.listen, "listen", "127.0.0.1:9101", "`address` of the exporter, host:port")
	fl.DurationVar(&f.interval, "interval", telemetry.DefaultInterval, "`time` between two readings of the cards")
	fl.BoolVar(&f.once, "once", false, "print one reading and end")
	fl.BoolVar(&f.asJSON, "json", false, "with --once: print JSON")
	return cmd
}

// telemetryOpeners are the sources there can be on this machine.
func telemetryOpeners() []telemetry.Opener {
	return []telemetry.Opener{
		{Name: nvml.Name, Open: nvml.Open},
		{Name: amdgpu.Name, Open: func() (telemetry.Source, error) { return amdgpu.Open(os.DirFS("/sys")) }},
	}
}

func (f *telemetryFlags) run(cmd *cobra.Command, openers []telemetry.Opener) error {
	switch {
	case f.asJSON && !f.once:
		return usagef("--json needs --once; the exporter serves Prometheus's format alone")
	case f.interval < time.Second || f.interval > time.Hour:
		return usagef("--interval %v: want a time from 1s to 1h", f.interval)
	case f.once:
		return f.show(cmd.OutOrStdout(), openers)
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("opening the exporter: %w", err)
	}
	out := cmd.ErrOrStderr()
	fmt.Fprintf(out, "telemetry on http://%s/metrics, cards are read every %v\n", l.Addr(), f.interval)
	sampler := telemetry.NewSampler(f.interval, slog.New(slog.NewTextHandler(out, nil)), openers...)
	return exportTelemetry(cmd.Context(), l, sampler)
}

// exportTelemetry samples and serves until ctx ends. It closes the listener.
func exportTelemetry(ctx context.Context, l net.Listener, sampler *telemetry.Sampler) error {
	handler, err := telemetryHandler(sampler)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sampled := make(chan error, 1)
	go func() { sampled <- sampler.Run(ctx) }()
	err = api.Serve(ctx, l, handler)
	stop()
	return errors.Join(err, <-sampled)
}

func telemetryHandler(sampler *telemetry.Sampler) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(metrics.New(sampler.Snapshot)); err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		snap := sampler.Snapshot()
		_ = printTelemetry(w, &snap) // a client that has gone needs no more
	})
	return mux, nil
}

// show prints one reading.
func (f *telemetryFlags) show(w io.Writer, openers []telemetry.Opener) error {
	snap, err := telemetry.ReadOnce(openers...)
	if f.asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return errors.Join(err, enc.Encode(snap))
	}
	return errors.Join(err, printTelemetry(w, &snap))
}

// printTelemetry writes a table for people.
func printTelemetry(w io.Writer, snap *telemetry.Snapshot) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range snap.Sources {
		state := s.Problem
		if state == "" {
			state = fmt.Sprintf("%d cards", s.Cards)
		}
		fmt.Fprintf(table, "%s:\t%s\n", s.Source, state)
	}
	for i := range snap.Cards {
		card := &snap.Cards[i]
		fmt.Fprintf(table, "\n%s\n", card.Card.String())
		switch {
		case card.Lost:
			fmt.Fprintln(table, "  lost: the driver does not reach it any more")
		case card.Stale:
			fmt.Fprintf(table, "  stale: no answer since %s; what it said then:\n", card.Time.Format(time.DateTime))
		}
		for _, line := range [][2]string{{"uuid", card.UUID}, {"driver", card.Driver}, {"firmware", card.Firmware}} {
			if line[1] != "" {
				fmt.Fprintf(table, "  %s\t%s\n", line[0], line[1])
			}
		}
		for _, v := range card.Values {
			name := strings.TrimSpace(v.Quantity.Info().Name + " " + v.Part)
			fmt.Fprintf(table, "  %s\t%s\n", name, formatValue(v.Number))
		}
	}
	return table.Flush()
}

// formatValue writes a number as it is, without an exponent.
func formatValue(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", v), "0"), ".")
}
