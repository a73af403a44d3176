package pool

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	nervos "github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// These tests use nothing that is fake but the chain itself: nodes over HTTP
// that verify proof of work, the real clients, the real hashes.

func lookup(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

// search tries nonces of a blob until one is worth the difficulty.
func search(t *testing.T, a *hash.Algorithm, blob []byte, at int, height, difficulty uint64) (uint32, hash.Digest) {
	t.Helper()
	h, err := cpu.New(a)
	require.NoError(t, err)
	defer h.Close()
	target := chain.TargetFromDifficulty(difficulty)
	for nonce := uint32(0); nonce < 1<<20; nonce++ {
		binary.LittleEndian.PutUint32(blob[at:], nonce)
		var out [1]hash.Digest
		require.NoError(t, h.Hash(out[:], []hash.Input{{Blob: blob, Height: height}}))
		if a.Meets(&out[0], &target) {
			return nonce, out[0]
		}
	}
	t.Fatal("no nonce found")
	return 0, hash.Digest{}
}

// realLab runs the pool with its default parts.
func realLab(t *testing.T, change func(*config.Config)) *lab {
	return startLab(t, func(c *config.Config, d *Deps) {
		d.NewCoin, d.NewHasher = nil, nil
		change(c)
	})
}

func TestMineMoneroBlocks(t *testing.T) {
	for _, algorithm := range []string{"cn/upx2", "cn-pico"} {
		t.Run(algorithm, func(t *testing.T) {
			a := lookup(t, algorithm)
			network := cryptonote.MoneroTestnet()
			node, err := simmonero.New(simmonero.Config{Algorithm: a, NewHasher: cpu.New, Difficulty: 6, Fixed: true, Network: network})
			require.NoError(t, err)
			t.Cleanup(func() { node.Close() })
			server := httptest.NewServer(node)
			t.Cleanup(server.Close)
			wallet := cryptonote.Address{Prefix: network.Standard}.String()
			l := realLab(t, func(c *config.Config) {
				c.Coins, c.Ports = c.Coins[:1], c.Ports[:1]
				coin := &c.Coins[0]
				coin.Algorithm, coin.Network, coin.Node, coin.Address = algorithm, "testnet", server.URL, wallet
				c.Ports[0].Fixed = 3
			})
			c := l.loginAlgo(wallet, algorithm)
			for want := uint64(1); want <= 3; want++ {
				for node.Tip().Height < want {
					blob, err := hex.DecodeString(c.job.Blob)
					require.NoError(t, err)
					nonce, d := search(t, a, blob, 39, c.job.Height, 6)
					require.Empty(t, c.submit(c.job.JobID, nonce, d))
					l.eventually("the node has the block", func() bool { return node.Tip().Height >= want })
				}
				for c.job.Height != want+1 {
					c.nextJob()
				}
			}
			l.eventually("all outcomes are known", func() bool {
				blocks, err := l.store.Blocks(t.Context(), 10)
				require.NoError(t, err)
				return len(blocks) == 3 && blocks[0].State == ledger.BlockAccepted
			})
			blocks, err := l.store.Blocks(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, node.Tip().ID.String(), blocks[0].Hash)
			require.EqualValues(t, 3, l.totals()[0].Shares)

			// A reorganisation and a node that fails on the way.
			node.Faults().FailNext(5, "garbage")
			_, err = node.Reorg(1)
			require.NoError(t, err)
			c.nextJob()
			require.Equal(t, node.Tip().Height+1, c.job.Height)
		})
	}
}

// loginAlgo logs in as a miner of one algorithm.
func (l *lab) loginAlgo(wallet, algorithm string) *cnClient {
	l.t.Helper()
	c := l.dial(0)
	reply, _ := c.call("login", fmt.Sprintf(`{"login":%q,"pass":"x","agent":"XMRig/6.26.0","algo":[%q]}`, wallet, algorithm))
	require.False(l.t, reply.failed(), "login: %s", reply.Error)
	var result struct {
		ID  string
		Job cnJob
	}
	require.NoError(l.t, json.Unmarshal(reply.Result, &result))
	require.Equal(l.t, algorithm, result.Job.Algo)
	return &cnClient{client: c, rpcID: result.ID, job: result.Job}
}

func TestMineCKBBlocks(t *testing.T) {
	a := lookup(t, "eaglesong")
	lock := nervos.SighashLock([20]byte{1})
	node, err := simckb.New(simckb.Config{Hasher: func() (hash.Hasher, error) { return cpu.New(a) }, Lock: lock, Fixed: true,
		CompactTarget: nervos.CompactFromDifficulty(big.NewInt(256)), Extension: true})
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	server := httptest.NewServer(node)
	t.Cleanup(server.Close)
	wallet := nervos.EncodeAddress(nervos.Testnet, lock)
	l := realLab(t, func(c *config.Config) {
		c.Coins, c.Ports = c.Coins[1:], c.Ports[1:]
		c.Coins[0].Network, c.Coins[0].Node, c.Coins[0].Address = "dev", server.URL, wallet
		c.Ports[0].Fixed = 64
	})
	c := &ckbClient{client: l.dial(0)}
	reply, _ := c.call("mining.subscribe", `["test"]`)
	c.readSubscribe(reply)
	reply, _ = c.call("mining.authorize", fmt.Sprintf(`[%q,"x"]`, wallet+".rig"))
	require.JSONEq(t, "true", string(reply.Result))
	c.nextJob()
	require.Equal(t, chain.TargetFromDifficulty(64), c.target)
	for want := uint64(1); want <= 3; want++ {
		message := append(append(append([]byte{}, c.job.powHash...), c.nonce1...), make([]byte, 12)...)
		search(t, a, message, 36, 0, 256)
		require.Empty(t, c.submit(wallet+".rig", c.job.id, hex.EncodeToString(message[36:])))
		l.eventually("the node has the block", func() bool { return node.Status().Number == want })
		for c.job.height != want+1 {
			c.nextJob()
		}
		require.True(t, c.job.clean)
	}
	l.eventually("all outcomes are known", func() bool {
		blocks, err := l.store.Blocks(t.Context(), 10)
		require.NoError(t, err)
		return len(blocks) == 3 && blocks[0].State == ledger.BlockAccepted
	})
	blocks, err := l.store.Blocks(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, node.Status().Tip.String(), "0x"+blocks[0].Hash)
	require.Equal(t, "rig", l.totals()[0].Worker)

	// One unlucky answer does not lose a block.
	message := append(append(append([]byte{}, c.job.powHash...), c.nonce1...), make([]byte, 12)...)
	search(t, a, message, 36, 0, 256)
	node.FailNext(1, "500")
	require.Empty(t, c.submit(wallet+".rig", c.job.id, hex.EncodeToString(message[36:])))
	l.eventually("the node has it after all", func() bool { return node.Status().Number == 4 })
}
