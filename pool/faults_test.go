package pool

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	nervos "github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// way is how a node call fails, as its caller sees it and as the node does.
type way string

const (
	wayRefused way = "refused"         // nothing happens
	wayStatus  way = "status 500"      // nothing happens
	wayGarbage way = "garbage"         // nothing happens, the answer is no JSON
	wayBusy    way = "busy"            // nothing happens, the node says so
	wayAfter   way = "lost afterwards" // it takes effect, the answer is lost
	wayCut     way = "cut afterwards"  // it takes effect, half of the answer comes
	wayLate    way = "late"            // the caller is cut off, then it takes effect
)

func ways() []way {
	return []way{wayRefused, wayStatus, wayGarbage, wayBusy, wayAfter, wayCut, wayLate}
}

// late is how much later.
const late = 100 * time.Millisecond

// saboteur lets the next calls of one method fail.
type saboteur struct {
	next   http.Handler
	method string
	way    way
	busy   int // the node's code for that

	mu   sync.Mutex
	left int
	late int // calls that are still to come
	none sync.Cond
}

func newSaboteur(method string, w way) *saboteur {
	s := &saboteur{method: method, way: w}
	s.none.L = &s.mu
	return s
}

func (s *saboteur) arm(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = n
}

func (s *saboteur) doomed(method string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if method != s.method || s.left == 0 {
		return false
	}
	s.left--
	return true
}

// wait returns when the late calls are done. More may begin meanwhile, which a
// WaitGroup does not allow.
func (s *saboteur) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.late > 0 {
		s.none.Wait()
	}
}

// later hands a call to the node when its caller has long gone.
func (s *saboteur) later(r *http.Request) {
	s.mu.Lock()
	s.late++
	s.mu.Unlock()
	go func() {
		time.Sleep(late)
		s.next.ServeHTTP(httptest.NewRecorder(), r)
		s.mu.Lock()
		s.late--
		s.mu.Unlock()
		s.none.Broadcast()
	}()
}

// ServeHTTP implements http.Handler.
func (s *saboteur) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var call struct{ Method string }
	json.Unmarshal(body, &call) //nolint:errcheck // then it is not the method
	r.Body = io.NopCloser(bytes.NewReader(body))
	if s.doomed(call.Method) {
		s.spoil(w, r, body)
		return
	}
	s.next.ServeHTTP(w, r)
}

func (s *saboteur) spoil(w http.ResponseWriter, r *http.Request, body []byte) {
	switch s.way {
	case wayStatus:
		http.Error(w, "sabotage", http.StatusInternalServerError)
		return
	case wayGarbage:
		io.WriteString(w, `<html>{"result":`) //nolint:errcheck // the caller may leave
		return
	case wayBusy:
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":0,"error":{"code":%d,"message":"busy"}}`, s.busy)
		return
	case wayAfter:
		s.next.ServeHTTP(httptest.NewRecorder(), r)
	case wayCut:
		whole := httptest.NewRecorder()
		s.next.ServeHTTP(whole, r)
		w.Write(whole.Body.Bytes()[:whole.Body.Len()/2]) //nolint:errcheck // as above
		return
	case wayLate:
		s.later(httptest.NewRequest(r.Method, r.URL.Path, bytes.NewReader(body)))
	}
	panic(http.ErrAbortHandler)
}

// nodeLab is a pool on a node that is sabotaged.
type nodeLab struct {
	*lab
	saboteur *saboteur
	find     func()        // mines a block through the pool
	bury     func()        // lets others mine on it
	tip      func() string // the node's
}

// unlockSoon has the unlocker look often, and be content with little.
func unlockSoon(c *config.Config) {
	c.Unlock.Interval, c.Unlock.Confirmations = 20*time.Millisecond, 3
}

func moneroLab(t *testing.T, s *saboteur) *nodeLab {
	network := cryptonote.MoneroTestnet()
	a := lookup(t, "cn/upx2")
	node, err := simmonero.New(simmonero.Config{Algorithm: a, NewHasher: cpu.New, Difficulty: 4, Fixed: true, Network: network, Maturity: 3})
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	s.next, s.busy = node, -9
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	wallet := cryptonote.Address{Prefix: network.Standard}.String()
	l := realLab(t, func(c *config.Config) {
		c.Coins, c.Ports = c.Coins[:1], c.Ports[:1]
		coin := &c.Coins[0]
		coin.Algorithm, coin.Network, coin.Node, coin.Address = a.Name, "testnet", server.URL, wallet
		c.Ports[0].Fixed = 2
		unlockSoon(c)
	})
	return &nodeLab{lab: l, saboteur: s,
		find: func() {
			c := l.loginAlgo(wallet, a.Name)
			blob, err := hex.DecodeString(c.job.Blob)
			require.NoError(t, err)
			nonce, d := search(t, a, blob, 39, c.job.Height, 4)
			require.Empty(t, c.submit(c.job.JobID, nonce, d))
		},
		bury: func() {
			_, err := node.Mine(4)
			require.NoError(t, err)
		},
		tip: func() string { return node.Tip().ID.String() },
	}
}

