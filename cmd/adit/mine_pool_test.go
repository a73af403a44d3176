package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// scriptedPool is a CryptoNote pool written against the wire alone: it sends
// one job and checks what comes back.
type scriptedPool struct {
	t         *testing.T
	listener  net.Listener
	algorithm *hash.Algorithm
	blob      []byte
	target    string // as jobs carry it
	verdict   func(n int) string

	mu     sync.Mutex
	shares int
	bad    []string // what was wrong with shares
	logins []map[string]any
}

func newScriptedPool(t *testing.T, algo string) *scriptedPool {
	t.Helper()
	a, err := hash.Lookup(algo)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &scriptedPool{
		t: t, listener: ln, algorithm: a, blob: bytes.Repeat([]byte{7}, 76),
		target: "ffffffff", verdict: func(int) string { return `"result":{"status":"OK"}` },
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { ln.Close(); conns.Wait() })
	return p
}

func (p *scriptedPool) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		var msg struct {
			ID     json.RawMessage
			Method string
			Params map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &msg); err != nil {
			p.complain("not JSON: %v", err)
			return
		}
		answer := `"error":{"code":-1,"message":"Unknown method"}`
		switch msg.Method {
		case "login":
			answer = p.login(msg.Params)
		case "submit":
			answer = p.submit(msg.Params)
		}
		fmt.Fprintf(conn, `{"id":%s,"jsonrpc":"2.0",%s}`+"\n", msg.ID, answer)
	}
}

func (p *scriptedPool) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad = append(p.bad, fmt.Sprintf(format, args...))
}

func (p *scriptedPool) login(params map[string]any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logins = append(p.logins, params)
	return fmt.Sprintf(`"result":{"id":"s1","status":"OK","job":{"job_id":"j1","blob":"%x","target":"%s","algo":"%s","height":42}}`,
		p.blob, p.target, p.algorithm.Name)
}

// submit hashes the share for itself.
func (p *scriptedPool) submit(params map[string]any) string {
	nonce, err := hex.DecodeString(fmt.Sprint(params["nonce"]))
	if err != nil || len(nonce) != 4 {
		p.complain("nonce %v", params["nonce"])
	}
	blob := bytes.Clone(p.blob)
	copy(blob[39:], nonce)
	h, err := cpu.New(p.algorithm)
	if err != nil {
		p.complain("%v", err)
		return `"error":{"code":-1,"message":"broken pool"}`
	}
	defer h.Close()
	out := make([]hash.Digest, 1)
	if err := h.Hash(out, []hash.Input{{Blob: blob, Height: 42}}); err != nil {
		p.complain("%v", err)
	}
	if got := fmt.Sprint(params["result"]); got != hex.EncodeToString(out[0][:]) {
		p.complain("share says its hash is %s, it is %x", got, out[0])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shares++
	return p.verdict(p.shares)
}

func (p *scriptedPool) requireFine(shares int) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(p.t, p.bad)
	require.Equal(p.t, shares, p.shares)
}

func TestMineOnAPool(t *testing.T) {
	p := newScriptedPool(t, "cn/upx2")
	p.verdict = func(n int) string {
		if n == 2 {
			return `"error":{"code":-1,"message":"Low difficulty share"}`
		}
		return `"result":{"status":"OK"}`
	}
	log := filepath.Join(t.TempDir(), "mine.log")
	status, out, errs := adit("mine", "-o", p.listener.Addr().String(), "-u", "WALLET", "-p", "rig", "--rig-id", "shed",
		"-a", "cn/upx2", "-t", "2", "--no-tune", "--shares", "4", "-l", log)
	require.Equal(t, exitOK, status, errs)
	require.Empty(t, errs)
	p.requireFine(5)
	require.Len(t, p.logins, 1)
	require.Equal(t, "WALLET", p.logins[0]["login"])
	require.Equal(t, "rig", p.logins[0]["pass"])
	require.Equal(t, "shed", p.logins[0]["rigid"])
	require.Contains(t, p.logins[0]["agent"], "adit/")

	addr := p.listener.Addr().String()
	for _, want := range []string{
		" * POOL #1      " + addr + "\n",
		"net     use pool " + addr,
		"net     new job from " + addr + " diff 1 algo cn/upx2 height 42\n",
		"cpu     accepted (4/1) diff 1 (",
		`"Low difficulty share"`,
		" * SHARES       4 accepted, 1 rejected, 0 stale",
	} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "\x1b")

	logged, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Contains(t, string(logged), "cpu     accepted (4/1) diff 1 (")
	require.NotContains(t, string(logged), " * ")
}

func TestMineFallsBackToTheNextPool(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	deadAddr := dead.Addr().String()
	require.NoError(t, dead.Close())
	p := newScriptedPool(t, "cn/upx2")
	status, out, errs := adit("mine", "-o", deadAddr, "-o", p.listener.Addr().String(), "-u", "one", "-u", "two",
		"-a", "cn/upx2", "-t", "1", "--no-tune", "--shares", "1", "-r", "1")
	require.Equal(t, exitOK, status, errs)
	p.requireFine(1)
	require.Equal(t, "two", p.logins[0]["login"])
	require.Contains(t, out, "net     "+deadAddr+": ")
	require.Contains(t, out, "connection refused")
}

func TestMineStopsCleanlyWhenInterrupted(t *testing.T) {
	p := newScriptedPool(t, "cn/upx2")
	p.target = "01000000" // nothing will be found
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out lockedBuffer
	cmd := newRootCmd()
	cmd.SetArgs([]string{"mine", "-o", p.listener.Addr().String(), "-u", "w", "-a", "cn/upx2", "-t", "2", "--no-tune"})
	cmd.SetIn(strings.NewReader(""))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "new job") }, 20*time.Second, 10*time.Millisecond)
	interrupt()
	require.NoError(t, <-done)
	require.Contains(t, out.String(), " * SHARES       0 accepted, 0 rejected, 0 stale\n * HASHES ")
	p.requireFine(0)
}

// lockedBuffer is a buffer that a command writes while the test reads.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
