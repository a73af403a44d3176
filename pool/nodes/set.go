package nodes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/coin"
)

// How nodes are judged.
const (
	// probeTime bounds one look at a node.
	probeTime = 5 * time.Second
	// statusEvery is how often a node is asked whether it is synchronised;
	// one that is not is asked with each look.
	statusEvery = 5 * time.Second
	// retryLook is how soon a node that failed is looked at again.
	retryLook = time.Second
	// strikes is how many looks must fail in a row before a node counts as
	// failing.
	strikes = 2
	// lagGrace is how long a node may be behind the best before another is
	// preferred to it.
	lagGrace = 3 * time.Second
	// returnAfter is how long a preferred node must have been well before the
	// pool returns to it.
	returnAfter = time.Minute
)

// Member is one node of a set.
type Member struct {
	URL  string // as people see it: without a password
	Coin coin.Coin
}

// Config says which nodes a set is of. Every field must be set but Sources.
type Config struct {
	Name    string   // the coin's, for logs
	Members []Member // at least one, the preferred one first
	Sources []Source // of news; may be empty
	Poll    time.Duration
	Log     *slog.Logger
	Now     func() time.Time
}

// Set is the nodes of one coin, seen as one. It implements coin.Coin. It is
// safe for concurrent use.
type Set struct {
	cfg     Config
	members []*member
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows, and the members' views
	closed  bool
	used    int    // index of the node in use
	tip     string // of the best node, when it was last told of
	changed func()
}

// New makes a set. It asks nobody before Start; Close closes its members' coins
// and its sources.
func New(cfg Config) *Set {
	s := &Set{cfg: cfg, changed: func() {}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, m := range cfg.Members {
		s.members = append(s.members, &member{Member: m, woken: make(chan struct{}, 1), probed: make(chan struct{})})
	}
	return s
}

// Start begins to follow the nodes. changed is called whenever there is another
// tip to mine on; it must not block. Start is called once, before any method
// that asks the nodes.
func (s *Set) Start(changed func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.changed = changed
	for _, m := range s.members {
		s.running.Go(func() { s.follow(m) })
	}
	for _, source := range s.cfg.Sources {
		s.running.Go(func() { s.listen(source) })
	}
}

// Close ends everything and waits for it.
func (s *Set) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.running.Wait()
	for _, m := range s.members {
		m.Coin.Close()
	}
	for _, source := range s.cfg.Sources {
		if source.Close != nil {
			source.Close()
		}
	}
}

// Look has all nodes looked at now: one of them has news.
func (s *Set) Look() {
	for _, m := range s.members {
		m.wake()
	}
}

// Algorithm implements coin.Coin.
func (s *Set) Algorithm() *hash.Algorithm { return s.members[0].Coin.Algorithm() }

// CheckLogin implements coin.Coin.
func (s *Set) CheckLogin(address string) error { return s.members[0].Coin.CheckLogin(address) }

// Status implements coin.Coin: whether any node can be mined with. A
// *coin.SetupError says that all of them are set up wrongly.
func (s *Set) Status(ctx context.Context) (coin.Status, error) {
	if err := s.firstLook(ctx); err != nil {
		return coin.Status{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.best(); i >= 0 {
		return coin.Status{Synced: true, Detail: s.members[i].status.Detail}, nil
	}
	return coin.Status{Detail: s.describe()}, s.trouble()
}

// firstLook waits until every node has been looked at once, or has not
// answered for so long that the others do.
func (s *Set) firstLook(ctx context.Context) error {
	for _, m := range s.members {
		select {
		case <-m.probed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	return nil
}

// Tip implements coin.Coin: the newest tip of the nodes that are well, as they
// were last seen.
func (s *Set) Tip(ctx context.Context) (coin.Tip, error) {
	if err := s.firstLook(ctx); err != nil {
		return coin.Tip{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.best(); i >= 0 {
		return s.members[i].tip, nil
	}
	return coin.Tip{}, s.noNode()
}

// Template implements coin.Coin. It asks the best node, and the next when that
// fails; but no node whose template would be for an older tip than the newest
// one known.
func (s *Set) Template(ctx context.Context) (*coin.Template, error) {
	if err := s.firstLook(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	ranked := s.ranked()
	var height uint64
	if len(ranked) > 0 {
		height = s.members[ranked[0]].tip.Height
	}
	err := s.noNode()
	s.mu.Unlock()
	var failed []error
	for n, i := range ranked {
		t, err := s.members[i].Coin.Template(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, err
		case err != nil:
			failed = append(failed, s.at(i, err))
			s.struck(i, err)
		case n > 0 && t.Height <= height:
			failed = append(failed, s.at(i, fmt.Errorf("its template is for height %d, the chain has %d", t.Height, height)))
		default:
			s.sawTemplate(i, t)
			return t, nil
		}
	}
	if len(failed) > 0 {
		return nil, join(failed)
	}
	return nil, err
}

// at says at which node an error was, where there are several.
func (s *Set) at(i int, err error) error {
	if len(s.members) == 1 {
		return err
	}
	return fmt.Errorf("node %s: %w", s.members[i].URL, err)
}

// join is errors.Join on one line.
func join(list []error) error {
	if len(list) == 1 {
		return list[0]
	}
	text := make([]string, len(list))
	for i, err := range list {
		text[i] = err.Error()
	}
	return &joined{text: strings.Join(text, "; "), list: list}
}

// joined is several errors.
type joined struct {
	text string
	list []error
}

// Error lists them.
func (j *joined) Error() string { return j.text }

// Unwrap gives them.
func (j *joined) Unwrap() []error { return j.list }

// noNode says why there is no node to use; s.mu is held. It is nil when there
// is one.
func (s *Set) noNode() error {
	if s.best() >= 0 {
		return nil
	}
	if err := s.trouble(); err != nil {
		return err
	}
	return errors.New("no node is synchronised: " + s.describe())
}

// trouble is what the nodes fail with, when all of them do; s.mu is held. It is
// a *coin.SetupError only when none of them can be used as it is set up.
func (s *Set) trouble() error {
	var failed, setup []error
	for i, m := range s.members {
		if m.err == nil {
			return nil
		}
		if wrong := new(coin.SetupError); errors.As(m.err, &wrong) {
			setup = append(setup, s.at(i, m.err))
			continue
		}
		failed = append(failed, s.at(i, m.err))
	}
	if len(failed) > 0 {
		return join(failed)
	}
	return join(setup)
}

// describe says how far the nodes are; s.mu is held.
func (s *Set) describe() string {
	text := make([]string, len(s.members))
	for i, m := range s.members {
		text[i] = m.status.Detail
		if m.err != nil {
			text[i] = m.err.Error()
		}
		if len(s.members) > 1 {
			text[i] = m.URL + ": " + text[i]
		}
	}
	return strings.Join(text, "; ")
}

// ranked lists the nodes that are well, the best first: the newest tip, then
// the one in use, then the order of the configuration; s.mu is held.
func (s *Set) ranked() []int {
	var list []int
	for i, m := range s.members {
		if m.well() {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int {
		ta, tb := s.members[a].tip.Height, s.members[b].tip.Height
		switch {
		case ta != tb && ta > tb, ta == tb && a == s.used && b != s.used:
			return -1
		case ta != tb, b == s.used && a != s.used:
			return 1
		}
		return 0
	})
	return list
}

// best is the first of ranked, -1 when there is none; s.mu is held.
func (s *Set) best() int {
	if list := s.ranked(); len(list) > 0 {
		return list[0]
	}
	return -1
}
