package conform

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/harness/bank"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
)

// Config says what to run the suite against, and with what.
type Config struct {
	// Target is the pool's host:port, Profile its dialect, CN or CKB.
	Target  string
	Profile Profile
	// Login is an address that the pool takes, Pass the password beside it.
	Login, Pass string
	// ForeignLogin is an address of another network of the coin; where it is
	// empty the checks that need one are skipped.
	ForeignLogin string
	// SecondLogin is another address that the pool takes; where it is empty the
	// checks that need two accounts are skipped.
	SecondLogin string
	// Algorithm serves jobs that do not name one; it may be nil.
	Algorithm *hash.Algorithm
	// NewHasher makes what finds shares.
	NewHasher func(*hash.Algorithm) (hash.Hasher, error)
	// Node is the node behind the pool, when the suite may steer it.
	Node Node
	// Slack is added to every limit on latency: for machines that are busy with
	// other things.
	Slack time.Duration
	// Control and Ledger are the pool's, where an adapter has them.
	Control Control
	Ledger  Ledger
	// Clock moves the pool's clock, where an adapter can.
	Clock Clock
	// Meter and Operator look at the pool from its own machine, where an adapter
	// can.
	Meter    Meter
	Operator Operator
	// Declared is what the pool's operator says of it.
	Declared Declared
	// Dial opens connections; nil stands for the network, where each check has
	// an address of its own if the pool is on this machine.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// DialFrom makes a Dial with a client address that nobody else has; it goes
	// before Dial. Nil stands for what Dial does.
	DialFrom func() func(ctx context.Context, network, address string) (net.Conn, error)
	// Seed makes the checks' choices repeat.
	Seed uint64
	// Timeout is how long an answer may take (0: 5 s), Effort how long a share
	// is looked for (0: 20 s).
	Timeout, Effort time.Duration
	// TipWait is how long a pool may take to notice its node's new block (0:
	// 10 s; most poll every second, or every few).
	TipWait time.Duration
	// Jobs is how many checks run at a time (0: 1). Those that steer the node or
	// the pool, read the ledger or come as a crowd run alone, after the others.
	Jobs int
	// Crowd is how many connections a check opens that wants many (0: 200).
	Crowd int
	// Strict makes findings against a SHOULD failures.
	Strict bool
	// Known are failures that do not count.
	Known []KnownFailure
	// Bank holds good shares that were found beforehand and have been verified;
	// it may be nil.
	Bank *bank.Bank
	// Replay makes the command that does one check again; it may be nil.
	Replay func(id string) string
	// Trace is told of all that is said, and of what comes of it, as events of
	// a trace; it may be nil. It is called by many goroutines at once.
	Trace func(*trace.Event)
	// Now reads the clock; nil stands for time.Now.
	Now func() time.Time
	// Progress is told of each result as it comes, by one goroutine at a time;
	// it may be nil.
	Progress func(Result)

	shares *shareCounter
}

