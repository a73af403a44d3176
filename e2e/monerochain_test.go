//go:build e2e

package e2e

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/cryptonote/walletrpc"
)

// chainDifficulty is what monerod is told to keep: low enough for dozens of
// blocks in a minute or so, high enough that one height has few candidates,
// each of which costs the node about as much as a block.
const chainDifficulty = 24

// moneroChain is a private Monero testnet: a real node and two real
// wallets. A
// fresh testnet starts with cn/0 and keeps it for the first 624,633 blocks.
type moneroChain struct {
	node         *monerod.Client
	nodeURL      string
	wallet       *walletrpc.Client // of the pool: blocks pay to it, and it pays miners
	walletURL    string
	address      string
	miner        *walletrpc.Client // of the miner
	minerAddress string
	foreign      map[cryptonote.Hash]bool // blocks that the test itself mined
}

func startMoneroChain(t *testing.T) *moneroChain {
	t.Helper()
	need(t, "monerod", "monero-wallet-rpc")
	rpc, p2p := freePort(t), freePort(t)
	node := start(t, "monerod", "monerod", "--testnet", "--offline", "--data-dir", t.TempDir(),
		"--fixed-difficulty", strconv.Itoa(chainDifficulty),
		"--rpc-bind-port", portOf(rpc), "--p2p-bind-ip", "127.0.0.1", "--p2p-bind-port", portOf(p2p),
		"--non-interactive", "--no-igd", "--hide-my-port", "--no-zmq", "--disable-rpc-ban")
	node.listening(t, rpc)
	var err error
	c := &moneroChain{nodeURL: "http://" + rpc, foreign: map[cryptonote.Hash]bool{}}
	c.node, err = monerod.New(monerod.Config{URL: c.nodeURL})
	require.NoError(t, err)
	t.Cleanup(c.node.Close)
	c.wallet, c.walletURL, c.address = startWallet(t, rpc, "pool")
	c.miner, _, c.minerAddress = startWallet(t, rpc, "miner")
	return c
}

// startWallet runs a monero-wallet-rpc with a new wallet.
func startWallet(t *testing.T, node, name string) (client *walletrpc.Client, url, address string) {
	t.Helper()
	listen := freePort(t)
	wallet := start(t, "monero-wallet-rpc of the "+name, "monero-wallet-rpc", "--testnet", "--daemon-address", node,
		"--rpc-bind-port", portOf(listen), "--disable-rpc-login", "--wallet-dir", t.TempDir(), "--trusted-daemon",
		"--log-file", filepath.Join(t.TempDir(), "wallet.log"))
	wallet.listening(t, listen)
	client, err := walletrpc.New(walletrpc.Config{URL: "http://" + listen, Timeout: 2 * time.Minute})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	require.NoError(t, client.CreateWallet(t.Context(), name, ""))
	address, err = client.Address(t.Context())
	require.NoError(t, err)
	return client, "http://" + listen, address
}

// waitForBlocks waits until the chain has n blocks beside the genesis block.
func (c *moneroChain) waitForBlocks(t *testing.T, n uint64, within time.Duration) {
	t.Helper()
	last := time.Now()
	eventually(t, within, "blocks on the Monero chain", func(ctx context.Context) error {
		info, err := c.node.Info(ctx)
		if err != nil {
			return err
		}
		if time.Since(last) > 10*time.Second {
			t.Logf("%d blocks, difficulty %v", info.Height-1, info.Difficulty)
			last = time.Now()
		}
		if info.Height <= n {
			return errors.New("too few yet")
		}
		return nil
	})
}
