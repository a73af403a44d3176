package nodes

import (
	"context"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/chain/cryptonote/zmq"
	simckb "github.com/aditmine/adit/chain/simnode/ckb"
	simmonero "github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/pool/coin"
	"github.com/aditmine/adit/pool/config"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return ln
}

func lookup(t *testing.T, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

// following is a set of one real client that never polls by itself, so that
// what it learns comes from a source.
func following(t *testing.T, cfg config.Coin, sources ...Source) (*Set, *atomic.Int64) {
	t.Helper()
	c, err := coin.New(cfg)
	require.NoError(t, err)
	s := New(Config{Name: cfg.Name, Members: []Member{{cfg.Node, c}}, Sources: append(Sources(cfg), sources...),
		Poll: time.Hour, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	t.Cleanup(s.Close)
	news := new(atomic.Int64)
	s.Start(func() { news.Add(1) })
	return s, news
}

// sees waits until the set knows a tip.
func sees(t *testing.T, s *Set, tip string) {
	t.Helper()
	require.Eventually(t, func() bool {
		got, err := s.Tip(t.Context())
		return err == nil && got.Hash == tip
	}, 10*time.Second, time.Millisecond)
}

func moneroSim(t *testing.T, p *zmq.Publisher) (*simmonero.Node, config.Coin) {
	t.Helper()
	network := cryptonote.MoneroTestnet()
	node, err := simmonero.New(simmonero.Config{Algorithm: lookup(t, "cn/upx2"), NewHasher: cpu.New, Difficulty: 4, Fixed: true, Network: network, Publisher: p})
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	server := httptest.NewServer(node)
	t.Cleanup(server.Close)
	cfg := config.DefaultCoin(config.CryptoNote)
	cfg.Name, cfg.Algorithm, cfg.Network, cfg.Node = "c", "cn/upx2", "testnet", server.URL
	cfg.Address = cryptonote.Address{Prefix: network.Standard}.String()
	return node, cfg
}

func TestZMQBringsNewBlocksAndReorganisations(t *testing.T) {
	p, ln := zmq.NewPublisher(), listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, ln) }()
	node, cfg := moneroSim(t, p)
	cfg.ZMQ = []string{"tcp://" + ln.Addr().String()}
	s, news := following(t, cfg)
	require.Eventually(t, func() bool { return p.Subscribers() == 1 }, 10*time.Second, time.Millisecond)
	sees(t, s, node.Tip().ID.String())

	before := news.Load()
	tip, err := node.Mine(1)
	require.NoError(t, err)
	sees(t, s, tip.ID.String())
	require.Greater(t, news.Load(), before)
	tip, err = node.Reorg(1)
	require.NoError(t, err)
	sees(t, s, tip.ID.String())

	// The publisher goes and comes back.
	cancel()
	require.NoError(t, <-served)
	ln, err = net.Listen("tcp", ln.Addr().String())
	require.NoError(t, err)
	again, stop := context.WithCancel(t.Context())
	defer stop()
	go p.Serve(again, ln) //nolint:errcheck // ends with the test
	require.Eventually(t, func() bool { return p.Subscribers() == 1 }, 20*time.Second, time.Millisecond)
	tip, err = node.Mine(1)
	require.NoError(t, err)
	sees(t, s, tip.ID.String())
}

func ckbSim(t *testing.T, notify ...string) (*simckb.Node, config.Coin) {
	t.Helper()
	node, err := simckb.New(simckb.Config{Hasher: func() (hash.Hasher, error) { return cpu.New(lookup(t, "eaglesong")) },
		Lock: ckb.SighashLock([20]byte{1}), Fixed: true, CompactTarget: ckb.CompactFromDifficulty(big.NewInt(64)), Notify: notify})
	require.NoError(t, err)
	t.Cleanup(func() { node.Close() })
	ln := listen(t)
	go node.Serve(t.Context(), ln) //nolint:errcheck // ends with the node
	cfg := config.DefaultCoin(config.CKB)
	cfg.Name, cfg.Network, cfg.Node = "n", "dev", "http://"+ln.Addr().String()
	return node, cfg
}

func TestSubscriptionBringsNewTips(t *testing.T) {
	node, cfg := ckbSim(t)
	ln := listen(t)
	go node.ServeTCP(t.Context(), ln) //nolint:errcheck // ends with the node
	cfg.Subscribe = []string{ln.Addr().String()}
	s, _ := following(t, cfg)
	sees(t, s, node.Status().Tip.String()[2:])
	for range 3 {
		// Whatever came before the subscription was open, the look that it
		// begins with finds; what comes later, it tells.
		node.Mine(1)
		sees(t, s, node.Status().Tip.String()[2:])
	}
	require.NoError(t, node.Reorg(1))
	sees(t, s, node.Status().Tip.String()[2:])
}

func TestPostedTemplatesBringNewTips(t *testing.T) {
	ln := listen(t)
	node, cfg := ckbSim(t, "http://"+ln.Addr().String())
	s, _ := following(t, cfg, Posts(ln))
	for range 3 {
		node.Mine(1)
		sees(t, s, node.Status().Tip.String()[2:])
	}
}
