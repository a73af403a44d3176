package stratumclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"time"
)

// link is a connection before anything was said over it.
type link struct {
	net.Conn
	raw         net.Conn // below TLS
	tlsVersion  string
	fingerprint string
}

// hangUp closes the connection without the farewell of TLS, which could block.
func (l *link) hangUp() { l.raw.Close() }

// errConnectTimeout ends an attempt to connect.
var errConnectTimeout = errors.New("no connection in time")

// dial connects to addr and, if the endpoint asks for it, starts TLS.
func dial(ctx context.Context, e *Endpoint, addr string, s *Settings) (*link, error) {
	ctx, cancel := timeout(ctx, s.Clock, s.ConnectTimeout,
		fmt.Errorf("%w: gave up after %v", errConnectTimeout, s.ConnectTimeout))
	defer cancel()
	conn, err := s.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, cause(ctx, err)
	}
	if !e.TLS {
		return &link{Conn: conn, raw: conn}, nil
	}
	l, err := startTLS(ctx, conn, e, addr, s.RootCAs)
	if err != nil {
		conn.Close()
		return nil, cause(ctx, err)
	}
	return l, nil
}

// cause prefers why a context ended over what its end broke.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// timeout is context.WithTimeoutCause on a clock of ours.
func timeout(ctx context.Context, c Clock, d time.Duration, why error) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := c.AfterFunc(d, func() { cancel(why) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// StartTLS starts TLS on a connection to addr, host:port. The certificate must
// have the SHA-256 fingerprint (64 hex digits, colons allowed), or without one
// be vouched for by roots, the machine's when nil. A certificate that does not
// fit is a *CertificateError. The connection is not closed on failure.
func StartTLS(ctx context.Context, conn net.Conn, addr, fingerprint string, roots *x509.CertPool) (*tls.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("bad address %q: %w", addr, err)
	}
	pin, err := (&Endpoint{Host: addr, Fingerprint: fingerprint}).pin()
	if err != nil {
		return nil, err
	}
	check := certificateCheck{host: host, pin: pin, roots: roots}
	secure := tls.Client(conn, &tls.Config{
		ServerName: host,
		MinVersion: tls.VersionTLS12,
		// The check is ours: a pin replaces the root certificates, and either
		// failure names the fingerprint.
		InsecureSkipVerify: true,
		VerifyConnection:   check.verify,
	})
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("starting TLS: %w", err)
	}
	return secure, nil
}

func startTLS(ctx context.Context, conn net.Conn, e *Endpoint, addr string, roots *x509.CertPool) (*link, error) {
	secure, err := StartTLS(ctx, conn, addr, e.Fingerprint, roots)
	if err != nil {
		return nil, err
	}
	state := secure.ConnectionState()
	return &link{
		Conn: secure, raw: conn, tlsVersion: tls.VersionName(state.Version),
		fingerprint: fingerprint(state.PeerCertificates[0]),
	}, nil
}

func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// certificateCheck decides whether a pool's certificate is the right one.
type certificateCheck struct {
	host  string
	pin   []byte // nil without
	roots *x509.CertPool
}

func (c *certificateCheck) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the pool showed no certificate")
	}
	leaf := state.PeerCertificates[0]
	if c.pin != nil {
		if sum := sha256.Sum256(leaf.Raw); !bytes.Equal(sum[:], c.pin) {
			return &CertificateError{Fingerprint: fingerprint(leaf), Pinned: hex.EncodeToString(c.pin)}
		}
		return nil
	}
	opts := x509.VerifyOptions{DNSName: c.host, Roots: c.roots, Intermediates: x509.NewCertPool()}
	for _, cert := range state.PeerCertificates[1:] {
		opts.Intermediates.AddCert(cert)
	}
	if _, err := leaf.Verify(opts); err != nil {
		return &CertificateError{Fingerprint: fingerprint(leaf), Err: err}
	}
	return nil
}
