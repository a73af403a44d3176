package zmq

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// greetingSize is the length of a greeting: signature, version, mechanism,
// as-server and filler.
const greetingSize = 64

// greeting is what both sides begin with. Version 3.0 asks the peer to take
// subscriptions as messages, which all versions of libzmq do.
func greeting() []byte {
	g := make([]byte, greetingSize)
	g[0], g[9] = 0xff, 0x7f
	g[10] = 3
	copy(g[12:32], "NULL")
	return g
}

// readGreeting checks the peer's.
func readGreeting(r io.Reader) error {
	var g [greetingSize]byte
	if _, err := io.ReadFull(r, g[:]); err != nil {
		return fmt.Errorf("reading the greeting: %w", unexpected(err))
	}
	switch mechanism, _, _ := bytes.Cut(g[12:32], []byte{0}); {
	case g[0] != 0xff || g[9]&1 == 0:
		return fmt.Errorf("%w: no greeting", ErrProtocol)
	case g[10] < 3:
		return fmt.Errorf("%w: version %d", ErrProtocol, g[10])
	case string(mechanism) != "NULL":
		return fmt.Errorf("%w: mechanism %q", ErrProtocol, mechanism)
	}
	return nil
}

// ready is the command that ends the handshake.
func ready(socketType string) frame {
	b := append([]byte{5}, "READY"...)
	b = append(append(b, 11), "Socket-Type"...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(socketType)))
	return frame{command: true, body: append(b, socketType...)}
}

// command takes a command's name from its body.
func command(body []byte) (name string, rest []byte, err error) {
	if len(body) == 0 || len(body) < 1+int(body[0]) {
		return "", nil, fmt.Errorf("%w: a command without a name", ErrProtocol)
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], nil
}

// socketType finds the peer's socket type among the properties of its READY.
func socketType(properties []byte) (string, error) {
	for len(properties) > 0 {
		name, rest, err := command(properties)
		if err != nil || len(rest) < 4 {
			return "", fmt.Errorf("%w: a property is cut off", ErrProtocol)
		}
		size := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(size) > uint64(len(rest)) {
			return "", fmt.Errorf("%w: a property is cut off", ErrProtocol)
		}
		if bytes.EqualFold([]byte(name), []byte("Socket-Type")) {
			return string(rest[:size]), nil
		}
		properties = rest[size:]
	}
	return "", fmt.Errorf("%w: it does not name its socket type", ErrProtocol)
}

// shake does one side of a handshake; the peer must be of one of the types
// given.
func shake(rw io.ReadWriter, r io.Reader, own string, peers ...string) error {
	if _, err := rw.Write(greeting()); err != nil {
		return fmt.Errorf("sending the greeting: %w", err)
	}
	if err := readGreeting(r); err != nil {
		return err
	}
	if _, err := rw.Write(ready(own).appendTo(nil)); err != nil {
		return fmt.Errorf("sending READY: %w", err)
	}
	f, err := readFrame(r)
	if err != nil {
		return fmt.Errorf("reading READY: %w", unexpected(err))
	}
	name, rest, err := command(f.body)
	switch {
	case err != nil:
		return err
	case !f.command || name != "READY":
		return fmt.Errorf("%w: %q instead of READY", ErrProtocol, name)
	}
	peer, err := socketType(rest)
	if err == nil && !slices.Contains(peers, peer) {
		err = fmt.Errorf("%w: it is a %s socket, not %s", ErrProtocol, peer, peers[0])
	}
	return err
}
