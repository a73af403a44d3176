package listen

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// Sizes of PROXY protocol headers: the longest line of version 1 (section
// 2.1), and what is read of one of version 2, whose own bound is 64 KiB.
const (
	maxV1     = 107
	v2Prefix  = 16
	maxV2Body = 2048
)

// v2Signature begins a header of version 2 (section 2.2).
const v2Signature = "\r\n\r\n\x00\r\nQUIT\n"

// v1Signature begins one of version 1.
const v1Signature = "PROXY "

// ErrProxyHeader reports a PROXY protocol header that is missing or damaged.
var ErrProxyHeader = errors.New("PROXY protocol header")

func badHeader(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrProxyHeader, fmt.Sprintf(format, args...))
}

// readProxyHeader reads one header and not a byte more. It returns the address
// of the client, invalid when the header names none: the proxy speaks for
// itself then.
func readProxyHeader(r io.Reader) (netip.AddrPort, error) {
	buf := make([]byte, v2Prefix, maxV1+1)
	// The shortest line of version 1, "PROXY UNKNOWN\r\n", is 15 bytes long.
	if _, err := io.ReadFull(r, buf[:15]); err != nil {
		return netip.AddrPort{}, badHeader("%v", err)
	}
	switch {
	case bytes.HasPrefix(buf, []byte(v1Signature)):
		return readV1(r, buf[:15])
	case bytes.HasPrefix(buf, []byte(v2Signature)):
		if _, err := io.ReadFull(r, buf[15:16]); err != nil {
			return netip.AddrPort{}, badHeader("%v", err)
		}
		return readV2(r, buf)
	}
	return netip.AddrPort{}, badHeader("missing")
}

// readV1 reads the rest of a line byte by byte: what follows it is not ours.
func readV1(r io.Reader, line []byte) (netip.AddrPort, error) {
	for !bytes.HasSuffix(line, []byte("\r\n")) {
		if len(line) >= maxV1 {
			return netip.AddrPort{}, badHeader("a line of more than %d bytes", maxV1)
		}
		line = append(line, 0)
		if _, err := io.ReadFull(r, line[len(line)-1:]); err != nil {
			return netip.AddrPort{}, badHeader("%v", err)
		}
	}
	return parseV1(strings.TrimSuffix(string(line), "\r\n"))
}

// parseV1 reads "PROXY TCP4 source destination sport dport".
func parseV1(line string) (netip.AddrPort, error) {
	fields := strings.Split(line, " ")
	if len(fields) >= 2 && fields[1] == "UNKNOWN" {
		return netip.AddrPort{}, nil
	}
	if len(fields) != 6 {
		return netip.AddrPort{}, badHeader("version 1 with %d fields", len(fields))
	}
	four := fields[1] == "TCP4"
	if !four && fields[1] != "TCP6" {
		return netip.AddrPort{}, badHeader("version 1 of an unknown family")
	}
	source, err := parseEnd(fields[2], fields[4], four)
	if err != nil {
		return netip.AddrPort{}, err
	}
	_, err = parseEnd(fields[3], fields[5], four)
	return source, err
}

func parseEnd(host, port string, four bool) (netip.AddrPort, error) {
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Is4() != four || addr.Zone() != "" {
		return netip.AddrPort{}, badHeader("version 1 with a bad address")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || len(port) > 1 && port[0] == '0' {
		return netip.AddrPort{}, badHeader("version 1 with a bad port")
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
}

// readV2 reads the rest of a binary header: addresses, and values that are
// skipped.
func readV2(r io.Reader, prefix []byte) (netip.AddrPort, error) {
	size := int(binary.BigEndian.Uint16(prefix[14:]))
	if size > maxV2Body {
		return netip.AddrPort{}, badHeader("version 2 of %d bytes", size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return netip.AddrPort{}, badHeader("%v", err)
	}
	return parseV2(prefix[12], prefix[13], body)
}

// Values of the 13th and 14th byte of version 2.
const (
	v2Local   = 0x20 // the proxy's own connection, such as a health check
	v2Proxied = 0x21
	v2TCP4    = 0x11
	v2TCP6    = 0x21
)

func parseV2(command, family byte, body []byte) (netip.AddrPort, error) {
	switch command {
	case v2Local:
		return netip.AddrPort{}, nil
	case v2Proxied:
	default:
		return netip.AddrPort{}, badHeader("version 2 with command %#02x", command)
	}
	size := 0
	switch family {
	case v2TCP4:
		size = 4
	case v2TCP6:
		size = 16
	default: // unspecified, datagrams, Unix sockets: a client without an address
		return netip.AddrPort{}, nil
	}
	if len(body) < 2*size+4 {
		return netip.AddrPort{}, badHeader("version 2 is too short for its addresses")
	}
	addr, _ := netip.AddrFromSlice(body[:size])
	return netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(body[2*size:])), nil
}
