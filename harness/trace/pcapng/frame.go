package pcapng

import "encoding/binary"

// TCP flags.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// Sizes of headers without options, and the payload of a full segment on
// Ethernet.
const (
	etherSize  = 14
	ipSize     = 20
	tcpSize    = 20
	maxSegment = 1460
)

// host is one end of a made-up TCP connection.
type host struct {
	ip   [4]byte
	port uint16
	mac  byte   // last byte of a locally administered address
	next uint32 // sequence number of its next byte
	fin  bool   // it has finished sending
}

// frame builds an Ethernet frame with a TCP segment from one end to the other.
func frame(from, to *host, flags byte, id uint16, payload []byte) []byte {
	b := make([]byte, 0, etherSize+ipSize+tcpSize+len(payload))
	b = append(b, 2, 0, 0, 0, 0, to.mac, 2, 0, 0, 0, 0, from.mac, 8, 0) // IPv4
	b = appendIPv4(b, from, to, id, tcpSize+len(payload))
	return appendTCP(b, from, to, flags, payload)
}

// appendIPv4 appends a header (RFC 791) for a payload of that size.
func appendIPv4(b []byte, from, to *host, id uint16, size int) []byte {
	at := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(ipSize+size))
	b = binary.BigEndian.AppendUint16(b, id)
	b = append(b, 0x40, 0, 64, 6, 0, 0) // don't fragment, hops left, TCP, checksum
	b = append(append(b, from.ip[:]...), to.ip[:]...)
	binary.BigEndian.PutUint16(b[at+10:], checksum(0, b[at:]))
	return b
}

// appendTCP appends a segment (RFC 9293).
func appendTCP(b []byte, from, to *host, flags byte, payload []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, from.port)
	b = binary.BigEndian.AppendUint16(b, to.port)
	b = binary.BigEndian.AppendUint32(b, from.next)
	ack := uint32(0)
	if flags&flagACK != 0 {
		ack = to.next
	}
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, tcpSize/4<<4, flags, 0xff, 0xff, 0, 0, 0, 0) // window, checksum, urgent
	b = append(b, payload...)
	pseudo := append(append([]byte{}, from.ip[:]...), to.ip[:]...)
	pseudo = append(pseudo, 0, 6)
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(b)-at))
	binary.BigEndian.PutUint16(b[at+16:], checksum(sum(0, pseudo), b[at:]))
	return b
}

// checksum is the Internet checksum (RFC 1071), from a partial sum on.
func checksum(partial uint32, b []byte) uint16 {
	s := sum(partial, b)
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// sum adds 16-bit words; a packet is far too short to overflow.
func sum(partial uint32, b []byte) uint32 {
	for i := 0; i+1 < len(b); i += 2 {
		partial += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		partial += uint32(b[len(b)-1]) << 8
	}
	return partial
}
