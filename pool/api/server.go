package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/listen"
	"github.com/aditmine/adit/pool/metrics"
)

// Bounds of the server, besides those of the configuration.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 15 * time.Second
	idleTimeout   = time.Minute
	maxHeader     = 16 << 10
	maxBody       = 16 << 10
	maxConns      = 4096
	maxClients    = 100_000 // whose rate is remembered
	endTimeout    = 5 * time.Second
)

// Server serves one pool's API.
type Server struct {
	cfg     config.Config
	deps    Deps
	log     *slog.Logger
	token   token
	handler http.Handler
	limiter *listen.Limiter
	tls     *listen.Certificate // nil: plain

	view    atomic.Pointer[view] // nil before the first
	cache   cache
	hub     *hub
	started chan struct{} // closed once it listens

	mu     sync.Mutex
	addr   net.Addr
	reader ledger.Reader // set once, before the first view
}

// New reads the token and the certificate, and makes a server. It does nothing
// before Run.
func New(cfg config.Config, deps Deps) (*Server, error) {
	deps = deps.withDefaults()
	s := &Server{
		cfg: cfg, deps: deps, log: deps.Log, hub: newHub(cfg.API.Streams), started: make(chan struct{}),
		limiter: listen.NewLimiter(cfg.API.PerSecond, 4*cfg.API.PerSecond, maxClients, deps.Now),
	}
	var err error
	if s.token, err = readToken(cfg.API.TokenFile); err != nil {
		return nil, err
	}
	if cfg.API.TLS {
		if s.tls, err = listen.LoadCertificate(cfg.TLS.Certificate, cfg.TLS.Key); err != nil {
			return nil, err
		}
	}
	s.handler, err = s.routing()
	return s, err
}

// Addr is where the server listens; it waits until it does, and is nil when
// ctx ends before.
func (s *Server) Addr(ctx context.Context) net.Addr {
	select {
	case <-s.started:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.addr
	case <-ctx.Done():
		return nil
	}
}

// Run serves until ctx ends. It returns nil after such an end, and otherwise
// why it could not serve. It may be called once.
func (s *Server) Run(ctx context.Context) error {
	listener, err := s.deps.Listen("tcp", s.cfg.API.Listen)
	if err != nil {
		return fmt.Errorf("listening for the API on %s: %w", s.cfg.API.Listen, err)
	}
	s.mu.Lock()
	s.addr = listener.Addr()
	s.mu.Unlock()
	close(s.started)
	s.log.Info("API and page", "listen", listener.Addr().String(), "tls", s.tls != nil, "administration", s.token != nil)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var following sync.WaitGroup
	following.Go(func() { s.follow(ctx) })
	err = s.serve(ctx, limitConns(listener, maxConns))
	cancel()
	following.Wait()
	return err
}

func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		patience, cancel := context.WithTimeout(context.Background(), endTimeout)
		defer cancel()
		if server.Shutdown(patience) != nil {
			server.Close()
		}
	})
	var err error
	if s.tls != nil {
		server.TLSConfig = s.tls.Config()
		err = server.ServeTLS(listener, "", "")
	} else {
		err = server.Serve(listener)
	}
	if stop() {
		server.Close()
		return fmt.Errorf("serving the API: %w", err)
	}
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// How often the figures, the lists of miners, and the books are renewed. Books
// that take long to read are read less often: reading may take a twentieth of
// the time.
const (
	figuresEvery = time.Second
	loginsEvery  = 5 * time.Second
	booksEvery   = 5 * time.Second
	booksPart    = 20
)

// follow keeps the view fresh.
func (s *Server) follow(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-s.deps.Pool.Ready():
	}
	reader := s.open(ctx)
	if reader == nil {
		return
	}
	defer reader.Close()
	s.mu.Lock()
	s.reader = reader
	s.mu.Unlock()
	f := &follower{Server: s, reader: reader}
	if !f.begin(ctx) {
		return
	}
	var reading sync.WaitGroup
	reading.Go(func() { f.keepBooks(ctx) })
	f.keepFigures(ctx)
	reading.Wait()
}

// open opens the ledger, however often that takes; nil when ctx ends.
func (s *Server) open(ctx context.Context) ledger.Reader {
	for {
		reader, err := s.deps.OpenReader(ctx)
		if err == nil {
			return reader
		}
		if !s.pause(ctx, booksEvery, err) {
			return nil
		}
	}
}

