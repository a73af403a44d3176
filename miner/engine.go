package miner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner/watchdog"
	"github.com/aditmine/adit/stratumclient"
)

// Client is the connection to the pools as the engine needs it: jobs come in
// as events, shares go out. *stratumclient.Client is one. The engine reads the
// events until Run returns.
type Client interface {
	// Run keeps a pool connected until ctx ends. An error says that trying
	// further is pointless.
	Run(ctx context.Context) error
	Events() <-chan stratumclient.Event
	// Submit sends a share. What became of it comes as a ShareResult, also
	// with an error, unless that is stratumclient.ErrBacklog.
	Submit(stratumclient.Share) error
}

// Config says what to mine and with how many workers.
type Config struct {
	// Algorithm is shown until a job names its own.
	Algorithm *hash.Algorithm
	// Workers is how many searchers run, at least 1.
	Workers int
	// Goal ends the run after that many accepted shares; 0 is no end. No more
	// shares are in flight than could be missing.
	Goal uint64
	// Dialect names the protocol in snapshots.
	Dialect string
	// EndOnDrop ends the run with the first device that is dropped, rather than
	// with the last worker.
	EndOnDrop bool
	// Notes are warnings to begin the log with.
	Notes []string
}

// Deps are the parts the engine is built from.
type Deps struct {
	Client Client
	// NewSearcher makes the searcher of a worker. It is called by the worker
	// itself, on the thread that will use it; the workers do so at once.
	NewSearcher func(worker int) (hash.Searcher, error)
	// Guard says which workers are devices that may fail, and how they are
	// guarded; those have no use for NewSearcher and Pin. Nil is none.
	Guard func(worker int) (options watchdog.Options, guarded bool)
	// Dropped is called when a device has been dropped, by the goroutine that
	// drove it; an error is reported. Nil does nothing.
	Dropped func(context.Context, watchdog.Report) error
	// NewHasher makes the hashers that hits are checked with: before they are
	// sent, or now and then afterwards where the searcher is trusted. They
	// should share no code with the searchers.
	NewHasher func(*hash.Algorithm) (hash.Hasher, error)
	// Rand fills the part of a long nonce that is not counted.
	Rand io.Reader
	// Pin ties the calling thread to a processor; nil leaves that to the
	// scheduler. A failure is reported and mining goes on.
	Pin func(worker int) error
}

// Engine mines. Make one with New, start it once with Run; the other methods
// may be called at any time from any goroutine.
type Engine struct {
	cfg     Config
	deps    Deps
	board   *board
	workers []*worker
	found   chan candidate
	// validFrom is the serial of the oldest unit whose shares are still worth
	// sending: those of the last block and of the one before.
	validFrom atomic.Uint64
	// settled is poked when a share in flight gets its verdict.
	settled chan struct{}

	mu      sync.Mutex // guards what follows
	started time.Time
	pool    Pool
	job     *jobState
	jobs    uint64
	serial  uint64
	cleaned uint64   // serial of the newest unit that began a block
	spaces  []*space // the newest last
	pending map[shareKey]flight
	ready   readiness
	meter   *meter
	tally   *tally
	gone    int // workers whose devices were dropped
	log     eventLog
}

// jobState is the job in hand.
type jobState struct {
	unit     *unit
	received time.Time
}

// errGoal ends a run that has reached its goal.
var errGoal = errors.New("share goal reached")

// New prepares an engine; nothing runs yet.
func New(cfg Config, deps Deps) (*Engine, error) {
	switch {
	case cfg.Workers < 1:
		return nil, fmt.Errorf("mining with %d workers: at least one is needed", cfg.Workers)
	case deps.Client == nil || deps.NewSearcher == nil || deps.NewHasher == nil || deps.Rand == nil:
		return nil, errors.New("the mining engine lacks a client, searchers, a hasher or randomness")
	}
	e := &Engine{
		cfg: cfg, deps: deps, board: newBoard(),
		found:   make(chan candidate, 4*cfg.Workers),
		settled: make(chan struct{}, 1),
		pending: make(map[shareKey]flight),
		meter:   newMeter(cfg.Workers),
		tally:   newTally(cfg.Workers),
		pool:    Pool{Dialect: cfg.Dialect},
	}
	for i := range cfg.Workers {
		e.workers = append(e.workers, e.newWorker(i))
	}
	for _, note := range cfg.Notes {
		e.note(EventWarning, "%s", note)
	}
	return e, nil
}

