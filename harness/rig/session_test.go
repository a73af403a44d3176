package rig_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/harness/lab/labtest"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/wire"
)

func open(t *testing.T, p *labtest.Pool, watch rig.Watcher) *rig.Session {
	t.Helper()
	target, err := p.Target().WithDefaults()
	require.NoError(t, err)
	s, err := rig.Open(t.Context(), &target, watch)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// TestSharesAreReal against a pool that judges each by hashing it.
func TestSharesAreReal(t *testing.T) {
	for _, proto := range []string{rig.CryptoNote, rig.CKB} {
		t.Run(proto, func(t *testing.T) {
			p := (&labtest.Pool{Proto: proto, Difficulty: 30}).Start(t)
			results := make(chan *wire.Result, 2)
			s := open(t, p, rig.Watcher{Result: func(r *wire.Result, _ time.Time) { results <- r }})
			f := p.Finder(t)
			var next uint64
			var found []*rig.Share
			for len(found) == 0 {
				var err error
				found, err = f.Search(s.Job(), &next, 1000, nil)
				require.NoError(t, err)
			}
			require.Equal(t, next, f.Hashes)
			require.NoError(t, s.Submit(found[0]))
			require.Equal(t, wire.Accepted, (<-results).Verdict)

			low, err := f.Low(s.Job(), &next)
			require.NoError(t, err)
			number := s.Job().Algo.Number(&low.Digest)
			require.Less(t, chain.Uint64(chain.ShareDifficulty(number)), uint64(30))
			require.NoError(t, s.Submit(low))
			r := <-results
			require.Equal(t, wire.Rejected, r.Verdict)
			require.Equal(t, wire.ReasonLow, r.Reason)
		})
	}
}

func TestSearchDoesNotGoBeyond(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CryptoNote, Difficulty: 1}).Start(t)
	s, f := open(t, p, rig.Watcher{}), p.Finder(t)
	next := uint64(0)
	found, err := f.Search(s.Job(), &next, 7, nil)
	require.NoError(t, err)
	require.Len(t, found, 7, "at difficulty 1 every hash is a share")
	require.EqualValues(t, 7, next)

	next = 1<<32 - 2
	found, err = f.Search(s.Job(), &next, 7, nil)
	require.NoError(t, err)
	require.Len(t, found, 2)
	_, err = f.Search(s.Job(), &next, 7, nil)
	require.ErrorIs(t, err, rig.ErrExhausted)

	_, err = f.Low(s.Job(), new(uint64))
	require.Error(t, err, "there is no low share at difficulty 1")
	_, err = f.Search(&wire.Job{}, &next, 7, nil)
	require.ErrorIs(t, err, rig.ErrNoAlgorithm)
}

func TestTheWatcherIsTold(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 3}).Start(t)
	jobs, closed := make(chan *wire.Job, 4), make(chan error, 1)
	s := open(t, p, rig.Watcher{Job: func(job *wire.Job, _ time.Time) { jobs <- job }, Closed: func(err error, _ time.Time) { closed <- err }})
	first := <-jobs
	require.NoError(t, p.NewTip())
	second := <-jobs
	require.False(t, second.SameParent(first))
	require.True(t, s.Alive())
	p.Close()
	require.Error(t, <-closed)
	require.False(t, s.Alive())
}

func TestAPausedSessionReadsLater(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 3}).Start(t)
	jobs := make(chan *wire.Job, 8)
	s := open(t, p, rig.Watcher{Job: func(job *wire.Job, _ time.Time) { jobs <- job }})
	<-jobs
	s.Pause()
	require.NoError(t, p.NewTip()) // one line may be read yet: the reader was in the middle of it
	require.NoError(t, p.NewTip())
	s.Resume()
	<-jobs
	<-jobs
}

// script is a pool that answers the login with a line of its own.
func script(t *testing.T, reply string) rig.Target {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(c).ReadString('\n')
			_, _ = fmt.Fprint(c, reply)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return rig.Target{Address: ln.Addr().String(), Proto: rig.CryptoNote, Login: "nobody", Timeout: 20 * time.Second}
}

func TestALoginThatFails(t *testing.T) {
	for name, tc := range map[string]struct{ reply, want string }{
		"refused":     {`{"id":1,"jsonrpc":"2.0","error":{"code":-1,"message":"no \u001bway"},"result":null}` + "\n", "refused: no"},
		"closed":      {"", "closed the connection"},
		"nonsense":    {"<html>\n", "closed the connection"},
		"endless":     {strings.Repeat("x", 1<<20), "closed the connection"},
		"no job":      {`{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"s","status":"OK"}}` + "\n", "closed the connection"},
		"zero target": {`{"id":1,"error":null,"result":{"id":"s","job":{"job_id":"1","blob":"` + strings.Repeat("00", 76) + `","target":"00000000"},"status":"OK"}}` + "\n", "closed the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := script(t, tc.reply).WithDefaults()
			require.NoError(t, err)
			_, err = rig.Open(t.Context(), &target, rig.Watcher{})
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "\x1b")
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	p := (&labtest.Pool{Proto: rig.CKB, Difficulty: 3}).Start(t)
	target, err := p.Target().WithDefaults()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = rig.Open(ctx, &target, rig.Watcher{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTargetMistakes(t *testing.T) {
	for _, target := range []rig.Target{
		{Proto: rig.CKB, Login: "x"}, {Address: "a:1", Proto: "sv2", Login: "x"}, {Address: "a:1", Proto: rig.CKB},
	} {
		_, err := target.WithDefaults()
		require.Error(t, err)
	}
}
