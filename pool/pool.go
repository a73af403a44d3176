package pool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/listen"
	"github.com/aditmine/adit/pool/penalty"
	"github.com/aditmine/adit/pool/vardiff"
	"github.com/aditmine/adit/pool/verify"
)

// Sizes of the ledger's queue and groups.
const (
	commitQueue = 1 << 16
	commitGroup = 2000
)

// drainTime is how long the pool waits, when it ends, for what is in flight.
const drainTime = 15 * time.Second

// Pool is one mining pool: any number of coins and ports over one ledger.
type Pool struct {
	cfg  config.Config
	deps Deps
	log  *slog.Logger

	store     ledger.Store
	machines  machines
	committer *ledger.Committer
	verifiers map[string]*verify.Verifier // by algorithm
	payers    []payer

	ready    chan struct{} // closed when every port takes miners
	stopping chan struct{} // closed when the pool begins to end

	// hard ends when waiting for what is in flight does.
	hard    context.Context
	abandon context.CancelFunc

	live        atomic.Pointer[config.Config] // cfg, with what Reload has changed
	reloading   sync.Mutex
	certificate atomic.Pointer[listen.Certificate] // nil: no TLS
	penalties   *penalty.Book
	logins      *listen.Limiter
	remembered  *vardiff.Memory
	connections atomic.Int64
	readers     sync.Pool // of *stratum.LineReader, for sessions that are not idle
	lines       sync.Pool // of *[]byte, for jobs on their way

	handlers   sync.WaitGroup // one for each connection
	background sync.WaitGroup // writers and blocks on their way

	lastSession atomic.Uint64
	randMu      sync.Mutex

	mu        sync.Mutex // guards what follows
	started   time.Time
	feeds     []*feed
	ports     []*port
	sessions  map[*session]struct{}
	addresses map[string]int
	troubles  map[string]time.Time // when each was last complained of
}

// New checks the configuration and makes a pool. Nothing is opened before Run.
func New(cfg config.Config, deps Deps) (*Pool, error) {
	cfg.Coins = slices.Clone(cfg.Coins) // Check writes names in their canonical form
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	deps = deps.withDefaults()
	hard, abandon := context.WithCancel(context.Background())
	p := &Pool{
		cfg: cfg, deps: deps, log: deps.Log,
		penalties:  penalty.New(penaltyConfig(&cfg), deps.Now),
		logins:     listen.NewLimiter(cfg.Limits.LoginsPerSecond, loginBurst(cfg.Limits), loginMemory, deps.Now),
		remembered: vardiff.NewMemory(vardiff.DefaultMemory, vardiff.DefaultAge),
		verifiers:  make(map[string]*verify.Verifier),
		ready:      make(chan struct{}),
		stopping:   make(chan struct{}),
		hard:       hard,
		abandon:    abandon,
		sessions:   make(map[*session]struct{}),
		addresses:  make(map[string]int),
		troubles:   make(map[string]time.Time),
	}
	p.live.Store(&cfg)
	return p, nil
}

// Ready is closed once every port takes miners.
func (p *Pool) Ready() <-chan struct{} { return p.ready }

// Addr is where the i-th port of the configuration listens, nil before Ready.
func (p *Pool) Addr(i int) net.Addr {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i < 0 || i >= len(p.ports) {
		return nil
	}
	return p.ports[i].listener.Addr()
}

// Run opens ledger and ports, waits for the nodes, and serves until ctx ends;
// then it answers what is in flight and closes everything. It returns nil
// after such an end, and otherwise why the pool could not start. It may be
// called once.
func (p *Pool) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.mu.Lock()
	p.started = p.deps.Now()
	p.mu.Unlock()
	defer p.release()
	if err := p.open(ctx); err != nil {
		return err
	}
	err := p.serve(ctx, cancel)
	p.shutDown()
	if err == nil {
		p.summarise()
	}
	return err
}

