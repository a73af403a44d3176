package stratumclient

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stoppedClock is a clock that a test moves by hand. No alarm goes off.
type stoppedClock struct{ now time.Time }

func (c *stoppedClock) Now() time.Time { return c.now }

func (c *stoppedClock) AfterFunc(time.Duration, func()) func() bool {
	return func() bool { return true }
}

func testRoster(t *testing.T, rand float64) (*roster, *stoppedClock) {
	clock := &stoppedClock{now: time.Unix(1000, 0)}
	cfg := Config{
		Settings:  Settings{Clock: clock},
		Endpoints: []Endpoint{cnEndpoint(t, "a:1"), cnEndpoint(t, "b:1")},
		Rand:      func() float64 { return rand },
	}.withDefaults()
	return newRoster(&cfg), clock
}

func TestRetryLimits(t *testing.T) {
	r := Retry{}.withDefaults()
	for failures, want := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second,
		7: time.Minute, 8: time.Minute, 1_000_000: time.Minute,
	} {
		require.Equal(t, want, r.limit(failures), failures)
	}
	require.Equal(t, time.Second, Retry{First: time.Minute, Most: time.Second}.limit(1))
}

func TestRosterBacksOffAndPrefersTheFirst(t *testing.T) {
	r, clock := testRoster(t, 0.5)
	down := errors.New("down")
	for _, want := range []time.Duration{500, 1000, 2000, 4000} {
		i, wait := r.next(2)
		require.Zero(t, i)
		require.Zero(t, wait)
		require.Equal(t, want*time.Millisecond, r.failed(0, 0, down))
		i, _ = r.next(2)
		require.Equal(t, 1, i, "the next of the list at once")
		_, wait = r.next(1)
		require.Equal(t, want*time.Millisecond, wait)
		clock.now = clock.now.Add(want * time.Millisecond)
	}
	require.Equal(t, 8*time.Second, r.failed(0, 29*time.Second, down), "a short connection is a failure")
	require.Equal(t, 500*time.Millisecond, r.failed(0, 30*time.Second, down), "a long one starts anew")
	require.Equal(t, 500*time.Millisecond, r.failed(1, 0, down))
	i, wait := r.next(2)
	require.Equal(t, -1, i)
	require.Equal(t, 500*time.Millisecond, wait)
}

func TestRosterJitterIsFull(t *testing.T) {
	r, _ := testRoster(t, 0)
	require.Zero(t, r.failed(0, 0, errors.New("down")))
	i, _ := r.next(2)
	require.Zero(t, i)
}

func TestRosterFollowsARedirectOnce(t *testing.T) {
	r, _ := testRoster(t, 0)
	r.failed(0, time.Hour, &ReconnectError{Host: "a:2"})
	_, addr := r.target(0)
	require.Equal(t, "a:2", addr)
	r.failed(0, time.Hour, errors.New("down"))
	_, addr = r.target(0)
	require.Equal(t, "a:1", addr)
}

// TestRosterGrantsAttempts: as many as were asked for, in even pauses, before
// the next of the list gets its turn.
func TestRosterGrantsAttempts(t *testing.T) {
	r, clock := testRoster(t, 0.5)
	r.retry = Retry{Attempts: 3, Pause: 5 * time.Second}.withDefaults()
	down := errors.New("down")
	for range 2 {
		i, _ := r.next(2)
		require.Zero(t, i)
		require.Equal(t, 5*time.Second, r.failed(0, 0, down))
		i, wait := r.next(2)
		require.Equal(t, -1, i, "the second pool is not tried yet")
		require.Equal(t, 5*time.Second, wait)
		clock.now = clock.now.Add(wait)
	}
	require.Equal(t, 500*time.Millisecond, r.failed(0, 0, down), "back-off begins")
	i, _ := r.next(2)
	require.Equal(t, 1, i)
	require.Equal(t, 5*time.Second, r.failed(1, 0, down))
	i, wait := r.next(2)
	require.Equal(t, -1, i)
	require.Equal(t, 500*time.Millisecond, wait, "whichever comes first")

	require.Equal(t, 3750*time.Millisecond, r.retry.wait(1, 0))
	require.Equal(t, 5*time.Second, r.failed(0, time.Hour, down), "a long connection gives new attempts")
	require.Equal(t, Retry{Attempts: 1, Pause: time.Second, First: time.Second, Most: time.Minute, Stable: 30 * time.Second}, Retry{}.withDefaults())
}
