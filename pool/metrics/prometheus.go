package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/histogram"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/nodes"
	"github.com/aditmine/adit/pool/penalty"
)

// Source is the pool whose state is shown; *pool.Pool is one.
type Source interface {
	Snapshot() pool.Snapshot
	Nodes(coin string) []nodes.State
	Penalties() *penalty.Book
}

// LedgerCounts are what the ledger held when it was last read.
type LedgerCounts struct {
	Blocks  []ledger.BlockCount
	Payouts []ledger.PayoutCount
	Read    time.Time // zero: never yet
}

// Handler serves metrics in Prometheus's text format. Everything is read when
// it is asked for; nothing is kept for it meanwhile.
func Handler(source Source, figures *Collector, counts func() LedgerCounts) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		&exporter{source, figures, counts}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError, Timeout: 10 * time.Second}), nil
}

// exporter shows a pool to Prometheus.
type exporter struct {
	source  Source
	figures *Collector
	counts  func() LedgerCounts
}

// Describe implements prometheus.Collector.
func (*exporter) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descriptions() {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (e *exporter) Collect(to chan<- prometheus.Metric) {
	w := writer{to, descriptions()}
	snapshot := e.source.Snapshot()
	w.gauge("ready", truth(snapshot.Ready))
	w.gauge("connections", float64(snapshot.Connections))
	w.gauge("bans", float64(len(e.source.Penalties().Bans())))
	hashrates := e.figures.Coins()
	for _, c := range snapshot.Coins {
		w.coin(c, hashrates[c.Name])
		for i, n := range e.source.Nodes(c.Name) {
			w.node(c.Name, i, n)
		}
	}
	for _, p := range snapshot.Ports {
		w.port(p)
	}
	w.commits(snapshot.Ledger)
	w.histogram("share_answer_seconds", e.figures.Answered())
	w.books(e.counts())
}

// writer sends metrics.
type writer struct {
	to    chan<- prometheus.Metric
	descs map[string]*prometheus.Desc
}

func (w writer) gauge(name string, value float64, labels ...string) {
	w.to <- prometheus.MustNewConstMetric(w.descs[name], prometheus.GaugeValue, value, labels...)
}

func (w writer) counter(name string, value float64, labels ...string) {
	w.to <- prometheus.MustNewConstMetric(w.descs[name], prometheus.CounterValue, value, labels...)
}

func (w writer) histogram(name string, c histogram.Counts, labels ...string) {
	buckets := make(map[float64]uint64, len(c.UpTo))
	bounds := histogram.Bounds()
	for i, n := range c.UpTo { // none where nothing counts yet
		buckets[bounds[i].Seconds()] = n
	}
	w.to <- prometheus.MustNewConstHistogram(w.descs[name], c.Count, c.Sum.Seconds(), buckets, labels...)
}

func (w writer) coin(c pool.CoinStats, r Rates) {
	w.gauge("sessions", float64(c.Sessions), c.Name)
	w.gauge("hashrate", r.Now, c.Name)
	w.gauge("height", float64(c.Height), c.Name)
	if difficulty, err := strconv.ParseFloat(c.Difficulty, 64); err == nil {
		w.gauge("network_difficulty", difficulty, c.Name)
	}
	w.gauge("verify_queue", float64(c.Verifying), c.Name)
	w.counter("verify_hashes_total", float64(c.Hashed), c.Name)
	w.counter("verify_shed_total", float64(c.Shed), c.Name)
	w.histogram("verify_seconds", c.HashingTook, c.Name)
	w.counter("node_failures_total", float64(c.NodeFailures), c.Name)
}

func (w writer) node(coin string, i int, n nodes.State) {
	labels := []string{coin, strconv.Itoa(i)}
	w.gauge("node_up", truth(n.LastError == "" && !n.Answered.IsZero()), labels...)
	w.gauge("node_synced", truth(n.Synced), labels...)
	w.gauge("node_used", truth(n.Used), labels...)
	w.gauge("node_height", float64(n.Height), labels...)
	w.gauge("node_lag_blocks", float64(n.Lag), labels...)
}

func (w writer) port(p pool.PortStats) {
	w.gauge("port_connections", float64(p.Connections), p.Coin, p.Listen)
	w.counter("shares_total", float64(p.Accepted), p.Coin, p.Listen, "accepted", "")
	for reason, n := range p.Rejected {
		w.counter("shares_total", float64(n), p.Coin, p.Listen, "rejected", string(reason))
	}
	for reason, n := range p.Refused {
		w.counter("requests_refused_total", float64(n), p.Coin, p.Listen, string(reason))
	}
	w.counter("share_difficulty_total", p.Difficulty, p.Coin, p.Listen)
	for state, n := range p.Blocks {
		w.counter("block_candidates_total", float64(n), p.Coin, p.Listen, string(state))
	}
}

func (w writer) commits(s ledger.CommitterStats) {
	w.counter("commit_shares_total", float64(s.Shares))
	w.counter("commit_failures_total", float64(s.Failures))
	w.gauge("commit_queue", float64(s.Waiting))
	w.histogram("commit_seconds", s.Took)
}

func (w writer) books(c LedgerCounts) {
	if c.Read.IsZero() {
		return
	}
	w.gauge("ledger_read_timestamp_seconds", float64(c.Read.UnixMilli())/1000)
	for _, b := range c.Blocks {
		w.gauge("blocks", float64(b.Count), b.Coin, string(b.Scheme), string(b.State))
	}
	for _, p := range c.Payouts {
		w.gauge("payouts", float64(p.Count), p.Coin, string(p.State))
		w.gauge("payouts_amount_atomic", float64(p.Amount), p.Coin, string(p.State))
	}
}

// truth is 1 for what is so.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// descriptions are all metrics but those of the process, by what follows on
// "adit_pool_" in their names.
func descriptions() map[string]*prometheus.Desc {
	all := make(map[string]*prometheus.Desc)
	for _, d := range []struct {
		name, help string
		labels     []string
	}{
		{"ready", "1 once every port takes miners.", nil},
		{"connections", "Open stratum connections, logged in or not.", nil},
		{"bans", "Bans in force.", nil},
		{"sessions", "Open sessions that are logged in.", []string{"coin"}},
		{"hashrate", "Hashes a second over the last ten minutes, as accepted shares prove them.", []string{"coin"}},
		{"height", "Height of the block that is being mined.", []string{"coin"}},
		{"network_difficulty", "Hashes that a block takes on average.", []string{"coin"}},
		{"verify_queue", "Shares that wait to be hashed; coins of one algorithm share a queue.", []string{"coin"}},
		{"verify_hashes_total", "Shares hashed.", []string{"coin"}},
		{"verify_shed_total", "Shares refused because too many waited.", []string{"coin"}},
		{"verify_seconds", "From a share's arrival in the queue to its digest.", []string{"coin"}},
		{"node_failures_total", "Failed calls of the coin's nodes.", []string{"coin"}},
		{"node_up", "1 while the node answers.", []string{"coin", "node"}},
		{"node_synced", "1 while the node says that it is synchronised.", []string{"coin", "node"}},
		{"node_used", "1 for the node that work comes from.", []string{"coin", "node"}},
		{"node_height", "Height of the node's tip.", []string{"coin", "node"}},
		{"node_lag_blocks", "Blocks behind the newest tip of all nodes.", []string{"coin", "node"}},
		{"port_connections", "Open connections of a port.", []string{"coin", "listen"}},
		{"shares_total", "Shares by verdict; reason is empty for accepted ones.", []string{"coin", "listen", "verdict", "reason"}},
		{"requests_refused_total", "Requests other than shares that were refused.", []string{"coin", "listen", "reason"}},
		{"share_difficulty_total", "Difficulty of accepted shares, summed: hashes that they prove.", []string{"coin", "listen"}},
		{"block_candidates_total", "Block candidates since the start, by what became of them; each counts as found first.", []string{"coin", "listen", "state"}},
		{"share_answer_seconds", "From the arrival of an accepted share's line to its answer.", nil},
		{"commit_shares_total", "Shares committed to the ledger.", nil},
		{"commit_failures_total", "Commits that failed.", nil},
		{"commit_queue", "Shares that wait to be committed.", nil},
		{"commit_seconds", "How long commits of shares took.", nil},
		{"ledger_read_timestamp_seconds", "When the figures of the ledger below were read.", nil},
		{"blocks", "Blocks in the ledger.", []string{"coin", "scheme", "state"}},
		{"payouts", "Payouts in the ledger.", []string{"coin", "state"}},
		{"payouts_amount_atomic", "What the payouts take from balances, in atomic units.", []string{"coin", "state"}},
	} {
		all[d.name] = prometheus.NewDesc("adit_pool_"+d.name, d.help, d.labels, nil)
	}
	return all
}
