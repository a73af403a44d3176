package record

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/stratum/proxyproto"
	"github.com/aditmine/adit/stratumclient"
)

// testCertificate makes a certificate and its fingerprint.
func testCertificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	sum := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, hex.EncodeToString(sum[:])
}

// pinned starts TLS with the certificate of a fingerprint.
func pinned(address, fingerprint string) func(context.Context, net.Conn) (*tls.Conn, error) {
	return func(ctx context.Context, conn net.Conn) (*tls.Conn, error) {
		return stratumclient.StartTLS(ctx, conn, address, fingerprint, nil)
	}
}

// TestTLSOnBothSides: the trace holds what is inside, and half-closes and
// orderly ends pass through.
func TestTLSOnBothSides(t *testing.T) {
	cert, print := testCertificate(t)
	serve := &tls.Config{Certificates: []tls.Certificate{cert}}
	r := newRig(t, func(c *Config) {
		c.Front.TLS = serve
		c.Back.Secure = pinned(c.Upstream, print)
	})
	pool := make(chan net.Conn, 1)
	go func() {
		conn, err := r.pool.Accept()
		if err != nil {
			return
		}
		secure := tls.Server(conn, serve)
		if secure.Handshake() == nil {
			pool <- secure
		}
	}()
	raw, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	miner, err := stratumclient.StartTLS(t.Context(), raw, r.addr, print, nil)
	require.NoError(t, err)
	_, err = miner.Write([]byte("question\n"))
	require.NoError(t, err)
	require.NoError(t, miner.CloseWrite())
	p := <-pool
	got, err := io.ReadAll(p)
	require.NoError(t, err)
	require.Equal(t, "question\n", string(got))
	_, err = p.Write([]byte("answer\n"))
	require.NoError(t, err)
	require.NoError(t, p.Close())
	got, err = io.ReadAll(miner)
	require.NoError(t, err)
	require.Equal(t, "answer\n", string(got))
	require.NoError(t, miner.Close())
	r.waitOpen(0)

	events := r.events()
	require.Equal(t, "question\n", string(joined(events, 1, trace.CodeToPool)))
	require.Equal(t, "answer\n", string(joined(events, 1, trace.CodeToMiner)))
	require.Equal(t, "TLS 1.3", only(events, trace.CodeOpen)[0].Open.TLS)
	require.Equal(t, "fin", only(events, trace.CodeClose)[0].Close.How)
}

// TestEndWithoutFarewell: many miners just close the socket below TLS.
func TestEndWithoutFarewell(t *testing.T) {
	cert, print := testCertificate(t)
	r := newRig(t, func(c *Config) { c.Front.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
	raw, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	_, err = stratumclient.StartTLS(t.Context(), raw, r.addr, print, nil)
	require.NoError(t, err)
	pool, err := r.pool.Accept()
	require.NoError(t, err)
	require.NoError(t, raw.Close())
	_, _ = io.ReadAll(pool) // ended or, with session tickets unread, reset
	require.NoError(t, pool.Close())
	r.waitOpen(0)
	x := only(r.events(), trace.CodeClose)[0].Close
	require.Equal(t, trace.ByMiner, x.By)
	require.Contains(t, []string{"fin", "rst"}, x.How)
}

func TestWrongCertificateOfThePool(t *testing.T) {
	cert, _ := testCertificate(t)
	r := newRig(t, func(c *Config) {
		c.Back.Secure = pinned(c.Upstream, strings.Repeat("00", 32))
	})
	go func() {
		if conn, err := r.pool.Accept(); err == nil {
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
			_ = conn.Close()
		}
	}()
	miner, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	_, err = io.ReadAll(miner)
	require.NoError(t, err)
	require.NoError(t, miner.Close())
	r.waitOpen(0)
	x := only(r.events(), trace.CodeClose)[0].Close
	require.Equal(t, trace.ByPool, x.By)
	require.Contains(t, x.Err, "not the pinned")
}

// TestProxyHeaders: the miner is who the header says, and the pool is told so
// in the version it wants.
func TestProxyHeaders(t *testing.T) {
	for _, version := range []int{1, 2} {
		r := newRig(t, func(c *Config) {
			c.Front.ProxyProtocol = true
			c.Back.ProxyProtocol = 3 - version
		})
		miner, err := net.Dial("tcp", r.addr)
		require.NoError(t, err)
		header := proxyproto.Header{Version: version, Source: netip.MustParseAddrPort("192.0.2.7:4711"), Destination: netip.MustParseAddrPort("198.51.100.1:3333")}
		wire, err := header.Append(nil)
		require.NoError(t, err)
		_, err = miner.Write(append(wire, "login\n"...))
		require.NoError(t, err)
		pool, err := r.pool.Accept()
		require.NoError(t, err)
		got, err := proxyproto.Read(pool)
		require.NoError(t, err)
		require.Equal(t, &proxyproto.Header{Version: 3 - version, Source: header.Source, Destination: header.Destination}, got)
		expect(t, pool, "login\n")
		require.NoError(t, miner.Close())
		require.NoError(t, pool.Close())
		r.waitOpen(0)
		events := r.events()
		open := only(events, trace.CodeOpen)[0].Open
		require.Equal(t, "192.0.2.7:4711", open.Peer)
		require.Equal(t, "198.51.100.1:3333", open.Local)
		require.Equal(t, version, open.ProxyProto)
		require.Equal(t, miner.LocalAddr().String(), open.Via)
		require.Equal(t, "login\n", string(joined(events, 1, trace.CodeToPool)), "the header is no part of the stream")
	}
}

func TestMissingProxyHeader(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Front.ProxyProtocol = true })
	miner, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	_, err = miner.Write([]byte(`{"id":1,"method":"login"}` + "\n"))
	require.NoError(t, err)
	_, _ = io.ReadAll(miner) // closed or reset
	r.waitOpen(0)
	x := only(r.events(), trace.CodeClose)[0].Close
	require.Contains(t, x.Err, "no PROXY protocol header")
	require.EqualValues(t, 1, r.proxy.Stats().Refused)
}

// TestSilentMinerIsTurnedAway: a handshake that does not come holds no slot
// for ever, and a shutdown does not wait for it.
func TestSilentMinerIsTurnedAway(t *testing.T) {
	cert, _ := testCertificate(t)
	for _, limit := range []time.Duration{time.Millisecond, time.Hour} {
		r := newRig(t, func(c *Config) {
			c.Front.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			c.DialTimeout = limit
		})
		miner, err := net.Dial("tcp", r.addr)
		require.NoError(t, err)
		if limit < time.Second {
			_, _ = io.ReadAll(miner)
			r.waitOpen(0)
			require.EqualValues(t, 1, r.proxy.Stats().Refused)
		} else {
			r.waitOpen(1)
		}
		require.Len(t, only(r.events(), trace.CodeClose), 1)
		require.NoError(t, miner.Close())
	}
}
