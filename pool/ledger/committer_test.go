package ledger

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slowStore commits when told to, and fails when told to.
type slowStore struct {
	mu      sync.Mutex
	written []Share
	groups  int
	err     error
	gate    chan struct{} // nil: never waits
}

func (s *slowStore) AppendShares(shares []Share) error {
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups++
	if s.err != nil {
		return s.err
	}
	s.written = append(s.written, shares...)
	return nil
}

func (s *slowStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func TestManyGoroutinesShareCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	s := open(t, path)
	c := NewCommitter(s, 4096, 500)
	const writers, each = 50, 40
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range each {
				answer := make(chan error, 1)
				c.Append(someShare(uint64(i)), func(err error) { answer <- err })
				if <-answer == nil {
					acknowledged.Add(1)
				}
			}
		})
	}
	wg.Wait()
	c.Close()
	require.EqualValues(t, writers*each, acknowledged.Load())
	totals, err := s.Totals(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, writers*each, totals[0].Shares)
	stats := c.Stats()
	require.EqualValues(t, writers*each, stats.Shares)
	require.Less(t, stats.Groups, stats.Shares, "shares of several writers must share commits")
}

// No answer before the commit; all of a group at once after it.
func TestAnswerComesAfterTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowStore{gate: make(chan struct{})}
		c := NewCommitter(store, 10, 10)
		var answers atomic.Int64
		for i := range 5 {
			c.Append(someShare(uint64(i)), func(err error) {
				require.NoError(t, err)
				answers.Add(1)
			})
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Zero(t, answers.Load())
		store.gate <- struct{}{}
		synctest.Wait()
		first := answers.Load()
		require.Positive(t, first)
		close(store.gate)
		c.Close()
		require.EqualValues(t, 5, answers.Load())
		require.LessOrEqual(t, store.groups, 2)
		require.Len(t, store.written, 5)
	})
}

func TestFailureAnswersEveryShareAndPasses(t *testing.T) {
	disk := errors.New("no space left")
	store := &slowStore{err: disk}
	c := NewCommitter(store, 100, 100)
	defer c.Close()
	answer := make(chan error, 10)
	for i := range 10 {
		c.Append(someShare(uint64(i)), func(err error) { answer <- err })
	}
	for range 10 {
		require.ErrorIs(t, <-answer, disk)
	}
	require.Positive(t, c.Stats().Failures)
	store.fail(nil)
	c.Append(someShare(11), func(err error) { answer <- err })
	require.NoError(t, <-answer, "it recovers by itself")
	require.Len(t, store.written, 1, "what was refused is not written later")
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowStore{gate: make(chan struct{})}
		c := NewCommitter(store, 3, 1)
		var busy, fine atomic.Int64
		count := func(err error) {
			if err == nil {
				fine.Add(1)
				return
			}
			require.ErrorIs(t, err, ErrBusy)
			busy.Add(1)
		}
		for i := range 10 {
			c.Append(someShare(uint64(i)), count)
			synctest.Wait()
		}
		require.EqualValues(t, 6, busy.Load(), "one being written, three waiting, the rest refused at once")
		close(store.gate)
		c.Close()
		require.EqualValues(t, 4, fine.Load())
	})
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowStore{gate: make(chan struct{})}
		c := NewCommitter(store, 100, 7)
		var fine atomic.Int64
		for i := range 50 {
			c.Append(someShare(uint64(i)), func(err error) {
				require.NoError(t, err)
				fine.Add(1)
			})
		}
		go func() {
			time.Sleep(time.Minute)
			close(store.gate)
		}()
		c.Close()
		c.Close()
		require.EqualValues(t, 50, fine.Load())
		var after error
		c.Append(someShare(1), func(err error) { after = err })
		require.ErrorIs(t, after, ErrClosed)
	})
}
