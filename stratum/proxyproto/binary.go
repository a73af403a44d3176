package proxyproto

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
)

// signature starts a header of version 2 (section 2.2).
var signature = []byte("\r\n\r\n\x00\r\nQUIT\n")

// The bytes of version 2: version and command, family and protocol.
const (
	commandLocal  = 0x20
	commandProxy  = 0x21
	overUnknown   = 0x00
	overTCP4      = 0x11
	overTCP6      = 0x21
	fixedSize     = 16 // up to and with the length
	addressesTCP4 = 12
	addressesTCP6 = 36
)

func (h *Header) appendBinary(dst []byte) []byte {
	source, destination, f := h.addresses()
	dst = append(append(dst, signature...), commandProxy)
	switch f {
	case familyIPv4:
		dst = append(dst, overTCP4, 0, addressesTCP4)
	case familyIPv6:
		dst = append(dst, overTCP6, 0, addressesTCP6)
	default:
		return append(dst, overUnknown, 0, 0)
	}
	dst = append(append(dst, source.Addr().AsSlice()...), destination.Addr().AsSlice()...)
	dst = binary.BigEndian.AppendUint16(dst, source.Port())
	return binary.BigEndian.AppendUint16(dst, destination.Port())
}

// Read reads exactly one header and nothing behind it. It wraps ErrNoHeader
// when the first bytes are not those of one; the connection cannot be used
// then, since bytes of it are gone.
func Read(r io.Reader) (*Header, error) {
	head := make([]byte, len(signature), fixedSize)
	if _, err := io.ReadFull(r, head[:len(textStart)]); err != nil {
		return nil, fmt.Errorf("reading the PROXY header: %w", err)
	}
	if string(head[:len(textStart)]) == string(textStart) {
		return readText(r, head[:len(textStart)])
	}
	if string(head[:len(textStart)]) != string(signature[:len(textStart)]) {
		return nil, fmt.Errorf("%w: it starts with %q", ErrNoHeader, head[:len(textStart)])
	}
	head = head[:fixedSize]
	if _, err := io.ReadFull(r, head[len(textStart):]); err != nil {
		return nil, cut(err)
	}
	if string(head[:len(signature)]) != string(signature) {
		return nil, fmt.Errorf("%w: it starts with %q", ErrNoHeader, head[:len(signature)])
	}
	size := int(binary.BigEndian.Uint16(head[14:]))
	if size > MaxHeader-fixedSize {
		return nil, fmt.Errorf("PROXY header has %d bytes, at most %d are taken", size+fixedSize, MaxHeader)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, cut(err)
	}
	return parseBinary(head[12], head[13], body)
}

// parseBinary reads the addresses; what stands behind them is extensions.
func parseBinary(command, over byte, body []byte) (*Header, error) {
	h := &Header{Version: 2}
	switch command {
	case commandLocal:
		return h, nil
	case commandProxy:
	default:
		return nil, fmt.Errorf("PROXY header has the unknown version and command %#02x", command)
	}
	size := 0
	switch over {
	case overTCP4:
		size = 4
	case overTCP6:
		size = 16
	default:
		return h, nil
	}
	if len(body) < 2*size+4 {
		return nil, fmt.Errorf("PROXY header has %d bytes of addresses, %d are needed", len(body), 2*size+4)
	}
	source, _ := netip.AddrFromSlice(body[:size])
	destination, _ := netip.AddrFromSlice(body[size : 2*size])
	h.Source = netip.AddrPortFrom(source, binary.BigEndian.Uint16(body[2*size:]))
	h.Destination = netip.AddrPortFrom(destination, binary.BigEndian.Uint16(body[2*size+2:]))
	return h, nil
}
