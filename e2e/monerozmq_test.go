//go:build e2e

package e2e

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/chain/cryptonote/zmq"
)

// TestMoneroZMQ hears of blocks from a real monerod. A regtest chain makes
// them at once.
func TestMoneroZMQ(t *testing.T) {
	need(t, "monerod")
	rpc, p2p, pub := freePort(t), freePort(t), freePort(t)
	node := start(t, "monerod", "monerod", "--regtest", "--offline", "--fixed-difficulty", "1", "--data-dir", t.TempDir(),
		"--rpc-bind-port", portOf(rpc), "--p2p-bind-ip", "127.0.0.1", "--p2p-bind-port", portOf(p2p),
		"--zmq-rpc-bind-port", portOf(freePort(t)), "--zmq-pub", "tcp://"+pub, "--non-interactive", "--no-igd", "--hide-my-port", "--disable-rpc-ban")
	node.listening(t, rpc)
	client, err := monerod.New(monerod.Config{URL: "http://" + rpc})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	heard, err := zmq.Dial(t.Context(), "tcp://"+pub, zmq.TopicMinimalChain)
	require.NoError(t, err)
	t.Cleanup(func() { heard.Close() })

	messages := make(chan []byte, 100)
	go func() {
		for {
			message, err := heard.Next()
			if err != nil {
				close(messages)
				return
			}
			messages <- message
		}
	}()
	// A subscription takes effect a moment after it was sent: make blocks until
	// one is heard of.
	var message []byte
	for deadline := time.Now().Add(2 * time.Minute); message == nil; {
		require.True(t, time.Now().Before(deadline), "no message came")
		generateBlock(t, rpc)
		select {
		case message = <-messages:
		case <-time.After(time.Second):
		}
	}
	c, err := zmq.ParseMinimalChain(message)
	require.NoError(t, err, "%s", message)
	height, id := c.Tip()
	header, err := client.BlockHeaderByHash(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, header.Height, height)
	require.Equal(t, header.PrevHash, c.FirstPrev)
}

// generateBlock has a regtest node make a block. The address is the Monero
// project's: regtest uses those of mainnet.
func generateBlock(t *testing.T, rpc string) {
	t.Helper()
	const body = `{"jsonrpc":"2.0","id":"0","method":"generateblocks","params":{"amount_of_blocks":1,"wallet_address":` +
		`"44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"}}`
	resp, err := http.Post("http://"+rpc+"/json_rpc", "application/json", bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}
