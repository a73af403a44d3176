package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/metrics"
)

var loopbackNetwork = netip.MustParsePrefix("127.0.0.0/8")

func chainWindow() *big.Int { return big.NewInt(200_000) }

func TestV1(t *testing.T) {
	l := startLab(t, nil)
	var figures PoolFigures
	l.get("/api/v1/pool", &figures)
	require.Len(t, figures.Coins, 1)
	c := figures.Coins[0]
	require.InDelta(t, 6000, c.Now, 1, "360,000 hashes, judged by a minute")
	require.Equal(t, 2, c.Miners)
	require.Equal(t, 3, c.Workers)
	require.Equal(t, "330000000000", c.Difficulty)
	require.Equal(t, map[string]int{"unlocked": 1, "accepted": 2, "refused": 1}, c.Blocks)
	require.NotNil(t, c.LastBlock)
	require.Len(t, figures.Ports, 2)
	require.Equal(t, 4444, figures.Ports[1].Port)
	require.EqualValues(t, 5, figures.Ports[0].Rejected["stale"])

	var blocks []map[string]any
	l.get("/api/v1/blocks?limit=2", &blocks)
	require.Len(t, blocks, 2)
	require.EqualValues(t, 17, blocks[0]["depth"])
	require.EqualValues(t, 1, blocks[0]["effort"])
	require.Equal(t, short(alice), blocks[0]["finder"])
	l.get("/api/v1/blocks?before=2", &blocks)
	require.Len(t, blocks, 1)
	require.Equal(t, "2000000000000", blocks[0]["reward"], "amounts are decimals in quotes")

	var m map[string]any
	l.get("/api/v1/miners/"+alice, &m)
	require.Equal(t, "1000000000000", m["balance"])
	require.Equal(t, "999999999000", m["paid"], "less the network's fee")
	require.Len(t, m["workers"], 2)
	require.Len(t, m["payments"], 1)
	require.EqualValues(t, 9, m["shares"])
	var points []HistoryPoint
	l.get("/api/v1/history?hours=2", &points)
	require.InDelta(t, 24, len(points), 1)
	var top []TopMiner
	l.get("/api/v1/top", &top)
	require.Equal(t, []string{short(alice), "bob"}, []string{top[0].Login, top[1].Login}, "equal ones by name")
}

func TestNumbersLargerThan64Bits(t *testing.T) {
	require.InEpsilon(t, 3.402823669209385e38, number("340282366920938463463374607431768211456"), 1e-9)
	require.Zero(t, number("nonsense"))
	require.EqualValues(t, 1<<63-1, clamp(1e30))
	require.Zero(t, ratio(1, 0))
	text, err := Atomic(1 << 63).MarshalJSON()
	require.NoError(t, err)
	var back Atomic
	require.NoError(t, back.UnmarshalJSON(text))
	require.Equal(t, Atomic(1<<63), back)
	require.Error(t, back.UnmarshalJSON([]byte(`"-1"`)))
}

func TestMistakesOfReaders(t *testing.T) {
	l := startLab(t, nil)
	for path, want := range map[string]int{
		"/api/v1/pool?coin=": 200, "/api/v1/blocks?limit=0": 400, "/api/v1/blocks?limit=x": 400, "/api/v1/blocks?coin=gold": 404, "/api/v1/history?hours=169": 400,
		"/api/v1/miners/nobody": 404, "/api/v1/nothing": 404, "/api/v1/miners/" + strings.Repeat("a", 5000): 404, "/nothing.js": 404, "/stats?coin=gold": 404,
		"/..%2f..%2fetc/passwd": 404, "/api/v1/miners/%00": 404,
	} {
		status, _, body := l.ask("GET", path, "")
		require.Equal(t, want, status, "%s: %s", path, body)
	}
	status, _, _ := l.ask("POST", "/api/v1/pool", "")
	require.Equal(t, http.StatusNotFound, status)
	status, header, _ := l.ask("GET", "/api/v1/pool", "")
	require.Equal(t, 200, status)
	require.Equal(t, "*", header.Get("Access-Control-Allow-Origin"))
}

func TestNotModified(t *testing.T) {
	l := startLab(t, nil)
	_, header, _ := l.ask("GET", "/api/v1/payments", "")
	require.NotEmpty(t, header.Get("ETag"))
	status, _, body := l.ask("GET", "/api/v1/payments", "", "If-None-Match", header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, status)
	require.Empty(t, body)
	status, _, _ = l.ask("GET", "/api/v1/payments", "", "If-None-Match", `"other"`)
	require.Equal(t, 200, status)
}

