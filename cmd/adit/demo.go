package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/plain"
	"github.com/aditmine/adit/stratumclient"
)

const demoLong = `Runs a simulated node, a pool and a miner in this process and shows them at
work: the miner connects to the pool over a loopback socket, the pool checks
every share and writes it to a ledger, and shares that solve a block go to the
node, which verifies them for real.

It ends with status 0 once --shares shares were accepted and the node took at
least one block. Difficulties are chosen from a short measurement of this
machine, so that it takes about as many seconds as shares. Any other miner may
join meanwhile: the address is printed.

Exit status: 0 when done, 1 when it could not be, also for want of time
(--seconds), 2 for a mistake on the command line, 130 when interrupted.`

const demoExample = `  adit demo
  adit demo --algo eaglesong
  adit demo --no-tui --shares 5
  adit demo --algo cn/r --listen 127.0.0.1:3333 --shares 1000`

// demoFlags is the command line of adit demo.
type demoFlags struct {
	algo    string
	shares  uint64
	seconds float64
	threads int
	listen  string
	noTUI   bool
	noColor bool
}

func newDemoCmd() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Run a node, a pool and a miner in one process",
		Long:    demoLong,
		Example: demoExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVarP(&f.algo, "algo", "a", "cn-pico", "`algorithm` to mine")
	fl.Uint64Var(&f.shares, "shares", 20, "`number` of accepted shares to end after")
	fl.Float64Var(&f.seconds, "seconds", 0, "give up after so many `seconds` (default: never)")
	fl.IntVarP(&f.threads, "threads", "t", 0, "`number` of mining threads (default: one for each processor)")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "`address` of the pool; port 0 is any free one")
	fl.BoolVar(&f.noTUI, "no-tui", false, "print lines instead of the dashboard")
	fl.BoolVar(&f.noColor, "no-color", false, "use no colours (NO_COLOR is obeyed as well)")
	return cmd
}

func (f *demoFlags) run(cmd *cobra.Command) error {
	a, err := parseAlgorithm(f.algo)
	if err != nil {
		return err
	}
	switch {
	case f.shares == 0:
		return usagef("--shares 0: at least one share is needed")
	case f.seconds < 0:
		return usagef("--seconds %g: cannot be negative", f.seconds)
	case f.threads < 0:
		return usagef("-t %d: cannot be negative", f.threads)
	case f.threads == 0:
		f.threads = runtime.GOMAXPROCS(0)
	}
	d := &demo{demoFlags: *f, algorithm: a, out: &lockedWriter{w: cmd.OutOrStdout()}}
	return d.run(cmd)
}

// demo is one run: a node, a pool that mines on it, a miner that mines on the
// pool.
type demo struct {
	demoFlags
	algorithm *hash.Algorithm
	out       io.Writer
	score     demoScore
}

func (d *demo) run(cmd *cobra.Command) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if d.seconds > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(d.seconds*float64(time.Second)))
		defer cancel()
	}
	fmt.Fprintf(d.out, "measuring %s on %d threads ...\n", d.algorithm.Name, d.threads)
	speed, err := measure(ctx, d.algorithm, benchOptions{threads: d.threads, duration: time.Second})
	if err != nil {
		return fmt.Errorf("measuring this machine: %w", err)
	}
	d.score.want = d.shares

	node, err := startDemoNode(ctx, d.algorithm, hashesIn(speed.Rate, demoBlockTime))
	if err != nil {
		return err
	}
	pool, err := d.startPool(ctx, node, hashesIn(speed.Rate, demoShareTime))
	if err != nil {
		return errors.Join(err, node.stop())
	}
	return d.outcome(cmd.Context(), errors.Join(d.mine(ctx, cmd, node, pool), pool.stop(), node.stop()))
}

// The demo aims at a share a second, and a block in every four shares.
const (
	demoShareTime = time.Second
	demoBlockTime = 4 * time.Second
)

// hashesIn is the difficulty that takes a while at a rate.
func hashesIn(rate float64, while time.Duration) uint64 {
	return max(2, uint64(rate*while.Seconds()))
}

// mine runs the miner until the demo has reached its end.
func (d *demo) mine(ctx context.Context, cmd *cobra.Command, node *demoNode, pool *demoPool) error {
	client, err := stratumclient.New(stratumclient.Config{
		Settings: stratumclient.Settings{Agent: "adit/" + version, Algorithms: []*hash.Algorithm{d.algorithm}},
		Endpoints: []stratumclient.Endpoint{{
			Host: pool.addr, User: node.address + ".demo", Pass: "x", Algorithm: d.algorithm,
		}},
	})
	if err != nil {
		return fmt.Errorf("preparing the miner: %w", err)
	}
	engine, err := miner.New(miner.Config{
		Algorithm: d.algorithm, Workers: d.threads, Dialect: string(stratumclient.DialectOf(d.algorithm)),
	}, minerDeps(client, nil, nil))
	if err != nil {
		return fmt.Errorf("preparing the miner: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go d.watch(ctx, cancel, engine)
	return d.view(cmd, node, pool).run(ctx, engine)
}

// watch ends the mining once the miner has been told of enough shares and the
// pool of a block.
func (d *demo) watch(ctx context.Context, finish context.CancelFunc, engine *miner.Engine) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if s := engine.Snapshot(); d.score.reached(s.Shares.Accepted) {
			finish()
			return
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// view shows the miner, and the pool and the node beside it.
func (d *demo) view(cmd *cobra.Command, node *demoNode, pool *demoPool) minerView {
	v := newMinerView(cmd)
	v.noTUI, v.noColor = d.noTUI, d.noColor
	v.speedEvery = 10 * time.Second
	v.banner = []plain.Row{
		{Label: "DEMO", Value: fmt.Sprintf("until %d shares are accepted and a block is found", d.shares)},
		{Label: "NODE", Value: fmt.Sprintf("%s, simulated, difficulty %d", node.url, node.difficulty)},
		{Label: "POOL", Value: pool.addr},
	}
	v.extra = func() []string {
		return []string{fmt.Sprintf("demo: pool on %s, node at height %d, %s", pool.addr, node.height(), d.score.progress())}
	}
	if v.dashboard() {
		return v
	}
	v.stdout = d.out
	d.score.tell(func(line string) {
		_ = plain.Banner(d.out, v.color(), []plain.Row{{Label: "BLOCK", Value: line}})
	})
	return v
}

// outcome prints what the run came to, and turns an early end into an error.
func (d *demo) outcome(ctx context.Context, err error) error {
	fmt.Fprintf(d.out, "demo: %s\n", d.score.text())
	switch {
	case err != nil:
		return err
	case d.score.complete():
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case d.seconds > 0:
		return fmt.Errorf("the demo did not get %d shares and a block within %g seconds", d.shares, d.seconds)
	}
	return &exitError{status: exitInterrupted} // the user quit the dashboard
}

// lockedWriter lets the miner and the pool print lines in turn.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// removeAll removes a temporary folder.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing the demo's ledger: %w", err)
	}
	return nil
}
