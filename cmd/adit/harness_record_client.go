package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/aditmine/adit/harness/record"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// recordClient is the part of the command line that is about --client.
type recordClient struct {
	on                bool
	user, pass, rigID string
	effort            float64
	shares            uint64
	limit             time.Duration
}

func (c *recordClient) define(fl *pflag.FlagSet) {
	fl.BoolVar(&c.on, "client", false, "be the miner: log in to the upstream and record that session")
	fl.StringVarP(&c.user, "user", "u", "", "with --client: user `name` at the pool, mostly a wallet address")
	fl.StringVarP(&c.pass, "pass", "p", "x", "with --client: `password` at the pool")
	fl.StringVar(&c.rigID, "rig-id", "", "with --client: rig `name` for the pool")
	fl.Float64Var(&c.effort, "effort", 0.25, "with --client: `part` of one processor to mine with, 0 only listens")
	fl.Uint64Var(&c.shares, "shares", 0, "with --client: end after the verdicts on this `number` of shares")
	fl.DurationVar(&c.limit, "for", 0, "with --client: end after this `time`, such as 10m")
}

// recordClient runs the client and reports.
func (f *recordFlags) recordClient(ctx context.Context, header trace.Header, stdout io.Writer, log *slog.Logger) error {
	cfg, err := f.clientConfig()
	if err != nil {
		return err
	}
	header.Role = "client"
	if header.Proto == trace.ProtoAuto && cfg.Endpoint.Algorithm.Family == hash.Eaglesong {
		header.Proto = trace.ProtoCKB
	}
	if f.client.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.client.limit)
		defer cancel()
	}
	if cfg.Trace, err = f.create(header, log); err != nil {
		return err
	}
	cfg.Log = log
	client, err := record.NewClient(cfg)
	if err != nil {
		return usagef("%v", err)
	}
	fmt.Fprintf(stdout, "recording a session with %s to %s\n", f.upstream, f.output)
	err = endTrace(cfg.Trace, client.Run(ctx))
	s := client.Stats()
	fmt.Fprintf(stdout, "%s: %s, %s, %s: %d accepted, %d rejected, %d without an answer\n", f.output,
		plural(s.Conns, "connection"), plural(s.Jobs, "job"), plural(s.Accepted+s.Rejected+s.NoAnswer, "share"),
		s.Accepted, s.Rejected, s.NoAnswer)
	return err
}

// clientConfig checks the flags of --client.
func (f *recordFlags) clientConfig() (record.ClientConfig, error) {
	c := &f.client
	cfg := record.ClientConfig{Endpoint: f.back.endpoint, Agent: "adit/" + version + " harness",
		Effort: c.effort, Shares: c.shares}
	switch {
	case c.effort < 0 || c.effort > 1:
		return cfg, usagef("--effort %g: give a part of one processor from 0 to 1", c.effort)
	case c.effort == 0 && c.shares > 0:
		return cfg, usagef("--shares needs an --effort above 0")
	case f.algo == "":
		return cfg, usagef("-a is required with --client: name the algorithm to mine")
	case c.limit < 0:
		return cfg, usagef("--for %v: cannot be negative", c.limit)
	}
	if c.user != "" {
		cfg.Endpoint.User = c.user
	}
	if cfg.Endpoint.User == "" {
		return cfg, usagef("-u is required with --client: give the wallet address or account")
	}
	if cfg.Endpoint.Pass == "" {
		cfg.Endpoint.Pass = c.pass
	}
	cfg.Endpoint.RigID = c.rigID
	if c.effort > 0 {
		cfg.Searcher = func() (hash.Searcher, error) { return cpu.NewSearcher(cpu.SearcherOptions{}) }
	}
	var err error
	cfg.Endpoint.Algorithm, err = parseAlgorithm(f.algo)
	return cfg, err
}
