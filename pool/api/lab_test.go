package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/metrics"
	"github.com/aditmine/adit/pool/nodes"
	"github.com/aditmine/adit/pool/penalty"
	"github.com/aditmine/adit/pool/reward"
)

// alice is a miner whose worker's name and agent are meant to do harm.
const (
	alice   = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
	script  = `<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>`
	secret  = "a token of some length"
	oneUnit = 1_000_000_000_000
)

// fakePool is a pool whose state a test sets.
type fakePool struct {
	*ledger.DB
	ready chan struct{}
	book  *penalty.Book

	mu    sync.Mutex
	state pool.Snapshot
}

func (p *fakePool) Ready() <-chan struct{}   { return p.ready }
func (p *fakePool) Store() ledger.Store      { return p.DB }
func (p *fakePool) Penalties() *penalty.Book { return p.book }
func (p *fakePool) Ban(k penalty.Key, reason string, until time.Time) {
	p.book.Ban(k, reason, until)
}
func (p *fakePool) Lift(k penalty.Key) bool { return p.book.Lift(k) }
func (p *fakePool) Nodes(string) []nodes.State {
	return []nodes.State{{URL: "http://user:xxxxx@node", Height: 3_200_000, Synced: true, Used: true, Answered: time.Now()}}
}
func (p *fakePool) Snapshot() pool.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	s.At = time.Now()
	return s
}

func (p *fakePool) change(f func(*pool.Snapshot)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.state)
}

// lab is an API over a fake pool and a real ledger with something in it.
type lab struct {
	*Server
	t       *testing.T
	pool    *fakePool
	figures *metrics.Collector
	url     string
	stop    context.CancelFunc
	done    chan error
	drained chan struct{}
	opened  int // pages
}

func labConfig(t *testing.T) config.Config {
	cfg := config.Default()
	coin := config.DefaultCoin(config.CryptoNote)
	coin.Name, coin.Algorithm = "monero", "cn/r"
	cfg.Coins = []config.Coin{coin}
	port := config.DefaultPort()
	port.Listen, port.Coin, port.Fee = "0.0.0.0:3333", "monero", 100
	solo := port
	solo.Listen, solo.Scheme, solo.Fixed = "0.0.0.0:4444", reward.SOLO, 100_000
	cfg.Ports = []config.Port{port, solo}
	cfg.API.Listen = "127.0.0.1:0"
	cfg.API.PerSecond = 10_000
	cfg.API.TokenFile = filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(cfg.API.TokenFile, []byte(secret+"\n"), 0o600))
	cfg.Ledger.Path = filepath.Join(t.TempDir(), "ledger.db")
	return cfg
}

// startLab serves a pool that has found blocks and paid.
func startLab(t *testing.T, change func(*config.Config)) *lab {
	t.Helper()
	l := newLab(t, change)
	close(l.pool.ready)
	require.Eventually(t, func() bool { return l.view.Load() != nil }, 20*time.Second, 5*time.Millisecond)
	return l
}

