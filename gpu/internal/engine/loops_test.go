package engine

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
)

// compiler is a runtime that builds programs when it is told to.
type compiler struct {
	Runtime
	started chan *program.Program
	finish  chan error
	live    atomic.Int32
}

type fakeModule struct{ c *compiler }

func (m fakeModule) Kernel(name string) (Kernel, error) { return name, nil }
func (m fakeModule) Release()                           { m.c.live.Add(-1) }

func (c *compiler) Build(p *program.Program) (Module, error) {
	c.started <- p
	if err := <-c.finish; err != nil {
		return nil, err
	}
	c.live.Add(1)
	return fakeModule{c}, nil
}

// build lets a program be built that has the code of a height.
func (c *compiler) build(t *testing.T, height uint64, err error) {
	p := <-c.started
	want, e := program.Loop(algorithm(t, "cn/r"), height, 1)
	require.NoError(t, e)
	require.Equal(t, want.Code, p.Code, "the program of another height")
	c.finish <- err
}

func algorithm(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

func TestNextHeightIsBuiltAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &compiler{started: make(chan *program.Program), finish: make(chan error)}
		l := &loops{rt: c, a: algorithm(t, "cn/r")}
		use := func(height uint64) chan error {
			done := make(chan error, 1)
			go func() { done <- l.use(height) }()
			return done
		}
		first := use(7)
		c.build(t, 7, nil)
		require.NoError(t, <-first)
		c.build(t, 8, nil) // nobody waits for it
		synctest.Wait()
		require.NoError(t, <-use(8), "it is there already")
		c.build(t, 9, nil)

		jump := use(20)
		c.build(t, 20, nil)
		require.NoError(t, <-jump)
		c.build(t, 21, errors.New("no"))
		synctest.Wait()
		require.ErrorContains(t, <-use(21), "building the main loop of cn/r: no")
		again := use(21)
		c.build(t, 21, nil)
		require.NoError(t, <-again, "another try is made")
		c.build(t, 22, nil)
		l.close()
		require.Zero(t, c.live.Load(), "all programs are released")
	})
}

// What is being built when the height turns out to be another, or when the end
// comes, is waited for and released.
func TestBuildUnderWayIsNotLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &compiler{started: make(chan *program.Program), finish: make(chan error)}
		l := &loops{rt: c, a: algorithm(t, "cn/r")}
		go func() {
			for range 5 {
				<-c.started
				c.finish <- nil
			}
		}()
		require.NoError(t, l.use(1))
		require.NoError(t, l.use(100))
		require.NoError(t, l.use(1))
		go func() {
			<-c.started
			c.finish <- nil
		}()
		l.close()
		require.Zero(t, c.live.Load())
	})
}

func TestOtherAlgorithmsHaveOneLoop(t *testing.T) {
	c := &compiler{started: make(chan *program.Program, 9), finish: make(chan error, 9)}
	l := &loops{rt: c, a: algorithm(t, "cn/2")}
	c.finish <- nil
	require.NoError(t, l.use(5))
	require.NoError(t, l.use(6))
	require.Len(t, c.started, 1)
	l.close()
	require.Zero(t, c.live.Load())
}

func TestTurns(t *testing.T) {
	var turns turns
	_, _, err := turns.finish()
	require.ErrorIs(t, err, errNothingBegun)
	turns.begin()
	turns.begin()
	slot, alone, err := turns.finish()
	require.NoError(t, err)
	require.Equal(t, 0, slot)
	require.False(t, alone)
	slot, alone, err = turns.finish()
	require.NoError(t, err)
	require.Equal(t, 1, slot)
	require.True(t, alone)
}
