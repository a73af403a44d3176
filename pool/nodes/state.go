package nodes

import "time"

// State is what is known of one node.
type State struct {
	URL    string // without a password
	Height uint64 // of its tip
	Tip    string // its tip's id, hex, no 0x; empty before it answered
	Lag    uint64 // blocks behind the newest tip of all nodes that are well
	Synced bool   // it says so itself
	Used   bool   // the pool's work comes from it, while its tip is the newest
	Detail string // how far it is, in its words
	// LastError is what the last look failed with, empty when it was good;
	// Answered is when the last good one was, zero before it.
	LastError string
	Answered  time.Time
}

// States tells about all nodes, in the order of the configuration.
func (s *Set) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest uint64
	best := s.best()
	if best >= 0 {
		newest = s.members[best].tip.Height
	}
	list := make([]State, len(s.members))
	for i, m := range s.members {
		list[i] = State{
			URL: m.URL, Height: m.tip.Height, Tip: m.tip.Hash, Lag: newest - min(newest, m.tip.Height),
			Synced: m.status.Synced, Used: i == s.used && best >= 0, Detail: m.status.Detail, Answered: m.answered,
		}
		if m.err != nil {
			list[i].LastError = m.err.Error()
		}
	}
	return list
}
