//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/ledger"
)

// minedBlocks is how far the chain is mined: past the 60 blocks after which the
// first coinbases can be spent.
const minedBlocks = 75

// TestMoneroPrivateChain mines a private chain of a real monerod through every
// part of adit, each run as a user runs it, and then lets node, wallet, pool,
// ledger and harness compare their accounts.
func TestMoneroPrivateChain(t *testing.T) {
	c := startMoneroChain(t)
	rig := startRig(t, c)
	c.waitForBlocks(t, minedBlocks, 15*time.Minute)
	rig.waitForPayout(t, c, 5*time.Minute)
	stop(t, rig.miner)
	t.Run("verdicts on hashes are identical", func(t *testing.T) { sameVerdicts(t, c) })
	t.Run("a corrupted share is refused by both", func(t *testing.T) { bothRefuse(t, c, rig.poolAddr) })
	stop(t, rig.proxy)
	stop(t, rig.pool)

	blocks, totals := rig.ledger(t)
	t.Run("block ids are the node's", func(t *testing.T) { sameBlocks(t, c, blocks) })
	t.Run("the accounts balance", func(t *testing.T) { runAdit(t, rig.binary, "pool", "audit", "-c", rig.config) })
	t.Run("the miner's wallet has what the ledger calls paid", func(t *testing.T) { minerReceives(t, c, rig) })
	t.Run("the wallet sees every coinbase", func(t *testing.T) { walletSeesRewards(t, c, rig) })
	t.Run("the harness agrees with the ledger", func(t *testing.T) { harnessAgrees(t, rig, totals) })
	if keep := os.Getenv("ADIT_E2E_TRACE"); keep != "" {
		data, err := os.ReadFile(rig.trace)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(keep, data, 0o644))
	}
}

// rig is a pool, a recording proxy before it, and a miner on the proxy.
type rig struct {
	binary, db, trace, config string
	poolAddr                  string
	pool, proxy, miner        *proc
}

const poolConfig = `
[[coin]]
name = "monero-private"
kind = "cryptonote"
algorithm = "cn/0"
network = "testnet"
node = %q
address = %q
poll = "100ms"
stale_grace = "2s"

[[port]]
listen = %q
coin = "monero-private"
start = 1
min = 1
interval = "1s"

[unlock]
interval = "1s"

[ledger]
path = %q

[[payout]]
coin = "monero-private"
enabled = true
wallet = %q
interval = "3s"
threshold = 1000000000000
confirmations = 3
`

func startRig(t *testing.T, c *moneroChain) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{
		binary: adit(t), poolAddr: freePort(t),
		db: filepath.Join(dir, "pool.db"), trace: filepath.Join(dir, "monero.mtrace.gz"), config: filepath.Join(dir, "pool.toml"),
	}
	text := fmt.Sprintf(poolConfig, c.nodeURL, c.address, r.poolAddr, r.db, c.walletURL)
	require.NoError(t, os.WriteFile(r.config, []byte(text), 0o644))
	runAdit(t, r.binary, "pool", "check", r.config)

	r.pool = start(t, "adit pool run", r.binary, "pool", "run", "-c", r.config)
	r.pool.listening(t, r.poolAddr)
	listen := freePort(t)
	r.proxy = start(t, "adit harness record", r.binary, "harness", "record",
		"--listen", listen, "--upstream", r.poolAddr, "-o", r.trace, "--coin", "XMR", "--net", "testnet")
	r.proxy.listening(t, listen)
	// The node must not have to fight the miner for the processor.
	r.miner = start(t, "adit mine", "nice", "-n", "15", r.binary, "mine", "-o", listen,
		"-u", c.minerAddress+".rig1", "-p", "x", "-a", "cn/0", "-t", "1", "--no-tune", "--no-tui", "--print-time", "10")
	return r
}

// stop ends a program as Ctrl-C does.
func stop(t *testing.T, p *proc) {
	t.Helper()
	require.NoError(t, p.interrupt(t, 30*time.Second), "%s must end cleanly:\n%s", p.name, p.tail(20))
	t.Logf("%s ended with:\n%s", p.name, p.tail(8))
}

func (r *rig) ledger(t *testing.T) (blocks []ledger.Block, totals []ledger.Total) {
	t.Helper()
	reader, err := ledger.OpenReader(t.Context(), r.db)
	require.NoError(t, err)
	defer reader.Close()
	blocks, err = reader.Blocks(t.Context(), 10_000)
	require.NoError(t, err)
	totals, err = reader.Totals(t.Context())
	require.NoError(t, err)
	return blocks, totals
}

