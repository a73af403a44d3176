package pool

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// ckbClient is a subscribed and authorized CKB miner.
type ckbClient struct {
	*client
	nonce1 []byte
	target hash.Target
	job    ckbJob
}

type ckbJob struct {
	id      string
	powHash []byte
	height  uint64
	parent  string
	clean   bool
}

func (l *lab) subscribe() *ckbClient {
	l.t.Helper()
	c := &ckbClient{client: l.dial(1)}
	reply, others := c.call("mining.subscribe", `["NBMiner/1.0",null]`)
	require.Empty(l.t, others, "nothing comes before authorize")
	c.readSubscribe(reply)
	return c
}

func (c *ckbClient) readSubscribe(reply message) {
	c.t.Helper()
	var result []any
	require.NoError(c.t, json.Unmarshal(reply.Result, &result))
	require.Len(c.t, result, 3)
	require.Nil(c.t, result[0])
	require.EqualValues(c.t, 12, result[2])
	nonce1, err := hex.DecodeString(result[1].(string))
	require.NoError(c.t, err)
	require.Len(c.t, nonce1, 4)
	c.nonce1 = nonce1
}

// authorize logs a worker in and takes the first work.
func (l *lab) authorize(user, pass string) *ckbClient {
	l.t.Helper()
	c := l.subscribe()
	reply, _ := c.call("mining.authorize", fmt.Sprintf(`[%q,%q]`, user, pass))
	require.JSONEq(l.t, "true", string(reply.Result))
	c.take(c.read())
	require.NotZero(l.t, c.target, "the target comes before the first job")
	c.take(c.read())
	require.NotEmpty(l.t, c.job.id)
	return c
}

// take updates the miner's view from a notification.
func (c *ckbClient) take(m message) {
	c.t.Helper()
	var params []any
	switch m.Method {
	case "mining.set_target":
		require.NoError(c.t, json.Unmarshal(m.Params, &params))
		b, err := hex.DecodeString(params[0].(string))
		require.NoError(c.t, err)
		c.target = hash.Target(b)
	case "mining.notify":
		require.NoError(c.t, json.Unmarshal(m.Params, &params))
		require.Len(c.t, params, 5)
		powHash, err := hex.DecodeString(params[1].(string))
		require.NoError(c.t, err)
		require.Len(c.t, params[3], 64)
		c.job = ckbJob{id: params[0].(string), powHash: powHash, height: uint64(params[2].(float64)), parent: params[3].(string), clean: params[4].(bool)}
	default:
		require.Fail(c.t, "unexpected message", "%+v", m)
	}
}

func (c *ckbClient) nextJob() ckbJob {
	c.t.Helper()
	was := c.job.id
	for c.job.id == was {
		c.take(c.read())
	}
	return c.job
}

// mine finds the n-th nonce2 of a job that is worth between low and high.
func (c *ckbClient) mine(j ckbJob, n int, low, high uint64) []byte {
	c.t.Helper()
	for i := uint64(0); i < 1<<24; i++ {
		nonce2 := make([]byte, 12)
		binary.BigEndian.PutUint64(nonce2, i) // only the high bytes differ between small i
		d := hash.Target(sha256.Sum256(append(append(append([]byte{}, j.powHash...), c.nonce1...), nonce2...)))
		if worth := chain.Uint64(chain.ShareDifficulty(d)); worth >= low && worth <= high {
			if n--; n < 0 {
				return nonce2
			}
		}
	}
	c.t.Fatal("no such share")
	return nil
}

// submit hands in a share and returns the error, "" when accepted.
func (c *ckbClient) submit(worker, job, nonce2 string) string {
	c.t.Helper()
	reply, others := c.call("mining.submit", fmt.Sprintf(`[%q,%q,%q]`, worker, job, nonce2))
	for _, m := range others {
		c.take(m)
	}
	if reply.failed() {
		require.NotEqual(c.t, "true", string(reply.Result))
		return reply.text()
	}
	require.JSONEq(c.t, "true", string(reply.Result))
	return ""
}

