package histogram

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCounts(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{0, 100 * time.Microsecond, 101 * time.Microsecond, time.Second, time.Hour} {
		h.Observe(d)
	}
	c := h.Counts()
	require.EqualValues(t, 5, c.Count)
	require.Equal(t, time.Hour+time.Second+201*time.Microsecond, c.Sum)
	require.EqualValues(t, 2, c.UpTo[0], "a bound belongs to its bucket")
	require.EqualValues(t, 3, c.UpTo[1])
	require.EqualValues(t, 4, c.UpTo[len(c.UpTo)-1], "an hour is beyond all buckets")
	require.Len(t, c.UpTo, len(Bounds()))
	require.IsIncreasing(t, Bounds())
}

func TestManyAtOnce(t *testing.T) {
	var h Histogram
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				h.Observe(time.Millisecond)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 8000, h.Counts().Count)
	require.Equal(t, 8*time.Second, h.Counts().Sum)
}