func (c Config) withDefaults() Config {
	c.shares = &shareCounter{}
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Effort <= 0 {
		c.Effort = 20 * time.Second
	}
	if c.TipWait <= 0 {
		c.TipWait = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Trace == nil {
		c.Trace = func(*trace.Event) {}
	}
	if c.Progress == nil {
		c.Progress = func(Result) {}
	}
	if c.Crowd <= 0 {
		c.Crowd = 200
	}
	c.Jobs = max(1, c.Jobs)
	return c
}

// Result is what came of one check.
type Result struct {
	ID          string   `json:"id"`
	Level       Level    `json:"level"`
	Basis       Basis    `json:"basis"`
	Verdict     Verdict  `json:"verdict"`
	Requirement string   `json:"requirement"`
	Accepted    []string `json:"accepted,omitempty"` // what would have done
	Got         string   `json:"got,omitempty"`      // what came instead
	Reason      string   `json:"reason,omitempty"`   // of a verdict that is no finding
	Known       string   `json:"known,omitempty"`    // why a failure does not count
	Notes       []string `json:"notes,omitempty"`
	Replay      string   `json:"replay,omitempty"` // the command that does a finding's check again
	Wire        []string `json:"wire,omitempty"`   // the end of what was said
	Seconds     float64  `json:"seconds"`

	unreachable bool
}

// Section is the part of the check's id before its number.
func (r *Result) Section() string { return section(r.ID) }

// Report is what came of a run. Results are in the catalogue's order.
type Report struct {
	Target  string          `json:"target"`
	Profile Profile         `json:"profile"`
	Seed    uint64          `json:"seed"`
	Strict  bool            `json:"strict"`
	Counts  map[Verdict]int `json:"counts"`
	Results []Result        `json:"results"`
	// Shares says where good shares came from, if a bank was given.
	Shares *ShareCount `json:"shares,omitempty"`
	// Baseline is what changed since an earlier run, if one was given.
	Baseline *Baseline `json:"baseline,omitempty"`
}

// Run carries the checks out and reports on every one of them. When ctx ends
// it reports on those that were carried out, with the context's error.
func Run(ctx context.Context, cfg Config, checks []Check) (*Report, error) {
	cfg = cfg.withDefaults()
	r := &runner{cfg: &cfg, checks: checks, results: make([]*Result, len(checks))}
	r.run(ctx)
	report := &Report{Target: cfg.Target, Profile: cfg.Profile, Seed: cfg.Seed, Strict: cfg.Strict, Counts: map[Verdict]int{}}
	for _, result := range r.results {
		if result != nil {
			report.Results = append(report.Results, *result)
			report.Counts[result.Verdict]++
		}
	}
	report.Shares = cfg.count()
	return report, ctx.Err()
}

// runner shares the checks out among goroutines.
type runner struct {
	cfg     *Config
	checks  []Check
	results []*Result
	numbers atomic.Uint64 // of connections, in the trace

	mu sync.Mutex // guards Progress
}

// run carries out the checks that may run beside others, then those that run
// alone: what these do to the chain and the pool must not reach the others.
func (r *runner) run(ctx context.Context) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range r.cfg.Jobs {
		workers.Go(func() {
			for i := range next {
				r.one(ctx, i)
			}
		})
	}
	for i := range r.checks {
		if !r.checks[i].Alone() && ctx.Err() == nil {
			next <- i
		}
	}
	close(next)
	workers.Wait()
	for i := range r.checks {
		if r.checks[i].Alone() && ctx.Err() == nil {
			r.one(ctx, i)
		}
	}
}

// one carries a check out, and keeps what came of it unless the run ended
// meanwhile.
func (r *runner) one(ctx context.Context, i int) {
	began := time.Now()
	result := r.carryOut(ctx, &r.checks[i])
	if ctx.Err() != nil {
		return
	}
	result.Seconds = time.Since(began).Seconds()
	r.cfg.Trace(result.marker())
	r.results[i] = &result
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cfg.Progress(result)
}

// maxAttempts is how often a check is done while blocks that are not of the
// suite's making come in between.
const maxAttempts = 3

func (r *runner) carryOut(ctx context.Context, c *Check) Result {
	result := Result{ID: c.ID, Level: c.Level, Basis: c.Basis, Requirement: c.Requirement}
	if verdict, reason := r.cfg.prevented(c); reason != "" {
		result.Verdict, result.Reason = verdict, reason
		return result
	}
	for attempt := 1; ; attempt++ {
		env, err := r.attempt(ctx, c)
		if attempt < maxAttempts && err != nil && ctx.Err() == nil && !c.Statistical && env.disturbed() {
			continue
		}
		if attempt > 1 {
			env.note(fmt.Sprintf("done %d times: blocks that this run did not ask for came in between", attempt))
		}
		result.fill(r.cfg, c, env, err)
		return result
	}
}

