package nodes

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/coin"
)

func TestBlockGoesToAllNodes(t *testing.T) {
	virtually(t, 3, func(t *testing.T, l *lab) {
		l.nodes[0].set(func() { l.nodes[0].slow = 10 * time.Second })
		l.nodes[2].set(func() { l.nodes[2].submit = errDown })
		began := time.Now()
		require.NoError(t, l.Submit(t.Context(), coin.Block{Hash: "x"}))
		require.Zero(t, time.Since(began), "the first answer decides")
		time.Sleep(15 * time.Second)
		require.Equal(t, 1, l.nodes[0].got(), "the slow one has it as well")
		require.Equal(t, submitTries, l.nodes[2].got())
	})
}

func TestVerdictsOnABlock(t *testing.T) {
	no := &coin.RefusedError{Reason: "no work"}
	for _, tc := range []struct {
		name    string
		a, b    error
		late    bool // a has it, but the answer was lost
		refused bool
		ok      bool
	}{
		{name: "both take it", ok: true},
		{name: "one refuses it", a: no, ok: true},
		{name: "one is lost", b: errDown, ok: true},
		{name: "both refuse it", a: no, b: no, refused: true},
		{name: "one refuses it, one is lost", a: no, b: errDown},
		{name: "both are lost", a: errDown, b: errDown},
		{name: "refused after a lost answer", a: no, b: no, late: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			virtually(t, 2, func(t *testing.T, l *lab) {
				l.nodes[0].set(func() { l.nodes[0].submit, l.nodes[0].late = tc.a, tc.late })
				l.nodes[1].set(func() { l.nodes[1].submit = tc.b })
				err := l.Submit(t.Context(), coin.Block{Hash: "x"})
				require.Equal(t, tc.ok, err == nil, "%v", err)
				var refused *coin.RefusedError
				require.Equal(t, tc.refused, errors.As(err, &refused), "%v", err)
			})
		})
	}
}

func TestSubmitEndsWithItsContext(t *testing.T) {
	virtually(t, 2, func(t *testing.T, l *lab) {
		for _, n := range l.nodes {
			n.set(func() { n.slow = time.Hour })
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Submit(ctx, coin.Block{}) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		l.Set.Close() // and nothing is left behind
		require.ErrorIs(t, l.Submit(t.Context(), coin.Block{}), context.Canceled)
	})
}