// secondPlace is what the ledger says of a block that came after another of the
// same height.
const secondPlace = "another block was first at this height"

// wasSecond expects that a block came after another of its height. The node calls
// such a one invalid when a transaction in it has left its pool for the other.
func wasSecond(t *testing.T, c *moneroChain, b ledger.Block) {
	t.Helper()
	if strings.Contains(b.Detail, secondPlace) {
		return
	}
	first, err := c.node.BlockHeaderByHeight(t.Context(), b.Height)
	require.NoError(t, err)
	require.NotEqual(t, b.Hash, first.Hash.String(), "block %d is %s, %s, but the chain has it", b.Height, b.State, b.Detail)
}

// sameBlocks compares the node's chain with the blocks in the ledger: every
// block but the test's own was found by the pool, whose idea of its id is the
// node's, and the node found no fault with anything that the pool called a
// block.
func sameBlocks(t *testing.T, c *moneroChain, blocks []ledger.Block) {
	byID := make(map[string]ledger.Block)
	unlocked := 0
	for _, b := range blocks {
		switch b.State {
		case ledger.BlockAccepted:
		case ledger.BlockUnlocked:
			unlocked++
		default:
			wasSecond(t, c, b)
		}
		byID[b.Hash] = b
	}
	require.Positive(t, unlocked, "blocks that lie 60 deep have been divided among the miners")
	top, err := c.node.LastBlockHeader(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, top.Height, uint64(minedBlocks))
	for height := uint64(1); height <= top.Height; height++ {
		header, err := c.node.BlockHeaderByHeight(t.Context(), height)
		require.NoError(t, err)
		if c.foreign[header.Hash] {
			continue
		}
		b, ours := byID[header.Hash.String()]
		require.True(t, ours, "block %d %s of the chain is not in the ledger", height, header.Hash)
		require.Equal(t, height, b.Height)
	}
	t.Logf("%d blocks in the chain, %d candidates in the ledger, %d of them unlocked", top.Height, len(blocks), unlocked)
}

// walletSeesRewards compares the wallet's balance with the chain's coinbases,
// less what has been paid from it.
func walletSeesRewards(t *testing.T, c *moneroChain, r *rig) {
	_, err := c.wallet.Refresh(t.Context())
	require.NoError(t, err)
	top, err := c.node.LastBlockHeader(t.Context())
	require.NoError(t, err)
	var minted uint64
	for height := uint64(1); height <= top.Height; height++ {
		header, err := c.node.BlockHeaderByHeight(t.Context(), height)
		require.NoError(t, err)
		minted += header.Reward
	}
	balance, err := c.wallet.Balance(t.Context())
	require.NoError(t, err)
	require.Equal(t, minted, balance.Total+paidOut(t, r), "the wallet must own every coinbase that it has not paid out")
	require.NotZero(t, balance.Unlocked, "the first coinbases must have matured")
	require.Less(t, balance.Unlocked, balance.Total)
	t.Logf("wallet: %d atomic units, %d unlocked", balance.Total, balance.Unlocked)
}

// judgement is what the test reads of the judge's report.
type judgement struct {
	Shares      int            `json:"shares"`
	Credited    uint64         `json:"credited_difficulty"`
	Findings    map[string]int `json:"findings"`
	Connections []struct {
		Accepted int `json:"accepted"`
	} `json:"connections"`
}

// harnessAgrees lets the harness judge the recording: no verdict was false, and
// its count of accepted shares is the ledger's.
func harnessAgrees(t *testing.T, r *rig, totals []ledger.Total) {
	var report judgement
	require.NoError(t, json.Unmarshal([]byte(runAdit(t, r.binary, "harness", "judge", r.trace, "--json", "--strict")), &report))
	require.Zero(t, report.Findings["false-accept"])
	require.Zero(t, report.Findings["false-reject"])
	require.Zero(t, report.Findings["misreason"])
	accepted := 0
	for _, conn := range report.Connections {
		accepted += conn.Accepted
	}
	require.Len(t, totals, 1)
	require.Equal(t, int(totals[0].Shares), accepted, "shares accepted on the wire and in the ledger")
	require.Equal(t, totals[0].Difficulty.Uint64(), report.Credited)
	require.Equal(t, "rig1", totals[0].Worker)
	require.GreaterOrEqual(t, accepted, minedBlocks)
	t.Logf("%d shares judged, %d accepted, difficulty %d", report.Shares, accepted, report.Credited)
}

