package spool

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/ledger/pgtest"
)

var server pgtest.Server

// What a stratum node of these tests is told through its environment.
const (
	nodeLedger = "ADIT_TEST_NODE_LEDGER"
	nodeSpool  = "ADIT_TEST_NODE_SPOOL"
	nodeName   = "ADIT_TEST_NODE_NAME"
)

// TestMain is also the stratum nodes that these tests start and kill.
func TestMain(m *testing.M) {
	if os.Getenv(nodeLedger) != "" {
		if err := beNode(); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	server.Close()
	os.Exit(code)
}

// beNode writes shares, each of a height of its own, until its input ends, and
// says which were acknowledged. Every hundredth solves a block.
func beNode() error {
	db, err := ledger.Open(context.Background(), os.Getenv(nodeLedger), time.Now())
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := Open(os.Getenv(nodeSpool), db, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer store.Close()
	committer := ledger.NewCommitter(store, 1<<12, 20)
	defer committer.Close()
	var ended atomic.Bool
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		ended.Store(true)
	}()
	room := make(chan struct{}, 64) // in flight
	from := int(db.Epoch()) * 1_000_000
	for n := from; !ended.Load(); n++ {
		share := shareOf(os.Getenv(nodeName), n)
		if n%100 == 0 {
			if err := findBlock(store, share); err != nil {
				return err
			}
			continue
		}
		room <- struct{}{}
		committer.Append(share, func(err error) {
			if err == nil {
				fmt.Println("ack", n, store.Waiting() > 0)
			}
			<-room
		})
		time.Sleep(time.Millisecond) // a node does not have the machine to itself
	}
	for !store.drained() {
		time.Sleep(time.Millisecond)
	}
	return nil
}

func findBlock(store *Store, share ledger.Share) error {
	share.Block = true
	id, err := store.AddBlock(context.Background(), ledger.Block{
		Miner: share.Miner, Height: share.Height, Hash: fmt.Sprint(share.Login, share.Height), Difficulty: "1", Found: time.Now(), Terms: share.Terms, Share: &share})
	if err != nil {
		return err
	}
	fmt.Println("ack", share.Height, store.Waiting() > 0)
	return store.SettleBlock(context.Background(), id, ledger.BlockAccepted, "", time.Now())
}

// node is such a process.
type node struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin interface{ Close() error }
	acks  chan bool // of every share: whether it is in the spool
	read  sync.WaitGroup

	mu    sync.Mutex
	acked []int
}

func startNode(t *testing.T, address, dir, name string) *node {
	t.Helper()
	n := &node{t: t, cmd: exec.Command(os.Args[0]), acks: make(chan bool, 1<<20)}
	n.cmd.Env = append(os.Environ(), nodeLedger+"="+address, nodeSpool+"="+dir, nodeName+"="+name)
	n.cmd.Stderr = os.Stderr
	stdin, err := n.cmd.StdinPipe()
	require.NoError(t, err)
	n.stdin = stdin
	stdout, err := n.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, n.cmd.Start())
	t.Cleanup(func() { n.cmd.Process.Kill() })
	n.read.Go(func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			n.hear(lines.Text())
		}
	})
	return n
}

func (n *node) hear(line string) {
	words := strings.Fields(line)
	if len(words) != 3 || words[0] != "ack" {
		n.t.Errorf("a node says %q", line)
		return
	}
	number, err := strconv.Atoi(words[1])
	if err != nil {
		return
	}
	n.mu.Lock()
	n.acked = append(n.acked, number)
	n.mu.Unlock()
	n.acks <- words[2] == "true"
}

// await waits for so many more acknowledgements from the spool, or not from it.
func (n *node) await(count int, spooled bool) {
	n.t.Helper()
	limit := time.After(2 * time.Minute)
	for count > 0 {
		select {
		case in := <-n.acks:
			if in == spooled {
				count--
			}
		case <-limit:
			n.t.Fatal("a node acknowledges nothing more")
		}
	}
}

// end lets the node drain its spool and end.
func (n *node) end() {
	n.t.Helper()
	n.stdin.Close()
	n.read.Wait()
	require.NoError(n.t, n.cmd.Wait())
}

// kill ends it without warning.
func (n *node) kill() {
	n.cmd.Process.Kill()
	n.read.Wait()
	n.cmd.Wait()
}

// Two stratum nodes and an unlocker over one database, which stops for a
// while, in which one of the nodes is killed: every share that was
// acknowledged is in the ledger, none is there twice, and every block is paid
// for once.
func TestNodesOutliveTheDatabaseAndEachOther(t *testing.T) {
	address := server.Database(t)
	dirs := []string{t.TempDir(), t.TempDir()}
	a, b := startNode(t, address, dirs[0], "a"), startNode(t, address, dirs[1], "b")
	a.await(50, false)
	b.await(50, false)
	unlocker, err := ledger.Open(t.Context(), address, time.Now())
	require.NoError(t, err)
	defer unlocker.Close()
	unlockAll(t, unlocker)

	server.Stop(t)
	_, err = unlocker.Candidates(t.Context(), "c", 0)
	require.Error(t, err)
	a.await(300, true)
	b.await(50, true)
	b.kill()
	a.await(100, true)
	server.Start(t)
	again := startNode(t, address, dirs[1], "b") // has what was in the spool
	again.await(50, false)
	a.await(50, false)
	unlockAll(t, unlocker)
	a.kill()
	again.end()
	a2 := startNode(t, address, dirs[0], "a")
	a2.await(20, false)
	a2.end()
	unlockAll(t, unlocker)

	rows := sharesByNode(t, address)
	for name, nodes := range map[string][]*node{"a": {a, a2}, "b": {b, again}} {
		for _, n := range nodes {
			for _, number := range n.acked {
				require.Equal(t, 1, rows[name][number], "share %d of %s", number, name)
			}
		}
		for number, count := range rows[name] {
			require.Equal(t, 1, count, "share %d of %s", number, name)
		}
	}
	blocks, err := unlocker.Blocks(t.Context(), 1<<20)
	require.NoError(t, err)
	require.Greater(t, len(blocks), 4)
	found, err := unlocker.Audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)
	balances, err := unlocker.Balances(t.Context())
	require.NoError(t, err)
	for _, x := range balances {
		if x.Kind == ledger.Rewards {
			require.Equal(t, -int64(1000*len(blocks)), x.Amount)
		}
	}
}

func unlockAll(t *testing.T, l *ledger.DB) {
	t.Helper()
	var blocks []ledger.Block
	// The pool of connections may hold some that the server has cut.
	require.Eventually(t, func() (ok bool) {
		list, err := l.Candidates(t.Context(), "c", 1<<62)
		blocks = list
		return err == nil
	}, time.Minute, time.Millisecond)
	for _, b := range blocks {
		require.NoError(t, l.UnlockBlock(t.Context(), b.ID, ledger.Unlock{Reward: 1000, Depth: 60, Window: big.NewInt(1), At: time.Now()}))
	}
}

// sharesByNode counts the rows of every share.
func sharesByNode(t *testing.T, address string) map[string]map[int]int {
	t.Helper()
	db, err := sql.Open("pgx", address)
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query(`SELECT m.login, s.height FROM shares s JOIN miners m ON m.id = s.miner`)
	require.NoError(t, err)
	defer rows.Close()
	got := map[string]map[int]int{"a": {}, "b": {}}
	for rows.Next() {
		var login string
		var height int
		require.NoError(t, rows.Scan(&login, &height))
		got[login][height]++
	}
	require.NoError(t, rows.Err())
	return got
}
