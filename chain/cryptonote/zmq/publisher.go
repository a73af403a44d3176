package zmq

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// How much a publisher bears of a subscriber.
const (
	maxTopics  = 64
	maxWaiting = 64 // messages; later ones are dropped, as ZeroMQ does
	sendTime   = 5 * time.Second
)

// Publisher sends messages to whoever has subscribed. Make it with
// NewPublisher.
type Publisher struct {
	mu          sync.Mutex
	subscribers map[*subscriber]struct{}
}

// subscriber is one connection of a publisher.
type subscriber struct {
	conn     net.Conn
	messages chan []byte
	topics   [][]byte // guarded by the publisher's lock
}

// NewPublisher makes a publisher with no subscribers.
func NewPublisher() *Publisher {
	return &Publisher{subscribers: make(map[*subscriber]struct{})}
}

// Publish sends a message to those who asked for its topic, its prefix. It does
// not wait; who reads too slowly misses it.
func (p *Publisher) Publish(message []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.subscribers {
		if !slices.ContainsFunc(s.topics, func(t []byte) bool { return bytes.HasPrefix(message, t) }) {
			continue
		}
		select {
		case s.messages <- message:
		default:
		}
	}
}

// Subscribers counts the subscriptions there are.
func (p *Publisher) Subscribers() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.subscribers {
		n += len(s.topics)
	}
	return n
}

// Serve takes subscribers on ln until ctx ends; it closes ln and waits for
// every connection. It returns nil when ctx ended it.
func (p *Publisher) Serve(ctx context.Context, ln net.Listener) error {
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		running.Go(func() { p.serve(ctx, conn) })
	}
}

// serve takes one subscriber until it leaves.
func (p *Publisher) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	r := bufio.NewReaderSize(conn, 1024)
	conn.SetDeadline(time.Now().Add(handshakeTime))
	if shake(conn, r, "PUB", "SUB", "XSUB") != nil {
		return
	}
	conn.SetDeadline(time.Time{})
	s := &subscriber{conn: conn, messages: make(chan []byte, maxWaiting)}
	p.mu.Lock()
	p.subscribers[s] = struct{}{}
	p.mu.Unlock()
	var sending sync.WaitGroup
	sending.Go(s.send)
	for p.listen(s, r) {
	}
	p.mu.Lock()
	delete(p.subscribers, s)
	close(s.messages)
	p.mu.Unlock()
	conn.Close()
	sending.Wait()
}

// listen takes one subscription, or its end.
func (p *Publisher) listen(s *subscriber, r *bufio.Reader) bool {
	f, err := readFrame(r)
	if err != nil {
		return false
	}
	if f.command || len(f.body) == 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	topic := f.body[1:]
	switch f.body[0] {
	case 1:
		if len(s.topics) == maxTopics {
			return false
		}
		s.topics = append(s.topics, topic)
	case 0:
		if i := slices.IndexFunc(s.topics, func(t []byte) bool { return bytes.Equal(t, topic) }); i >= 0 {
			s.topics = slices.Delete(s.topics, i, i+1)
		}
	}
	return true
}

// send writes the messages that wait.
func (s *subscriber) send() {
	for message := range s.messages {
		s.conn.SetWriteDeadline(time.Now().Add(sendTime))
		if _, err := s.conn.Write(frame{body: message}.appendTo(nil)); err != nil {
			s.conn.Close()
		}
	}
}
