package zmq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrProtocol says that the peer does not speak ZMTP 3 as this package does.
var ErrProtocol = errors.New("the peer does not speak ZMTP 3 with the NULL mechanism")

// MaxFrame bounds a frame's body in bytes. Monero's announcement of a block
// takes about 200.
const MaxFrame = 1 << 20

// The bits of a frame's flags.
const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// frame is one frame on the wire.
type frame struct {
	command bool
	more    bool // another frame of the same message follows
	body    []byte
}

// appendTo writes the frame to b, with the short form of its size where that
// fits.
func (f frame) appendTo(b []byte) []byte {
	var flags byte
	if f.command {
		flags |= flagCommand
	}
	if f.more {
		flags |= flagMore
	}
	if len(f.body) <= 255 {
		b = append(b, flags, byte(len(f.body)))
	} else {
		b = binary.BigEndian.AppendUint64(append(b, flags|flagLong), uint64(len(f.body)))
	}
	return append(b, f.body...)
}

// readFrame reads one frame.
func readFrame(r io.Reader) (frame, error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return frame{}, err
	}
	flags, size := head[0], uint64(head[1])
	if flags&flagLong != 0 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return frame{}, unexpected(err)
		}
		size = binary.BigEndian.Uint64(head[1:])
	}
	switch {
	case flags&^(flagMore|flagLong|flagCommand) != 0 || flags&flagCommand != 0 && flags&flagMore != 0:
		return frame{}, fmt.Errorf("%w: frame flags %#02x", ErrProtocol, flags)
	case size > MaxFrame:
		return frame{}, fmt.Errorf("%w: a frame of %d bytes, the limit is %d", ErrProtocol, size, MaxFrame)
	}
	// The body grows as it comes, so that a claimed size alone takes no memory.
	var body bytes.Buffer
	if _, err := io.CopyN(&body, r, int64(size)); err != nil {
		return frame{}, unexpected(err)
	}
	return frame{command: flags&flagCommand != 0, more: flags&flagMore != 0, body: body.Bytes()}, nil
}

// unexpected names the end of the stream inside of something.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
