package ckbrpc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
)

// pushOf is a line as the node sends it, the header as text or as it is.
func pushOf(t testing.TB, quoted bool) (string, ckb.HeaderView) {
	t.Helper()
	h := (&ckb.Header{RawHeader: ckb.RawHeader{Number: 7, CompactTarget: 0x20010000}}).View()
	text, err := json.Marshal(h)
	require.NoError(t, err)
	if quoted {
		text, err = json.Marshal(string(text))
		require.NoError(t, err)
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":"subscribe","params":{"result":%s,"subscription":"0x0"}}`, text), h
}

func TestSubscribeTips(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	line, want := pushOf(t, true)
	plain, _ := pushOf(t, false)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
			fmt.Fprintf(conn, "{\"jsonrpc\":\"2.0\",\"result\":\"0x0\",\"id\":1}\n%s\n%s\n", line, plain)
		}
	}()
	opened, heard := 0, 0
	err = SubscribeTips(t.Context(), ln.Addr().String(), func() { opened++ }, func(h ckb.HeaderView) {
		require.Equal(t, want, h)
		heard++
	})
	require.ErrorContains(t, err, "the node has closed it")
	require.Equal(t, 1, opened)
	require.Equal(t, 2, heard)
}

func TestSubscribeTipsFails(t *testing.T) {
	none := func(ckb.HeaderView) {}
	err := SubscribeTips(t.Context(), "127.0.0.1:1", func() {}, none)
	require.ErrorContains(t, err, "rpc.tcp_listen_address")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, SubscribeTips(ctx, "127.0.0.1:1", func() {}, none))
	for _, line := range []string{
		"HTTP/1.1 400 Bad Request",
		`{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}`,
		`{"jsonrpc":"2.0","method":"other","params":{}}`,
		`{"jsonrpc":"2.0","method":"subscribe","params":{"result":"{}"}}`,
		`{"jsonrpc":"2.0","method":"subscribe"}`,
		`[]`, `{}`,
	} {
		_, err := readPush([]byte(line))
		require.Error(t, err, line)
	}
}

func FuzzReadPush(f *testing.F) {
	line, _ := pushOf(f, true)
	f.Add([]byte(line))
	f.Add([]byte(`{"jsonrpc":"2.0","result":"0x0","id":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		h, err := readPush(line)
		if err == nil && h != nil {
			require.Equal(t, h.Header.Hash(), h.Hash)
		}
	})
}
