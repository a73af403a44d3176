package stratumclient

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func drainBox(m *mailbox) []Event {
	var events []Event
	for e, ok := m.next(); ok; e, ok = m.next() {
		events = append(events, e)
	}
	return events
}

func TestMailboxKeepsTheLastJobOnly(t *testing.T) {
	m := newMailbox(2)
	one, two, three := &Job{ID: "1", Clean: true}, &Job{ID: "2"}, &Job{ID: "3"}
	m.put(Notice{Text: "a"}, NewJob{one}, Notice{Text: "b"}, NewJob{two}, NewJob{three})
	require.Equal(t, []Event{
		Notice{Text: "a"}, Notice{Text: "b"}, NewJob{&Job{ID: "3", Clean: true}},
	}, drainBox(m), "what the first job made obsolete stays so")
	require.False(t, three.Clean, "jobs are shared")
	m.put(NewJob{two})
	m.put(NewJob{three})
	require.Equal(t, []Event{NewJob{three}}, drainBox(m))
}

func TestMailboxDropsTheOldestNotices(t *testing.T) {
	m := newMailbox(1)
	require.True(t, m.reserve())
	m.put(ShareResult{Accepted: true})
	for i := range 3 * maxUnread {
		m.put(Notice{Text: strconv.Itoa(i)})
	}
	events := drainBox(m)
	require.Len(t, events, 1+maxUnread)
	require.Equal(t, ShareResult{Accepted: true}, events[0])
	require.Equal(t, Notice{Text: strconv.Itoa(2 * maxUnread)}, events[1])
	m.put(Notice{Text: "x"})
	require.Len(t, drainBox(m), 1)
}

func TestMailboxBoundsResults(t *testing.T) {
	m := newMailbox(2)
	require.True(t, m.reserve())
	require.True(t, m.reserve())
	require.False(t, m.reserve())
	m.release()
	require.True(t, m.reserve())
	m.put(ShareResult{})
	require.False(t, m.reserve(), "not read yet")
	drainBox(m)
	require.True(t, m.reserve())
}

func TestMailboxDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(1)
		done, giveUp := make(chan struct{}), make(chan struct{})
		go m.deliver(done, giveUp)
		m.put(Notice{Text: "1"})
		require.Equal(t, Notice{Text: "1"}, <-m.out)
		m.put(Notice{Text: "2"}, Notice{Text: "3"})
		close(done)
		synctest.Wait()
		require.Equal(t, Notice{Text: "2"}, <-m.out)
		require.Equal(t, Notice{Text: "3"}, <-m.out)
		_, ok := <-m.out
		require.False(t, ok)
	})
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(1)
		done, giveUp := make(chan struct{}), make(chan struct{})
		go m.deliver(done, giveUp)
		m.put(Notice{}, Notice{})
		close(done)
		close(giveUp)
		time.Sleep(time.Second)
		synctest.Wait()
		_, ok := <-m.out
		require.False(t, ok, "nobody read: the rest is dropped")
	})
}
