package stratumclient

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
)

func TestSessionCryptoNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, messages := open(t, cnEndpoint(t, poolHost), func(p *peer) {
			p.login(jobJSON(), "keepalive")
			first := p.expect(`"nonce":"01000000"`)
			second := p.expect(`"nonce":"02000000"`)
			time.Sleep(250 * time.Millisecond)
			p.send(`{"id":`+idOf(p.t, second)+`,"error":{"code":-1,"message":"Low difficulty share"}}`,
				`{"id":`+idOf(p.t, first)+`,"result":{"status":"OK"}}`,
				jobLine(jobJSON("job_id", `"j2"`)))
			p.hold()
		})
		defer s.Close()
		require.Equal(t, Connected{Pool: poolHost, Remote: "pipe"}, s.Connected())
		require.Equal(t, loginReply(jobJSON(), "keepalive"), string(messages[0].Line), "raw lines come along")
		job := jobsOf(eventsOf(messages...))[0]
		one, two := shareOf(job, 1), shareOf(job, 2)
		require.NoError(t, s.Submit(one))
		require.NoError(t, s.Submit(two))
		require.Equal(t, ShareResult{Share: two, Reason: "Low difficulty share", Latency: 250 * time.Millisecond}, nextEvent(t, s))
		require.Equal(t, ShareResult{Share: one, Accepted: true, Latency: 250 * time.Millisecond}, nextEvent(t, s))
		require.Equal(t, "j2", nextEvent(t, s).(NewJob).Job.ID)
		require.Empty(t, s.Abandon())
	})
}

func TestSessionCKB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, ckbEndpoint(t), func(p *peer) {
			p.ckbLogin()
			p.send(setTarget(2), notify("1611", true))
			p.expect(`"params":["ckb1user.rig","1611","090000000000000000000000"]`)
			p.send(`{"id":3,"result":true,"error":null}`, `{"id":4,"method":"client.get_version"}`)
			p.expect(`{"id":4,"result":"adit/test","error":null}`)
			p.send(notify("1612", true))
			p.hold()
		})
		defer s.Close()
		job := nextEvent(t, s).(NewJob).Job
		require.NoError(t, s.Submit(shareOf(job, 9)))
		require.True(t, nextEvent(t, s).(ShareResult).Accepted)
		require.Equal(t, "1612", nextEvent(t, s).(NewJob).Job.ID)
	})
}

func TestSessionSendsAndReceivesRawLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(poolHost, func(p *peer) {
			require.Equal(p.t, "anything goes\n", p.read())
			require.Equal(p.t, "even this\n", p.read())
			p.send(`{"id":4,"result":true}`)
			p.hold()
		})
		s, err := Connect(t.Context(), cnEndpoint(t, poolHost), n.settings())
		require.NoError(t, err)
		require.NoError(t, s.Send([]byte("anything goes")))
		require.NoError(t, s.Send([]byte("even this\n")))
		m, err := s.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, `{"id":4,"result":true}`, string(m.Line))
		require.Equal(t, time.Now(), m.At)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.Next(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, s.Send([]byte("still alive")))
		require.NoError(t, s.Close())
		require.NoError(t, s.Close(), "twice is fine")
		require.ErrorIs(t, s.Send([]byte("x")), net.ErrClosed)
	})
}

// What a pool says before it hangs up still counts.
func TestSessionDeliversLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, messages := open(t, cnEndpoint(t, poolHost), func(p *peer) {
			p.login(jobJSON())
			id := idOf(p.t, p.expect("submit"))
			p.send(`{"id":`+id+`,"result":{"status":"OK"}}`, jobLine(jobJSON("job_id", `"j2"`)))
		})
		defer s.Close()
		require.NoError(t, s.Submit(shareOf(jobsOf(eventsOf(messages...))[0], 1)))
		synctest.Wait() // the connection has ended by now
		require.True(t, nextEvent(t, s).(ShareResult).Accepted)
		require.Equal(t, "j2", nextEvent(t, s).(NewJob).Job.ID)
		_, err := s.Next(t.Context())
		require.EqualError(t, err, "the pool closed the connection")
		require.ErrorIs(t, s.Submit(shareOf(jobsOf(eventsOf(messages...))[0], 2)), ErrNotConnected)
	})
}