func TestBeforeThePoolIsReady(t *testing.T) {
	l := newLab(t, nil)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/api/v1/pool": 503, "/stats": 503, "/": 200, "/metrics": 200} {
		status, _, body := l.ask("GET", path, "")
		require.Equal(t, want, status, "%s: %s", path, body)
	}
	close(l.pool.ready)
	require.Eventually(t, func() bool { status, _, _ := l.ask("GET", "/readyz", ""); return status == 200 }, 20*time.Second, 10*time.Millisecond)
	l.pool.change(func(s *pool.Snapshot) { s.Draining = true })
	require.Eventually(t, func() bool { status, _, _ := l.ask("GET", "/readyz", ""); return status == 503 }, 20*time.Second, 10*time.Millisecond)
}

func TestRequestsAreLimited(t *testing.T) {
	l := startLab(t, func(c *config.Config) { c.API.PerSecond = 1 })
	refused := 0
	for range 20 {
		if status, header, _ := l.ask("GET", "/healthz", ""); status == http.StatusTooManyRequests {
			require.NotEmpty(t, header.Get("Retry-After"))
			refused++
		}
	}
	require.Positive(t, refused)
}

func TestEvents(t *testing.T) {
	l := startLab(t, func(c *config.Config) { c.API.Streams = 1 })
	response, err := http.Get(l.url + "/api/v1/events")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	status, _, body := l.ask("GET", "/api/v1/events", "")
	require.Equal(t, 503, status, "%s", body)
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	height := func() uint64 {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var f PoolFigures
				require.NoError(t, json.Unmarshal([]byte(data), &f))
				return f.Coins[0].Height
			}
		}
		t.Fatal("the stream ended")
		return 0
	}
	require.EqualValues(t, 3_200_001, height())
	l.pool.change(func(s *pool.Snapshot) {
		s.Coins = append([]pool.CoinStats(nil), s.Coins...)
		s.Coins[0].Height = 7
	})
	for height() != 7 {
	}
	l.stop()
	_, err = io.Copy(io.Discard, response.Body)
	require.True(t, err == nil || err == io.ErrUnexpectedEOF, "%v", err)
}

func TestAdministration(t *testing.T) {
	l := startLab(t, nil)
	status, text := l.admin("GET", "bans", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, "[]", text)
	for _, tc := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "bans", `{"login":"bob","address":"::ffff:192.0.2.1","reason":"test","seconds":60}`, 200, "banned until"},
		{"GET", "bans", "", 200, `"address":"192.0.2.1"`},
		{"DELETE", "bans?login=bob", "", 404, "no such ban"},
		{"DELETE", "bans?login=bob&address=192.0.2.1", "", 200, "lifted"},
		{"POST", "bans", `{"reason":"test","seconds":60}`, 400, "say whom"},
		{"POST", "bans", `{"address":"nonsense","reason":"test","seconds":60}`, 400, "no IP address"},
		{"POST", "bans", `{"login":"bob","reason":"","seconds":60}`, 400, "why"},
		{"POST", "bans", `{"login":"bob","reason":"x","seconds":0}`, 400, "seconds must be"},
		{"POST", "bans", `{"login":"bob","until":1}`, 400, "body is not"},
		{"POST", "bans", `{} {}`, 400, "more than one value"},
		{"POST", "payouts/pause", `{"coin":"monero","reason":"maintenance"}`, 200, "no payout"},
		{"GET", "payouts", "", 200, `"reason":"maintenance"`},
		{"POST", "payouts/resume", `{"coin":"monero"}`, 200, "begin again"},
		{"POST", "payouts/pause", `{"coin":"gold","reason":"x"}`, 404, "no coin"},
		{"PUT", "threshold", `{"coin":"monero","login":"` + alice + `","amount":"500"}`, 200, "500 atomic units"},
		{"PUT", "threshold", `{"coin":"monero","login":"` + alice + `","amount":"-1"}`, 400, "whole number"},
		{"PUT", "threshold", `{"coin":"monero","login":"nobody","amount":"1"}`, 404, "nobody has mined"},
		{"GET", "users?q=44AFF", "", 200, alice},
	} {
		status, text := l.admin(tc.method, tc.path, tc.body)
		require.Equal(t, tc.status, status, "%s %s: %s", tc.method, tc.path, text)
		require.Contains(t, text, tc.want)
	}
	status, _ = l.admin("POST", "drain", "")
	require.Equal(t, 200, status)
	<-l.drained
}

