package nodes

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/coin"
)

func (l *lab) template(t *testing.T) uint64 {
	t.Helper()
	tmpl, err := l.Template(t.Context())
	require.NoError(t, err)
	return tmpl.Height
}

func TestPreferredNodeIsUsedWhileItIsWell(t *testing.T) {
	virtually(t, 3, func(t *testing.T, l *lab) {
		status, err := l.Status(t.Context())
		require.NoError(t, err)
		require.True(t, status.Synced)
		require.EqualValues(t, 101, l.template(t))
		require.Equal(t, "a", l.usedNode())
		require.Equal(t, 1, l.nodes[0].templates)
		require.Zero(t, l.nodes[1].templates+l.nodes[2].templates)
	})
}

func TestFailOverAndReturnWithoutFlapping(t *testing.T) {
	virtually(t, 2, func(t *testing.T, l *lab) {
		l.nodes[0].set(func() { l.nodes[0].fail = errDown })
		require.EqualValues(t, 101, l.template(t), "the next node answers at once")
		time.Sleep(3 * time.Second)
		require.Equal(t, "b", l.usedNode())
		require.Equal(t, errDown.Error(), l.States()[0].LastError)

		// A node that comes and goes is not gone back to.
		for range 20 {
			l.nodes[0].set(func() { l.nodes[0].fail = nil })
			time.Sleep(40 * time.Second)
			require.Equal(t, "b", l.usedNode())
			l.nodes[0].set(func() { l.nodes[0].fail = errDown })
			time.Sleep(3 * time.Second)
		}
		l.nodes[0].set(func() { l.nodes[0].fail = nil })
		time.Sleep(returnAfter + 3*time.Second)
		require.Equal(t, "a", l.usedNode(), "well for long enough")
	})
}

func TestOneLostAnswerChangesNothing(t *testing.T) {
	virtually(t, 2, func(t *testing.T, l *lab) {
		time.Sleep(500 * time.Millisecond) // between two looks
		for range 10 {
			l.nodes[0].set(func() { l.nodes[0].fail = errDown })
			time.Sleep(time.Second)
			l.nodes[0].set(func() { l.nodes[0].fail = nil })
			time.Sleep(2 * time.Second)
			require.Equal(t, "a", l.usedNode())
		}
	})
}

func TestANodeThatHangsHoldsNobodyUp(t *testing.T) {
	virtually(t, 2, func(t *testing.T, l *lab) {
		l.nodes[0].set(func() { l.nodes[0].hang = true })
		time.Sleep(strikes*(probeTime+time.Second) + time.Second)
		require.Equal(t, "b", l.usedNode())
		began := time.Now()
		require.EqualValues(t, 101, l.template(t))
		_, err := l.Tip(t.Context())
		require.NoError(t, err)
		require.Zero(t, time.Since(began))
	})
}

func TestNewestTipIsMinedOnAtOnce(t *testing.T) {
	virtually(t, 2, func(t *testing.T, l *lab) {
		before := l.told()
		l.nodes[1].set(func() { l.nodes[1].height = 101 })
		l.Look()
		synctest.Wait()
		require.Equal(t, before+1, l.told())
		require.EqualValues(t, 102, l.template(t))
		require.Equal(t, "a", l.usedNode(), "it may be late by a moment")
		require.EqualValues(t, 1, l.States()[0].Lag)
		l.nodes[0].set(func() { l.nodes[0].height = 101 })
		time.Sleep(2 * time.Second)
		require.Equal(t, before+1, l.told(), "the same tip is no news")
		require.EqualValues(t, 102, l.template(t))
		require.Equal(t, "a", l.usedNode())

		l.nodes[1].set(func() { l.nodes[1].height = 102 })
		time.Sleep(lagGrace + 3*time.Second)
		require.Equal(t, "b", l.usedNode(), "that one stays behind")
	})
}

// A node that lags is never asked for work, even if the others fail to give
// any.
func TestNoStaleTemplates(t *testing.T) {
	virtually(t, 2, func(t *testing.T, l *lab) {
		l.nodes[0].set(func() { l.nodes[0].height, l.nodes[0].noWork = 101, errDown })
		time.Sleep(2 * time.Second)
		_, err := l.Template(t.Context())
		require.ErrorIs(t, err, errDown)
		require.ErrorContains(t, err, "node b: its template is for height 101, the chain has 101")
	})
}

func TestNothingWhileNoNodeIsSynchronised(t *testing.T) {
	virtually(t, 2, func(t *testing.T, l *lab) {
		for _, n := range l.nodes {
			n.set(func() { n.unsynced = true })
		}
		time.Sleep(statusEvery + 2*time.Second)
		_, err := l.Template(t.Context())
		require.ErrorContains(t, err, "no node is synchronised: a: height 100; b: height 100")
		_, err = l.Tip(t.Context())
		require.ErrorContains(t, err, "no node is synchronised")
		status, err := l.Status(t.Context())
		require.NoError(t, err)
		require.False(t, status.Synced)
		require.Empty(t, l.usedNode())
		l.nodes[1].set(func() { l.nodes[1].unsynced = false })
		time.Sleep(2 * time.Second)
		require.EqualValues(t, 101, l.template(t))
		require.Equal(t, "b", l.usedNode())
	})
}

func TestReorganisationIsSeenByItsHash(t *testing.T) {
	virtually(t, 1, func(t *testing.T, l *lab) {
		before := l.told()
		l.nodes[0].set(func() { l.nodes[0].branch = "'" })
		time.Sleep(2 * time.Second)
		require.Equal(t, before+1, l.told())
		tip, err := l.Tip(t.Context())
		require.NoError(t, err)
		require.Equal(t, "100'", tip.Hash)
		l.nodes[0].set(func() { l.nodes[0].height = 99 }) // an operator took a block back
		time.Sleep(2 * time.Second)
		require.EqualValues(t, 100, l.template(t))
	})
}

func TestWrongSetUp(t *testing.T) {
	wrong := &coin.SetupError{What: "another network"}
	virtually(t, 2, func(t *testing.T, l *lab) {
		l.nodes[0].set(func() { l.nodes[0].fail = wrong })
		time.Sleep(2 * time.Second)
		status, err := l.Status(t.Context())
		require.NoError(t, err, "the other will do")
		require.True(t, status.Synced)
		require.Equal(t, "b", l.usedNode())

		l.nodes[1].set(func() { l.nodes[1].fail = errDown })
		time.Sleep(3 * time.Second)
		_, err = l.Status(t.Context())
		require.Error(t, err)
		var setup *coin.SetupError
		require.False(t, errors.As(err, &setup), "waiting may help the other: %v", err)

		l.nodes[1].set(func() { l.nodes[1].fail = wrong })
		time.Sleep(3 * time.Second)
		_, err = l.Status(t.Context())
		require.ErrorAs(t, err, &setup)
	})
}