func TestSessionHostilePools(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		script func(*peer)
	}{
		"closes at once":   {"the pool closed the connection", func(p *peer) { p.read() }},
		"another protocol": {poolHost + " does not speak stratum: invalid JSON at byte 0: a message is one object", func(p *peer) { p.send("SSH-2.0-OpenSSH_9.2"); p.hold() }},
		"a web server":     {poolHost + " does not speak stratum: invalid JSON at byte 0: a message is one object", func(p *peer) { p.read(); p.send("HTTP/1.1 400 Bad Request"); p.hold() }},
		"a batch":          {poolHost + " does not speak stratum: invalid JSON at byte 0: a message is one object, batches are not supported", func(p *peer) { p.send("[]"); p.hold() }},
		"an endless line": {"reading from the pool: line too long: more than 65535 bytes", func(p *peer) {
			for {
				if _, err := p.conn.Write([]byte(strings.Repeat("x", 1000))); err != nil {
					return
				}
			}
		}},
		"says nothing":      {"the pool did not answer the login within 20s", func(p *peer) { p.hold() }},
		"drips":             {"the pool did not answer the login within 20s", func(p *peer) { drip(p) }},
		"refuses":           {"the pool refused the login: Invalid address", func(p *peer) { p.read(); p.send(`{"id":1,"error":{"code":-1,"message":"Invalid address"}}`); p.hold() }},
		"wrong types":       {"the pool's answer to the login is unusable: result must be an object", func(p *peer) { p.read(); p.send(`{"id":1,"result":[1]}`); p.hold() }},
		"unknown algorithm": {`the pool sent a job for algorithm "rx/0", but this miner offers only cn/0: pick another pool or another algorithm`, func(p *peer) { p.login(jobJSON("algo", `"rx/0"`)); p.hold() }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				n.pool(poolHost, c.script)
				s, err := Connect(t.Context(), cnEndpoint(t, poolHost), n.settings())
				require.NoError(t, err)
				_, err = s.Login(t.Context())
				require.EqualError(t, err, c.text)
				require.NoError(t, s.Close())
				n.peers.Wait()
			})
		})
	}
}

// drip sends a byte a second, for ever.
func drip(p *peer) {
	go p.hold()
	for {
		time.Sleep(time.Second)
		if _, err := p.conn.Write([]byte("{")); err != nil {
			return
		}
	}
}

func TestSessionToleratesSomeGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, cnEndpoint(t, poolHost), func(p *peer) {
			p.login(jobJSON())
			for range 9 {
				p.send("garbage")
			}
			p.send(`{"id":99,"result":true}`)
			for range 10 {
				p.send("garbage")
			}
			p.hold()
		})
		defer s.Close()
		for range 18 {
			require.Equal(t, Notice{poolHost, "unusable line from the pool: invalid JSON at byte 0: a message is one object"}, nextEvent(t, s))
		}
		_, err := s.Next(t.Context())
		require.EqualError(t, err, "10 unusable lines in a row: invalid JSON at byte 0: a message is one object")
		_, again := s.Next(t.Context())
		require.Equal(t, err, again)
	})
}

func TestSessionPoolThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, messages := open(t, cnEndpoint(t, poolHost), func(p *peer) {
			p.login(jobJSON())
			time.Sleep(time.Hour) // reads no more
		})
		defer time.Sleep(time.Hour) // until the script ends
		defer s.Close()
		job := jobsOf(eventsOf(messages...))[0]
		for i := range byte(128) {
			require.NoError(t, s.Submit(shareOf(job, i)), "Submit never waits")
		}
		require.ErrorIs(t, s.Submit(shareOf(job, 200)), ErrBacklog)
		_, err := s.Next(t.Context())
		require.EqualError(t, err, "the pool has not read a line for 15s")
		lost := s.Abandon()
		require.Len(t, lost, 128)
		require.Equal(t, ShareResult{Share: shareOf(job, 0), Reason: ErrConnectionLost.Error(), Err: ErrConnectionLost}, lost[0])
		require.Empty(t, s.Abandon())
	})
}

func TestSessionSubmitChecksItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, messages := open(t, cnEndpoint(t, poolHost), func(p *peer) {
			p.login(jobJSON())
			p.expect(`"nonce":"07000000"`)
			p.hold()
		})
		defer s.Close()
		job := jobsOf(eventsOf(messages...))[0]
		require.ErrorContains(t, s.Submit(Share{}), "nonce is not as long as its job says")
		require.Error(t, s.Submit(Share{Job: job, Nonce: []byte{1, 2, 3}}))
		share := shareOf(job, 7)
		require.NoError(t, s.Submit(share))
		share.Nonce[0] = 9 // the caller may use it again
		synctest.Wait()
		require.Equal(t, byte(7), s.Abandon()[0].(ShareResult).Share.Nonce[0])
	})
}

