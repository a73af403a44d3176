package proxyproto

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// maxText is the longest header of version 1 in bytes (section 2.1).
const maxText = 107

// textStart opens a header of version 1.
var textStart = []byte("PROXY ")

func (h *Header) appendText(dst []byte) []byte {
	source, destination, f := h.addresses()
	if f == familyUnknown {
		return append(dst, "PROXY UNKNOWN\r\n"...)
	}
	name := "TCP4"
	if f == familyIPv6 {
		name = "TCP6"
	}
	return fmt.Appendf(dst, "PROXY %s %s %s %d %d\r\n", name,
		source.Addr(), destination.Addr(), source.Port(), destination.Port())
}

// readText reads the rest of a header of version 1 byte by byte, so that
// nothing behind it is taken.
func readText(r io.Reader, head []byte) (*Header, error) {
	line := append(make([]byte, 0, maxText), head...)
	for !bytes.HasSuffix(line, []byte("\r\n")) {
		if len(line) == maxText {
			return nil, fmt.Errorf("PROXY header is longer than %d bytes", maxText)
		}
		n := len(line)
		if _, err := io.ReadFull(r, line[n:n+1]); err != nil {
			return nil, cut(err)
		}
		line = line[:n+1]
	}
	return parseText(string(line[:len(line)-2]))
}

// cut reports the end of the connection within a header.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading the PROXY header: %w", err)
}

// parseText parses a header of version 1 without its line end.
func parseText(line string) (*Header, error) {
	fields := strings.Split(line, " ")
	h := &Header{Version: 1}
	if len(fields) >= 2 && fields[1] == "UNKNOWN" {
		return h, nil // the rest of the line must be ignored
	}
	if len(fields) != 6 || fields[1] != "TCP4" && fields[1] != "TCP6" {
		return nil, fmt.Errorf("PROXY header %q: want PROXY TCP4|TCP6 with two addresses and two ports", line)
	}
	var err error
	if h.Source, err = textAddress(fields[1], fields[2], fields[4]); err != nil {
		return nil, fmt.Errorf("PROXY header %q: %w", line, err)
	}
	if h.Destination, err = textAddress(fields[1], fields[3], fields[5]); err != nil {
		return nil, fmt.Errorf("PROXY header %q: %w", line, err)
	}
	return h, nil
}

// textAddress reads an address of the family that the header names.
func textAddress(family, host, port string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Is4() != (family == "TCP4") || addr.Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("%q is no %s address", host, family)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strconv.FormatUint(n, 10) != port {
		return netip.AddrPort{}, fmt.Errorf("%q is no port", port)
	}
	return netip.AddrPortFrom(addr, uint16(n)), nil
}
