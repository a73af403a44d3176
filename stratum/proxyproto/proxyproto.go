// Package proxyproto reads and writes the header of the PROXY protocol, with
// which a load balancer tells a server who the client really is. Versions 1
// (text) and 2 (binary) are those of HAProxy's document proxy-protocol.txt.
//
// It imports nothing of adit. Whoever accepts or opens stratum connections may
// import it; whom to believe is the caller's decision.
package proxyproto

import (
	"errors"
	"fmt"
	"net/netip"
)

// MaxHeader is the longest header in bytes that Read takes. Version 2 allows
// 65551, for extensions that no sender known fills.
const MaxHeader = 4096

// ErrNoHeader is wrapped when what was read does not start like a header: the
// connection did not come through a proxy that speaks the protocol.
var ErrNoHeader = errors.New("no PROXY protocol header")

// Header says between whom a proxied connection is.
type Header struct {
	// Version is 1 or 2.
	Version int
	// Source and Destination are the client's address and the one it
	// connected to. They are invalid when the proxy speaks for itself (LOCAL,
	// such as a health check) or does not know (UNKNOWN, UNSPEC, a family
	// other than TCP over IP).
	Source, Destination netip.AddrPort
}

// Known reports whether the header names the client.
func (h *Header) Known() bool { return h.Source.IsValid() }

// Append appends the header's bytes. Addresses that are invalid, or of two
// families, are written as unknown.
func (h *Header) Append(dst []byte) ([]byte, error) {
	switch h.Version {
	case 1:
		return h.appendText(dst), nil
	case 2:
		return h.appendBinary(dst), nil
	}
	return dst, fmt.Errorf("PROXY protocol has no version %d", h.Version)
}

// family is how a header's addresses are written.
type family uint8

const (
	familyUnknown family = iota
	familyIPv4
	familyIPv6
)

// addresses brings both addresses to one family.
func (h *Header) addresses() (source, destination netip.AddrPort, f family) {
	if !h.Source.IsValid() || !h.Destination.IsValid() {
		return source, destination, familyUnknown
	}
	source, destination = plain(h.Source), plain(h.Destination)
	switch {
	case source.Addr().Is4() && destination.Addr().Is4():
		return source, destination, familyIPv4
	case source.Addr().Is6() && destination.Addr().Is6():
		return source, destination, familyIPv6
	}
	return source, destination, familyUnknown
}

// plain drops what a header cannot carry: the zone, and the IPv6 form of an
// IPv4 address.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
