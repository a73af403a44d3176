package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/aditmine/adit/stratum/proxyproto"
)

// Mode says whether a port speaks TLS.
type Mode string

// The modes.
const (
	Both  Mode = "both" // by the first byte of each connection
	Only  Mode = "only" // plain connections are closed
	Never Mode = "off"
)

// Config says how connections of a port are opened.
type Config struct {
	// TLS is what encrypted connections get; nil: there are none.
	TLS  *tls.Config
	Mode Mode // "" is Both
	// Proxies are the addresses whose PROXY protocol headers are believed, and
	// demanded.
	Proxies []netip.Prefix
	// Admit, when not nil, is asked whether a client may come in, once it is
	// known who that is and before anything of his is read.
	Admit func(peer string) bool
}

// ProxyError says what was wrong with the PROXY header of a trusted proxy.
type ProxyError struct {
	Proxy string // its address
	Err   error
}

// Error names the proxy, so that its operator can set it right.
func (e *ProxyError) Error() string {
	return fmt.Sprintf("trusted proxy %s must send PROXY headers: %v", e.Proxy, e.Err)
}

// Unwrap gives the cause.
func (e *ProxyError) Unwrap() error { return e.Err }

// Errors of Open, besides *ProxyError and those of the network and of TLS.
var (
	ErrPlain       = errors.New("a plain connection to a port that is for TLS only")
	ErrNoTLS       = errors.New("a TLS connection to a port that has none")
	ErrNotAdmitted = errors.New("not admitted")
)

// Opened is a connection whose beginning has been looked at.
type Opened struct {
	net.Conn
	// Peer is the address of the client, behind any proxy.
	Peer string
	// First has been read already: the session's first bytes.
	First []byte
	// Secure says that the connection is encrypted.
	Secure bool
}

// firstRead is how much is read at once to look at a connection.
const firstRead = 512

// peerOf is the IP address at the other end of a connection, as text and,
// where it is one, as an address.
func peerOf(nc net.Conn) (string, netip.Addr) {
	text := nc.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return text, netip.Addr{}
	}
	addr = addr.Unmap()
	return addr.String(), addr.WithZone("")
}

// Open reads as much of a connection as tells who it is and how it speaks. It
// is to be done by the deadline, which is cleared again. On an error the
// caller closes the connection; Peer is set when Admit has let it in.
func Open(ctx context.Context, nc net.Conn, cfg Config, deadline time.Time) (Opened, error) {
	o := Opened{Conn: nc}
	if err := nc.SetDeadline(deadline); err != nil {
		return o, err
	}
	peer, err := client(nc, cfg.Proxies)
	if err != nil {
		return o, err
	}
	if cfg.Admit != nil && !cfg.Admit(peer) {
		return o, fmt.Errorf("%s is %w", peer, ErrNotAdmitted)
	}
	o.Peer = peer
	buf := make([]byte, firstRead)
	n, err := nc.Read(buf)
	if n == 0 && err != nil {
		return o, err
	}
	o.First = buf[:n]
	if err := o.secure(ctx, cfg); err != nil {
		return o, err
	}
	return o, nc.SetDeadline(time.Time{})
}

// client is the address at the other end, behind any trusted proxy.
func client(nc net.Conn, proxies []netip.Prefix) (string, error) {
	peer, addr := peerOf(nc)
	if !addr.IsValid() || !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return peer, nil
	}
	header, err := proxyproto.Read(nc)
	if err != nil {
		return "", &ProxyError{peer, err}
	}
	if header.Known() {
		return header.Source.Addr().Unmap().String(), nil
	}
	return peer, nil
}

// recordHandshake is the first byte of a TLS connection.
const recordHandshake = 0x16

// secure starts TLS where the client has.
func (o *Opened) secure(ctx context.Context, cfg Config) error {
	wanted := len(o.First) > 0 && o.First[0] == recordHandshake
	switch {
	case wanted && (cfg.TLS == nil || cfg.Mode == Never):
		return ErrNoTLS
	case !wanted && cfg.TLS != nil && cfg.Mode == Only:
		return ErrPlain
	case !wanted:
		return nil
	}
	conn := tls.Server(&replayed{Conn: o.Conn, first: o.First}, cfg.TLS)
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	o.Conn, o.First, o.Secure = conn, nil, true
	return nil
}

// replayed is a connection whose first bytes are read once more.
type replayed struct {
	net.Conn
	first []byte
}

// Read gives the first bytes first.
func (r *replayed) Read(p []byte) (int, error) {
	if len(r.first) == 0 {
		return r.Conn.Read(p)
	}
	n := copy(p, r.first)
	if r.first = r.first[n:]; len(r.first) == 0 {
		r.first = nil
	}
	return n, nil
}