// sameVerdicts submits hashes around the network's difficulty to the node: it
// takes exactly those that we judge to be blocks. Nobody else mines meanwhile.
func sameVerdicts(t *testing.T, c *moneroChain) {
	a, hasher := cryptonight0(t)
	bt, err := c.node.BlockTemplate(t.Context(), c.address, 16)
	require.NoError(t, err)
	t.Logf("network difficulty %v", bt.Difficulty)
	for nonce, refused := uint32(0), 0; ; nonce++ {
		require.Less(t, uint64(nonce), 50*bt.Difficulty.Uint64(), "no block found")
		meets, blob := tryNonce(t, a, hasher, bt, nonce)
		switch {
		case meets && refused >= 3:
			require.NoError(t, c.node.SubmitBlock(t.Context(), blob), "a block to us, refused by the node")
			block, err := cryptonote.ParseBlock(blob)
			require.NoError(t, err)
			header, err := c.node.BlockHeaderByHash(t.Context(), block.ID())
			require.NoError(t, err, "the node knows the block by the id that we computed")
			require.False(t, header.Orphan)
			c.foreign[block.ID()] = true
			return
		case !meets && refused < 3:
			require.ErrorIs(t, c.node.SubmitBlock(t.Context(), blob), monerod.ErrNotAccepted, "no block to us, taken by the node")
			refused++
		}
	}
}

func cryptonight0(t *testing.T) (*hash.Algorithm, hash.Hasher) {
	t.Helper()
	a, err := hash.Lookup("cn/0")
	require.NoError(t, err)
	hasher, err := cpu.New(a)
	require.NoError(t, err)
	t.Cleanup(func() { hasher.Close() })
	return a, hasher
}

// tryNonce puts a nonce into a template of the test's own and tells whether the
// result is a block by our reckoning.
func tryNonce(t *testing.T, a *hash.Algorithm, h hash.Hasher, bt *monerod.BlockTemplate, n uint32) (meets bool, blob []byte) {
	t.Helper()
	template, err := bt.Parse()
	require.NoError(t, err)
	extra := []byte("e2e test")
	nonce := [cryptonote.NonceSize]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
	input, err := template.HashingBlob(extra)
	require.NoError(t, err)
	copy(input[template.NonceOffset():], nonce[:])
	var out [1]hash.Digest
	require.NoError(t, h.Hash(out[:], []hash.Input{{Blob: input, Height: bt.Height}}))
	target := chain.TargetFromDifficulty(bt.Difficulty.Uint64())
	blob, err = template.BlockBlob(extra, nonce)
	require.NoError(t, err)
	return a.Meets(&out[0], &target), blob
}

// bothRefuse changes the nonce of the chain's top block so that it has no work
// any more, and offers it to the node; and offers the pool a share whose claimed
// result is not its hash.
func bothRefuse(t *testing.T, c *moneroChain, poolAddr string) {
	a, hasher := cryptonight0(t)
	top, err := c.node.LastBlockHeader(t.Context())
	require.NoError(t, err)
	block, err := c.node.Block(t.Context(), top.Hash)
	require.NoError(t, err)
	corrupt := corrupted(t, a, hasher, block.Blob, chain.TargetFromBig(top.Difficulty))
	require.ErrorIs(t, c.node.SubmitBlock(t.Context(), corrupt), monerod.ErrNotAccepted)

	line := dialLines(t, poolAddr)
	reply := line.ask(t, fmt.Sprintf(`{"id":1,"method":"login","params":{"login":%q,"pass":"x","agent":"e2e"}}`, c.address+".corrupt"))
	result := reply["result"].(map[string]any)
	job := result["job"].(map[string]any)
	reply = line.ask(t, fmt.Sprintf(`{"id":2,"method":"submit","params":{"id":%q,"job_id":%q,"nonce":"00000000","result":"%064d"}}`,
		result["id"], job["job_id"], 0))
	require.Nil(t, reply["result"])
	require.NotNil(t, reply["error"], "a result of zeros claims a block; its hash says otherwise")
}

// corrupted counts a block's nonce up until its hash misses the target.
func corrupted(t *testing.T, a *hash.Algorithm, h hash.Hasher, blob []byte, target hash.Target) []byte {
	t.Helper()
	for {
		block, err := cryptonote.ParseBlock(blob)
		require.NoError(t, err)
		var out [1]hash.Digest
		require.NoError(t, h.Hash(out[:], []hash.Input{{Blob: block.HashingBlob(), Height: block.Height()}}))
		if !a.Meets(&out[0], &target) {
			return blob
		}
		blob = block.Bytes()
		blob[block.NonceOffset()]++
	}
}
