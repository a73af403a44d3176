package monero_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/simnode/monero"
	"github.com/aditmine/adit/hash"
)

func TestMining(t *testing.T) {
	for name, cfg := range map[string]monero.Config{
		"v2":                  {Fixed: true, Difficulty: 20},
		"v2, no view tags":    {Fixed: true, Difficulty: 20, MajorVersion: 12},
		"v1":                  {Fixed: true, Difficulty: 20, MinerTxVersion: 1, Reward: 17592169267200},
		"with transactions":   {Fixed: true, Difficulty: 20, Transactions: 6},
		"at a great height":   {Fixed: true, Difficulty: 20, GenesisHeight: 1806260},
		"odd minor version":   {Fixed: true, Difficulty: 20, MinorVersion: 99},
		"with only one of it": {Fixed: true, Difficulty: 20, Transactions: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var events []monero.Event
			cfg.OnBlock = func(e monero.Event) { events = append(events, e) }
			b := start(t, cfg)
			prev := b.Tip().ID
			for i := range 4 {
				raw, tmpl := b.template(8)
				require.Equal(t, prev, tmpl.Header().PrevID)
				require.Equal(t, cfg.GenesisHeight+uint64(i)+1, tmpl.Height())
				require.Equal(t, 1+cfg.Transactions, tmpl.TxCount())
				require.Equal(t, raw.ExpectedReward, tmpl.Reward())
				require.Equal(t, 8, tmpl.ReservedSize())
				require.Equal(t, 39, tmpl.NonceOffset())

				prev = b.mine([]byte{1, 2, 3, 4, 5, 6, 7, byte(i)})
				h, err := b.rpc.LastBlockHeader(t.Context())
				require.NoError(t, err)
				require.Equal(t, prev, h.Hash, "our id is the node's")
				require.Equal(t, int64(20), h.Difficulty.Int64())
				require.Equal(t, cfg.Transactions, h.TxCount)
				require.False(t, h.Orphan)
			}
			require.Len(t, events, 4)
			require.Equal(t, b.Tip().ID, events[3].ID)
			require.True(t, events[3].Main)
			require.False(t, events[3].Own)
			require.Equal(t, 4, b.Status().Submitted)
			require.Len(t, b.Blocks(), 5)
		})
	}
}

func TestConfigMistakes(t *testing.T) {
	good := monero.Config{Algorithm: cheap, NewHasher: newCheap}
	for want, change := range map[string]func(*monero.Config){
		"an algorithm and its hasher":   func(c *monero.Config) { c.NewHasher = nil },
		"version 3":                     func(c *monero.Config) { c.MinerTxVersion = 3 },
		"whole seconds":                 func(c *monero.Config) { c.BlockInterval = time.Millisecond },
		"nonce elsewhere":               func(c *monero.Config) { c.Algorithm = &hash.Algorithm{Name: "x", NonceOffset: 32, NonceSize: 16} },
		"reward":                        func(c *monero.Config) { c.Reward = 1 << 63 },
		"transactions":                  func(c *monero.Config) { c.Transactions = -1 },
		"nonce would not be at byte 39": func(c *monero.Config) { c.MajorVersion = 200 },
		"needs a seed hash": func(c *monero.Config) {
			c.Algorithm = &hash.Algorithm{Name: "x", NeedsSeed: true, NonceOffset: 39, NonceSize: 4}
		},
		"hasher of cheap: not available": func(c *monero.Config) {
			c.NewHasher = func(*hash.Algorithm) (hash.Hasher, error) { return nil, errors.New("not available") }
		},
		"blocks of others": func(c *monero.Config) { c.Others = -1 },
		"drawing a secret": func(c *monero.Config) { c.Rand = strings.NewReader("") },
	} {
		cfg := good
		change(&cfg)
		_, err := monero.New(cfg)
		require.ErrorContains(t, err, want)
	}
}

func TestClose(t *testing.T) {
	n, err := monero.New(monero.Config{Algorithm: cheap, NewHasher: newCheap})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- n.Serve(t.Context(), ln) }()
	require.NoError(t, n.Close())
	require.NoError(t, n.Close(), "twice")
	if err := <-served; err != nil { // Close may have come before Serve
		require.ErrorIs(t, err, monero.ErrClosed)
	}
	ln, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorIs(t, n.Serve(t.Context(), ln), monero.ErrClosed)
	_, err = ln.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}
