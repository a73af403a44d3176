package pool

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/ledger/spool"
	"github.com/aditmine/adit/pool/penalty"
)

// How processes of one pool look after each other.
const (
	// seenEvery is how often a process says that it is there.
	seenEvery = 10 * time.Second
	// messageQueue is how many messages may wait to be sent.
	messageQueue = 256
	// abandonedAfter is when a candidate without an outcome is taken to be of a
	// process that has ended: longer than handing a block in can take.
	abandonedAfter = 3 * time.Minute
	// lookAgain is how often such candidates are looked for.
	lookAgain = 5 * time.Minute
)

// machines is what a pool of several processes needs: what it has opened, to
// be closed in reverse, and the messages that are on their way.
type machines struct {
	cluster.Cluster
	db       *ledger.DB // nil where nobody else writes to the ledger
	messages chan note
	closers  []func() error
}

type note struct {
	topic   cluster.Topic
	payload string
}

// openStore opens the ledger and, over PostgreSQL, joins the other processes.
func (p *Pool) openStore(ctx context.Context) error {
	p.machines.Cluster = cluster.Alone{}
	if p.deps.Store != nil {
		p.store = p.deps.Store
		return nil
	}
	cfg := p.cfg.Ledger
	if cfg.URL == "" && len(p.deps.Roles) > 0 && len(p.deps.Roles) < len(cluster.AllRoles()) {
		return fmt.Errorf("running as %s needs a ledger that other processes see: set url in [ledger]", p.deps.Roles)
	}
	db, err := ledger.Open(ctx, cfg.Address(), p.deps.Now())
	if err != nil {
		return err
	}
	p.store, p.machines.closers = db, append(p.machines.closers, db.Close)
	if cfg.URL == "" {
		return nil
	}
	joined, err := cluster.Join(cfg.URL, cluster.Timing{}, p.log)
	if err != nil {
		return err
	}
	p.machines.Cluster, p.machines.db, p.machines.messages = joined, db, make(chan note, messageQueue)
	p.machines.closers = append(p.machines.closers, func() error { joined.Close(); return nil })
	if cfg.Spool == "" || !p.deps.Roles.Has(cluster.Stratum) {
		return nil
	}
	store, err := spool.Open(cfg.Spool, db, p.log)
	if err != nil {
		return err
	}
	p.store, p.machines.closers = store, append(p.machines.closers, store.Close)
	return nil
}

// closeStore closes what openStore opened.
func (p *Pool) closeStore() {
	for _, end := range slices.Backward(p.machines.closers) {
		if err := end(); err != nil {
			p.log.Error("closing the ledger", "err", err)
		}
	}
}

// follows reports whether this process needs the coins' nodes.
func (p *Pool) follows() bool {
	return p.deps.Roles.Has(cluster.Stratum) || p.deps.Roles.Has(cluster.Jobs) || p.deps.Roles.Has(cluster.Unlock)
}

// makesJobs reports whether this process asks its nodes for templates.
func (p *Pool) makesJobs() bool {
	return p.deps.Roles.Has(cluster.Stratum) || p.deps.Roles.Has(cluster.Jobs)
}

// cooperate exchanges messages with the other processes until ctx ends.
func (p *Pool) cooperate(ctx context.Context) {
	if p.machines.db == nil {
		return
	}
	var running sync.WaitGroup
	running.Go(func() { p.sendMessages(ctx) })
	running.Go(func() { p.beSeen(ctx) })
	if p.makesJobs() {
		running.Go(func() { p.machines.Listen(ctx, cluster.Tips, p.hearTip) })
	}
	if p.deps.Roles.Has(cluster.Stratum) || p.deps.Roles.Has(cluster.API) {
		running.Go(func() { p.machines.Listen(ctx, cluster.Bans, p.hearBan) })
	}
	running.Wait()
}

// observe passes an event on, and tells the other processes of those that
// matter to them.
func (p *Pool) observe(e Event) {
	p.deps.Observe(e)
	if p.machines.messages == nil {
		return
	}
	switch e := e.(type) {
	case *TemplateChanged:
		if e.NewTip && p.deps.Roles.Has(cluster.Jobs) {
			p.tell(cluster.Tips, e.Coin)
		}
	case *Banned:
		if text, err := json.Marshal(e.Ban); err == nil {
			p.tell(cluster.Bans, string(text))
		}
	}
}

// tell sends a message soon. When too many wait it is dropped: what it says is
// found out anyway, later.
func (p *Pool) tell(topic cluster.Topic, payload string) {
	select {
	case p.machines.messages <- note{topic, payload}:
	default:
	}
}

func (p *Pool) sendMessages(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-p.machines.messages:
			if err := p.machines.Tell(ctx, m.topic, m.payload); err != nil && ctx.Err() == nil {
				p.complain("the other processes cannot be told", err)
			}
		}
	}
}

// hearTip asks a coin's node for a template: another process has seen a new
// tip.
func (p *Pool) hearTip(coin string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.feeds {
		if f.cfg.Name == coin {
			f.kick()
		}
	}
}

// hearBan keeps a ban that another process has pronounced.
func (p *Pool) hearBan(text string) {
	var ban penalty.Ban
	if err := json.Unmarshal([]byte(text), &ban); err != nil {
		p.complain("another process sends a ban that cannot be read", err)
		return
	}
	p.penalties.Ban(ban.Key, ban.Reason, ban.Until)
}

// beSeen notes in the ledger that this process is there, until ctx ends.
func (p *Pool) beSeen(ctx context.Context) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	roles := p.deps.Roles
	if len(roles) == 0 {
		roles = cluster.AllRoles()
	}
	name := fmt.Sprintf("%s/%d", host, os.Getpid())
	for ctx.Err() == nil {
		if err := p.machines.db.Seen(ctx, name, roles.String(), p.deps.Now()); err != nil && ctx.Err() == nil {
			p.complain("this process cannot say that it is there", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(seenEvery):
		}
	}
}

// leadUnlocking follows a coin's blocks whenever this process leads in it.
func (p *Pool) leadUnlocking(ctx context.Context, f *feed) {
	if f.chain == nil {
		return
	}
	if p.machines.db == nil {
		p.unlockBlocks(ctx, f, f.earlier)
		return
	}
	p.machines.Lead(ctx, "unlock "+f.cfg.Name, func(ctx context.Context) {
		for ctx.Err() == nil {
			turn, cancel := context.WithTimeout(ctx, lookAgain)
			p.unlockBlocks(turn, f, p.abandoned(turn, f))
			cancel()
		}
	})
}

// abandoned lists candidates that no process looks after any more.
func (p *Pool) abandoned(ctx context.Context, f *feed) []ledger.Block {
	blocks, err := p.store.Candidates(ctx, f.cfg.Name, math.MaxInt64)
	if err != nil && ctx.Err() == nil {
		p.complain("the candidates of ended processes cannot be listed", err)
	}
	latest := p.deps.Now().Add(-abandonedAfter)
	return slices.DeleteFunc(blocks, func(b ledger.Block) bool { return b.Found.After(latest) })
}
