package pool

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/listen"
)

// writeCertificate makes a new certificate in a folder.
func writeCertificate(t *testing.T, dir string) config.TLS {
	t.Helper()
	files := config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	certPEM, keyPEM, err := listen.SelfSigned(rand.Reader, time.Now(), []string{"127.0.0.1"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files.Certificate, certPEM, 0o600))
	require.NoError(t, os.WriteFile(files.Key, keyPEM, 0o600))
	return files
}

// secure turns a client's connection into an encrypted one and returns what
// certificate it was shown.
func (c *client) secure() string {
	c.t.Helper()
	conn := tls.Client(c.nc, &tls.Config{InsecureSkipVerify: true})
	require.NoError(c.t, conn.Handshake())
	c.nc, c.r = conn, bufio.NewReader(conn)
	return string(conn.ConnectionState().PeerCertificates[0].Raw)
}

// mineOne logs in and gets one share accepted.
func (l *lab) mineOne(c *client) *cnClient {
	l.t.Helper()
	m := l.loginOver(c, "wallet", "x")
	nonce, d := mine(l.t, m.job, 0, 16, 1<<30)
	require.Empty(l.t, m.submit(m.job.JobID, nonce, d))
	return m
}

func TestTLSAndPlainOnOnePort(t *testing.T) {
	dir := t.TempDir()
	l := startLab(t, func(c *config.Config, _ *Deps) { c.TLS = writeCertificate(t, dir) })
	plain := l.mineOne(l.dial(0))
	secure := l.dial(0)
	before := secure.secure()
	miner := l.mineOne(secure)

	writeCertificate(t, dir)
	require.NoError(t, l.reloadCertificate())
	again := l.dial(0)
	require.NotEqual(t, before, again.secure(), "the new certificate")
	l.mineOne(again)

	l.coins["xmr"].change(func() { l.coins["xmr"].height++ })
	require.EqualValues(t, 101, miner.nextJob().Height, "old connections go on")
	require.EqualValues(t, 101, plain.nextJob().Height)

	c := l.dial(0)
	c.secure()
	reply, _ := c.call("login", `{"login":"wallet","pass":"x"}`)
	require.Contains(t, string(reply.Result), `"tls"`)
}

func TestPortForTLSOnly(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.TLS = writeCertificate(t, t.TempDir())
		c.Ports[0].TLSMode = config.TLSOnly
		c.Ports[1].TLSMode = config.TLSOff
	})
	c := l.dial(0)
	c.write(`{"id":1,"method":"login","params":{"login":"wallet"}}`)
	c.expectClosed()
	require.EqualValues(t, 1, l.Stats().Ports[0].Refused[NotOpened])
	secure := l.dial(0)
	secure.secure()
	l.mineOne(secure)
	require.Error(t, tls.Client(l.dial(1).nc, &tls.Config{InsecureSkipVerify: true}).Handshake())
}

func TestPoolDoesNotStartWithoutItsCertificate(t *testing.T) {
	l := newLab(t, func(c *config.Config, _ *Deps) {
		c.TLS = config.TLS{Certificate: "/nowhere/cert.pem", Key: "/nowhere/key.pem"}
	})
	err := <-l.done
	require.ErrorContains(t, err, "reading the TLS certificate: open /nowhere/cert.pem")
	l.done <- err
}

func TestMinersBehindATrustedProxy(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Ports[0].Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		c.Limits.PerAddress = 2
	})
	through := func(address string) *client {
		c := l.dial(0)
		_, err := fmt.Fprintf(c.nc, "PROXY TCP4 %s 192.0.2.1 1000 3333\r\n", address)
		require.NoError(t, err)
		return c
	}
	for i := range 5 { // each address has its own limit
		l.mineOne(through(fmt.Sprintf("198.51.100.%d", i)))
	}
	l.mineOne(through("198.51.100.1"))
	through("198.51.100.1").expectClosed()
	require.EqualValues(t, 1, l.Stats().Ports[0].Refused[TooManyConnections])

	bare := l.dial(0)
	bare.write(`{"id":1,"method":"login","params":{"login":"wallet"}}`)
	bare.expectClosed()
	require.Contains(t, l.log.String(), "trusted proxy 127.0.0.1 must send PROXY headers")

	stranger := l.dial(1) // a port that trusts nobody
	stranger.write("PROXY TCP4 203.0.113.1 192.0.2.1 1000 3333\r")
	require.Equal(t, "20 Invalid JSON", stranger.read().text())
	stranger.expectClosed()
}

