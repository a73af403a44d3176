package pool

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
)

// usage is what the process holds, in bytes and goroutines.
type usage struct {
	heap, stacks, goroutines int
}

func measure() usage {
	for range 3 { // stacks shrink by half with each collection
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{int(m.HeapAlloc), int(m.StackInuse), runtime.NumGoroutine()}
}

// since is the growth for each of n sessions.
func (u usage) since(before usage, n int) usage {
	return usage{(u.heap - before.heap) / n, (u.stacks - before.stacks) / n, u.goroutines - before.goroutines}
}

// openAndWait logs n miners in over connections that dial makes, has all of
// them say something once more, and returns them idle.
func openAndWait(t *testing.T, n int, dial func() net.Conn) (conns []net.Conn) {
	t.Helper()
	const login = `{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"wallet.rig%d","pass":"x","agent":"XMRig/6.26.0 (Linux x86_64) libuv/1.44.2 gcc/12.2.0","algo":["cn/0","cn/r"]}}` + "\n"
	for i := range n {
		nc := dial()
		nc.SetDeadline(time.Now().Add(time.Minute))
		_, err := fmt.Fprintf(nc, login, i)
		require.NoError(t, err)
		conns = append(conns, nc)
		if i%2 == 0 { // with half of them we have spoken twice
			readLine(t, nc)
			_, err = io.WriteString(nc, `{"id":2,"method":"keepalived","params":{}}`+"\n")
			require.NoError(t, err)
		}
		readLine(t, nc)
	}
	return conns
}

func readLine(t *testing.T, nc net.Conn) {
	t.Helper()
	_, err := bufio.NewReaderSize(nc, 4096).ReadString('\n')
	require.NoError(t, err)
}

// An idle session over a real socket costs little, and no buffer.
func TestIdleSessionIsSmall(t *testing.T) {
	const n = 2000
	l := startLab(t, func(c *config.Config, d *Deps) {
		c.Limits.PerAddress = n + 1
		d.Log = nil
	})
	dialled := func() net.Conn {
		nc, err := net.Dial("tcp", l.Addr(0).String())
		require.NoError(t, err)
		return nc
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	empty := measure()
	var bare []net.Conn // both ends of connections that nobody uses
	for range n {
		nc, err := net.Dial("tcp", listener.Addr().String())
		require.NoError(t, err)
		other, err := listener.Accept()
		require.NoError(t, err)
		bare = append(bare, nc, other)
	}
	sockets := measure().since(empty, n)
	for _, nc := range bare {
		nc.Close()
	}
	bare = nil
	before := measure()
	conns := openAndWait(t, n, dialled)
	each := measure().since(before, n)
	for _, nc := range conns {
		nc.Close()
	}
	t.Logf("both ends of a socket: %d bytes; a session with them: %d bytes of heap, %d of stacks, %.2f goroutines",
		sockets.heap, each.heap, each.stacks, float64(each.goroutines)/n)
	require.LessOrEqual(t, each.goroutines, n+100, "one goroutine each, and not more")
	// A little more than was found, and well below one read buffer more. Not
	// with the race detector, which makes everything larger.
	if !raceDetector {
		require.LessOrEqual(t, each.heap+each.stacks-sockets.heap/2, 5<<10)
	}
}

// Five thousand sessions over in-memory connections.
func TestIdleSessionInMemory(t *testing.T) {
	const n = 5000
	listener := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	startLab(t, func(c *config.Config, d *Deps) {
		c.Ports = c.Ports[:1]
		c.Limits.PerAddress = n
		d.Log, d.Observe = nil, nil
		d.Listen = func(string, string) (net.Listener, error) { return listener, nil }
	})
	before := measure()
	conns := openAndWait(t, n, listener.dial)
	each := measure().since(before, n)
	for _, nc := range conns {
		nc.Close()
	}
	t.Logf("a session over a pipe: %d bytes of heap, %d of stacks, %.2f goroutines", each.heap, each.stacks, float64(each.goroutines)/n)
	require.LessOrEqual(t, each.goroutines, n+100)
	if !raceDetector {
		require.LessOrEqual(t, each.heap+each.stacks, 600<<20/100_000)
	}
}

// After many connections of every kind nothing of them is left.
func TestNothingIsLeftOfTenThousandConnections(t *testing.T) {
	const rounds, at = 100, 100
	l := startLab(t, func(c *config.Config, d *Deps) {
		c.Limits.PerAddress = 10 * at
		c.Limits.LoginsPerSecond = 0
		d.Log, d.Observe = nil, nil
	})
	l.login().nc.Close()
	idle := func() bool { return l.Stats().Ports[0].Connections == 0 }
	l.eventually("the first has gone", idle)
	before, files := runtime.NumGoroutine(), openFiles(t)
	for round := range rounds {
		conns := make([]net.Conn, at)
		for i := range conns {
			nc, err := net.Dial("tcp", l.Addr(0).String())
			require.NoError(t, err)
			conns[i] = nc
			switch i % 4 {
			case 0: // says nothing
			case 1:
				io.WriteString(nc, `{"id":1,"method":"lo`)
			default:
				io.WriteString(nc, loginLine+"\n")
			}
		}
		if round%2 == 0 {
			readLine(t, conns[at-1])
		}
		for _, nc := range conns {
			nc.Close()
		}
	}
	require.Eventually(t, idle, time.Minute, 10*time.Millisecond)
	l.eventually("goroutines are back to where they were", func() bool { return runtime.NumGoroutine() <= before+5 })
	l.eventually("files, too", func() bool { return openFiles(t) <= files+5 })
	require.Empty(t, l.addresses)
	require.Zero(t, l.connections.Load())
}

// openFiles counts this process's file descriptors; 0 where that cannot be
// known.
func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
