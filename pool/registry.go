package pool

import "github.com/aditmine/adit/stratum"

// track remembers an open connection, and gives it until its deadline to log
// in.
func (p *Pool) track(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[s] = struct{}{}
	s.conn.SetReadDeadline(s.loginBy)
	if p.draining() {
		s.interrupt()
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

// enter counts a connection, unless there are too many in total.
func (p *Pool) enter() bool {
	if p.connections.Add(1) > int64(p.limits().Connections) {
		p.connections.Add(-1)
		return false
	}
	return true
}

// exit takes back what enter counted.
func (p *Pool) exit() { p.connections.Add(-1) }

// admit counts a connection from an address, unless there are too many.
func (p *Pool) admit(address string) bool {
	most := p.limits().PerAddress
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.addresses[address] >= most {
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

// borrowReader takes a line reader for a session that has something to say;
// idle sessions have none.
func (p *Pool) borrowReader(s *session) *stratum.LineReader {
	limit := p.limits().MaxLine
	if r, ok := p.readers.Get().(*stratum.LineReader); ok {
		r.Reset(s, limit)
		return r
	}
	return stratum.NewLineReader(s, limit)
}

// returnReader gives back a reader in which nothing is left unread.
func (p *Pool) returnReader(r *stratum.LineReader) {
	r.Reset(nil, 0)
	p.readers.Put(r)
}

// sendLine sends what write appends to an empty line. It is for jobs, which
// many sessions get at once: lines are made in memory that is used again, and
// go to the socket without a goroutine for each.
func (p *Pool) sendLine(c *conn, write func([]byte) []byte) {
	line, _ := p.lines.Get().(*[]byte)
	if line == nil {
		line = new([]byte)
	}
	*line = write((*line)[:0])
	c.sendNow(*line)
	p.lines.Put(line)
}