func TestOnlyAdministratorsAdminister(t *testing.T) {
	l := startLab(t, func(c *config.Config) { c.API.Proxies = append(c.API.Proxies, loopbackNetwork) })
	for _, tc := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"none", nil, 401},
		{"wrong", []string{"Authorization", "Bearer " + secret + "x"}, 401},
		{"another scheme", []string{"Authorization", "Basic " + secret}, 401},
		{"pretends to be local", []string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"by a proxy without TLS", []string{"Authorization", "Bearer " + secret, "X-Forwarded-For", "192.0.2.1"}, 403},
		{"by a proxy with TLS", []string{"Authorization", "Bearer " + secret, "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https"}, 200},
		{"direct", []string{"Authorization", "bearer " + secret}, 200},
	} {
		for _, path := range []string{"/api/v1/admin/users", "/admin_stats", "/admin_users"} {
			status, _, body := l.ask("GET", path, "", tc.headers...)
			require.Equal(t, tc.want, status, "%s, %s: %s", tc.name, path, body)
		}
	}
	status, _, _ := l.ask("GET", "/admin_users?password="+strings.ReplaceAll(secret, " ", "+"), "")
	require.Equal(t, 401, status, "a token in the URL is none")

	off := startLab(t, func(c *config.Config) { c.API.TokenFile = "" })
	status, _ = off.admin("GET", "users", "")
	require.Equal(t, 403, status)
}

func TestTokenFiles(t *testing.T) {
	cfg := labConfig(t)
	require.NoError(t, os.WriteFile(cfg.API.TokenFile, []byte("short"), 0o600))
	_, err := New(cfg, Deps{})
	require.ErrorContains(t, err, "needs at least 16")
	cfg.API.TokenFile += "missing"
	_, err = New(cfg, Deps{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

var update = flag.Bool("update", false, "write openapi.json anew")

// The document is made of the routes and the types, so it has all of them; what
// is committed for readers is that document.
func TestOpenAPIDocument(t *testing.T) {
	const file = "../../docs/openapi/pool.json"
	document, err := Document()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(file, append(document, '\n'), 0o644))
	}
	committed, err := os.ReadFile(file)
	require.NoError(t, err)
	require.JSONEq(t, string(document), string(committed), "run: go test ./pool/api -run OpenAPI -update")

	l := startLab(t, nil)
	var served struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
				Required   []string
			}
		}
	}
	l.get("/api/v1/openapi.json", &served)
	for _, r := range l.routes() {
		require.Contains(t, served.Paths[r.path], strings.ToLower(r.method))
	}
	for path, schema := range map[string]string{"pool": "PoolFigures", "miners/" + alice: "Miner"} {
		var answer map[string]any
		l.get("/api/v1/"+path, &answer)
		for field := range answer {
			require.Contains(t, served.Components.Schemas[schema].Properties, field)
		}
		for _, field := range served.Components.Schemas[schema].Required {
			require.Contains(t, answer, field)
		}
	}
}

// Who mines alone is told apart, and payments as they are configured.
func TestClassicSoloAndPayments(t *testing.T) {
	l := startLab(t, func(c *config.Config) {
		c.Payouts = []config.Payout{{Coin: "monero", Enabled: true, Threshold: 12, MaxAmount: 99, NetworkFee: 3, Denomination: 2, Interval: time.Hour}}
	})
	m := ledger.Miner{Coin: "monero", Login: "carol"}
	l.figures.Observe(&pool.SessionOpened{Session: 9, Miner: m})
	l.figures.Observe(&pool.ShareAccepted{Session: 9, Miner: m, Difficulty: 60_000, Solo: true})
	var stats struct {
		Pool struct {
			MinersSolo, WorkersSolo int
			HashrateSolo            float64
		}
		Config struct {
			PaymentsInterval, MinPaymentThreshold, MaxPaymentThreshold, TransferFee, DenominationUnit uint64
		}
	}
	require.Eventually(t, func() bool {
		l.get("/stats", &stats)
		return stats.Pool.MinersSolo == 1
	}, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, 1, stats.Pool.WorkersSolo)
	require.Positive(t, stats.Pool.HashrateSolo)
	require.Equal(t, [5]uint64{3600, 12, 99, 3, 2}, [5]uint64{
		stats.Config.PaymentsInterval, stats.Config.MinPaymentThreshold, stats.Config.MaxPaymentThreshold,
		stats.Config.TransferFee, stats.Config.DenominationUnit,
	})
}

