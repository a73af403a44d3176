package record

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/stratum/proxyproto"
)

// Front is how miners reach the proxy. The zero value is plain TCP.
type Front struct {
	// TLS, when set, is spoken with every miner.
	TLS *tls.Config
	// ProxyProtocol expects a PROXY header (version 1 or 2) at the start of
	// every connection, before TLS. It is believed: listen only where none but
	// the balancer can connect.
	ProxyProtocol bool
}

// Back is how the proxy reaches the pool. The zero value is plain TCP.
type Back struct {
	// Secure, when set, starts TLS on a new connection. It must not close the
	// connection when it fails.
	Secure func(ctx context.Context, conn net.Conn) (*tls.Conn, error)
	// ProxyProtocol sends a PROXY header of that version (1 or 2) first,
	// before TLS; 0 sends none. It names the miner as the front knows it.
	ProxyProtocol int
}

// miner is an accepted connection, made ready to be passed on.
type miner struct {
	net.Conn
	open trace.OpenInfo
	// source and destination are the miner's address and the one it connected
	// to, as the PROXY header says or else as the socket does.
	source, destination netip.AddrPort
}

// welcome takes the PROXY header and the TLS handshake of a new connection.
// The miner is returned with what is known of it also on failure.
func (p *Proxy) welcome(ctx context.Context, conn net.Conn) (*miner, error) {
	m := &miner{
		Conn:   conn,
		open:   trace.OpenInfo{Peer: conn.RemoteAddr().String(), Local: conn.LocalAddr().String()},
		source: addrPortOf(conn.RemoteAddr()), destination: addrPortOf(conn.LocalAddr()),
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(p.cfg.DialTimeout)); err != nil {
		return m, err
	}
	if p.cfg.Front.ProxyProtocol {
		if err := m.readHeader(); err != nil {
			return m, err
		}
	}
	if p.cfg.Front.TLS != nil {
		if err := m.handshake(ctx, p.cfg.Front.TLS); err != nil {
			return m, err
		}
	}
	return m, conn.SetDeadline(time.Time{})
}

// readHeader learns from a PROXY header who the miner is.
func (m *miner) readHeader() error {
	h, err := proxyproto.Read(m.Conn)
	if err != nil {
		return err
	}
	m.open.ProxyProto = h.Version
	if h.Known() {
		m.open.Via = m.open.Peer
		m.open.Peer, m.open.Local = h.Source.String(), h.Destination.String()
		m.source, m.destination = h.Source, h.Destination
	}
	return nil
}

// handshake replaces the connection by an encrypted one.
func (m *miner) handshake(ctx context.Context, cfg *tls.Config) error {
	secure := tls.Server(m.Conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("starting TLS with the miner: %w", err)
	}
	m.Conn = secure
	m.open.TLS = tlsVersion(secure)
	return nil
}

// reach connects to the pool on a miner's behalf.
func (p *Proxy) reach(ctx context.Context, m *miner) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	defer cancel()
	conn, err := p.cfg.Dial(ctx, "tcp", p.cfg.Upstream)
	if err != nil {
		return nil, err
	}
	pool, err := p.greet(ctx, m, conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return pool, nil
}

// greet sends the PROXY header and starts TLS.
func (p *Proxy) greet(ctx context.Context, m *miner, conn net.Conn) (net.Conn, error) {
	if p.cfg.Back.ProxyProtocol != 0 {
		h := proxyproto.Header{Version: p.cfg.Back.ProxyProtocol, Source: m.source, Destination: m.destination}
		line, err := h.Append(nil)
		if err != nil {
			return nil, err
		}
		if _, err := conn.Write(line); err != nil {
			return nil, fmt.Errorf("sending the PROXY header: %w", err)
		}
	}
	if p.cfg.Back.Secure == nil {
		return conn, nil
	}
	return p.cfg.Back.Secure(ctx, conn)
}

// addrPortOf is the address of a TCP socket, invalid for others.
func addrPortOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPort{}
}

// tlsVersion names what a connection speaks, such as "TLS 1.3".
func tlsVersion(c *tls.Conn) string { return tls.VersionName(c.ConnectionState().Version) }

// tcpBelow is the TCP connection that carries conn, nil when there is none.
func tcpBelow(conn net.Conn) *net.TCPConn {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	tcp, _ := conn.(*net.TCPConn)
	return tcp
}