func ckbLab(t *testing.T, s *saboteur) *nodeLab {
	a := lookup(t, "eaglesong")
	lock := nervos.SighashLock([20]byte{1})
	node, err := simckb.New(simckb.Config{Hasher: func() (hash.Hasher, error) { return cpu.New(a) }, Lock: lock, Fixed: true,
		CompactTarget: nervos.CompactFromDifficulty(big.NewInt(64)), Extension: true, EpochLength: 4, Maturity: 1})
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	s.next, s.busy = node, -32603
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	wallet := nervos.EncodeAddress(nervos.Testnet, lock)
	l := realLab(t, func(c *config.Config) {
		c.Coins, c.Ports = c.Coins[1:], c.Ports[1:]
		c.Coins[0].Network, c.Coins[0].Node, c.Coins[0].Address = "dev", server.URL, wallet
		c.Ports[0].Fixed = 16
		unlockSoon(c)
	})
	return &nodeLab{lab: l, saboteur: s,
		find: func() {
			c := &ckbClient{client: l.dial(0)}
			reply, _ := c.call("mining.subscribe", `["test"]`)
			c.readSubscribe(reply)
			c.call("mining.authorize", `["`+wallet+`","x"]`)
			c.nextJob()
			message := append(append(append([]byte{}, c.job.powHash...), c.nonce1...), make([]byte, 12)...)
			search(t, a, message, 36, 0, 64)
			require.Empty(t, c.submit(wallet, c.job.id, hex.EncodeToString(message[36:])))
		},
		bury: func() { node.Mine(20) },
		tip:  func() string { return node.Status().Tip.String()[2:] },
	}
}

// block waits until the ledger's one block is in a state.
func (l *nodeLab) block(state ledger.BlockState) ledger.Block {
	l.t.Helper()
	var found ledger.Block
	require.Eventually(l.t, func() bool {
		blocks, err := l.store.Blocks(l.t.Context(), 10)
		if err != nil || len(blocks) != 1 {
			return false
		}
		found = blocks[0]
		return found.State == state
	}, 30*time.Second, 5*time.Millisecond, "the block is %s: %s", found.State, found.Detail)
	return found
}

// fate mines a block while a method fails, and follows it to its end.
func (l *nodeLab) fate() {
	before := l.tip()
	l.saboteur.arm(2)
	l.find()
	require.Eventually(l.t, func() bool { return l.tip() != before }, 30*time.Second, time.Millisecond, "the node has the block")
	ours := l.tip()
	l.eventually("the pool has an answer", func() bool {
		return l.seen(func(e Event) bool { _, settled := e.(*BlockSettled); return settled })
	})
	l.saboteur.wait()
	require.Equal(l.t, ours, l.tip(), "handing it in again changes nothing")
	l.saboteur.arm(2) // unlocking fails as well
	l.bury()
	b := l.block(ledger.BlockUnlocked)
	require.Equal(l.t, ours, b.Hash, "the block that counts is the node's")
	require.NotZero(l.t, b.Reward)
	violations, err := l.store.Audit(l.t.Context())
	require.NoError(l.t, err)
	require.Empty(l.t, violations)
}

// TestNodeFaults lets each call to a node fail in every way, before and while a
// block is found and unlocked: no block is lost, none is another's, and the
// accounts are right.
func TestNodeFaults(t *testing.T) {
	for kind, methods := range map[config.Kind][]string{
		config.CryptoNote: {"get_block_template", "get_last_block_header", "get_info", "submit_block", "get_block_header_by_hash",
			"get_block_header_by_height", "get_block"},
		config.CKB: {"get_block_template", "get_tip_header", "sync_state", "submit_block", "get_header", "get_header_by_number",
			"get_block_economic_state"},
	} {
		for _, method := range methods {
			// All of them run without the detector; see the Makefile.
			if (testing.Short() || raceDetector) && method != "submit_block" {
				continue
			}
			for _, w := range ways() {
				t.Run(string(kind)+"/"+method+"/"+string(w), func(t *testing.T) {
					t.Parallel()
					s := newSaboteur(method, w)
					t.Cleanup(s.wait)
					if kind == config.CKB {
						ckbLab(t, s).fate()
						return
					}
					moneroLab(t, s).fate()
				})
			}
		}
	}
}