// Connections that have not said who they are do not hold up the end.
func TestEndWithSilentConnections(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.TLS = writeCertificate(t, t.TempDir())
		c.Limits.LoginTimeout = time.Hour
	})
	for _, beginning := range []string{"", "{", "\x16\x03"} {
		io.WriteString(l.dial(0).nc, beginning)
	}
	l.eventually("all are seen", func() bool { return l.connections.Load() == 3 })
	l.end()
}

func TestMinersAreSentElsewhereAtTheEnd(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Ports[0].Reconnect, c.Ports[1].Reconnect = "backup.example:4444", "ckb.example:5555"
	})
	c := l.dial(0)
	reply, _ := c.call("login", `{"login":"wallet","pass":"x"}`)
	require.Contains(t, string(reply.Result), `"connect"`)
	ckb := l.authorize("wallet", "x")
	stranger := l.dial(0)
	l.eventually("all are seen", func() bool { return l.connections.Load() == 3 })
	l.end()
	m := c.read()
	require.Equal(t, "client.reconnect", m.Method)
	require.JSONEq(t, `["backup.example","4444"]`, string(m.Params))
	c.expectClosed()
	m = ckb.read()
	require.Equal(t, "client.reconnect", m.Method)
	require.Contains(t, string(m.Params), "ckb.example")
	_, err := stranger.tryRead()
	require.Error(t, err, "who has not logged in is told nothing")
}

func TestReload(t *testing.T) {
	l := startLab(t, nil)
	old := l.login()
	cfg := labConfig()
	cfg.Ports[0].Fixed, cfg.Ports[0].Fee = 64, 150
	cfg.Limits.PerAddress = 2
	cfg.Login.WorkerSeparator = "_"
	waiting, err := l.Reload(cfg)
	require.NoError(t, err)
	require.Empty(t, waiting)
	nonce, d := mine(t, old.job, 0, 16, 63)
	require.Empty(t, old.submit(old.job.JobID, nonce, d), "who is logged in keeps his difficulty")
	c := l.loginAs("wallet_rig", "x")
	nonce, d = mine(t, c.job, 0, 16, 63)
	require.Equal(t, "Low difficulty share", c.submit(c.job.JobID, nonce, d))
	nonce, d = mine(t, c.job, 0, 64, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	require.EqualValues(t, 150, l.ports[0].terms(true).Fee)
	l.dial(0).expectClosed()

	cfg.Verify.Threads++
	cfg.TLS = config.TLS{Certificate: "new.crt", Key: "new.key"}
	cfg.Coins[0].Poll++
	cfg.Ports[1].Listen = "127.0.0.1:1"
	waiting, err = l.Reload(cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"the new port 127.0.0.1:1", "the end of port 127.0.0.1:0", "[coin]", "[verify]", "[tls]"}, waiting)

	cfg.Limits.PerAddress = 0
	_, err = l.Reload(cfg)
	require.ErrorContains(t, err, "per_address must be above 0")
	require.Equal(t, 2, l.limits().PerAddress, "a mistake changes nothing")
}

func TestReconnectMemory(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Ports[0].Fixed, c.Ports[0].Start, c.Ports[0].Min = 0, 2, 1
	})
	c := l.loginAs("wallet.rig", "x")
	first := c.job.Target
	for n := 0; c.job.Target == first; n++ {
		nonce, d := mine(t, c.job, n, 2, 1<<30)
		c.submit(c.job.JobID, nonce, d)
		require.Less(t, n, 100)
	}
	gone := func() bool { return l.Stats().Ports[0].Connections == 0 }
	c.nc.Close()
	l.eventually("it has gone", gone)
	again := l.loginAs("wallet.rig", "x")
	require.NotEqual(t, first, again.job.Target, "it starts where it was")
	require.Equal(t, first, l.loginAs("wallet.other", "x").job.Target)
	require.Equal(t, first, l.loginAs("wallet2.rig", "x").job.Target)
}
