package ckbrpc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/aditmine/adit/chain/ckb"
)

// What a subscription bears.
const (
	subscribeTime = 10 * time.Second // for the connection and the first answer
	maxLine       = 1 << 20          // bytes of one message
)

// topicTips is the topic of the best chain's last header.
const topicTips = "new_tip_header"

// SubscribeTips connects to a node's rpc.tcp_listen_address, where JSON-RPC is
// spoken line by line, and subscribes to its tip. opened is called when the
// node has agreed, and tip for each header that it sends from then on. It
// returns when the connection ends, or ctx does; the error says why.
func SubscribeTips(ctx context.Context, address string, opened func(), tip func(ckb.HeaderView)) error {
	dialer := net.Dialer{Timeout: subscribeTime}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("CKB node: connecting to %s: %w (does rpc.tcp_listen_address in its ckb.toml match?)", address, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return fmt.Errorf("CKB node: subscription at %s: %w", address, subscribeOver(conn, opened, tip))
}

// subscribeOver speaks over an open connection. It ends with an error always.
func subscribeOver(conn net.Conn, opened func(), tip func(ckb.HeaderView)) error {
	conn.SetDeadline(time.Now().Add(subscribeTime))
	const request = `{"id":1,"jsonrpc":"2.0","method":"subscribe","params":["` + topicTips + `"]}` + "\n"
	if _, err := conn.Write([]byte(request)); err != nil {
		return err
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	agreed := false
	for lines.Scan() {
		header, err := readPush(lines.Bytes())
		switch {
		case err != nil:
			return err
		case header != nil:
			tip(*header)
		case !agreed:
			agreed = true
			conn.SetDeadline(time.Time{})
			opened()
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return errors.New("the node has closed it")
}

// readPush reads one line: a header, or nil for the answer that the
// subscription was taken.
func readPush(line []byte) (*ckb.HeaderView, error) {
	var message struct {
		Method string          `json:"method"`
		Result json.RawMessage `json:"result"`
		Error  *RPCError       `json:"error"`
		Params struct {
			Result json.RawMessage `json:"result"`
		} `json:"params"`
	}
	if err := json.Unmarshal(line, &message); err != nil {
		return nil, fmt.Errorf("a line that is not JSON-RPC: %w", err)
	}
	switch {
	case message.Error != nil:
		return nil, message.Error
	case message.Method == "" && len(message.Result) > 0:
		return nil, nil
	case message.Method != "subscribe":
		return nil, errors.New("a message that is neither an answer nor a header")
	}
	// The header is JSON inside of a string.
	text := []byte(message.Params.Result)
	var quoted string
	if json.Unmarshal(text, &quoted) == nil {
		text = []byte(quoted)
	}
	var h ckb.HeaderView
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("a header that cannot be read: %w", err)
	}
	return &h, nil
}
