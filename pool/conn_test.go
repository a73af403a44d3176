package pool

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
)

func TestMalformedLines(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Limits.MalformedRows = 4 })
	healthy := l.login()
	for _, line := range []string{"{", "not json", `[]`, `"x"`, `1`, strings.Repeat("[", 5000), `{"id":1,"id":2}`} {
		c := l.dial(0)
		c.write(line)
		require.Equal(t, "Invalid JSON", c.read().text(), line)
		c.expectClosed()
	}
	c := l.login()
	for range 4 {
		reply, _ := c.call("submit", `{"id":1}`)
		require.True(t, reply.failed())
	}
	require.Equal(t, "Too many malformed requests", c.read().text())
	c.expectClosed()

	endless := l.dial(0)
	endless.nc.Write([]byte(strings.Repeat("a", 20000)))
	require.Equal(t, "Message too long", endless.read().text())
	endless.expectClosed()

	nonce, d := mine(t, healthy.job, 0, 16, 1<<30)
	require.Empty(t, healthy.submit(healthy.job.JobID, nonce, d), "others are not disturbed")
}

func TestBlanksAndSplitLines(t *testing.T) {
	l := startLab(t, nil)
	c := l.dial(0)
	line := "\r\n  " + `{"id":1,"method":"login","params":{"login":"wallet","pass":"x"}}` + " \r\n"
	for i := range line {
		_, err := c.nc.Write([]byte{line[i]})
		require.NoError(t, err)
	}
	require.False(t, c.read().failed())
}

func TestHTTP(t *testing.T) {
	l := startLab(t, nil)
	nc, err := net.Dial("tcp", l.Addr(0).String())
	require.NoError(t, err)
	defer nc.Close()
	_, err = nc.Write([]byte("GET / HTTP/1.1\r\nHost: pool\r\n\r\n"))
	require.NoError(t, err)
	nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	all := make([]byte, 0, 512)
	buf := make([]byte, 512)
	for {
		n, err := nc.Read(buf)
		all = append(all, buf[:n]...)
		if err != nil {
			break
		}
	}
	require.True(t, strings.HasPrefix(string(all), "HTTP/1.1 200 OK\r\n"))
	require.True(t, strings.HasSuffix(string(all), "\r\n\r\nMining server online\n"))
}

// The last share's answer comes although the miner has stopped sending.
func TestHalfClose(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	nonce, d := mine(t, c.job, 0, 16, 1<<30)
	c.write(fmt.Sprintf(`{"id":9,"method":"submit","params":%s}`, c.submitParams(c.job.JobID, nonce, d)))
	require.NoError(t, c.nc.(*net.TCPConn).CloseWrite())
	m := c.read()
	require.Equal(t, "9", string(m.ID))
	require.False(t, m.failed())
	c.expectClosed()
}

func TestConnectionLimits(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Limits.PerAddress = 2 })
	a, b := l.login(), l.login()
	third := l.dial(0)
	third.expectClosed()
	require.EqualValues(t, 1, l.Stats().Ports[0].Refused[TooManyConnections])
	a.nc.Close()
	l.eventually("a place is free", func() bool { return l.Stats().Ports[0].Connections == 1 })
	l.login()
	_ = b
}

// A miner that does not read costs a bounded amount and is dropped.
func TestSlowReaderIsDropped(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Limits.MaxPending = 16 << 10
		c.Limits.WriteTimeout = time.Second
	})
	slow, healthy := l.login(), l.login()
	require.NoError(t, slow.nc.(*net.TCPConn).SetReadBuffer(4096))
	gone := make(chan error, 1)
	go func() {
		line := []byte(fmt.Sprintf(`{"id":1,"method":"getjob","params":{"id":%q}}`+"\n", slow.rpcID))
		for {
			if _, err := slow.nc.Write(line); err != nil {
				gone <- err
				return
			}
		}
	}()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		t.Fatal("the slow reader is still there")
	}
	nonce, d := mine(t, healthy.job, 0, 16, 1<<30)
	require.Empty(t, healthy.submit(healthy.job.JobID, nonce, d))
	l.eventually("it is told why", func() bool { return strings.Contains(l.log.String(), "does not read") })
}
