package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/adapter"
	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/trace"
)

// stage is what a run needs beside the checks: the node behind the pool, the
// pool itself where an adapter starts it, and a trace.
type stage struct{ ends []func(context.Context) error }

func (s *stage) onClose(end func(context.Context) error) { s.ends = append(s.ends, end) }

// close ends everything, the last first.
func (s *stage) close(ctx context.Context) error {
	var errs []error
	for i := len(s.ends) - 1; i >= 0; i-- {
		errs = append(errs, s.ends[i](context.WithoutCancel(ctx)))
	}
	return errors.Join(errs...)
}

// described reads the adapter and lets it fill in the flags that were not
// given.
func (f *runFlags) described() (*adapter.Adapter, error) {
	if f.adapter == "" {
		return nil, nil
	}
	a, err := adapter.Open(f.adapter)
	if err != nil {
		return nil, usagef("--adapter: %v", err)
	}
	if f.profileSet && conform.Profile(strings.ToLower(f.profile)) != a.Profile {
		return nil, usagef("--profile %s: the adapter's pool speaks %s", f.profile, a.Profile)
	}
	f.profile = string(a.Profile)
	for flag, value := range map[*string]string{&f.target: a.Target, &f.algo: a.Algorithm, &f.user: a.Login.User,
		&f.foreign: a.Login.Foreign, &f.nodeListen: a.Node} {
		if *flag == "" {
			*flag = value
		}
	}
	if a.Login.Pass != "" {
		f.pass = a.Login.Pass
	}
	a.Target = f.target
	return a, nil
}

// prepare sets the stage.
func (f *runFlags) prepare(ctx context.Context, a *adapter.Adapter, cfg *conform.Config, stderr io.Writer) (*stage, error) {
	s := &stage{}
	if err := f.setUp(ctx, s, a, cfg, stderr); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

// setUp starts node, trace and pool, in this order.
func (f *runFlags) setUp(ctx context.Context, s *stage, a *adapter.Adapter, cfg *conform.Config, stderr io.Writer) error {
	vars := map[string]string{"ADDRESS": cfg.Login, "FOREIGN": cfg.ForeignLogin}
	if f.nodeListen != "" {
		node, err := startHarnessChain(ctx, cfg.Profile, cfg.Algorithm, f.nodeListen, f.chain(cfg.Bank))
		if err != nil {
			return err
		}
		s.onClose(func(context.Context) error { _ = node.stop(); return nil }) // the report matters more
		cfg.Node, vars["NODE"] = node, node.url
		if a == nil || a.Start == nil {
			fmt.Fprintf(stderr, "the pool's node is at %s; the checks begin when the pool answers\n", node.url)
		}
	}
	if f.trace != "" {
		if err := f.record(s, cfg); err != nil {
			return err
		}
	}
	cfg.Replay = f.replayCommand
	if a != nil {
		if err := startDescribed(ctx, s, a, cfg, vars); err != nil {
			return err
		}
	}
	if f.nodeListen != "" {
		awaitTarget(ctx, cfg.Target)
	}
	return nil
}

// chain is what the node's chain follows from: the bank's jobs have to come
// again.
func (f *runFlags) chain(b *bank.Bank) chainSeed {
	switch {
	case b != nil:
		return &b.Header.Seed
	case f.repeats:
		return &f.seed
	}
	return nil
}

// startDescribed starts the pool that an adapter describes, with nothing left
// of runs before.
func startDescribed(ctx context.Context, s *stage, a *adapter.Adapter, cfg *conform.Config, vars map[string]string) error {
	cfg.Declared = a.Declared()
	if a.Start == nil && a.Ledger == nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "adit-harness-")
	if err != nil {
		return fmt.Errorf("making a folder for the pool: %w", err)
	}
	s.onClose(func(context.Context) error { return os.RemoveAll(dir) })
	if vars["ADIT"], err = os.Executable(); err != nil {
		return fmt.Errorf("finding this program for the adapter: %w", err)
	}
	p := adapter.NewPool(a, dir, vars)
	cfg.Operator = p
	if a.Ledger != nil {
		cfg.Ledger = p
	}
	if a.Clock != nil {
		cfg.Clock = p
	}
	if a.Start == nil {
		return nil
	}
	cfg.Control, cfg.Meter = p, p
	if err := p.Reset(ctx); err != nil {
		return err
	}
	s.onClose(p.Stop)
	return p.Start(ctx)
}

