package nodes

import (
	"context"
	"errors"
	"time"

	"github.com/aditmine/adit/pool/coin"
)

// member is a node and what was last seen of it; the set's lock guards that.
type member struct {
	Member
	woken  chan struct{}
	probed chan struct{} // closed after the first look

	looked      bool // probed is closed
	tip         coin.Tip
	status      coin.Status
	statusAt    time.Time
	failures    int   // in a row
	err         error // of the last look, nil when it was good
	answered    time.Time
	wellSince   time.Time // zero when the last look was not good
	behindSince time.Time // zero when its tip is the newest
}

// well reports whether work may be taken from the node.
func (m *member) well() bool {
	setup := new(coin.SetupError)
	return m.looked && m.status.Synced && m.failures < strikes && !errors.As(m.err, &setup)
}

// lags reports whether the node has been behind the others for too long.
func (m *member) lags(now time.Time) bool {
	return !m.behindSince.IsZero() && now.Sub(m.behindSince) > lagGrace
}

// wake has the node looked at now.
func (m *member) wake() {
	select {
	case m.woken <- struct{}{}:
	default:
	}
}

// follow looks at one node until the set is closed.
func (s *Set) follow(m *member) {
	for {
		timer := time.NewTimer(s.probe(m))
		select {
		case <-s.ctx.Done():
			timer.Stop()
			return
		case <-m.woken:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// probe looks at one node, and returns how long to wait before the next look:
// whether a node has failed or only lost an answer is soon to be known.
func (s *Set) probe(m *member) (wait time.Duration) {
	ctx, cancel := context.WithTimeout(s.ctx, probeTime)
	defer cancel()
	s.mu.Lock()
	due := !m.status.Synced || s.cfg.Now().Sub(m.statusAt) >= statusEvery
	s.mu.Unlock()
	tip, err := m.Coin.Tip(ctx)
	var status *coin.Status
	if err == nil && due {
		var got coin.Status
		if got, err = m.Coin.Status(ctx); err == nil {
			status = &got
		}
	}
	if s.ctx.Err() != nil {
		return 0
	}
	s.note(m, tip, status, err)
	if err != nil {
		return min(s.cfg.Poll, retryLook)
	}
	return s.cfg.Poll
}

// note takes in what a look has shown.
func (s *Set) note(m *member, tip coin.Tip, status *coin.Status, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if !m.looked {
		m.looked = true
		close(m.probed)
	}
	if err != nil {
		m.failed(err)
	} else {
		m.good(tip, status, now)
	}
	s.choose(now)
	if i := s.best(); i >= 0 && s.members[i].tip.Hash != s.tip {
		s.tip = s.members[i].tip.Hash
		s.changed()
	}
}

// failed counts a failure; the set's lock is held.
func (m *member) failed(err error) {
	m.failures++
	m.err, m.wellSince = err, time.Time{}
}

// good takes in a good look; the set's lock is held.
func (m *member) good(tip coin.Tip, status *coin.Status, now time.Time) {
	m.failures, m.err, m.answered, m.tip = 0, nil, now, tip
	if status != nil {
		m.status, m.statusAt = *status, now
	}
	switch {
	case !m.status.Synced:
		m.wellSince = time.Time{}
	case m.wellSince.IsZero():
		m.wellSince = now
	}
}

// struck counts a failed template as a failed look.
func (s *Set) struck(i int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[i].failed(err)
	s.choose(s.cfg.Now())
}

// sawTemplate notes that a node's tip is newer than when it was last seen.
func (s *Set) sawTemplate(i int, t *coin.Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.members[i]; t.Height > m.tip.Height+1 {
		m.tip = coin.Tip{Height: t.Height - 1, Hash: t.Parent}
		s.choose(s.cfg.Now())
		if s.best() == i {
			s.tip = t.Parent // the caller knows
		}
	}
}

// choose decides which node is in use; s.mu is held.
func (s *Set) choose(now time.Time) {
	list := s.ranked()
	if len(list) == 0 || !s.members[s.used].looked {
		return
	}
	newest := s.members[list[0]].tip.Height
	for _, m := range s.members {
		switch {
		case m.tip.Height >= newest:
			m.behindSince = time.Time{}
		case m.behindSince.IsZero():
			m.behindSince = now
		}
	}
	if m := s.members[s.used]; !m.well() || m.lags(now) {
		s.use(list[0], "the one in use "+m.ailment())
		return
	}
	for i, m := range s.members[:s.used] {
		if m.well() && m.behindSince.IsZero() && now.Sub(m.wellSince) >= returnAfter {
			s.use(i, "it has been well for a while")
			return
		}
	}
}

// ailment says why a node is left.
func (m *member) ailment() string {
	switch {
	case m.err != nil:
		return "fails: " + m.err.Error()
	case !m.status.Synced:
		return "is not synchronised: " + m.status.Detail
	}
	return "is behind"
}

// use changes the node in use; s.mu is held.
func (s *Set) use(i int, why string) {
	if i == s.used {
		return
	}
	s.used = i
	s.cfg.Log.Warn("another node is used", "coin", s.cfg.Name, "node", s.members[i].URL, "because", why)
}