func TestCKBSession(t *testing.T) {
	l := startLab(t, nil)
	c, other := l.authorize("wallet.rig1", "x"), l.authorize("wallet.rig2", "x")
	require.NotEqual(t, c.nonce1, other.nonce1)
	require.True(t, c.job.clean)
	require.EqualValues(t, 100, c.job.height)
	require.Equal(t, l.coins["ckb"].parent(), c.job.parent)
	require.Equal(t, chain.TargetFromDifficulty(16), c.target)

	good := hex.EncodeToString(c.mine(c.job, 0, 16, 1<<30))
	second := hex.EncodeToString(c.mine(c.job, 1, 16, 1<<30))
	require.Empty(t, c.submit("wallet.rig1", c.job.id, good))
	require.Empty(t, c.submit("wallet.rig1", c.job.id, second), "all bytes of the nonce tell shares apart")
	require.Equal(t, "22 Duplicate share", c.submit("wallet.rig1", c.job.id, good))
	require.Equal(t, "22 Duplicate share", c.submit("wallet.rig1", c.job.id, strings.ToUpper(good)))
	require.Equal(t, "23 Low difficulty", c.submit("wallet.rig1", c.job.id, hex.EncodeToString(c.mine(c.job, 0, 1, 15))))
	require.Equal(t, "21 Job not found", c.submit("wallet.rig1", "77", good))
	require.Equal(t, "21 Job not found", c.submit("wallet.rig1", other.job.id, good))
	require.Equal(t, "24 Unauthorized worker", c.submit("wallet.rig2", c.job.id, good))
	for _, bad := range []string{good[2:], good + "00", good[1:], "0x" + good[2:], ""} {
		require.Contains(t, c.submit("wallet.rig1", c.job.id, bad), "20 nonce2", bad)
	}
	foreign := hex.EncodeToString(other.mine(other.job, 5, 16, 1<<30))
	if text := c.submit("wallet.rig1", c.job.id, foreign); text != "" {
		require.Equal(t, "23 Low difficulty", text, "the session's own nonce1 counts, whatever the miner used")
	}
	require.Equal(t, ledger.Miner{Coin: "ckb", Login: "wallet", Worker: "rig1"}, l.totals()[0].Miner)
}

func TestCKBBoundary(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Ports[1].Fixed = 100 })
	c := l.authorize("wallet", "x")
	require.Empty(t, c.submit("wallet", c.job.id, hex.EncodeToString(c.mine(c.job, 0, 100, 100))))
	require.Equal(t, "23 Low difficulty", c.submit("wallet", c.job.id, hex.EncodeToString(c.mine(c.job, 0, 99, 99))))
}

func TestCKBLogins(t *testing.T) {
	l := startLab(t, nil)
	c := &ckbClient{client: l.dial(1)}
	reply, _ := c.call("mining.authorize", `["wallet","x"]`)
	require.Equal(t, "25 Not subscribed", reply.text())
	reply, _ = c.call("mining.submit", `["wallet","1","000000000000000000000000"]`)
	require.Equal(t, "25 Not subscribed", reply.text())
	reply, _ = c.call("mining.subscribe", `[]`)
	c.readSubscribe(reply)
	first := c.nonce1
	reply, _ = c.call("mining.subscribe", `["again"]`)
	c.readSubscribe(reply)
	require.Equal(t, first, c.nonce1)
	for _, params := range []string{`["nobody","x"]`, `["wallet+x","x"]`, `["wallet","d=0"]`, `[7,"x"]`, `[]`} {
		reply, _ = c.call("mining.authorize", params)
		require.True(t, reply.failed(), params)
		require.NotEqual(t, "true", string(reply.Result))
	}
	reply, _ = c.call("mining.submit", `["wallet","1","000000000000000000000000"]`)
	require.Equal(t, "24 Unauthorized worker", reply.text())
	for _, method := range []string{"mining.extranonce.subscribe", "mining.suggest_difficulty"} {
		reply, _ = c.call(method, `[1]`)
		require.JSONEq(t, "true", string(reply.Result))
	}
	reply, _ = c.call("mining.get_transactions", `[]`)
	require.Equal(t, "20 Unknown method", reply.text())
	reply, others := c.call("mining.authorize", `["wallet.a","x"]`)
	require.JSONEq(t, "true", string(reply.Result))
	require.Empty(t, others)
	c.take(c.read())
	c.take(c.read())
	reply, others = c.call("mining.authorize", `["wallet.b","x"]`)
	require.JSONEq(t, "true", string(reply.Result))
	require.Empty(t, others, "a second worker shares the work")
	require.Empty(t, c.submit("wallet.a", c.job.id, hex.EncodeToString(c.mine(c.job, 0, 16, 1<<30))))
	require.Empty(t, c.submit("wallet.b", c.job.id, hex.EncodeToString(c.mine(c.job, 1, 16, 1<<30))))
	totals := l.totals()
	require.Len(t, totals, 2, "workers of one connection are credited separately")
	require.Equal(t, []string{"a", "b"}, []string{totals[0].Worker, totals[1].Worker})
}

