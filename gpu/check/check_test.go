package check

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// spoilt is a right searcher with one fault.
type spoilt struct {
	hash.Searcher
	work   *hash.Work
	search func(s *spoilt, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error)
}

func (s *spoilt) SetWork(w *hash.Work) error {
	s.work = w
	return s.Searcher.SetWork(w)
}

func (s *spoilt) Search(start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
	if s.search == nil {
		return s.Searcher.Search(start, count, hits)
	}
	return s.search(s, start, count, hits)
}

// all does not return before the count or the nonces are used up, as a card
// does not.
func (s *spoilt) all(start, count uint64) (found []hash.Hit, done uint64, err error) {
	last := uint64(1)<<(8*s.work.NonceSize) - 1 // of 4 bytes at most, here
	for done < count && start+done <= last {
		var n uint64
		if found, n, err = s.Searcher.Search(start+done, count-done, found); err != nil {
			return found, done, err
		}
		done += n
	}
	return found, done, nil
}

func newSpoilt(t *testing.T) *spoilt {
	t.Helper()
	s, err := cpu.NewSearcher(cpu.SearcherOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &spoilt{Searcher: s}
}

// outcome runs all checks and returns those that failed, by name.
func outcome(t *testing.T, s hash.Searcher, name string) (failed map[string]error, hashes int) {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	failed = map[string]error{}
	var names []string
	require.NoError(t, Run(t.Context(), s, Options{Algorithm: a, Many: 40, Sample: 4}, func(r Result) {
		names = append(names, r.Name)
		hashes += r.Hashes
		if r.Err != nil {
			failed[r.Name] = r.Err
		}
	}))
	if len(failed) == 0 {
		require.Equal(t, Checks(), names)
	}
	return failed, hashes
}

// The processor passes its own checks, in each family.
func TestTheProcessorPasses(t *testing.T) {
	for _, name := range []string{"cn/upx2", "cn-pico", "eaglesong"} {
		failed, hashes := outcome(t, newSpoilt(t), name)
		require.Empty(t, failed, name)
		require.Greater(t, hashes, 20, name)
	}
}

// Each fault that cards have had is found by the check that is meant for it.
func TestFaultsAreFound(t *testing.T) {
	type call = func(s *spoilt, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error)
	after := func(change func(s *spoilt, start uint64, found []hash.Hit) []hash.Hit) call {
		return func(s *spoilt, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
			found, done, err := s.all(start, count)
			return append(hits, change(s, start, found)...), done, err
		}
	}
	for _, c := range []struct {
		name   string
		search call
		want   string // the check that must fail
	}{
		{"a wrong digest", after(func(_ *spoilt, _ uint64, found []hash.Hit) []hash.Hit {
			for i := range found {
				found[i].Digest[3] ^= 4
			}
			return found
		}), "vectors"},
		{"wrong after the first block of a message", after(func(s *spoilt, _ uint64, found []hash.Hit) []hash.Hit {
			for i := range found {
				if len(s.work.Blob) >= 136 {
					found[i].Digest[0] ^= 1
				}
			}
			return found
		}), "random messages"},
		{"the last hit wins", after(func(_ *spoilt, _ uint64, found []hash.Hit) []hash.Hit {
			return found[max(0, len(found)-1):]
		}), "many hits"},
		{"a list that is full", after(func(_ *spoilt, _ uint64, found []hash.Hit) []hash.Hit {
			return found[:min(len(found), 10)]
		}), "many hits"},
		{"a target that is too strict", after(func(s *spoilt, _ uint64, found []hash.Hit) []hash.Hit {
			if s.work.Target[0] == 0x1f && len(found) > 0 {
				return found[1:]
			}
			return found
		}), "several batches"},
		{"the first nonce again at the end", func(s *spoilt, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
			found, done, err := s.all(start, count)
			hits = append(hits, found...)
			if done < count {
				hits, done = append(hits, hits[0]), done+1
			}
			return hits, done, err
		}, "ends of the nonces"},
		{"fixed bytes lost", func(s *spoilt, start, count uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
			w := *s.work
			w.Blob = append([]byte(nil), w.Blob...)
			if w.NonceSize == 3 {
				w.Blob[42] = ^w.Blob[42]
			}
			if err := s.Searcher.SetWork(&w); err != nil {
				return hits, 0, err
			}
			return s.Searcher.Search(start, count, hits)
		}, "ends of the nonces"},
		{"does nothing", func(_ *spoilt, _, _ uint64, hits []hash.Hit) ([]hash.Hit, uint64, error) {
			return hits, 0, nil
		}, "vectors"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSpoilt(t)
			s.search = c.search
			failed, _ := outcome(t, s, "cn/upx2")
			require.Contains(t, failed, c.want)
		})
	}
}

// A searcher that fails is not asked again.
func TestAFailureEndsTheChecks(t *testing.T) {
	gone := errors.New("the card is gone")
	s, calls := newSpoilt(t), 0
	s.search = func(*spoilt, uint64, uint64, []hash.Hit) ([]hash.Hit, uint64, error) {
		calls++
		return nil, 0, gone
	}
	failed, _ := outcome(t, s, "eaglesong")
	require.Len(t, failed, 1)
	require.ErrorIs(t, failed["vectors"], gone)
	require.Equal(t, 1, calls)
}

func TestChecksEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	err = Run(ctx, newSpoilt(t), Options{Algorithm: a}, func(Result) { t.Error("nothing was finished") })
	require.ErrorIs(t, err, context.Canceled)
}

func TestLess(t *testing.T) {
	var a, b hash.Target
	a[30], b[31] = 1, 0xff
	require.Equal(t, b, less(a))
}