// What front ends of cryptonote-nodejs-pool read is there.
func TestClassicPaths(t *testing.T) {
	l := startLab(t, nil)
	var stats struct {
		Pool struct {
			Blocks, Payments []string
			Hashrate         float64
			TotalBlocks      int
			Miners, Workers  int
		}
		Config struct {
			Ports                        []map[string]any
			CoinUnits, CoinDecimalPlaces uint64
			Symbol                       string
		}
		Network, Lastblock map[string]any
		Charts             map[string][][3]float64
	}
	l.get("/stats", &stats)
	require.InDelta(t, 6000, stats.Pool.Hashrate, 1)
	require.Len(t, stats.Pool.Blocks, 8, "each with its height")
	require.Equal(t, "3199993", stats.Pool.Blocks[1])
	require.Len(t, strings.Split(stats.Pool.Blocks[0], ":"), 7, "a candidate")
	require.Len(t, strings.Split(stats.Pool.Blocks[6], ":"), 8, "with its reward")
	require.Equal(t, []string{strings.Repeat("ab", 32) + ":999999999000:1000:0:1"}, stats.Pool.Payments[:1])
	require.EqualValues(t, oneUnit, stats.Config.CoinUnits)
	require.Len(t, stats.Config.Ports, 2)
	require.NotEmpty(t, stats.Charts["hashrate"])
	require.Contains(t, stats.Lastblock, "hash")

	var mine struct {
		Stats    map[string]any
		Payments []string
		Workers  []map[string]any
	}
	l.get("/stats_address?address="+alice, &mine)
	require.Equal(t, "1000000000000", mine.Stats["balance"])
	require.Len(t, mine.Workers, 2)
	require.Len(t, mine.Payments, 2)
	var nobody map[string]string
	l.get("/stats_address?address=nobody", &nobody)
	require.Equal(t, "Not found", nobody["error"])
	for _, path := range []string{"/get_payments", "/get_blocks?height=3199992", "/get_top10miners", "/get_top10", "/live_stats", "/get_market"} {
		status, _, body := l.ask("GET", path, "")
		require.Equal(t, 200, status, "%s: %s", path, body)
		require.True(t, json.Valid(body))
	}
	var level map[string]any
	l.get("/get_miner_payout_level?address="+alice, &level)
	require.Equal(t, "done", level["status"])
}

func TestMetrics(t *testing.T) {
	l := startLab(t, nil)
	_, _, body := l.ask("GET", "/metrics", "")
	for _, line := range []string{
		`adit_pool_shares_total{coin="monero",listen="0.0.0.0:3333",reason="stale",verdict="rejected"} 5`,
		`adit_pool_shares_total{coin="monero",listen="0.0.0.0:3333",reason="",verdict="accepted"} 1234`,
		`adit_pool_blocks{coin="monero",scheme="pplns",state="unlocked"} 1`,
		`adit_pool_payouts{coin="monero",state="confirmed"} 1`,
		`adit_pool_share_answer_seconds_count 3`, `adit_pool_node_up{coin="monero",node="0"} 1`,
		`adit_pool_commit_seconds_bucket{le="+Inf"} 0`, `adit_pool_bans 0`,
	} {
		require.Contains(t, string(body), line)
	}
	require.False(t, bytes.Contains(body, []byte("user:")), "no node's address")
}

// A process that takes no shares tells hashrates from what the ledger gains.
func TestGainsOfTheLedger(t *testing.T) {
	l := startLab(t, nil)
	f := &follower{Server: &Server{cfg: l.cfg, deps: l.deps}, reader: l.reader}
	f.deps.Elsewhere, f.deps.Figures = true, metrics.New(0, time.Now)
	require.NoError(t, f.readBooks(t.Context()))
	require.Empty(t, f.deps.Figures.Logins(), "what was there before is no gain")
	carol := ledger.Share{Miner: ledger.Miner{Coin: "monero", Login: "carol"}, Height: 1, Difficulty: 60_000, Time: time.Now()}
	require.NoError(t, l.pool.AppendShares([]ledger.Share{carol, carol}))
	require.NoError(t, f.readBooks(t.Context()))
	logins := f.deps.Figures.Logins()
	require.Len(t, logins, 1)
	require.Equal(t, "carol", logins[0].Login)
	require.InDelta(t, 2000, logins[0].Now, 1)
}
