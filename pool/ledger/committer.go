package ledger

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/aditmine/adit/pool/histogram"
)

// Committer writes shares in groups: all that wait go into one transaction,
// and each is answered once that transaction has ended. Under light load a
// share is committed at once; under heavy load the groups grow by themselves.
//
// A failed commit answers its shares with the error and is over: the next
// group is tried afresh, so the committer recovers when the disk does.
type Committer struct {
	store ShareStore
	group int

	mu     sync.Mutex
	closed bool
	queue  chan pending

	done     chan struct{}
	shares   atomic.Uint64
	groups   atomic.Uint64
	failures atomic.Uint64
	took     histogram.Histogram
}

type pending struct {
	share Share
	done  func(error)
}

// CommitterStats counts what a committer did.
type CommitterStats struct {
	Shares, Groups, Failures uint64 // shares committed, commits, failed commits
	Waiting                  int
	Took                     histogram.Counts // by each commit, failed ones too
}

// NewCommitter starts a committer on store. It holds up to queue shares that
// wait, and puts at most group of them into one transaction.
func NewCommitter(store ShareStore, queue, group int) *Committer {
	c := &Committer{
		store: store,
		group: max(group, 1),
		queue: make(chan pending, max(queue, 1)),
		done:  make(chan struct{}),
	}
	go c.run()
	return c
}

// Append takes a share and calls done exactly once: with nil when the share is
// on disk, else with the reason why it is not in the ledger. done must not
// block. Append itself never blocks; when too many shares wait, done is called
// with ErrBusy before it returns, and after Close with ErrClosed.
func (c *Committer) Append(s Share, done func(error)) {
	if err := c.enqueue(pending{s, done}); err != nil {
		done(err)
	}
}

func (c *Committer) enqueue(p pending) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	select {
	case c.queue <- p:
		return nil
	default:
		return ErrBusy
	}
}

// Close commits what waits, answers it, and ends the committer. The store
// stays open.
func (c *Committer) Close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.queue)
	}
	c.mu.Unlock()
	<-c.done
}

// Stats returns the counts so far.
func (c *Committer) Stats() CommitterStats {
	return CommitterStats{
		Shares:   c.shares.Load(),
		Groups:   c.groups.Load(),
		Failures: c.failures.Load(),
		Waiting:  len(c.queue),
		Took:     c.took.Counts(),
	}
}

func (c *Committer) run() {
	defer close(c.done)
	batch := make([]pending, 0, c.group)
	shares := make([]Share, 0, c.group)
	for first := range c.queue {
		batch = c.gather(append(batch[:0], first))
		shares = shares[:0]
		for _, p := range batch {
			shares = append(shares, p.share)
		}
		c.commit(batch, shares)
		clear(batch)
		clear(shares)
	}
}

// gather adds to batch what waits already, up to the size of a group.
func (c *Committer) gather(batch []pending) []pending {
	for len(batch) < c.group {
		select {
		case p, ok := <-c.queue:
			if !ok {
				return batch
			}
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

func (c *Committer) commit(batch []pending, shares []Share) {
	began := time.Now()
	err := c.store.AppendShares(shares)
	c.took.Observe(time.Since(began))
	if err != nil {
		c.failures.Add(1)
	} else {
		c.groups.Add(1)
		c.shares.Add(uint64(len(batch)))
	}
	for _, p := range batch {
		p.done(err)
	}
}
