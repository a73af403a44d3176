package stratumclient

import (
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/aditmine/adit/hash"
)

// Endpoint is one pool to mine on.
type Endpoint struct {
	Host string // host:port
	// TLS encrypts the connection. The certificate must have this SHA-256
	// Fingerprint (hex, colons allowed), or without one be vouched for by the
	// root certificates.
	TLS         bool
	Fingerprint string
	// User is the wallet address or account, Pass often a worker name or "x",
	// RigID a name some CryptoNote pools show.
	User, Pass, RigID string
	// Algorithm is what jobs that name none are for, and the first one
	// offered. It decides the dialect. nil leaves it to a CryptoNote pool, whose
	// jobs must then name one of Settings.Algorithms.
	Algorithm *hash.Algorithm
	// Keepalive sends keepalives to a CryptoNote pool that did not announce
	// them.
	Keepalive bool
	// ExtranonceSubscribe tells a CKB pool that it may change nonce1.
	ExtranonceSubscribe bool
}

// schemes are the URL schemes of pools, and whether they mean TLS.
func schemeTLS(scheme string) (tls, known bool) {
	switch strings.ToLower(scheme) {
	case "stratum+tcp", "stratum", "tcp":
		return false, true
	case "stratum+ssl", "stratum+tls", "ssl", "tls":
		return true, true
	}
	return false, false
}

// ParseEndpoint reads a pool's URL as miners write it:
//
//	[stratum+tcp://|stratum+ssl://][user[:pass]@]host:port[#xnsub]
//
// User and pass are taken as they stand, without percent decoding. The fragment
// xnsub sets ExtranonceSubscribe.
func ParseEndpoint(s string) (Endpoint, error) {
	var e Endpoint
	rest := s
	if scheme, after, ok := strings.Cut(s, "://"); ok {
		if e.TLS, ok = schemeTLS(scheme); !ok {
			return e, fmt.Errorf("unknown scheme in %q: use stratum+tcp:// or stratum+ssl://", s)
		}
		rest = after
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	switch fragment {
	case "", "xnsub":
		e.ExtranonceSubscribe = fragment != ""
	default:
		return e, fmt.Errorf("unknown option #%s in %q: only #xnsub is known", fragment, s)
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		e.User, e.Pass, _ = strings.Cut(rest[:at], ":")
		rest = rest[at+1:]
	}
	e.Host = strings.TrimSuffix(rest, "/")
	return e, checkHost(e.Host)
}

// checkHost says what is wrong with a host:port.
func checkHost(hostport string) error {
	if hostport == "" {
		return fmt.Errorf("no pool given: write host:port, such as pool.example.org:3333")
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		problem := "bad address"
		if addr, ok := err.(*net.AddrError); ok {
			problem = addr.Err // such as "missing port in address"
		}
		return fmt.Errorf("%s %q: write host:port, such as pool.example.org:3333", strings.TrimSuffix(problem, " address"), hostport)
	}
	if host == "" || strings.ContainsAny(host, " \t/") {
		return fmt.Errorf("missing or bad host in %q: write host:port, such as pool.example.org:3333", hostport)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("bad port in %q: a port is a number from 1 to 65535", hostport)
	}
	return nil
}

// check says what is wrong with an endpoint of a miner of these algorithms.
func (e *Endpoint) check(mines []*hash.Algorithm) error {
	if err := checkHost(e.Host); err != nil {
		return err
	}
	if e.Algorithm == nil && len(offer(e, mines)) == 0 {
		return fmt.Errorf("pool %s has no algorithm", e.Host)
	}
	if e.User == "" {
		return fmt.Errorf("pool %s has no user: give the wallet address or account to mine for", e.Host)
	}
	if e.Fingerprint == "" {
		return nil
	}
	if !e.TLS {
		return fmt.Errorf("pool %s has a certificate fingerprint but no TLS: use stratum+ssl://", e.Host)
	}
	_, err := e.pin()
	return err
}

// pin decodes the fingerprint; it is nil when there is none.
func (e *Endpoint) pin() ([]byte, error) {
	if e.Fingerprint == "" {
		return nil, nil
	}
	pin, err := hex.DecodeString(strings.ReplaceAll(e.Fingerprint, ":", ""))
	if err != nil || len(pin) != 32 {
		return nil, fmt.Errorf("bad certificate fingerprint for pool %s: a SHA-256 has 64 hexadecimal digits", e.Host)
	}
	return pin, nil
}
