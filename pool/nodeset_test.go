package pool

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
)

// twoNodes is a lab whose first coin has two nodes; the second is not polled
// by anything else.
func twoNodes(t *testing.T, change func(*config.Config)) (l *lab, a, b *fakeCoin) {
	fakes := make(map[string]*fakeCoin)
	l = startLab(t, func(c *config.Config, d *Deps) {
		c.Coins, c.Ports = c.Coins[:1], c.Ports[:1]
		c.Coins[0].Nodes = []string{"http://a", "http://me:secret@b"}
		d.NewCoin = func(c config.Coin) (coin.Coin, error) {
			fakes[c.Node] = newFakeCoin(c)
			return fakes[c.Node], nil
		}
		if change != nil {
			change(c)
		}
	})
	return l, fakes["http://a"], fakes["http://b"]
}

func TestMinersStayWhenANodeGoes(t *testing.T) {
	l, a, b := twoNodes(t, nil)
	c := l.login()
	a.change(func() { a.fail = errNode })
	b.change(func() { b.height++ })
	c.nextJob()
	require.EqualValues(t, 101, c.job.Height, "the next block comes from the other node")
	l.eventually("the other node is used", func() bool { return l.Nodes("xmr")[1].Used })
	states := l.Nodes("xmr")
	require.Equal(t, "http://me:xxxxx@b", states[1].URL)
	require.Equal(t, errNode.Error(), states[0].LastError)
	require.NotContains(t, l.log.String(), "secret")
	require.Nil(t, l.Nodes("nothing"))
}

func TestBlocksGoToAllNodes(t *testing.T) {
	l, a, b := twoNodes(t, nil)
	for _, n := range []*fakeCoin{a, b} {
		n.change(func() { n.difficulty, n.content = 50, 1 })
	}
	a.change(func() { a.refuse = errNode })
	l.feeds[0].kick()
	l.eventually("the new difficulty", func() bool { return l.feeds[0].current.Load().Difficulty.Uint64() == 50 })
	c := l.login()
	nonce, d := mine(t, c.job, 0, 50, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	l.eventually("one of them took it", func() bool {
		blocks, err := l.store.Blocks(t.Context(), 1)
		return err == nil && len(blocks) == 1 && blocks[0].State == ledger.BlockAccepted
	})
	l.eventually("the other was asked as well", func() bool { return len(a.blocks()) > 0 })
	require.Len(t, b.blocks(), 1)
}

func TestPostsWakeThePool(t *testing.T) {
	var address string
	l := startLab(t, func(c *config.Config, d *Deps) {
		c.Coins, c.Ports = c.Coins[1:], c.Ports[1:]
		c.Coins[0].Poll = time.Hour
		c.Coins[0].NotifyListen = "127.0.0.1:0"
		d.Listen = func(network, listen string) (net.Listener, error) {
			ln, err := net.Listen(network, listen)
			if err == nil && address == "" { // coins come before ports
				address = ln.Addr().String()
			}
			return ln, err
		}
	})
	ckb := l.coins["ckb"]
	ckb.change(func() { ckb.height++ })
	resp, err := http.Post("http://"+address, "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	l.eventually("the new block", func() bool { return l.feeds[0].current.Load().Height == 101 })
	resp, err = http.Get("http://" + address)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
}

func TestNotifyListenInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	l := newLab(t, func(c *config.Config, _ *Deps) {
		c.Coins, c.Ports = c.Coins[1:], c.Ports[1:]
		c.Coins[0].NotifyListen = ln.Addr().String()
	})
	err = <-l.done
	l.done <- err
	require.ErrorContains(t, err, "coin ckb: notify_listen "+ln.Addr().String())
}
