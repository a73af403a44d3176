package pool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/nodes"
	"github.com/aditmine/adit/pool/unlock"
	"github.com/aditmine/adit/pool/verify"
)

// Sizes of the ranges of extra nonces. CryptoNote uses one a job and has 64
// bits of them; CKB uses one a session and has 32.
const (
	jobNonces     = 1 << 20
	sessionNonces = 1 << 10
)

// lostAfter is how long the nodes may fail before the newest work that they
// gave counts as out of date: nobody is given jobs of it any more.
const lostAfter = time.Minute

// errLost says that there is no work worth doing.
var errLost = errors.New("the nodes have given no work for too long")

// complainEvery is how often a lasting trouble is logged.
const complainEvery = 30 * time.Second

// feed follows one coin's nodes and brings its work to the coin's sessions.
type feed struct {
	cfg       config.Coin
	coin      *nodes.Set
	chain     unlock.Chain   // nil: blocks are not followed
	earlier   []ledger.Block // candidates of earlier runs
	algorithm *hash.Algorithm
	verifier  *verify.Verifier
	nonces    *nonceRange
	log       *slog.Logger
	now       func() time.Time
	observe   func(Event)
	jitter    *rand.Rand
	epoch     uint64

	current atomic.Pointer[round]
	kicked  chan struct{}
	serial  uint64

	handIns *turns

	mu       sync.Mutex
	parent   string // of the newest block of ours that the node took
	sessions map[*session]struct{}
	nonce1   map[uint64]struct{} // of the CKB sessions now open

	failures   atomic.Uint64
	failing    atomic.Bool
	failedAt   atomic.Int64 // since when, in Unix nanoseconds; while failing
	complained time.Time
}

// prepare waits until the node is synchronised and has given its first
// template. Its error says why this pool cannot start on this node.
func (f *feed) prepare(ctx context.Context) error {
	f.coin.Start(f.kick)
	var said string
	var saidAt time.Time
	say := func(text string) {
		if now := f.now(); text != said || now.Sub(saidAt) >= 5*time.Second {
			f.log.Info("waiting for the node", "coin", f.cfg.Name, "node", f.where(), "state", text)
			said, saidAt = text, now
		}
	}
	for {
		done, text, err := f.tryStart(ctx)
		if done || ctx.Err() != nil {
			return ctx.Err()
		}
		var setup *coin.SetupError
		if errors.As(err, &setup) {
			return fmt.Errorf("coin %s at %s: %w", f.cfg.Name, f.where(), err)
		}
		if err != nil {
			text = err.Error()
		}
		say(text)
		f.sleep(ctx, max(f.cfg.Poll, time.Second))
	}
}

func (f *feed) tryStart(ctx context.Context) (done bool, state string, err error) {
	status, err := f.coin.Status(ctx)
	if err != nil || !status.Synced {
		return false, "synchronising: " + status.Detail, err
	}
	t, err := f.coin.Template(ctx)
	if err != nil {
		return false, "", err
	}
	f.adopt(t)
	return true, "", nil
}

// run follows the node until ctx ends.
func (f *feed) run(ctx context.Context) {
	asked := f.now()
	for ctx.Err() == nil {
		urgent := f.sleep(ctx, f.jittered(f.cfg.Poll))
		if ctx.Err() != nil {
			return
		}
		due := urgent || f.now().Sub(asked) >= f.cfg.Refresh
		fetched, err := f.poll(ctx, due)
		if fetched {
			asked = f.now()
		}
		if ctx.Err() == nil {
			f.report(err)
		}
	}
}

// poll looks at the tip, and asks for a template when it has changed or when a
// new one is due.
func (f *feed) poll(ctx context.Context, due bool) (fetched bool, err error) {
	if !due {
		tip, err := f.coin.Tip(ctx)
		if err != nil {
			return false, fmt.Errorf("asking for the tip: %w", err)
		}
		if tip.Hash == f.current.Load().Parent {
			return false, nil
		}
	}
	t, err := f.coin.Template(ctx)
	if err != nil {
		return false, fmt.Errorf("asking for a template: %w", err)
	}
	f.adopt(t)
	return true, nil
}