func TestSessionRedirect(t *testing.T) {
	for _, c := range []struct {
		params  string
		anyHost bool
		to      string // empty: refused
	}{
		{`["pool.test","4444"]`, false, "pool.test:4444"},
		{`["POOL.test",4444]`, false, "POOL.test:4444"},
		{`[]`, false, "pool.test:3333"},
		{`["","4444"]`, false, "pool.test:4444"},
		{`["evil.test","3333"]`, false, ""},
		{`["evil.test","3333"]`, true, "evil.test:3333"},
		{`["evil test","3333"]`, true, ""},
		{`["pool.test.evil","3333"]`, false, ""},
	} {
		t.Run(c.params, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				n.pool(poolHost, func(p *peer) {
					p.login(jobJSON())
					p.send(`{"id":null,"method":"client.reconnect","params":` + c.params + `}`)
					p.hold()
				})
				set := n.settings()
				set.AnyHost = c.anyHost
				s, err := Connect(t.Context(), cnEndpoint(t, poolHost), set)
				require.NoError(t, err)
				defer s.Close()
				_, err = s.Login(t.Context())
				require.NoError(t, err)
				m, err := s.Next(t.Context())
				var to *ReconnectError
				if c.to == "" {
					require.NoError(t, err)
					require.Contains(t, m.Events[0].(Notice).Text, "refused, only its own host is followed")
					return
				}
				require.ErrorAs(t, err, &to)
				require.Equal(t, c.to, to.Host)
			})
		})
	}
}

func TestSessionKeepaliveAndSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.pool(poolHost, func(p *peer) {
			p.login(jobJSON(), "keepalive")
			p.hold()
		})
		s, err := Connect(t.Context(), cnEndpoint(t, poolHost), n.settings())
		require.NoError(t, err)
		defer s.Close()
		_, err = s.Login(t.Context())
		require.NoError(t, err)
		start := s.lastSent
		for range 15*60 - 1 {
			time.Sleep(time.Second)
			events, err := s.check()
			require.NoError(t, err)
			require.Empty(t, events)
			require.Equal(t, time.Since(start).Truncate(time.Minute), s.lastSent.Sub(start), "every 60 s")
		}
		time.Sleep(time.Second)
		_, err = s.check()
		require.EqualError(t, err, "the pool has been silent for 15m0s")
	})
}

func TestSessionGivesUpOnAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, messages := open(t, cnEndpoint(t, poolHost), func(p *peer) {
			p.login(jobJSON())
			p.expect("submit")
			time.Sleep(10 * time.Second)
			p.send(jobLine(jobJSON("job_id", `"j2"`)))
			time.Sleep(25 * time.Second)
			p.send(`{"id":2,"result":{"status":"OK"}}`) // too late
			p.hold()
		})
		defer s.Close()
		job := jobsOf(eventsOf(messages...))[0]
		share := shareOf(job, 1)
		require.NoError(t, s.Submit(share))
		require.Equal(t, "j2", nextEvent(t, s).(NewJob).Job.ID)
		time.Sleep(20 * time.Second)
		events, err := s.check()
		require.NoError(t, err, "the pool is alive, it just said something")
		require.Equal(t, []Event{ShareResult{Share: share, Reason: ErrNoReply.Error(), Err: ErrNoReply}}, events)
		m, err := s.Next(t.Context())
		require.NoError(t, err)
		require.Empty(t, m.Events, "one result is enough")

		require.NoError(t, s.Submit(share))
		time.Sleep(30 * time.Second)
		events, err = s.check()
		require.EqualError(t, err, "the pool has been silent since a share was sent 30s ago")
		require.Len(t, events, 1)
	})
}

func TestConnectFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		_, err := Connect(t.Context(), cnEndpoint(t, poolHost), n.settings())
		require.ErrorIs(t, err, errRefused)

		set := n.settings()
		set.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		_, err = Connect(t.Context(), cnEndpoint(t, poolHost), set)
		require.EqualError(t, err, "no connection in time: gave up after 20s")

		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("enough"))
		_, err = Connect(ctx, cnEndpoint(t, poolHost), set)
		require.EqualError(t, err, "enough")

		_, err = Connect(t.Context(), Endpoint{Host: "pool"}, set)
		require.ErrorContains(t, err, "missing port")
	})
}

// A line as long as allowed passes, whatever it holds.
func TestSessionLongestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := `{"id":77,"result":["`
		const piece = 8000
		var b strings.Builder
		b.WriteString(start)
		for b.Len() < stratum.MaxPoolLine-2*piece {
			b.WriteString(strings.Repeat("x", piece) + `","`)
		}
		b.WriteString(strings.Repeat("x", 100) + `"]}`)
		line := b.String() + strings.Repeat(" ", stratum.MaxPoolLine-b.Len())
		s, _ := open(t, cnEndpoint(t, poolHost), func(p *peer) {
			p.login(jobJSON())
			p.send(line)
			p.hold()
		})
		defer s.Close()
		m, err := s.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, b.String(), string(m.Line))
	})
}