func TestCKBNewTipAndRefresh(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Coins[1].Refresh = 100 * time.Millisecond })
	ckb := l.coins["ckb"]
	c := l.authorize("wallet", "x")
	old := c.job
	nonce := hex.EncodeToString(c.mine(old, 0, 16, 1<<30))
	ckb.change(func() { ckb.content = 1 })
	refreshed := c.nextJob()
	require.False(t, refreshed.clean, "the parent is the same")
	require.Empty(t, c.submit("wallet", old.id, nonce))
	ckb.change(func() { ckb.height++ })
	require.True(t, c.nextJob().clean)
	require.Equal(t, "21 Stale share", c.submit("wallet", refreshed.id, hex.EncodeToString(c.mine(refreshed, 0, 16, 1<<30))))
	ckb.change(func() { ckb.branch = 7 })
	require.True(t, c.nextJob().clean, "sideways")
	require.Equal(t, ckb.parent(), c.job.parent)
}

func TestCKBRetarget(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Ports[1].Fixed, c.Ports[1].Start, c.Ports[1].Min = 0, 16, 1
	})
	c := l.authorize("wallet", "x")
	old, oldTarget := c.job, c.target
	sent := 0
	for c.job.id == old.id {
		require.Empty(t, c.submit("wallet", old.id, hex.EncodeToString(c.mine(old, sent, 16, 1<<30))))
		sent++
		require.Less(t, sent, 20)
	}
	require.NotEqual(t, oldTarget, c.target, "set_target came before notify")
	require.NotEqual(t, old.powHash, c.job.powHash, "work of its own, or the miner would repeat itself")
	require.False(t, c.job.clean)
	require.Empty(t, c.submit("wallet", old.id, hex.EncodeToString(c.mine(old, sent, 16, 17))), "in flight at the old target")
	require.Equal(t, "23 Low difficulty", c.submit("wallet", c.job.id, hex.EncodeToString(c.mine(c.job, 0, 16, 17))))
}

func TestCKBSuggestTarget(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Ports[1].Fixed, c.Ports[1].Start, c.Ports[1].Min, c.Ports[1].Max = 0, 16, 10, 1000
	})
	c := l.authorize("wallet", "x")
	for _, tc := range []struct{ want, got uint64 }{{200, 200}, {1, 10}, {5000, 1000}} {
		target := chain.TargetFromDifficulty(tc.want)
		reply, _ := c.call("mining.suggest_target", fmt.Sprintf(`[%q]`, hex.EncodeToString(target[:])))
		require.JSONEq(t, "true", string(reply.Result))
		c.nextJob()
		require.Equal(t, chain.TargetFromDifficulty(tc.got), c.target)
	}
	reply, others := c.call("mining.suggest_target", fmt.Sprintf(`[%q]`, strings.Repeat("0", 64)))
	require.JSONEq(t, "true", string(reply.Result))
	require.Empty(t, others)
}

func TestCKBBlock(t *testing.T) {
	l := startLab(t, nil)
	ckb := l.coins["ckb"]
	ckb.change(func() { ckb.difficulty, ckb.content = 80, 1 })
	l.feeds[1].kick()
	l.eventually("the new difficulty", func() bool { return l.feeds[1].current.Load().Difficulty.Uint64() == 80 })
	c := l.authorize("wallet", "d=60")
	nonce2 := c.mine(c.job, 0, 80, 1<<30)
	require.Empty(t, c.submit("wallet", c.job.id, hex.EncodeToString(nonce2)))
	l.eventually("block", func() bool { return len(ckb.blocks()) == 1 })
	want := append(append(append([]byte{}, c.job.powHash...), c.nonce1...), nonce2...)
	require.Equal(t, hex.EncodeToString(want), ckb.blocks()[0].Payload)

	// Stale, but still a block: nobody claims it, so only hashing can tell.
	old := c.job
	ckb.change(func() { ckb.height++ })
	c.nextJob()
	require.Equal(t, "21 Stale share", c.submit("wallet", old.id, hex.EncodeToString(c.mine(old, 0, 20, 79))))
	require.Empty(t, c.submit("wallet", old.id, hex.EncodeToString(c.mine(old, 1, 80, 1<<30))))
	require.Len(t, ckb.blocks(), 2)
}

func TestCKBNonce1SkipsLiveOnes(t *testing.T) {
	l := startLab(t, nil)
	f := l.feeds[1]
	c := l.subscribe()
	n := uint64(binary.BigEndian.Uint32(c.nonce1))
	f.nonces.mu.Lock()
	f.nonces.next, f.nonces.end = n+1<<32, n+1<<32+8 // wrapped around, to the one in use
	f.nonces.mu.Unlock()
	again := l.subscribe()
	require.Equal(t, uint32(n)+1, binary.BigEndian.Uint32(again.nonce1))
	c.nc.Close()
	l.eventually("it is free again", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.nonce1) == 1
	})
}
