//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lines is a raw stratum connection.
type lines struct {
	conn net.Conn
	in   *bufio.Reader
}

func dialLines(t *testing.T, addr string) *lines {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &lines{conn: conn, in: bufio.NewReader(conn)}
}

// ask sends a request and returns the reply with its id, passing over
// notifications.
func (l *lines) ask(t *testing.T, request string) map[string]any {
	t.Helper()
	var sent map[string]any
	require.NoError(t, json.Unmarshal([]byte(request), &sent))
	require.NoError(t, l.conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err := l.conn.Write([]byte(request + "\n"))
	require.NoError(t, err)
	for {
		text, err := l.in.ReadBytes('\n')
		require.NoError(t, err)
		var reply map[string]any
		require.NoError(t, json.Unmarshal(text, &reply), "%s", text)
		if reply["id"] == sent["id"] {
			return reply
		}
	}
}
