package listen

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum/proxyproto"
)

// certificate writes a self-signed certificate and loads it.
func certificate(t *testing.T) *Certificate {
	t.Helper()
	dir := t.TempDir()
	c := filepath.Join(dir, "cert.pem")
	k := filepath.Join(dir, "key.pem")
	rewrite(t, c, k)
	loaded, err := LoadCertificate(c, k)
	require.NoError(t, err)
	return loaded
}

func rewrite(t *testing.T, c, k string) {
	t.Helper()
	certPEM, keyPEM, err := SelfSigned(rand.Reader, time.Now(), []string{"pool.example", "192.0.2.1"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c, certPEM, 0o600))
	require.NoError(t, os.WriteFile(k, keyPEM, 0o600))
}

// meet opens one real connection whose client does what is given.
func meet(t *testing.T, cfg Config, client func(nc net.Conn)) (Opened, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return
		}
		defer nc.Close()
		client(nc)
	}()
	nc, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	return Open(t.Context(), nc, cfg, time.Now().Add(20*time.Second))
}

func say(text string) func(net.Conn) {
	return func(nc net.Conn) {
		io.WriteString(nc, text)
		io.Copy(io.Discard, nc)
	}
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestPlain(t *testing.T) {
	o, err := meet(t, Config{TLS: certificate(t).Config()}, say("{\"id\":1}\n"))
	require.NoError(t, err)
	require.Equal(t, "{\"id\":1}\n", string(o.First))
	require.Equal(t, "127.0.0.1", o.Peer)
	require.False(t, o.Secure)
}

func TestTLSOnTheSamePort(t *testing.T) {
	cert := certificate(t)
	for _, tc := range []struct {
		name, header, peer string
		proxies            []netip.Prefix
	}{
		{"direct", "", "127.0.0.1", nil},
		{"behind a proxy", "PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\n", "192.0.2.9", loopback},
	} {
		t.Run(tc.name, func(t *testing.T) {
			shown := make(chan string, 1)
			o, err := meet(t, Config{TLS: cert.Config(), Proxies: tc.proxies}, func(nc net.Conn) {
				io.WriteString(nc, tc.header)
				conn := tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
				if conn.Handshake() != nil {
					close(shown)
					return
				}
				sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].Raw)
				shown <- hex.EncodeToString(sum[:])
				io.WriteString(conn, "hello")
				io.Copy(io.Discard, conn)
			})
			require.NoError(t, err)
			require.True(t, o.Secure)
			require.Empty(t, o.First)
			require.Equal(t, tc.peer, o.Peer)
			require.Equal(t, cert.Fingerprint(), <-shown)
			buf := make([]byte, 5)
			_, err = io.ReadFull(o, buf)
			require.NoError(t, err)
			require.Equal(t, "hello", string(buf))
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	config := certificate(t).Config()
	hello := func(nc net.Conn) { tls.Client(nc, &tls.Config{InsecureSkipVerify: true}).Handshake() }
	for _, tc := range []struct {
		name   string
		cfg    Config
		client func(net.Conn)
		want   error
	}{
		{"plain on a TLS port", Config{TLS: config, Mode: Only}, say("{}\n"), ErrPlain},
		{"TLS without a certificate", Config{}, hello, ErrNoTLS},
		{"TLS switched off", Config{TLS: config, Mode: Never}, hello, ErrNoTLS},
		{"a proxy without a header", Config{Proxies: loopback}, say("{\"id\":1,\"method\":\"login\"}\n"), proxyproto.ErrNoHeader},
		{"not admitted", Config{Admit: func(peer string) bool { return peer != "127.0.0.1" }}, say(""), ErrNotAdmitted},
		{"gone", Config{}, func(net.Conn) {}, io.EOF},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := meet(t, tc.cfg, tc.client)
			require.ErrorIs(t, err, tc.want)
		})
	}
	_, err := meet(t, Config{TLS: config}, say("\x16\x03\x01\x00\x05hello and more"))
	require.ErrorContains(t, err, "TLS handshake")
}

// A header from anybody else is not believed: it is the session's to refuse.
func TestHeaderOfAStranger(t *testing.T) {
	const header = "PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\n"
	o, err := meet(t, Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, say(header))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", o.Peer)
	require.Equal(t, header, string(o.First))
}

func TestOpenEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, beginning := range []string{"P", "PROXY TCP4 192.0.2.9", "\x16"} {
			ours, theirs := net.Pipe()
			go theirs.Write([]byte(beginning))
			began := time.Now()
			cfg := Config{TLS: &tls.Config{}, Mode: Both}
			if beginning[0] == 'P' {
				ours = &from{ours}
				cfg.Proxies = loopback
			}
			_, err := Open(context.Background(), ours, cfg, began.Add(10*time.Second))
			require.Error(t, err)
			require.Equal(t, 10*time.Second, time.Since(began))
			ours.Close()
			theirs.Close()
		}
	})
}

// from is a connection that comes from the loopback address.
type from struct{ net.Conn }

func (*from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func TestCertificateIsReplaced(t *testing.T) {
	c := certificate(t)
	before := c.Fingerprint()
	changed, err := c.Reload()
	require.NoError(t, err)
	require.False(t, changed)
	rewrite(t, c.certFile, c.keyFile)
	changed, err = c.Reload()
	require.NoError(t, err)
	require.True(t, changed)
	after := c.Fingerprint()
	require.NotEqual(t, before, after)
	require.NoError(t, os.WriteFile(c.certFile, []byte("nonsense"), 0o600))
	_, err = c.Reload()
	require.ErrorContains(t, err, c.certFile)
	require.Equal(t, after, c.Fingerprint(), "a damaged file changes nothing")
	require.NoError(t, os.Remove(c.keyFile))
	_, err = c.Reload()
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestLimiter(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := NewLimiter(2, 5, 10, func() time.Time { return now })
	count := func(address string) (n int) {
		for range 20 {
			if l.Allow(address) {
				n++
			}
		}
		return n
	}
	require.Equal(t, 5, count("a"))
	require.Equal(t, 5, count("b"), "each address for itself")
	now = now.Add(time.Second)
	require.Equal(t, 2, count("a"))
	now = now.Add(time.Hour)
	require.Equal(t, 5, count("a"), "never more than the burst")
	for i := range 100 {
		l.Allow(string(rune('A' + i)))
	}
	require.LessOrEqual(t, len(l.buckets), 10)
	require.False(t, l.Allow("new"), "full of addresses that have just been here")
	now = now.Add(time.Hour)
	require.True(t, l.Allow("new"))
	l.Set(0, 0)
	for range 100 {
		require.True(t, l.Allow("new"))
	}
}
