package pcapng

import (
	"encoding/binary"
	"io"
	"math"
	"time"
)

// Block types and options of the format.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6 // enhanced packet block
	byteOrderMagic = 0x1a2b3c4d
	linkEthernet   = 1

	optEnd         = 0
	optComment     = 1
	optApplication = 4 // in a section header
	optResolution  = 9 // in an interface description
	nanoseconds    = 9 // 10^-9 s
)

// maxComment bounds a comment; an option's length has 16 bits.
const maxComment = 32 << 10

// file writes the blocks of one section with one interface, little-endian.
type file struct {
	out io.Writer
	buf []byte
}

// begin writes the section header and the interface.
func (f *file) begin(application string) error {
	body := binary.LittleEndian.AppendUint32(nil, byteOrderMagic)
	body = binary.LittleEndian.AppendUint16(body, 1) // version 1.0
	body = binary.LittleEndian.AppendUint16(body, 0)
	body = binary.LittleEndian.AppendUint64(body, math.MaxUint64) // length not given
	body = appendOption(body, optApplication, []byte(application))
	if err := f.block(blockSection, appendOption(body, optEnd, nil)); err != nil {
		return err
	}
	body = binary.LittleEndian.AppendUint16(nil, linkEthernet)
	body = binary.LittleEndian.AppendUint16(body, 0)
	body = binary.LittleEndian.AppendUint32(body, 0) // no snapshot length
	body = appendOption(body, optResolution, []byte{nanoseconds})
	return f.block(blockInterface, appendOption(body, optEnd, nil))
}

// packet writes a frame with a comment, which may be empty.
func (f *file) packet(at time.Time, frame []byte, comment string) error {
	stamp := uint64(max(at.UnixNano(), 0))
	body := binary.LittleEndian.AppendUint32(f.buf[:0], 0) // interface
	body = binary.LittleEndian.AppendUint32(body, uint32(stamp>>32))
	body = binary.LittleEndian.AppendUint32(body, uint32(stamp))
	body = binary.LittleEndian.AppendUint32(body, uint32(len(frame)))
	body = binary.LittleEndian.AppendUint32(body, uint32(len(frame)))
	body = pad(append(body, frame...))
	if comment != "" {
		body = appendOption(body, optComment, []byte(comment[:min(len(comment), maxComment)]))
		body = appendOption(body, optEnd, nil)
	}
	f.buf = body
	return f.block(blockPacket, body)
}

// block frames a body by type and length, which stands at both ends.
func (f *file) block(kind uint32, body []byte) error {
	length := uint32(len(body) + 12)
	head := binary.LittleEndian.AppendUint32(nil, kind)
	head = binary.LittleEndian.AppendUint32(head, length)
	for _, part := range [][]byte{head, body, binary.LittleEndian.AppendUint32(nil, length)} {
		if _, err := f.out.Write(part); err != nil {
			return err
		}
	}
	return nil
}

func appendOption(dst []byte, code uint16, value []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, code)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(value)))
	return pad(append(dst, value...))
}

// pad fills up to a multiple of four bytes.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
