package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"time"

	"github.com/spf13/pflag"

	"github.com/aditmine/adit/harness/record"
	"github.com/aditmine/adit/pool/listen"
	"github.com/aditmine/adit/stratumclient"
)

// recordFront is the part of the command line that says how miners connect.
type recordFront struct {
	tls, proxy bool
	cert, key  string
}

func (f *recordFront) define(fl *pflag.FlagSet) {
	fl.BoolVar(&f.tls, "tls", false, "speak TLS with miners, with a certificate made for this run")
	fl.StringVar(&f.cert, "tls-cert", "", "speak TLS with miners, with the certificate in this PEM `file`")
	fl.StringVar(&f.key, "tls-key", "", "`file` with the certificate's key")
	fl.BoolVar(&f.proxy, "accept-proxy", false, "expect a PROXY protocol header from every miner, and believe it")
}

// used reports whether any of the flags was given.
func (f *recordFront) used() bool { return f.tls || f.proxy || f.cert != "" || f.key != "" }

// config loads or makes the certificate. The fingerprint is empty without
// TLS.
func (f *recordFront) config() (front record.Front, fingerprint string, err error) {
	front.ProxyProtocol = f.proxy
	var cert tls.Certificate
	switch {
	case (f.cert == "") != (f.key == ""):
		return front, "", usagef("--tls-cert and --tls-key belong together")
	case f.cert != "":
		cert, err = tls.LoadX509KeyPair(f.cert, f.key)
	case f.tls:
		cert, err = throwAway()
	default:
		return front, "", nil
	}
	if err != nil {
		return front, "", fmt.Errorf("the TLS certificate for miners: %w", err)
	}
	front.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	sum := sha256.Sum256(cert.Certificate[0])
	return front, hex.EncodeToString(sum[:]), nil
}

// throwAway makes a certificate that nobody vouches for and that ends with
// this run.
func throwAway() (tls.Certificate, error) {
	cert, key, err := listen.SelfSigned(rand.Reader, time.Now(), []string{"localhost", "127.0.0.1"})
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// recordBack is the part of the command line that says how the pool is
// reached.
type recordBack struct {
	fingerprint string
	proxy       int

	endpoint stratumclient.Endpoint
}

func (b *recordBack) define(fl *pflag.FlagSet) {
	fl.StringVar(&b.fingerprint, "tls-fingerprint", "", "SHA-256 in `hex` that the pool's certificate must have, in place of the system's authorities")
	fl.IntVar(&b.proxy, "send-proxy", 0, "send a PROXY protocol header of this `version` (1 or 2) to the pool")
}

// check reads the flags.
func (b *recordBack) check(upstream string) error {
	if upstream == "" {
		return usagef("--upstream is required: give host:port")
	}
	var err error
	if b.endpoint, err = stratumclient.ParseEndpoint(upstream); err != nil {
		return usagef("--upstream: %v", err)
	}
	if b.fingerprint != "" {
		b.endpoint.TLS, b.endpoint.Fingerprint = true, b.fingerprint
	}
	if b.proxy < 0 || b.proxy > 2 {
		return usagef("--send-proxy %d: give 1 or 2", b.proxy)
	}
	return nil
}

// config says how the proxy speaks to the pool.
func (b *recordBack) config() record.Back {
	back := record.Back{ProxyProtocol: b.proxy}
	if b.endpoint.TLS {
		back.Secure = func(ctx context.Context, conn net.Conn) (*tls.Conn, error) {
			return stratumclient.StartTLS(ctx, conn, b.endpoint.Host, b.endpoint.Fingerprint, nil)
		}
	}
	return back
}