// open acquires all that the pool needs before it asks its nodes.
func (p *Pool) open(ctx context.Context) error {
	if err := p.loadCertificate(); err != nil {
		return err
	}
	if err := p.openStore(ctx); err != nil {
		return err
	}
	p.lastSession.Store(p.store.Epoch() << 32)
	p.mu.Lock()
	p.committer = ledger.NewCommitter(p.store, commitQueue, commitGroup)
	p.mu.Unlock()
	if err := p.openPayers(); err != nil {
		return err
	}
	if !p.follows() {
		return nil
	}
	for _, cfg := range p.cfg.Coins {
		if err := p.addFeed(cfg); err != nil {
			return err
		}
	}
	for _, cfg := range p.cfg.Ports {
		if !p.deps.Roles.Has(cluster.Stratum) {
			break
		}
		if err := p.addPort(cfg); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pool) addFeed(cfg config.Coin) error {
	seed, err := p.random32()
	if err != nil {
		return err
	}
	c, err := p.connect(cfg)
	if err != nil {
		return err
	}
	verifier, err := p.verifier(c.Algorithm())
	if err != nil {
		c.Close()
		return err
	}
	size := uint64(jobNonces)
	if cfg.Kind == config.CKB {
		size = sessionNonces
	}
	f := &feed{
		cfg: cfg, coin: c, algorithm: c.Algorithm(), verifier: verifier, log: p.log, now: p.deps.Now, observe: p.observe,
		nonces:   &nonceRange{store: p.store, coin: cfg.Name, size: size},
		jitter:   rand.New(rand.NewPCG(uint64(seed), 0)),
		epoch:    p.store.Epoch(),
		kicked:   make(chan struct{}, 1),
		handIns:  newTurns(handInsAtOnce),
		sessions: make(map[*session]struct{}),
		nonce1:   make(map[uint64]struct{}),
	}
	p.mu.Lock()
	p.feeds = append(p.feeds, f)
	p.mu.Unlock()
	return p.addChain(f)
}

// verifier returns the verifier of a coin's algorithm, which coins share.
func (p *Pool) verifier(a *hash.Algorithm) (*verify.Verifier, error) {
	if v := p.verifiers[a.Name]; v != nil {
		return v, nil
	}
	v, err := verify.New(verify.Config{Algorithm: a, Threads: p.cfg.Verify.Threads, Queue: p.cfg.Verify.Queue, NewHasher: p.deps.NewHasher})
	if err != nil {
		return nil, err
	}
	p.verifiers[a.Name] = v
	return v, nil
}

func (p *Pool) addPort(cfg config.Port) error {
	listener, err := p.deps.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", cfg.Listen, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.feeds, func(f *feed) bool { return f.cfg.Name == cfg.Coin })
	opened := &port{
		pool: p, cfg: cfg, name: listener.Addr().String(), feed: p.feeds[i], listener: listener, counters: newCounters(),
	}
	opened.live.Store(&cfg)
	p.ports = append(p.ports, opened)
	return nil
}

// serve runs feeds and ports until ctx ends or a coin cannot start.
func (p *Pool) serve(ctx context.Context, cancel func()) error {
	failed := make(chan error, len(p.feeds))
	var feeds, starting sync.WaitGroup
	for _, f := range p.feeds {
		starting.Add(1)
		feeds.Go(func() {
			err := f.prepare(ctx)
			if err != nil {
				failed <- err
				cancel()
				starting.Done()
				return
			}
			p.openPorts(ctx, &feeds, f)
			if p.deps.Roles.Has(cluster.Unlock) {
				feeds.Go(func() { p.leadUnlocking(ctx, f) })
			}
			starting.Done()
			if p.makesJobs() {
				f.run(ctx)
			}
		})
	}
	feeds.Go(func() {
		starting.Wait()
		if ctx.Err() == nil {
			close(p.ready)
		}
	})
	feeds.Go(func() { p.watchCertificate(ctx) })
	feeds.Go(func() { p.cooperate(ctx) })
	feeds.Go(func() { p.payMiners(ctx) })
	<-ctx.Done()
	p.closeListeners()
	feeds.Wait()
	close(failed)
	for err := range failed {
		if !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}

// openPorts begins to take miners for a coin.
func (p *Pool) openPorts(ctx context.Context, running *sync.WaitGroup, f *feed) {
	for _, port := range p.ports {
		if port.feed != f {
			continue
		}
		p.log.Info("taking miners", "listen", port.name, "coin", f.cfg.Name, "algorithm", f.algorithm.Name)
		running.Go(func() { port.accept(ctx) })
		running.Go(func() { port.tick(ctx) })
	}
}

// tick lets vardiff see the silence of the port's sessions.
func (p *port) tick(ctx context.Context) {
	ticker := time.NewTicker(max(min(p.cfg.Interval/3, 5*time.Second), 50*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, s := range p.pool.sessionsOf(p) {
				s.tick()
			}
		}
	}
}

func (p *Pool) closeListeners() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, port := range p.ports {
		port.listener.Close()
	}
}

// shutDown answers what is in flight, then closes all sessions, and waits for
// every goroutine.
func (p *Pool) shutDown() {
	close(p.stopping)
	giveUp := time.AfterFunc(drainTime, func() {
		p.abandon()
		for _, s := range p.sessionsOf(nil) {
			s.conn.abort(false)
		}
	})
	for _, s := range p.sessionsOf(nil) {
		s.interrupt()
	}
	p.handlers.Wait()
	for _, v := range p.verifiers {
		v.Close()
	}
	p.background.Wait()
	giveUp.Stop()
}

// release closes what open acquired, however far that came.
func (p *Pool) release() {
	defer p.abandon()
	p.closeListeners()
	for _, v := range p.verifiers {
		v.Close()
	}
	p.background.Wait()
	if p.committer != nil {
		p.committer.Close()
	}
	for _, f := range p.feeds {
		f.coin.Close()
		if f.chain != nil {
			f.chain.Close()
		}
	}
	for _, y := range p.payers {
		y.wallet.Close()
	}
	p.closeStore()
}

// draining reports whether the pool is ending.
func (p *Pool) draining() bool {
	select {
	case <-p.stopping:
		return true
	default:
		return false
	}
}

// spawn runs f on a goroutine that the pool waits for.
func (p *Pool) spawn(f func()) { p.background.Go(f) }

// nextSession numbers a session: the ledger's epoch and a count.
func (p *Pool) nextSession() uint64 { return p.lastSession.Add(1) }

// complain logs a lasting trouble now and then rather than each time.
func (p *Pool) complain(what string, err error) {
	now := p.deps.Now()
	p.mu.Lock()
	last, known := p.troubles[what]
	due := !known || now.Sub(last) >= complainEvery
	if due {
		p.troubles[what] = now
	}
	p.mu.Unlock()
	if due {
		p.log.Error(what, "err", err)
	}
}

// readRandom fills b from the pool's source of randomness.
func (p *Pool) readRandom(b []byte) error {
	p.randMu.Lock()
	defer p.randMu.Unlock()
	if _, err := io.ReadFull(p.deps.Rand, b); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	return nil
}

// random32 is a random number.
func (p *Pool) random32() (uint32, error) {
	var b [4]byte
	err := p.readRandom(b[:])
	return binary.LittleEndian.Uint32(b[:]), err
}