// report logs when the node fails and when it is back.
func (f *feed) report(err error) {
	now := f.now()
	if err == nil {
		if f.failing.Swap(false) {
			f.log.Info("the node answers again", "coin", f.cfg.Name)
			f.broadcast() // to those who came meanwhile
		}
		return
	}
	f.failures.Add(1)
	if !f.failing.Load() {
		f.failedAt.Store(now.UnixNano())
	}
	if !f.failing.Swap(true) || now.Sub(f.complained) >= complainEvery {
		f.complained = now
		f.log.Warn("the node fails; miners keep their jobs", "coin", f.cfg.Name, "node", f.where(), "err", err)
	}
}

// lost is errLost while the nodes have failed for too long.
func (f *feed) lost() error {
	if f.failing.Load() && f.now().Sub(time.Unix(0, f.failedAt.Load())) > lostAfter {
		return errLost
	}
	return nil
}

// sleep waits for d. It reports true when a template is wanted at once.
func (f *feed) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-f.kicked:
		return true
	}
	return false
}

// solved notes that the node took a block of a round.
func (f *feed) solved(r *round) {
	f.mu.Lock()
	f.parent = r.Parent
	f.mu.Unlock()
	f.kick()
}

// hasBlockOn reports whether the newest block of ours was built on a parent.
func (f *feed) hasBlockOn(parent string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.parent == parent
}

// kick asks for a template now: a block has been found.
func (f *feed) kick() {
	select {
	case f.kicked <- struct{}{}:
	default:
	}
}

// jittered spreads pollers of one node by a tenth either way.
func (f *feed) jittered(d time.Duration) time.Duration {
	return d + time.Duration((f.jitter.Float64()-0.5)/5*float64(d))
}

// adopt makes a template the current round, unless it is the same work.
func (f *feed) adopt(t *coin.Template) {
	old := f.current.Load()
	if old != nil && old.Key == t.Key && old.Parent == t.Parent {
		return
	}
	f.serial++
	r := &round{Template: t, id: f.epoch<<32 | f.serial&0xffffffff, began: f.now()}
	newTip := old == nil || old.Parent != t.Parent
	if old != nil {
		r.tip, r.began = old.tip, old.began
		if newTip {
			r.tip, r.began = old.tip+1, f.now()
		}
	}
	f.current.Store(r)
	f.observe(&TemplateChanged{Coin: f.cfg.Name, Height: t.Height, Parent: t.Parent, Difficulty: t.Difficulty.String(), NewTip: newTip})
	if newTip {
		f.log.Info("new block to mine", "coin", f.cfg.Name, "height", t.Height, "difficulty", t.Difficulty, "parent", t.Parent)
	}
	f.broadcast()
}

// broadcast gives every session a job of the current round.
func (f *feed) broadcast() {
	f.mu.Lock()
	list := make([]*session, 0, len(f.sessions))
	for s := range f.sessions {
		list = append(list, s)
	}
	f.mu.Unlock()
	workers := min(runtime.GOMAXPROCS(0), 1+len(list)/64)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
				list[i].refresh()
			}
		})
	}
	wg.Wait()
}

// fresh reports whether shares of a round still count: those of the present
// tip, and for a short grace those of the one before.
func (f *feed) fresh(r *round) bool {
	now := f.current.Load()
	if r.Parent == now.Parent {
		return true
	}
	return r.tip+1 == now.tip && f.now().Sub(now.began) <= f.cfg.StaleGrace
}

// join adds a session to those that are given work.
func (f *feed) join(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions[s] = struct{}{}
}

// leave removes a session, and frees its part of the nonce.
func (f *feed) leave(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, s)
	if s.hasNonce1 {
		delete(f.nonce1, s.nonce1)
	}
}

// takeNonce1 finds a first part of the nonce that no open session has. The
// counter wraps after 2^32 sessions.
func (f *feed) takeNonce1() (uint64, error) {
	for {
		n, err := f.nonces.take()
		if err != nil {
			return 0, err
		}
		n &= 0xffffffff
		f.mu.Lock()
		_, taken := f.nonce1[n]
		if !taken {
			f.nonce1[n] = struct{}{}
		}
		f.mu.Unlock()
		if !taken {
			return n, nil
		}
	}
}
