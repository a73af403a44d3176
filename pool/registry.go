package pool

import "time"

// track remembers an open connection.
func (p *Pool) track(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[s] = struct{}{}
	if p.draining() {
		s.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// untrack forgets it.
func (p *Pool) untrack(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, s)
}

// sessionsOf lists the sessions of a port, or all.
func (p *Pool) sessionsOf(of *port) (list []*session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.sessions {
		if of == nil || s.port == of {
			list = append(list, s)
		}
	}
	return list
}

// admit counts a connection from an address, unless there are too many.
func (p *Pool) admit(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sessions) >= p.cfg.Limits.Connections || p.addresses[address] >= p.cfg.Limits.PerAddress {
		return false
	}
	p.addresses[address]++
	return true
}

// dismiss takes back what admit counted.
func (p *Pool) dismiss(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.addresses[address]--; p.addresses[address] <= 0 {
		delete(p.addresses, address)
	}
}
