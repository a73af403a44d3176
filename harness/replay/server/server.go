package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

// Config is what a server needs. Script and Listener are required.
type Config struct {
	Script *Script
	// Listener accepts miners. The server closes it.
	Listener net.Listener
	// Speed plays by the clock, so many times as fast as recorded; 0 plays by
	// causality.
	Speed float64
	// Loop begins anew behind the last recorded connection; otherwise the
	// server ends when each has been played once.
	Loop bool
	// WriteTimeout bounds the time a miner may take to read; 0 means 30 s.
	WriteTimeout time.Duration
	// Log gets connections; nil discards them.
	Log *slog.Logger
}

// Outcome is how the playing of one connection went.
type Outcome struct {
	Conn uint64 `json:"conn"` // in the recording
	// Sent of Recorded bytes were sent.
	Sent     int64 `json:"sent"`
	Recorded int64 `json:"recorded"`
	// Heard counts the miner's requests, Matched those of them that the
	// recording has too, Missing those that the recording has and the miner
	// did not make.
	Heard   int `json:"heard"`
	Matched int `json:"matched"`
	Missing int `json:"missing"`
	// Err says why it ended early; empty when all was sent.
	Err string `json:"err,omitempty"`
}

// Server plays a script.
type Server struct {
	cfg Config

	mu       sync.Mutex
	outcomes []Outcome
}

// New checks the configuration.
func New(cfg Config) (*Server, error) {
	if cfg.Script == nil || cfg.Listener == nil {
		return nil, errors.New("server replay: script and listener are required")
	}
	if cfg.Speed < 0 {
		return nil, fmt.Errorf("server replay: speed %g is negative", cfg.Speed)
	}
	if cfg.WriteTimeout <= 0 {
		cfg.WriteTimeout = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{cfg: cfg}, nil
}

// Run serves until every recorded connection was played, or ctx ends, neither
// of which is an error. It returns how each went, in the order of ending.
func (s *Server) Run(ctx context.Context) ([]Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = s.cfg.Listener.Close() })
	defer stop()
	var sessions sync.WaitGroup
	err := s.accept(ctx, &sessions)
	if err != nil {
		cancel()
	}
	sessions.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.outcomes), err
}

// accept starts a session for each miner while there are parts.
func (s *Server) accept(ctx context.Context, sessions *sync.WaitGroup) error {
	defer func() { _ = s.cfg.Listener.Close() }()
	for n := 0; s.cfg.Loop || n < len(s.cfg.Script.conns); n++ {
		conn, err := s.cfg.Listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case err != nil:
			return fmt.Errorf("accepting miners: %w", err)
		}
		part := s.cfg.Script.conns[n%len(s.cfg.Script.conns)]
		sessions.Go(func() { s.serve(ctx, conn, part) })
	}
	return nil
}

// serve plays one connection and keeps how it went.
func (s *Server) serve(ctx context.Context, conn net.Conn, part *recorded) {
	s.cfg.Log.Info("playing", "conn", part.id, "to", conn.RemoteAddr())
	p := newPlayer(&s.cfg, conn, part)
	err := p.run(ctx)
	o := p.outcome()
	if err != nil {
		o.Err = err.Error()
	}
	s.cfg.Log.Info("played", "conn", part.id, "sent", o.Sent, "of", o.Recorded, "matched", o.Matched, "missing", o.Missing, "err", o.Err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes = append(s.outcomes, o)
}
