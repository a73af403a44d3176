package vardiff

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/stats"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// mine lets every miner hash its part of each slice of time, until the end.
func (l *live) mine(ctx context.Context) error {
	begin := l.cfg.Target.Now()
	shift := begin.Sub(l.began)
	l.began = begin
	for _, m := range l.miners {
		m.shift(shift)
	}
	tick := time.NewTicker(slice)
	defer tick.Stop()
	last, alive, reconnects := time.Duration(0), time.Duration(0), l.cfg.Scenario.Reconnects
	for last < l.cfg.Scenario.Length {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		now := min(l.cfg.Target.Now().Sub(l.began), l.cfg.Scenario.Length)
		for ; len(reconnects) > 0 && reconnects[0] <= now; reconnects = reconnects[1:] {
			if err := l.reconnect(ctx); err != nil {
				return err
			}
			// Nobody mines without a connection.
			now = min(l.cfg.Target.Now().Sub(l.began), l.cfg.Scenario.Length)
			last = now
		}
		if now-alive >= aliveEvery {
			alive = now
			l.keepAlive()
		}
		due := l.work(last, now)
		for _, m := range l.miners {
			m.owes += due
			if err := l.hash(ctx, m); err != nil {
				return err
			}
		}
		// How long the oldest of the work has waited, beyond a slice.
		l.late = max(l.late, l.cfg.Target.Now().Sub(l.began)-last-slice)
		last = now
	}
	return ctx.Err()
}

// keepAlive tells the pool that its miners are there. A connection that has
// ended shows in the result.
func (l *live) keepAlive() {
	for _, m := range l.miners {
		session := m.session.ID()
		_, _ = m.session.Send(func(id int64) []byte { return aliveLine(&m.target, session, stratum.IntID(id)) })
	}
}

// aliveLine is a request that every pool answers.
func aliveLine(t *rig.Target, session string, id stratum.ID) []byte {
	if t.Proto == rig.CKB { // which has none for this
		return ckb.AppendExtranonceSubscribe(nil, &ckb.ExtranonceSubscribe{ID: id})
	}
	return cryptonote.AppendKeepalived(nil, &cryptonote.Keepalived{ID: id, RPCID: session})
}

// reconnect ends every miner's connection and logs it in again.
func (l *live) reconnect(ctx context.Context) error {
	for _, m := range l.miners {
		m.session.Close()
		m.mu.Lock()
		m.lost, m.waiting = m.lost+m.waiting, 0
		m.mu.Unlock()
		if err := l.connect(ctx, m); err != nil {
			return fmt.Errorf("reconnecting: %w", err)
		}
	}
	return nil
}

// work is what a miner hashes between two times.
func (l *live) work(from, to time.Duration) (hashes float64) {
	for from < to {
		rate, next := l.cfg.Scenario.rate(from)
		end := min(next, to)
		hashes += rate * l.cfg.Rate * (end - from).Seconds()
		from = end
	}
	return hashes
}

// hash does what a miner owes, on whatever job it has by then.
func (l *live) hash(ctx context.Context, m *liveMiner) error {
	for m.owes >= 1 && m.session.Alive() && ctx.Err() == nil {
		// Nonces go on over jobs: two jobs may differ in their target only.
		before := m.next
		found, err := l.cfg.Finder.Search(m.session.Job(), &m.next, uint64(m.owes), nil)
		if err != nil {
			return err
		}
		done := m.next - before
		m.owes -= float64(done)
		l.hashes += done
		for _, share := range found {
			m.submit(share)
		}
	}
	return nil
}

// submit sends a share. A connection that has ended shows in the result.
func (m *liveMiner) submit(share *rig.Share) {
	m.mu.Lock()
	m.waiting++
	m.mu.Unlock()
	_ = m.session.Submit(share)
}

// settle waits for the last answers.
func (l *live) settle(ctx context.Context) {
	end := time.NewTimer(l.cfg.Target.Timeout)
	defer end.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for l.unanswered() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-look.C:
		}
	}
}

func (l *live) unanswered() (n int) {
	for _, m := range l.miners {
		m.mu.Lock()
		if m.session.Alive() {
			n += m.waiting
		}
		m.mu.Unlock()
	}
	return n
}

// result sums up.
func (l *live) result() *LiveResult {
	r := &LiveResult{Target: l.cfg.Target.Address, Miners: l.cfg.Miners, Rate: l.cfg.Rate, Interval: l.cfg.Interval,
		Took: min(l.cfg.Target.Now().Sub(l.began), l.cfg.Scenario.Length), Hashes: l.hashes, Rejected: map[wire.Reason]int{}}
	var wander Wander
	var convergence, overshoot []float64
	goal, from, squares := l.cfg.Scenario.finalRate(), l.cfg.Scenario.From, 0.0
	for _, m := range l.miners {
		m.mu.Lock()
		m.record.End, m.record.Interval = r.Took, l.cfg.Interval
		r.Records, r.Answers = append(r.Records, m.record), append(r.Answers, m.shares)
		took, ok := m.record.Convergence(from, goal)
		convergence = append(convergence, secondsOr(took, ok))
		overshoot = append(overshoot, m.record.Overshoot(from, goal))
		if r.Took > from && goal > 0 {
			wander.Add(&m.record, m.shares, from, goal)
		}
		r.Accepted += len(m.shares)
		r.Credited += m.credited
		r.Unanswered += m.waiting + m.lost
		squares += m.squares
		for reason, n := range m.rejected {
			r.Rejected[reason] += n
		}
		if !m.session.Alive() {
			r.Closed++
		}
		m.mu.Unlock()
	}
	r.Convergence, r.Overshoot, r.Rest = quantilesOf(convergence), quantilesOf(overshoot), wander.Rest()
	r.credit(squares)
	r.judge(l.late, l.cfg.Interval)
	return r
}

// credit compares what was credited with what was worked. Shares of different
// difficulties count as so many equal ones: the square of the sum over the sum
// of the squares.
func (r *LiveResult) credit(squares float64) {
	if r.Hashes == 0 || r.Credited == 0 {
		return
	}
	r.Credit = float64(r.Credited) / float64(r.Hashes)
	equal := float64(r.Credited) * float64(r.Credited) / squares
	in := stats.Poisson(uint64(math.Round(equal)), 0.95).Scale(r.Credit / equal)
	r.CreditIn = &in
}

// judge says why a run is void.
func (r *LiveResult) judge(late, interval time.Duration) {
	if allowed := interval / 10; late > allowed {
		r.Void = append(r.Void, fmt.Sprintf("hashing fell %v behind, %v are allowed: fewer miners, or a lower rate",
			stats.Rounded(late), stats.Rounded(allowed)))
	}
	if r.Closed > 0 {
		r.Void = append(r.Void, fmt.Sprintf("the pool closed %d of %d connections", r.Closed, r.Miners))
	}
}
