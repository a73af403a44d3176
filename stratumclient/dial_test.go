package stratumclient

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certificate makes a self-signed one for a host and returns its fingerprint.
func certificate(t *testing.T, host string) (tls.Certificate, *x509.CertPool, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	sum := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots, hex.EncodeToString(sum[:])
}

// tlsPool listens on the loopback and serves one connection with the script.
func tlsPool(t *testing.T, cert tls.Certificate, script func(*peer)) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		script(newPeer(t, conn))
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

// dialTo connects to addr, whatever host was asked for.
func dialTo(addr string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
}

func TestTLS(t *testing.T) {
	const host = "pool.test"
	cert, roots, print := certificate(t, host)
	upper := strings.ToUpper(print)
	var colons []string
	for i := 0; i < len(upper); i += 2 {
		colons = append(colons, upper[i:i+2])
	}
	for name, c := range map[string]struct {
		host, pin string
		roots     *x509.CertPool
		wrong     string // what the error says
	}{
		"trusted":             {host, "", roots, ""},
		"pinned":              {host, print, nil, ""},
		"pinned, other form":  {host, strings.Join(colons, ":"), nil, ""},
		"pin beats the roots": {host, strings.Repeat("ab", 32), roots, "has fingerprint " + print + ", not the pinned abab"},
		"self-signed":         {host, "", x509.NewCertPool(), "if it is your pool's, pin its fingerprint " + print},
		"another host":        {"other.test", "", roots, "not other.test"},
	} {
		t.Run(name, func(t *testing.T) {
			addr := tlsPool(t, cert, func(p *peer) {
				if p.read() != "" {
					p.send(loginReply(jobJSON()))
				}
				p.hold()
			})
			e := cnEndpoint(t, c.host+":443")
			e.TLS, e.Fingerprint = true, c.pin
			s, err := Connect(t.Context(), e, Settings{Dial: dialTo(addr), RootCAs: c.roots})
			if c.wrong != "" {
				var bad *CertificateError
				require.ErrorAs(t, err, &bad)
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			defer s.Close()
			_, err = s.Login(t.Context())
			require.NoError(t, err)
			require.Equal(t, Connected{Pool: c.host + ":443", Remote: addr, TLS: "TLS 1.3", Fingerprint: print}, s.Connected())
		})
	}
}

func TestTLSToAPlainPool(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = conn.Write([]byte("{}\n{}\n{}\n"))
			conn.Close()
		}
	}()
	e := cnEndpoint(t, l.Addr().String())
	e.TLS = true
	_, err = Connect(t.Context(), e, Settings{})
	require.ErrorContains(t, err, "starting TLS: ")
}
