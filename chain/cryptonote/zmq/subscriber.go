package zmq

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// handshakeTime bounds the handshake.
const handshakeTime = 10 * time.Second

// Subscriber is a connection to a publisher. One goroutine at a time uses it.
type Subscriber struct {
	conn net.Conn
	r    *bufio.Reader
	stop func() bool
}

// Dial connects to a publisher at tcp://host:port and subscribes to topics,
// which are prefixes of messages. The connection ends with ctx.
func Dial(ctx context.Context, address string, topics ...string) (*Subscriber, error) {
	hostPort, ok := strings.CutPrefix(address, "tcp://")
	if !ok {
		return nil, fmt.Errorf("zmq: %q is not an address like tcp://127.0.0.1:18083", address)
	}
	dialer := net.Dialer{Timeout: handshakeTime}
	conn, err := dialer.DialContext(ctx, "tcp", hostPort)
	if err != nil {
		return nil, fmt.Errorf("connecting to the publisher at %s: %w (is monerod running with --zmq-pub %s?)", address, err, address)
	}
	s, err := Subscribe(ctx, conn, topics...)
	if err != nil {
		return nil, fmt.Errorf("subscribing at %s: %w", address, err)
	}
	return s, nil
}

// Subscribe subscribes over a connection, which it owns from then on: it is
// closed with ctx, with Close, or when this fails.
func Subscribe(ctx context.Context, conn net.Conn, topics ...string) (*Subscriber, error) {
	s := &Subscriber{conn: conn, r: bufio.NewReaderSize(conn, 4096)}
	s.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if err := s.open(topics); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Subscriber) open(topics []string) error {
	s.conn.SetDeadline(time.Now().Add(handshakeTime))
	if err := shake(s.conn, s.r, "SUB", "PUB", "XPUB"); err != nil {
		return err
	}
	for _, topic := range topics {
		if _, err := s.conn.Write(frame{body: append([]byte{1}, topic...)}.appendTo(nil)); err != nil {
			return fmt.Errorf("sending a subscription: %w", err)
		}
	}
	return s.conn.SetDeadline(time.Time{})
}

// Next waits for a message: its topic and all behind it. A message of several
// frames is given as one. An error ends the connection.
func (s *Subscriber) Next() ([]byte, error) {
	var message []byte
	for {
		f, err := readFrame(s.r)
		if err != nil {
			return nil, fmt.Errorf("waiting for a message: %w", err)
		}
		if f.command {
			if err := s.obey(f.body); err != nil {
				return nil, err
			}
			continue
		}
		if len(message)+len(f.body) > MaxFrame {
			return nil, fmt.Errorf("%w: a message over %d bytes", ErrProtocol, MaxFrame)
		}
		message = append(message, f.body...)
		if !f.more {
			return message, nil
		}
	}
}

// obey acts on a command: a PING (ZMTP 3.1) is answered with its context.
func (s *Subscriber) obey(body []byte) error {
	const ttlSize = 2
	name, rest, err := command(body)
	if err != nil || name != "PING" || len(rest) < ttlSize {
		return err
	}
	pong := append([]byte{4}, "PONG"...)
	if _, err := s.conn.Write(frame{command: true, body: append(pong, rest[ttlSize:]...)}.appendTo(nil)); err != nil {
		return fmt.Errorf("answering a PING: %w", err)
	}
	return nil
}

// Close closes the connection.
func (s *Subscriber) Close() error {
	s.stop()
	return s.conn.Close()
}
