package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/gpu/telemetry/metrics"
	"github.com/aditmine/adit/miner"
)

// metricsHandler serves the engine's figures to Prometheus, and the cards'
// sensors where there is telemetry.
func metricsHandler(engine Engine, sensors func() telemetry.Snapshot) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(newCollector(engine, sensors)); err != nil {
		return nil, err
	}
	if sensors != nil {
		if err := registry.Register(metrics.New(sensors)); err != nil {
			return nil, err
		}
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}), nil
}

// collector turns one snapshot into metrics at each scrape.
type collector struct {
	engine  Engine
	sensors func() telemetry.Snapshot // nil: no telemetry
	devices deviceMetrics

	hashes, rate, workerRate, shares, difficulty, connected, failures, latency, paused, started, pages, memory *prometheus.Desc
}

func newCollector(engine Engine, sensors func() telemetry.Snapshot) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("adit_miner_"+name, help, labels, nil)
	}
	return &collector{
		engine:     engine,
		sensors:    sensors,
		devices:    newDeviceMetrics(),
		hashes:     desc("hashes_total", "Hashes computed.", "worker"),
		rate:       desc("hashrate", "Hashes per second over the last ten seconds."),
		workerRate: desc("worker_hashrate", "Hashes per second of one worker over the last ten seconds.", "worker", "implementation"),
		shares:     desc("shares_total", "Shares by what became of them.", "result"),
		difficulty: desc("job_difficulty", "Difficulty of the job in hand."),
		connected:  desc("pool_connected", "1 while logged in to a pool.", "pool", "algorithm"),
		failures:   desc("pool_failures_total", "Connections lost or refused."),
		latency:    desc("share_latency_seconds", "Median time from a share to the pool's answer."),
		paused:     desc("paused", "1 while mining is paused."),
		started:    desc("start_time_seconds", "When mining began, Unix time."),
		pages:      desc("huge_pages_bytes", "Scratchpads that lie in huge pages, in bytes."),
		memory:     desc("scratchpad_bytes", "Scratchpads, in bytes."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range append(c.devices.all(), c.hashes, c.rate, c.workerRate, c.shares, c.difficulty, c.connected, c.failures,
		c.latency, c.paused, c.started, c.pages, c.memory) {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.engine.Snapshot()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- metric(d, prometheus.GaugeValue, v, labels)
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- metric(d, prometheus.CounterValue, float64(v), labels)
	}
	memory, huge := 0, 0
	for i, w := range s.Workers {
		worker := strconv.Itoa(i)
		count(c.hashes, w.Hashes, worker)
		gauge(c.workerRate, w.Rates.Recent, worker, w.Info.Impl)
		memory, huge = memory+w.Info.Memory.Bytes, huge+w.Info.Memory.Huge
	}
	gauge(c.rate, s.Rates.Recent)
	c.devices.collect(out, &s, readSensors(c.sensors))
	for result, n := range verdicts(s.Shares) {
		count(c.shares, n, result)
	}
	algorithm := ""
	if s.Algorithm != nil {
		algorithm = s.Algorithm.Name
	}
	gauge(c.difficulty, float64(difficulty(&s)))
	gauge(c.connected, flag(s.Pool.State == miner.PoolReady), s.Pool.Host, algorithm)
	count(c.failures, s.Pool.Failures)
	gauge(c.latency, s.Latency.Seconds())
	gauge(c.paused, flag(s.Paused))
	gauge(c.started, float64(s.Started.Unix()))
	gauge(c.pages, float64(huge))
	gauge(c.memory, float64(memory))
}

// metric makes one value. Labels may come from a pool's redirect: bytes that
// are no text are replaced.
func metric(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels []string) prometheus.Metric {
	for i := range labels {
		labels[i] = strings.ToValidUTF8(labels[i], "?")
	}
	m, err := prometheus.NewConstMetric(d, kind, v, labels...)
	if err != nil {
		return prometheus.NewInvalidMetric(d, err)
	}
	return m
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
