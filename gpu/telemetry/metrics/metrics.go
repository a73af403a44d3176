// Package metrics shows telemetry to Prometheus. Every metric has the labels
// uuid, bus and name, which stay with a card; sensors of several parts have one
// more. A card that is lost, or whose readings are stale, has no sensors, so
// that nothing old is taken for new.
//
// It imports gpu/telemetry; miner/api and cmd use it.
package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/aditmine/adit/gpu/telemetry"
)

// cardLabels tell cards apart.
var cardLabels = []string{"uuid", "bus", "name"}

// collector turns one snapshot into metrics at each scrape.
type collector struct {
	snapshot func() telemetry.Snapshot
	sensors  []*prometheus.Desc // by telemetry.Quantity

	info, lost, stale, sampled, source *prometheus.Desc
}

// New makes a collector of what a sampler holds. A scrape asks no driver.
func New(snapshot func() telemetry.Snapshot) prometheus.Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	card := func(name, help string, more ...string) *prometheus.Desc {
		return desc("adit_gpu_"+name, help, append(append([]string{}, cardLabels...), more...)...)
	}
	c := &collector{
		snapshot: snapshot,
		info:     card("info", "1 for each card; its labels say what it is.", "source", "driver", "firmware"),
		lost:     card("lost", "1 when the driver does not reach the card any more."),
		stale:    card("stale", "1 when the driver has not answered for several intervals; the card has no sensors then."),
		sampled:  card("last_sample_timestamp_seconds", "When the card was read last, Unix time."),
		source:   desc("adit_telemetry_source_up", "1 while this source of telemetry answers.", "source"),
	}
	for _, q := range telemetry.Quantities() {
		info := q.Info()
		var more []string
		if info.Label != "" {
			more = []string{info.Label}
		}
		c.sensors = append(c.sensors, card(info.Name, info.Help, more...))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range append([]*prometheus.Desc{c.info, c.lost, c.stale, c.sampled, c.source}, c.sensors...) {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	snap := c.snapshot()
	for _, s := range snap.Sources {
		out <- metric(c.source, prometheus.GaugeValue, flag(s.Problem == ""), s.Source)
	}
	seen := map[[3]string]bool{}
	for i := range snap.Cards {
		card := &snap.Cards[i]
		who := [3]string{card.UUID, card.Bus, card.Name}
		if seen[who] {
			continue // a second one that cannot be told apart
		}
		seen[who] = true
		c.card(out, card)
	}
}

// card writes the metrics of one.
func (c *collector) card(out chan<- prometheus.Metric, card *telemetry.State) {
	who := func(more ...string) []string { return append([]string{card.UUID, card.Bus, card.Name}, more...) }
	out <- metric(c.info, prometheus.GaugeValue, 1, who(card.Source, card.Driver, card.Firmware)...)
	out <- metric(c.lost, prometheus.GaugeValue, flag(card.Lost), who()...)
	out <- metric(c.stale, prometheus.GaugeValue, flag(card.Stale), who()...)
	out <- metric(c.sampled, prometheus.GaugeValue, float64(card.Time.UnixMilli())/1000, who()...)
	if !card.Fresh() {
		return
	}
	for _, v := range card.Values {
		info := v.Quantity.Info()
		kind := prometheus.GaugeValue
		if info.Counter {
			kind = prometheus.CounterValue
		}
		labels := who()
		if info.Label != "" {
			labels = append(labels, v.Part)
		}
		out <- metric(c.sensors[v.Quantity], kind, v.Number, labels...)
	}
}

// metric makes one value. Names come from drivers: bytes that are no text are
// replaced.
func metric(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) prometheus.Metric {
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
