package stratumclient

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	hostA = "a.test:3333"
	hostB = "b.test:3333"
	hostC = "c.test:3333"
)

// goodPool logs in, then takes every share.
func goodPool(p *peer) {
	p.login(jobJSON())
	p.serveShares()
}

func TestNewChecksItsConfig(t *testing.T) {
	_, err := New(Config{})
	require.EqualError(t, err, "no pool to mine on: give one as host:port")
	_, err = New(Config{Endpoints: []Endpoint{cnEndpoint(t, hostA), cnEndpoint(t, "b")}})
	require.ErrorContains(t, err, `missing port in "b"`)
}

func TestClientMines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostA, func(p *peer) {
			p.login(jobJSON())
			p.send(`{"id":` + idOf(p.t, p.expect(`"nonce":"01000000"`)) + `,"result":{"status":"OK"}}`)
			p.send(`{"id":` + idOf(p.t, p.expect(`"nonce":"02000000"`)) + `,"error":{"code":-1,"message":"Duplicate share"}}`)
			p.send(jobLine(jobJSON("job_id", `"j2"`)))
			p.hold()
		})
		r := run(t, n, 0, nil, cnEndpoint(t, hostA))
		job := r.wantPool(hostA)
		require.NoError(t, r.Submit(shareOf(job, 1)))
		require.Equal(t, ShareResult{Share: shareOf(job, 1), Accepted: true}, want[ShareResult](r))
		require.NoError(t, r.Submit(shareOf(job, 2)))
		require.Equal(t, ShareResult{Share: shareOf(job, 2), Reason: "Duplicate share"}, want[ShareResult](r))
		require.Equal(t, "j2", want[NewJob](r).Job.ID)
		require.NoError(t, r.Submit(shareOf(job, 3)))
		rest := r.stop()
		require.Equal(t, hostA, rest[0].(Disconnected).Pool)
		require.Equal(t, ErrConnectionLost, rest[1].(ShareResult).Err, "no share is lost silently")
		require.Len(t, rest, 2)
		require.ErrorIs(t, r.Submit(shareOf(job, 4)), ErrNotConnected)
	})
}

func TestClientMinesCKB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		e := ckbEndpoint(t)
		n.pool(e.Host, func(p *peer) {
			p.ckbLogin()
			p.send(setTarget(2), notify("1", true))
			p.expect("mining.submit")
			p.send(`{"id":3,"result":true,"error":null}`)
			p.hold()
		})
		r := run(t, n, 0, nil, e)
		job := r.wantPool(e.Host)
		require.NoError(t, r.Submit(shareOf(job, 1)))
		require.True(t, want[ShareResult](r).Accepted)
		r.stop()
	})
}

func TestClientReconnectsWithBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		r := run(t, n, 0.5, nil, cnEndpoint(t, hostA))
		start := time.Now()
		for _, retry := range []time.Duration{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000} {
			lost := want[Disconnected](r)
			require.Equal(t, hostA, lost.Pool)
			require.ErrorIs(t, lost.Err, errRefused)
			require.EqualError(t, lost.Err, "connecting to a.test:3333: connection refused")
			require.Equal(t, retry*time.Millisecond, lost.Retry)
		}
		require.Equal(t, 61500*time.Millisecond, time.Since(start))
		n.pool(hostA, goodPool)
		first := r.wantPool(hostA)
		require.Equal(t, 91500*time.Millisecond, time.Since(start))
		time.Sleep(time.Minute)
		require.NoError(t, r.Submit(shareOf(first, 1)))
		require.True(t, want[ShareResult](r).Accepted)
		r.stop()
	})
}

func TestClientNewConnectionNewGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostA, func(p *peer) { p.login(jobJSON()); p.read() })
		r := run(t, n, 0, nil, cnEndpoint(t, hostA))
		first := r.wantPool(hostA)
		require.NoError(t, r.Submit(shareOf(first, 1)))
		require.EqualError(t, want[Disconnected](r).Err, "the pool closed the connection")
		require.Equal(t, ErrConnectionLost, want[ShareResult](r).Err)
		second := r.wantPool(hostA)
		require.NotEqual(t, first.Generation, second.Generation)

		require.ErrorIs(t, r.Submit(shareOf(first, 2)), ErrNotConnected)
		require.Equal(t, ShareResult{Share: shareOf(first, 2), Reason: ErrNotConnected.Error(), Err: ErrNotConnected}, want[ShareResult](r))
		require.Error(t, r.Submit(Share{Job: second}))
		require.ErrorContains(t, want[ShareResult](r).Err, "nonce")
		require.ErrorIs(t, r.Submit(Share{}), ErrNotConnected)
		want[ShareResult](r)
		r.stop()
	})
}

func TestClientFailsOverAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostB, func(p *peer) {
			p.login(jobJSON())
			line := p.expect("submit")
			time.Sleep(3 * time.Minute)
			p.send(jobLine(jobJSON("job_id", `"late"`)), `{"id":`+idOf(p.t, line)+`,"result":{"status":"OK"}}`)
			p.serveShares()
		})
		r := run(t, n, 0.5, func(c *Config) { c.ReplyTimeout, c.WriteTimeout = time.Hour, time.Hour },
			cnEndpoint(t, hostA), cnEndpoint(t, hostB), cnEndpoint(t, hostC))
		require.Equal(t, hostA, want[Disconnected](r).Pool)
		onB := r.wantPool(hostB)
		require.NoError(t, r.Submit(shareOf(onB, 1)))
		time.Sleep(2 * time.Minute)
		require.NotContains(t, n.dialled(), hostC)
		require.Greater(t, len(n.dialled()), 5, "the better pool is tried again and again, in silence")

		n.pool(hostA, goodPool)
		onA := r.wantPool(hostA)
		require.NoError(t, r.Submit(shareOf(onA, 2)))
		require.Equal(t, onA, want[ShareResult](r).Share.Job)
		require.NoError(t, r.Submit(shareOf(onB, 3)), "the former pool still takes its shares")
		first, second := want[ShareResult](r), want[ShareResult](r)
		require.Equal(t, []Share{shareOf(onB, 1), shareOf(onB, 3)}, []Share{first.Share, second.Share})
		require.True(t, first.Accepted && second.Accepted, "and its verdicts arrive, without its jobs")
		time.Sleep(time.Minute)
		require.ErrorIs(t, r.Submit(shareOf(onB, 4)), ErrNotConnected, "but not for ever")
		want[ShareResult](r)
		r.stop()
	})
}

func TestClientOnTheBackupLosesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostB, func(p *peer) { p.login(jobJSON()); time.Sleep(10 * time.Second) })
		n.pool(hostC, goodPool)
		r := run(t, n, 0.999, nil, cnEndpoint(t, hostA), cnEndpoint(t, hostB), cnEndpoint(t, hostC))
		require.Equal(t, hostA, want[Disconnected](r).Pool)
		r.wantPool(hostB)
		require.Equal(t, hostB, want[Disconnected](r).Pool)
		for e := range r.Events() { // a.test may be tried once more before c.test
			if c, ok := e.(Connected); ok {
				require.Equal(t, hostC, c.Pool)
				break
			}
		}
		require.Equal(t, hostC, want[LoggedIn](r).Pool)
		want[NewJob](r)
		require.Equal(t, hostB, want[Connected](r).Pool, "the second best is better than the third")
		r.stop()
	})
}

func TestClientLogsInAnewOnCriticalErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostA, func(p *peer) {
			p.login(jobJSON())
			p.send(`{"id":` + idOf(p.t, p.expect("submit")) + `,"error":{"code":-1,"message":"Unauthenticated"}}`)
			p.hold()
		})
		r := run(t, n, 0, nil, cnEndpoint(t, hostA))
		for range 3 {
			require.NoError(t, r.Submit(shareOf(r.wantPool(hostA), 1)))
			require.Equal(t, "Unauthenticated", want[ShareResult](r).Reason)
			require.EqualError(t, want[Disconnected](r).Err, "the pool ended the session: Unauthenticated")
		}
		r.stop()
	})
}

func TestClientFollowsARedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostA, func(p *peer) {
			p.login(jobJSON())
			time.Sleep(time.Second)
			p.send(`{"id":null,"method":"client.reconnect","params":["a.test","4444"]}`)
			p.hold()
		})
		n.pool("a.test:4444", func(p *peer) { p.login(jobJSON()); time.Sleep(time.Minute) })
		r := run(t, n, 0, nil, cnEndpoint(t, hostA))
		r.wantPool(hostA)
		require.EqualError(t, want[Disconnected](r).Err, "the pool asks to reconnect to a.test:4444")
		r.wantPool("a.test:4444")
		require.Equal(t, "a.test:4444", want[Disconnected](r).Pool)
		r.wantPool(hostA)
		r.stop()
	})
}

func TestClientRefusedLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostA, func(p *peer) {
			p.read()
			p.send(`{"id":1,"error":{"code":-1,"message":"Invalid address used for login"}}`)
			p.hold()
		})
		r := run(t, n, 0.5, nil, cnEndpoint(t, hostA))
		lost := want[Disconnected](r)
		require.EqualError(t, lost.Err, "logging in to a.test:3333: the pool refused the login: Invalid address used for login")
		var refused *LoginError
		require.ErrorAs(t, lost.Err, &refused)
		r.stop()
	})
}

func TestClientUnansweredShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostA, func(p *peer) {
			p.login(jobJSON(), "keepalive")
			p.hold()
		})
		r := run(t, n, 0, nil, cnEndpoint(t, hostA))
		job := r.wantPool(hostA)
		time.Sleep(time.Minute)
		start := time.Now()
		require.NoError(t, r.Submit(shareOf(job, 1)))
		require.Equal(t, ErrNoReply, want[ShareResult](r).Err)
		require.LessOrEqual(t, time.Since(start), 31*time.Second)
		require.ErrorContains(t, want[Disconnected](r).Err, "silent since a share was sent")
		r.wantPool(hostA)
		r.stop()
	})
}

func TestClientKeepalives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		times := make(chan time.Time, 10)
		n.pool(hostA, func(p *peer) {
			p.login(jobJSON(), "keepalive")
			for range 3 {
				line := p.expect(`"method":"keepalived","params":{"id":"sess"}`)
				times <- time.Now()
				p.send(`{"id":` + idOf(p.t, line) + `,"result":{"status":"KEEPALIVED"}}`)
			}
			p.hold()
		})
		start := time.Now()
		r := run(t, n, 0, nil, cnEndpoint(t, hostA))
		r.wantPool(hostA)
		for i := range 3 {
			require.InDelta(t, float64(i+1)*60, (<-times).Sub(start).Seconds(), 3)
		}
		require.Len(t, r.stop(), 1, "keepalives are no events")
	})
}

// A reader that stops reading stops nothing, and costs no verdicts.
func TestClientSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		start, sent := make(chan struct{}), make(chan struct{})
		n.pool(hostA, func(p *peer) {
			p.login(jobJSON())
			go func() {
				defer close(sent)
				<-start
				for range 1000 {
					p.send(jobLine(jobJSON("job_id", `"more"`)), `{"id":null,"error":{"code":-1,"message":"note"}}`)
				}
				p.send(jobLine(jobJSON("job_id", `"last"`)))
			}()
			p.serveShares()
		})
		r := run(t, n, 0, func(c *Config) { c.MaxPending = 5 }, cnEndpoint(t, hostA))
		job := r.wantPool(hostA)
		close(start)
		<-sent
		for i := range byte(5) {
			require.NoError(t, r.Submit(shareOf(job, i)))
		}
		synctest.Wait()
		require.ErrorIs(t, r.Submit(shareOf(job, 9)), ErrBacklog, "unread verdicts count")
		var results, notices int
		var last string
		for results < 5 {
			switch e := (<-r.Events()).(type) {
			case ShareResult:
				require.True(t, e.Accepted)
				results++
			case Notice:
				notices++
			case NewJob:
				last = e.Job.ID
			}
		}
		require.Equal(t, "last", last)
		require.LessOrEqual(t, notices, maxUnread+1, "one may be on its way to the reader")
		require.NoError(t, r.Submit(shareOf(job, 9)))
		r.stop()
	})
}

func TestClientEndsThoughNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(hostA, goodPool)
		r := run(t, n, 0, nil, cnEndpoint(t, hostA))
		time.Sleep(time.Second)
		r.cancel()
		start := time.Now()
		require.NoError(t, <-r.ended)
		require.Equal(t, lastWords, time.Since(start))
		_, ok := <-r.Events()
		require.False(t, ok)
		n.peers.Wait()
	})
}

func TestClientEndsWhileWaiting(t *testing.T) {
	for name, script := range map[string]func(*peer){
		"to retry":  nil,
		"for login": func(p *peer) { p.hold() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				n.pool(hostA, script)
				r := run(t, n, 0.9, nil, cnEndpoint(t, hostA))
				time.Sleep(10 * time.Millisecond)
				r.stop()
			})
		})
	}
}

// The whole client over real sockets.
func TestClientOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	n := newNetwork(t)
	n.peers.Go(func() { serveTCP(t, l) })
	cfg := Config{Endpoints: []Endpoint{cnEndpoint(t, l.Addr().String())}}
	c, err := New(cfg)
	require.NoError(t, err)
	r := &rig{Client: c, network: n, t: t, ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() { r.ended <- c.Run(ctx) }()
	job := r.wantPool(l.Addr().String())
	require.NoError(t, r.Submit(shareOf(job, 1)))
	require.True(t, want[ShareResult](r).Accepted)
	l.Close()
	r.stop()
}

func serveTCP(t *testing.T, l net.Listener) {
	conn, err := l.Accept()
	if errors.Is(err, net.ErrClosed) {
		return
	}
	defer conn.Close()
	goodPool(newPeer(t, conn))
}