// pause logs a trouble and waits a while. It reports false when ctx ends.
func (s *Server) pause(ctx context.Context, d time.Duration, err error) bool {
	if ctx.Err() == nil {
		s.log.Warn("the API cannot read the ledger; it will try again", "err", err)
	}
	return sleep(ctx, d)
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// follower renews a server's view.
type follower struct {
	*Server
	reader ledger.Reader
	books  atomic.Pointer[books]
	past   atomic.Pointer[[]ledger.HistoryPoint]
}

// begin reads what was before. It reports false when ctx ends.
func (f *follower) begin(ctx context.Context) bool {
	for {
		points, err := f.reader.History(ctx, f.deps.Now().Add(-historyKept))
		if err == nil {
			f.past.Store(&points)
			if err = f.readBooks(ctx); err == nil {
				return true
			}
		}
		if !f.pause(ctx, booksEvery, err) {
			return false
		}
	}
}

func (f *follower) readBooks(ctx context.Context) error {
	b, err := readBooks(ctx, f.reader, coinNames(f.cfg), f.deps.Now())
	if err != nil {
		return err
	}
	if old := f.books.Load(); old != nil && f.deps.Elsewhere {
		f.creditGains(old, b)
	}
	f.books.Store(b)
	return nil
}

// creditGains counts what other processes have booked between two readings.
func (f *follower) creditGains(old, now *books) {
	for m, s := range now.workers {
		if before := old.workers[m]; s.shares > before.shares {
			f.deps.Figures.Credit(m, s.work-before.work, s.shares-before.shares)
		}
	}
}

// keepBooks reads the ledger again and again, and writes its history.
func (f *follower) keepBooks(ctx context.Context) {
	wait := booksEvery
	for sleep(ctx, wait) {
		f.record(ctx)
		began := time.Now()
		if err := f.readBooks(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("the API shows old figures: the ledger cannot be read", "err", err)
		}
		wait = max(booksEvery, booksPart*time.Since(began))
	}
}

// keepFigures makes a view every second.
func (f *follower) keepFigures(ctx context.Context) {
	ticker := time.NewTicker(figuresEvery)
	defer ticker.Stop()
	var logins []metrics.Login
	var summed time.Time
	for {
		if now := f.deps.Now(); now.Sub(summed) >= loginsEvery {
			logins, summed = f.deps.Figures.Logins(), now
		}
		v := &view{books: f.books.Load(), logins: logins, history: *f.past.Load()}
		v.figures = f.figures(v.books, logins)
		f.Server.view.Store(v)
		f.hub.publish(v.figures)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// The history has a point every five minutes, for a week.
const (
	historyStep = 5 * time.Minute
	historyKept = 7 * 24 * time.Hour
)

// record adds to the history when its next point is due.
func (f *follower) record(ctx context.Context) {
	v, past := f.Server.view.Load(), *f.past.Load()
	now := f.deps.Now().Truncate(historyStep)
	if v == nil || len(past) > 0 && !past[len(past)-1].At.Before(now) {
		return
	}
	var points []ledger.HistoryPoint
	for _, c := range v.figures.Coins {
		points = append(points, pointOf(c, now))
	}
	kept := now.Add(-historyKept)
	if store := f.deps.Pool.Store(); store != nil {
		if err := store.AddHistory(ctx, points, kept); err != nil && ctx.Err() == nil {
			f.log.Warn("the charts lack a point", "err", err)
		}
	}
	i := 0
	for i < len(past) && past[i].At.Before(kept) {
		i++
	}
	next := append(append(make([]ledger.HistoryPoint, 0, len(past)-i+len(points)), past[i:]...), points...)
	f.past.Store(&next)
}

// pointOf is a coin's point of the history.
func pointOf(c CoinFigures, at time.Time) ledger.HistoryPoint {
	return ledger.HistoryPoint{Coin: c.Name, At: at, Hashrate: uint64(c.Now), Miners: c.Miners, Workers: c.Workers, Difficulty: clamp(number(c.Difficulty))}
}

func clamp(f float64) uint64 {
	if f >= 1<<63 {
		return 1<<63 - 1
	}
	return uint64(f)
}
