package pool

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aditmine/adit/pool/histogram"
	"github.com/aditmine/adit/pool/ledger"
)

// Stats is a snapshot of a running pool.
type Stats struct {
	Since time.Time
	Coins []CoinStats
	Ports []PortStats
	// Shares the ledger has, and commits they took, since Since.
	Ledger ledger.CommitterStats
}

// CoinStats is one coin of a snapshot.
type CoinStats struct {
	Name, Algorithm string
	Height          uint64
	Difficulty      string // of the network, decimal
	Parent          string
	Sessions        int
	Hashrate        float64 // hashes a second that its sessions' shares prove
	NodeFailures    uint64
	NodeFailing     bool
	Verifying       int // shares that wait to be hashed
	Hashed, Shed    uint64
	HashingTook     histogram.Counts // from a share's arrival in the queue to its digest
}

// PortStats is one port of a snapshot.
type PortStats struct {
	Listen, Coin string
	Connections  int
	Counts
}

// Counts are the verdicts on a port's shares and requests.
type Counts struct {
	Accepted   uint64
	Difficulty float64           // accepted, summed
	Rejected   map[Reason]uint64 // shares
	Refused    map[Reason]uint64 // other requests
	Blocks     map[ledger.BlockState]uint64
}

// RejectedTotal is the number of refused shares.
func (c *Counts) RejectedTotal() (sum uint64) {
	for _, n := range c.Rejected {
		sum += n
	}
	return sum
}

// counters counts for one port.
type counters struct {
	mu     sync.Mutex
	counts Counts
}

func newCounters() *counters {
	return &counters{counts: Counts{
		Rejected: make(map[Reason]uint64),
		Refused:  make(map[Reason]uint64),
		Blocks:   make(map[ledger.BlockState]uint64),
	}}
}

func (c *counters) share(verdict Reason, difficulty uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if verdict != accepted {
		c.counts.Rejected[verdict]++
		return
	}
	c.counts.Accepted++
	c.counts.Difficulty += float64(difficulty)
}

func (c *counters) refuse(why Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Refused[why]++
}

func (c *counters) block(state ledger.BlockState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Blocks[state]++
}

func (c *counters) snapshot() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.counts
	s.Rejected, s.Refused, s.Blocks = maps.Clone(s.Rejected), maps.Clone(s.Refused), maps.Clone(s.Blocks)
	return s
}

// Stats takes a snapshot. Before the pool is ready it may be incomplete.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Since: p.started, Ports: p.portStats()}
	for _, f := range p.feeds {
		s.Coins = append(s.Coins, f.stats())
	}
	if p.committer != nil {
		s.Ledger = p.committer.Stats()
	}
	return s
}

// portStats counts on every port; p.mu is held.
func (p *Pool) portStats() (list []PortStats) {
	for _, port := range p.ports {
		list = append(list, PortStats{
			Listen: port.name, Coin: port.feed.cfg.Name, Connections: int(port.connections.Load()), Counts: port.counters.snapshot(),
		})
	}
	return list
}

func (f *feed) stats() CoinStats {
	s := f.figures()
	f.mu.Lock()
	sessions := make([]*session, 0, len(f.sessions))
	for session := range f.sessions {
		sessions = append(sessions, session)
	}
	f.mu.Unlock()
	for _, session := range sessions {
		s.Hashrate += session.rate()
	}
	return s
}

// figures are all stats but the hashrate.
func (f *feed) figures() CoinStats {
	verifier := f.verifier.Stats()
	s := CoinStats{
		Name: f.cfg.Name, Algorithm: f.algorithm.Name,
		NodeFailures: f.failures.Load(), NodeFailing: f.failing.Load(),
		Verifying: verifier.Waiting, Hashed: verifier.Hashed, Shed: verifier.Shed, HashingTook: verifier.Took,
	}
	if r := f.current.Load(); r != nil {
		s.Height, s.Parent, s.Difficulty = r.Height, r.Parent, r.Difficulty.String()
	}
	f.mu.Lock()
	s.Sessions = len(f.sessions)
	f.mu.Unlock()
	return s
}

// summarise logs what came of it all, so that it can be compared with what
// others have counted.
func (p *Pool) summarise() {
	for _, port := range p.Stats().Ports {
		p.log.Info("summary", "listen", port.Listen, "coin", port.Coin, "accepted", port.Accepted, "difficulty", port.Difficulty,
			"rejected", port.RejectedTotal(), "reasons", tally(port.Rejected), "refused_requests", tally(port.Refused), "blocks", tally(port.Blocks))
	}
}

// tally writes counts as "a=1 b=2", sorted, "none" when there are none.
func tally[K ~string](counts map[K]uint64) string {
	var parts []string
	for k, n := range counts {
		parts = append(parts, fmt.Sprintf("%s=%d", k, n))
	}
	if len(parts) == 0 {
		return "none"
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}
