package pool

import (
	"time"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/penalty"
)

// Snapshot is the state of a running pool, cheap to take however many sessions
// there are: it looks at none of them.
type Snapshot struct {
	At, Since time.Time
	// Ready says that every port takes miners; Draining that the pool ends.
	Ready, Draining bool
	// Connections are all open ones, whether logged in or not.
	Connections int
	// Coins lack their Hashrate, which would take a look at every session.
	Coins  []CoinStats
	Ports  []PortStats
	Ledger ledger.CommitterStats
}

// Snapshot takes a snapshot. Before the pool is ready it may be incomplete.
func (p *Pool) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Snapshot{At: p.deps.Now(), Since: p.started, Draining: p.draining(), Connections: len(p.sessions), Ports: p.portStats()}
	select {
	case <-p.ready:
		s.Ready = true
	default:
	}
	for _, f := range p.feeds {
		s.Coins = append(s.Coins, f.figures())
	}
	if p.committer != nil {
		s.Ledger = p.committer.Stats()
	}
	return s
}

// Store is the ledger that the pool writes to, nil before Ready. It is closed
// when Run returns.
func (p *Pool) Store() ledger.Store {
	select {
	case <-p.ready:
		return p.store
	default:
		return nil
	}
}

// Ban bans by hand, also on the pool's other machines; it holds from the next
// login on.
func (p *Pool) Ban(k penalty.Key, reason string, until time.Time) {
	p.penalties.Ban(k, reason, until)
	p.observe(&Banned{Ban: penalty.Ban{Key: k, Reason: reason, Since: p.deps.Now(), Until: until}})
}

// Lift ends a ban, also on the pool's other machines: they hear of one that is
// over. It reports whether there was one here.
func (p *Pool) Lift(k penalty.Key) bool {
	found := p.penalties.Lift(k)
	now := p.deps.Now()
	p.observe(&Banned{Ban: penalty.Ban{Key: k, Reason: "lifted", Since: now, Until: now}})
	return found
}
