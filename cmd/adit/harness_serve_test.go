package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestServeCommand plays a file of the corpus to a miner, which gets the
// recorded bytes, junk included, and to one that leaves before its login.
func TestServeCommand(t *testing.T) {
	for _, polite := range []bool{true, false} {
		out, in := io.Pipe()
		cmd := newHarnessCmd()
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetOut(in)
		cmd.SetErr(io.Discard)
		cmd.SetArgs([]string{"serve", golden("complete.mtrace"), "--listen", "127.0.0.1:0"})
		done := make(chan error, 1)
		go func() { done <- cmd.ExecuteContext(t.Context()); _ = in.Close() }()
		lines := bufio.NewReader(out)
		first, err := lines.ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, first, "playing 1 connection")
		fields := strings.Fields(first)
		conn, err := net.Dial("tcp", fields[len(fields)-1])
		require.NoError(t, err)
		require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
		if polite {
			_, err = io.WriteString(conn, `{"id":1,"method":"login","params":{}}`+"\n")
			require.NoError(t, err)
			require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			got, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Equal(t, `{"id":1,"result":{"status":"OK"}}`+"\n<&> \u2028 \x00 tab\t\n", string(got))
		}
		require.NoError(t, conn.Close())
		rest, err := io.ReadAll(lines)
		require.NoError(t, err)
		err = <-done
		if polite {
			require.NoError(t, err)
			require.Contains(t, string(rest), "49 of 49 bytes sent; 1 request heard, 1 of them recorded, 0 missing\n")
			continue
		}
		var exit *exitError
		require.ErrorAs(t, err, &exit)
		require.Contains(t, string(rest), `0 of 49 bytes sent; 0 requests heard, 0 of them recorded, 1 missing; waiting for "login"`)
	}
}
