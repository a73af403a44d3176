package config

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// TLS is what encrypted miners are shown. With both files set, every port
// speaks TLS and plain stratum alike, unless its TLSMode says otherwise.
type TLS struct {
	// Certificate and Key are PEM files; both empty: no TLS.
	Certificate, Key string
}

// Modes of Port.TLSMode.
const (
	TLSBoth = "both" // by the first byte of each connection
	TLSOnly = "only"
	TLSOff  = "off"
)

// Bans says when a miner's shares are too bad to listen to.
type Bans struct {
	// Off lets nobody be banned automatically.
	Off bool
	// BadShares is how many bad shares a session may send in the window before
	// it is judged, Percent how many of a hundred must be bad.
	BadShares, Percent int
	// Window is over which time shares count, Duration how long a ban lasts.
	Window, Duration time.Duration
	// Never are the networks whose addresses are not banned as a whole.
	Never []netip.Prefix
}

func defaultBans() Bans {
	return Bans{BadShares: 50, Percent: 50, Window: 10 * time.Minute, Duration: 10 * time.Minute}
}

func readTLS(s *section, c *Config) {
	s.text("certificate", &c.TLS.Certificate)
	s.text("key", &c.TLS.Key)
}

func readBans(s *section, c *Config) {
	s.flag("off", &c.Bans.Off)
	s.count("bad_shares", &c.Bans.BadShares, 5, math.MaxInt32)
	s.count("percent", &c.Bans.Percent, 1, 99)
	s.duration("window", &c.Bans.Window, time.Second, 24*time.Hour)
	s.duration("duration", &c.Bans.Duration, time.Second, 30*24*time.Hour)
	s.networks("never", &c.Bans.Never)
}

// readPortSessions reads how a port's connections are treated.
func readPortSessions(s *section, p *Port) {
	s.oneOf("tls", &p.TLSMode, TLSBoth, TLSOnly, TLSOff)
	s.networks("trusted_proxies", &p.Proxies)
	s.flag("nicehash", &p.NiceHash)
	s.text("reconnect", &p.Reconnect)
}

func (c *Config) checkSessions(p *problems) {
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		p.add("tls", "[tls] needs both certificate and key")
	}
	b := &c.Bans
	if b.BadShares <= 0 || b.Percent <= 0 || b.Percent >= 100 || b.Window <= 0 || b.Duration <= 0 {
		p.add("bans", "bad_shares, window and duration must be above 0, percent between 1 and 99")
	}
	for i := range c.Ports {
		port, path := &c.Ports[i], fmt.Sprintf("port[%d]", i)
		switch port.TLSMode {
		case "", TLSBoth, TLSOff:
		case TLSOnly:
			if c.TLS.Certificate == "" {
				p.add(path+".tls", "tls is \"only\", but [tls] names no certificate")
			}
		default:
			p.add(path+".tls", "tls is %q; it may be both, only, off", port.TLSMode)
		}
		if _, _, err := port.ReconnectTo(); err != nil {
			p.add(path+".reconnect", "reconnect %q: %v", port.Reconnect, err)
		}
	}
}

// ReconnectTo is the host and port that miners are sent to when the pool ends,
// an empty host for none.
func (p *Port) ReconnectTo() (host string, port uint16, err error) {
	if p.Reconnect == "" {
		return "", 0, nil
	}
	host, text, err := net.SplitHostPort(p.Reconnect)
	number, bad := strconv.ParseUint(text, 10, 16)
	if err != nil || bad != nil || number == 0 || host == "" {
		return "", 0, fmt.Errorf("it must be host:port, such as backup.example:3333")
	}
	return host, uint16(number), nil
}

// flag is true or false.
func (s *section) flag(key string, dst *bool) {
	v, ok := s.take(key)
	if !ok {
		return
	}
	is, isBool := v.(bool)
	if !isBool {
		s.fail(key, "must be true or false, not %s", describe(v))
		return
	}
	*dst = is
}

// networks is a list of networks in CIDR form; a bare address is a network of
// its own.
func (s *section) networks(key string, dst *[]netip.Prefix) {
	var list []string
	s.texts(key, &list)
	var networks []netip.Prefix
	for _, text := range list {
		network, err := parseNetwork(text)
		if err != nil {
			s.fail(key, "has %q, which is no network such as \"10.0.0.0/8\"", text)
			return
		}
		networks = append(networks, network)
	}
	*dst = networks
}

func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Unmap().Prefix(addr.Unmap().BitLen())
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err
}
