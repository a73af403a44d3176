package stratumclient

import "sync"

// maxUnread is how many connection events and notices wait for a slow reader.
const maxUnread = 64

// mailbox takes events without ever waiting and passes them on as fast as they
// are read. What it holds is bounded: see the package comment. The number of
// share results is bounded by reserve.
type mailbox struct {
	out  chan Event
	wake chan struct{}

	mu     sync.Mutex
	queue  []Event
	others int // events in queue that are neither jobs nor results
	shares int // reserved: shares whose result has not been read
	limit  int
}

func newMailbox(maxShares int) *mailbox {
	return &mailbox{out: make(chan Event), wake: make(chan struct{}, 1), limit: maxShares}
}

// reserve makes room for the result of one share. It is given back when the
// result has been read.
func (m *mailbox) reserve() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shares >= m.limit {
		return false
	}
	m.shares++
	return true
}

// release gives back room that no result will take.
func (m *mailbox) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shares--
}

// put adds events.
func (m *mailbox) put(events ...Event) {
	m.mu.Lock()
	for _, e := range events {
		m.add(e)
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mailbox) add(e Event) {
	switch ev := e.(type) {
	case NewJob:
		e = m.replaceJob(ev)
	case ShareResult:
	default:
		if m.others == maxUnread {
			m.dropOther()
		}
		m.others++
	}
	m.queue = append(m.queue, e)
}

// replaceJob removes an unread job in favour of the one that follows it.
func (m *mailbox) replaceJob(next NewJob) NewJob {
	for i, e := range m.queue {
		old, ok := e.(NewJob)
		if !ok {
			continue
		}
		m.queue = append(m.queue[:i], m.queue[i+1:]...)
		if old.Job.Clean && !next.Job.Clean {
			merged := *next.Job
			merged.Clean = true
			next.Job = &merged
		}
		break
	}
	return next
}

// dropOther drops the oldest event that is neither a job nor a result.
func (m *mailbox) dropOther() {
	for i, e := range m.queue {
		switch e.(type) {
		case NewJob, ShareResult:
			continue
		}
		m.queue = append(m.queue[:i], m.queue[i+1:]...)
		m.others--
		return
	}
}

// next takes the oldest event out.
func (m *mailbox) next() (Event, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) == 0 {
		return nil, false
	}
	e := m.queue[0]
	m.queue = m.queue[1:]
	switch e.(type) {
	case NewJob:
	case ShareResult:
		m.shares--
	default:
		m.others--
	}
	return e, true
}

// deliver passes events on until done is closed, then what is left until
// giveUp is closed, and closes the channel.
func (m *mailbox) deliver(done, giveUp <-chan struct{}) {
	defer close(m.out)
	for {
		e, ok := m.next()
		if !ok {
			select {
			case <-m.wake:
				continue
			case <-done:
			}
			if e, ok = m.next(); !ok {
				return
			}
		}
		select {
		case m.out <- e:
		case <-giveUp:
			return
		}
	}
}