func newLab(t *testing.T, change func(*config.Config)) *lab {
	t.Helper()
	cfg := labConfig(t)
	if change != nil {
		change(&cfg)
	}
	store, err := ledger.Open(t.Context(), cfg.Ledger.Path, time.Now())
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	l := &lab{t: t, figures: metrics.New(0, time.Now), done: make(chan error, 1), drained: make(chan struct{})}
	l.pool = &fakePool{DB: store, ready: make(chan struct{}), book: penalty.New(penalty.Config{}, time.Now)}
	l.pool.state = pool.Snapshot{
		Since: time.Now().Add(-26 * time.Hour), Ready: true, Connections: 3,
		Coins: []pool.CoinStats{{Name: "monero", Algorithm: "cn/r", Height: 3_200_001, Difficulty: "330000000000", Sessions: 3}},
		Ports: []pool.PortStats{
			{Listen: "0.0.0.0:3333", Coin: "monero", Connections: 2, Counts: pool.Counts{Accepted: 1234, Rejected: map[pool.Reason]uint64{pool.Stale: 5}}},
			{Listen: "0.0.0.0:4444", Coin: "monero", Connections: 1},
		},
	}
	fillLedger(t, store)
	l.mine()
	l.Server, err = New(cfg, Deps{
		Pool: l.pool, Figures: l.figures, Version: "test", Drain: sync.OnceFunc(func() { close(l.drained) }),
		OpenReader: func(ctx context.Context) (ledger.Reader, error) { return ledger.OpenReader(ctx, cfg.Ledger.Path) },
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	go func() { l.done <- l.Run(ctx) }()
	t.Cleanup(l.end)
	l.url = "http://" + l.Addr(t.Context()).String()
	return l
}

func (l *lab) end() {
	l.stop()
	select {
	case err := <-l.done:
		require.NoError(l.t, err)
		l.done <- nil
	case <-time.After(20 * time.Second):
		l.t.Error("the API does not end")
	}
}

// mine lets three miners send a share each.
func (l *lab) mine() {
	for i, m := range []ledger.Miner{{Coin: "monero", Login: alice, Worker: script}, {Coin: "monero", Login: alice, Worker: "rig-02"}, {Coin: "monero", Login: "bob"}} {
		l.figures.Observe(&pool.SessionOpened{Session: uint64(i + 1), Miner: m, Agent: script})
		l.figures.Observe(&pool.ShareAccepted{Session: uint64(i + 1), Miner: m, Difficulty: 60_000 * uint64(i+1), Latency: time.Millisecond})
	}
}

// fillLedger writes shares, blocks in several states, a payout and a day of
// history.
func fillLedger(t *testing.T, s *ledger.DB) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	who := ledger.Miner{Coin: "monero", Login: alice, Worker: script}
	for i := range 4 {
		at := now.Add(time.Duration(i-4) * time.Hour)
		share := ledger.Share{Miner: who, Height: uint64(3_199_990 + i), Difficulty: 50_000, Time: at}
		require.NoError(t, s.AppendShares([]ledger.Share{share, share}))
		id, err := s.AddBlock(ctx, ledger.Block{Miner: who, Height: share.Height, Hash: fmt.Sprintf("%064x", i+1), Difficulty: "100000", Payload: "00", Found: at})
		require.NoError(t, err)
		state := ledger.BlockAccepted
		if i == 2 {
			state = ledger.BlockRefused
		}
		require.NoError(t, s.SettleBlock(ctx, id, state, "", at))
		if i == 0 {
			require.NoError(t, s.UnlockBlock(ctx, id, ledger.Unlock{Reward: 2 * oneUnit, Depth: 60, Window: chainWindow(), At: at}))
		} else if i == 3 {
			require.NoError(t, s.NoteDepth(ctx, id, 17, at))
		}
	}
	require.NoError(t, s.AppendShares([]ledger.Share{{Miner: who, Height: 3_200_001, Difficulty: 50_000, Time: now}}))
	p, err := s.CreatePayout(ctx, "monero", []ledger.PayoutEntry{{Login: alice, Amount: oneUnit}}, now.Add(-time.Hour))
	require.NoError(t, err)
	for _, m := range []ledger.PayoutMove{
		{From: ledger.PayoutCreated, To: ledger.PayoutPrepared, Draft: &ledger.PayoutDraft{TxHash: strings.Repeat("ab", 32), Fee: 1000, Withheld: []uint64{1000}}, At: now},
		{From: ledger.PayoutPrepared, To: ledger.PayoutSending, At: now}, {From: ledger.PayoutSending, To: ledger.PayoutSent, At: now},
		{From: ledger.PayoutSent, To: ledger.PayoutConfirmed, At: now},
	} {
		require.NoError(t, s.MovePayout(ctx, p.ID, m))
	}
	var points []ledger.HistoryPoint
	for i := range 288 {
		wave := uint64(4000 + 900*(i%37)/36 + 25*i - 600*(i%11)/10)
		points = append(points, ledger.HistoryPoint{Coin: "monero", At: now.Add(time.Duration(i-288) * 5 * time.Minute).Truncate(historyStep),
			Hashrate: wave, Miners: 2 + i%3, Workers: 3 + (i/20)%5, Difficulty: uint64(320_000_000_000 + 3_000_000_000*(i%50))})
	}
	require.NoError(t, s.AddHistory(ctx, points, now.Add(-historyKept)))
}

// ask sends a request and returns status, headers and body.
func (l *lab) ask(method, path, body string, headers ...string) (int, http.Header, []byte) {
	l.t.Helper()
	request, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	require.NoError(l.t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(l.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(l.t, err)
	return response.StatusCode, response.Header, text
}

// get reads a JSON answer.
func (l *lab) get(path string, into any) {
	l.t.Helper()
	status, _, body := l.ask("GET", path, "")
	require.Equal(l.t, http.StatusOK, status, "%s: %s", path, body)
	require.NoError(l.t, json.NewDecoder(bytes.NewReader(body)).Decode(into))
}

// admin sends an administrator's request.
func (l *lab) admin(method, path, body string) (int, string) {
	l.t.Helper()
	status, _, text := l.ask(method, "/api/v1/admin/"+path, body, "Authorization", "Bearer "+secret)
	return status, string(text)
}