// record begins the trace of a run. Its header holds what --from needs.
func (f *runFlags) record(s *stage, cfg *conform.Config) error {
	h := trace.Header{Tool: toolName(), Role: "client", Proto: string(cfg.Profile), Target: cfg.Target, Seed: cfg.Seed,
		Config: map[string]any{"adapter": f.adapter, "node": f.nodeListen, "strict": f.strict, "timeout": f.timeout.String(), "effort": f.effort.String()}}
	if cfg.Algorithm != nil {
		h.Algo = cfg.Algorithm.Name
	}
	opts := trace.WriterOptions{Gzip: strings.HasSuffix(f.trace, ".gz")}
	if f.user != "" {
		opts.Redactor = trace.NewRedactor(f.user) // it may be somebody's
	}
	w, err := trace.Create(f.trace, h, opts)
	if err != nil {
		return err
	}
	cfg.Trace = func(ev *trace.Event) { w.Record(ev) }
	s.onClose(func(context.Context) error { return w.Close("done") })
	return nil
}

// replayCommand is the command that does one check again as this run did it.
func (f *runFlags) replayCommand(id string) string {
	if f.trace != "" {
		return "adit harness run " + id + " --from " + f.trace
	}
	words := []string{"adit harness run", id}
	flag := func(name, value string) {
		if value != "" {
			words = append(words, "--"+name, value)
		}
	}
	flag("adapter", f.adapter)
	if f.adapter == "" {
		flag("target", f.target)
		flag("profile", f.profile)
		flag("algo", f.algo)
		flag("node-listen", f.nodeListen)
		flag("user", f.user)
	}
	flag("seed", strconv.FormatUint(f.seed, 10))
	return strings.Join(append(words, "--wire"), " ")
}

// again lets a trace of an earlier run fill in the flags that were not given,
// and the selectors: the checks that found something then.
func (f *runFlags) again(cmd *cobra.Command, args []string) ([]string, error) {
	f.profileSet = cmd.Flags().Changed("profile")
	if f.from == "" {
		if len(args) == 0 && len(f.symptoms)+len(f.tags) == 0 {
			return nil, usagef("give selectors, such as smoke or CN-SUB, or --symptom or --tag (see '%s --help')", cmd.CommandPath())
		}
		return args, nil
	}
	h, found, err := findingsOf(cmd.Context(), f.from)
	if err != nil {
		return nil, err
	}
	given := cmd.Flags().Changed
	fill := func(name, value string) {
		if value != "" && !given(name) {
			_ = cmd.Flags().Set(name, value) // it came from such a flag
		}
	}
	setting := func(key string) string { return fmt.Sprint(h.Config[key]) }
	if adapterName, _ := h.Config["adapter"].(string); adapterName != "" {
		fill("adapter", adapterName)
	} else {
		fill("target", h.Target)
		fill("profile", h.Proto)
		fill("algo", h.Algo)
		if node, _ := h.Config["node"].(string); node != "" {
			fill("node-listen", node)
		}
	}
	fill("seed", strconv.FormatUint(h.Seed, 10))
	for _, key := range []string{"strict", "timeout", "effort"} {
		if h.Config[key] != nil {
			fill(key, setting(key))
		}
	}
	f.wire = true
	if len(args) == 0 {
		args = found
	}
	if len(args) == 0 {
		return nil, usagef("--from %s: no check found anything in that run; name those to do again", f.from)
	}
	return args, nil
}

// findingsOf reads which checks of a recorded run found something.
func findingsOf(ctx context.Context, path string) (*trace.Header, []string, error) {
	r, err := trace.Open(path, trace.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the run's trace: %w", err)
	}
	defer func() { _ = r.Close() }() // only read
	var found []string
	for ctx.Err() == nil {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading the run's trace: %w", err)
		}
		if id, _ := ev.Marker["check"].(string); ev.Marker.Kind() == conform.MarkerVerdict && ev.Marker["got"] != nil {
			found = append(found, id)
		}
	}
	h := r.Header()
	return h, found, ctx.Err()
}
