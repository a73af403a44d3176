package ckb

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync"

	"github.com/aditmine/adit/chain/internal/jsonrpc"
)

const (
	maxLine    = 16 << 20 // bytes of a request by TCP
	maxPushes  = 64       // headers that wait for a subscriber; later ones are lost
	tipTopic   = "new_tip_header"
	firstTopic = "0x0" // the number of a connection's subscription
)

// subscriber is a connection that wants to be told of the tip.
type subscriber struct{ pushes chan []byte }

// ServeTCP answers on ln as the real node does at rpc.tcp_listen_address, line
// by line: the same methods, and subscribe to new_tip_header. It returns when
// ctx ends or the node is closed; it closes ln.
func (n *Node) ServeTCP(ctx context.Context, ln net.Listener) error {
	if !n.begin() {
		return ln.Close()
	}
	defer n.served.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.done, cancel)()
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
		running.Go(func() { n.serveTCP(ctx, conn) })
	}
}

// serveTCP talks to one client until it leaves.
func (n *Node) serveTCP(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s := &subscriber{pushes: make(chan []byte, maxPushes)}
	var writing sync.Mutex
	write := func(line []byte) {
		writing.Lock()
		defer writing.Unlock()
		if _, err := conn.Write(append(line, '\n')); err != nil {
			conn.Close()
		}
	}
	var pushing sync.WaitGroup
	pushing.Go(func() {
		for push := range s.pushes {
			write(push)
		}
	})
	methods := n.methods()
	methods["subscribe"] = func(_ context.Context, params json.RawMessage) (any, error) { return n.subscribe(s, params) }
	methods["unsubscribe"] = func(context.Context, json.RawMessage) (any, error) { return n.unsubscribe(s), nil }
	handler := &jsonrpc.Handler{Methods: methods}
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		if answer := handler.Answer(ctx, lines.Bytes()); answer != nil {
			write(answer)
		}
	}
	n.unsubscribe(s)
	close(s.pushes)
	pushing.Wait()
}

// subscribe has a client told of every new tip from now on.
func (n *Node) subscribe(s *subscriber, params json.RawMessage) (any, error) {
	var topic string
	if err := jsonrpc.Params(params, 1, &topic); err != nil {
		return nil, err
	}
	if topic != tipTopic {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "InvalidParams: the simulated node publishes %s only", tipTopic)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscribers[s] = struct{}{}
	return firstTopic, nil
}

func (n *Node) unsubscribe(s *subscriber) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, was := n.subscribers[s]
	delete(n.subscribers, s)
	return was
}

// publish tells the subscribers of the tip. The caller holds the lock.
func (n *Node) publish() {
	header, err := json.Marshal(n.tip().Header.View())
	if err != nil {
		n.cfg.Log.Error("writing a header", "err", err)
		return
	}
	push, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "subscribe",
		"params": map[string]any{"result": string(header), "subscription": 0}})
	if err != nil {
		n.cfg.Log.Error("writing a header", "err", err)
		return
	}
	for s := range n.subscribers {
		select {
		case s.pushes <- push:
		default:
		}
	}
}