// Run mines until ctx ends or the goal is reached, which is no error, or until
// the client or a worker cannot go on. Shares in flight then have a moment to
// get their verdicts. Everything it started has ended when it returns.
func (e *Engine) Run(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	// The client outlasts the work, for the last verdicts.
	connected, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()

	e.mu.Lock()
	e.started = time.Now()
	e.mu.Unlock()

	clientDone := make(chan struct{})
	go func() {
		defer close(clientDone)
		if err := e.deps.Client.Run(connected); err != nil && connected.Err() == nil {
			cancel(fmt.Errorf("keeping a pool connected: %w", err))
		}
	}()
	var work sync.WaitGroup
	start := func(run func(context.Context) error) {
		work.Go(func() {
			if err := run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	audit := newAuditor(e)
	start(audit.run)
	start(newVerifier(e, audit).run)
	for _, w := range e.workers {
		start(w.run)
	}

	e.loop(ctx, cancel)
	e.board.end()
	work.Wait()
	e.settle(clientDone)
	hangUp()
	e.drain(clientDone)
	e.loseInFlight()
	return runError(parent, ctx)
}

// runError is why a run ended, as Run reports it. What ended the parent, such
// as a signal, is no error, whatever cause the parent gives.
func runError(parent, ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errGoal) || cause == context.Cause(parent) {
		return nil
	}
	return cause
}

// loop handles the client's events and feeds the meter until ctx ends.
func (e *Engine) loop(ctx context.Context, end context.CancelCauseFunc) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	events := e.deps.Client.Events()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			e.sample()
		case ev, ok := <-events:
			if !ok {
				events = nil // the client has ended; its Run says why
				continue
			}
			if e.handle(ev); e.goalReached() {
				end(errGoal)
				return
			}
		}
	}
}

// settleTime is how long verdicts are waited for at the end.
const settleTime = 2 * time.Second

// settle waits for the verdicts on the shares in flight.
func (e *Engine) settle(clientDone <-chan struct{}) {
	timeout := time.NewTimer(settleTime)
	defer timeout.Stop()
	for e.inFlight() > 0 {
		select {
		case ev, ok := <-e.deps.Client.Events():
			if result, isResult := ev.(stratumclient.ShareResult); isResult {
				e.handle(result)
			} else if !ok {
				return
			}
		case <-clientDone:
			return
		case <-timeout.C:
			return
		}
	}
}

// drain reads events that nobody needs any more until the client has ended.
func (e *Engine) drain(clientDone <-chan struct{}) {
	events := e.deps.Client.Events()
	for {
		select {
		case <-clientDone:
			return
		case _, ok := <-events:
			if !ok {
				events = nil
			}
		}
	}
}

// sample reads the workers' counters into the meter.
func (e *Engine) sample() {
	counts := make([]uint64, len(e.workers))
	for i, w := range e.workers {
		counts[i] = w.hashes.Load()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.meter.add(time.Since(e.started), counts)
}

// Pause stops the workers; the pool stays connected.
func (e *Engine) Pause() {
	if e.board.pause(true) {
		e.note(EventPaused, "paused")
	}
}

// Resume lets paused workers go on where they stopped.
func (e *Engine) Resume() {
	if e.board.pause(false) {
		e.note(EventResumed, "resumed")
	}
}

// note adds a line to the event log.
func (e *Engine) note(kind EventKind, format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.noteLocked(kind, format, args...)
}

func (e *Engine) noteLocked(kind EventKind, format string, args ...any) {
	e.log.add(time.Now(), kind, printable(fmt.Sprintf(format, args...)))
}