// attempt carries a check out once.
func (r *runner) attempt(ctx context.Context, c *Check) (*Env, error) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.patience()+c.lasts(r.cfg.Declared.ShareInterval))
	defer cancel()
	env := newEnv(ctx, r.cfg, c, &r.numbers)
	err := guard(c, env)
	env.close()
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = inconclusivef("the check did not end in time; last: %v", err)
	}
	return env, err
}

// patience is how long one check may take.
func (c *Config) patience() time.Duration { return 4 * (c.Timeout + c.Effort + c.TipWait) }

// prevented says why a check cannot be carried out in this run, if so.
func (c *Config) prevented(check *Check) (Verdict, string) {
	if !check.Implemented {
		return Unsupported, "not implemented in this release"
	}
	if why := c.Declared.Unclaimed[check.ID]; why != "" {
		return Unsupported, "the pool does not claim it: " + why
	}
	if check.Statistical && !check.named {
		return Skip, "takes a sample, and as long as that needs: select it by its id, or all such by statistical"
	}
	for _, lack := range []struct {
		need   Capability
		has    bool
		reason string
	}{
		{NeedNode, c.Node != nil, "needs control of the node behind the pool: give --node-listen"},
		{NeedControl, c.Control != nil, "starts and stops the pool: give --adapter"},
		{NeedLedger, c.Ledger != nil, "reads the pool's ledger: give --adapter"},
		{NeedProbe, c.Meter != nil, "reads what the pool uses of its machine: give an --adapter that starts it"},
		{NeedOperator, c.Operator != nil, "looks at what the pool shows its operator: give --adapter"},
		{NeedTLS, c.Declared.TLS != "", "needs a TLS port: give --adapter"},
		{NeedProxy, c.Declared.Proxy != "", "needs a port that requires PROXY headers: give --adapter"},
	} {
		if slices.Contains(check.Needs, lack.need) && !lack.has {
			return Skip, lack.reason
		}
	}
	return "", ""
}

// guard keeps a mistake in one check from ending the run.
func guard(c *Check, env *Env) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the check panicked: %v", p)
		}
	}()
	return c.run(env)
}

// fill says what came of a check.
func (r *Result) fill(cfg *Config, c *Check, env *Env, err error) {
	r.Verdict, r.Notes, r.Wire = judge(c.Level, cfg.Strict, err), env.notes, env.log.copy()
	var failure *Failure
	var dial *DialError
	switch {
	case errors.As(err, &failure):
		r.Accepted, r.Got = failure.Accepted, failure.Got
		if cfg.Replay != nil {
			r.Replay = cfg.Replay(c.ID)
		}
		r.Known = excuse(cfg.Known, c.ID, cfg.Now())
	case err != nil:
		r.Reason = err.Error()
		r.unreachable = errors.As(err, &dial)
	}
}

// fingerprint makes a check's randomness its own.
func fingerprint(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	return h.Sum64()
}

// Exit statuses of a run.
const (
	ExitPassed       = 0
	ExitFailed       = 1
	ExitUsage        = 2
	ExitUnreachable  = 3
	ExitNewFailures  = 4 // with a baseline
	ExitInconclusive = 5
)

// Exit is the status that a run ends a process with. Known failures do not
// count, and with a baseline only those that it does not have.
func (r *Report) Exit() int {
	if r.Baseline != nil && len(r.Baseline.New) > 0 {
		return ExitNewFailures
	}
	undecided, unreachable, reached := 0, 0, 0
	for i := range r.Results {
		result := &r.Results[i]
		switch {
		case result.Verdict == Fail && result.Known == "" && r.Baseline == nil:
			return ExitFailed
		case result.unreachable:
			unreachable++
		case result.Verdict == Inconclusive, result.Verdict == Broken:
			undecided++
		case result.Verdict != Skip && result.Verdict != Unsupported:
			reached++
		}
	}
	switch {
	case unreachable > 0 && reached == 0 && undecided == 0:
		return ExitUnreachable
	case unreachable+undecided > 0:
		return ExitInconclusive
	}
	return ExitPassed
}
