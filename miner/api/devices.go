package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/watchdog"
)

// device is one card with all its workers, or the processor with all its
// threads.
type device struct {
	backend, name, bus, uuid string
	hashes                   uint64
	rate                     float64
	shares                   miner.Shares
	workers                  int
	watches                  []*watchdog.Status // none without a watchdog
	// state is what telemetry knows of a card; nil for the processor, and for
	// cards without.
	state *telemetry.State
}

// devicesOf adds the workers up by device, in the order they come. Workers that
// have not started yet belong to none.
func devicesOf(s *miner.Snapshot, t *telemetry.Snapshot) []*device {
	var out []*device
	known := map[[4]string]*device{}
	for i := range s.Workers {
		w := &s.Workers[i]
		if w.Info.Backend == "" {
			continue
		}
		d := identify(w, t)
		key := [4]string{d.backend, d.uuid, d.bus, d.name}
		if known[key] == nil {
			known[key] = d
			out = append(out, d)
		}
		known[key].add(w)
	}
	return out
}

// identify says which device a worker is of.
func identify(w *miner.Worker, t *telemetry.Snapshot) *device {
	if w.Info.Backend == cpu.Backend {
		return &device{backend: cpu.Backend, name: "CPU"}
	}
	d := &device{backend: w.Info.Backend, name: w.Info.Device, bus: w.Info.Bus}
	if t != nil {
		d.state = t.Find(d.bus)
	}
	d.adopt()
	return d
}

// add counts a worker in.
func (d *device) add(w *miner.Worker) {
	d.workers++
	d.hashes += w.Hashes
	d.rate += w.Rates.Recent
	d.shares = addShares(d.shares, w.Shares)
	if w.Watch != nil {
		d.watches = append(d.watches, w.Watch)
	}
}

// working reports whether all the device's workers search.
func (d *device) working() bool {
	for _, w := range d.watches {
		if w.State != watchdog.Working {
			return false
		}
	}
	return true
}

// adopt takes the card's identity from telemetry, so that metrics of both have
// the same labels.
func (d *device) adopt() {
	if d.state != nil {
		d.name, d.bus, d.uuid = d.state.Name, d.state.Bus, d.state.UUID
	}
}

// sensor is what the card tells now; false without telemetry.
func (d *device) sensor(q telemetry.Quantity, part string) (float64, bool) {
	if d.state == nil {
		return 0, false
	}
	return d.state.Get(q, part)
}

// perJoule is the hashes for a joule; false where the power is not known.
func (d *device) perJoule() (float64, bool) {
	watts, ok := d.sensor(telemetry.Power, "")
	if !ok || watts <= 0 {
		return 0, false
	}
	return d.rate / watts, true
}

func addShares(a, b miner.Shares) miner.Shares {
	return miner.Shares{
		Accepted: a.Accepted + b.Accepted, Rejected: a.Rejected + b.Rejected, Stale: a.Stale + b.Stale, Invalid: a.Invalid + b.Invalid,
		Duplicate: a.Duplicate + b.Duplicate, Late: a.Late + b.Late, Lost: a.Lost + b.Lost,
	}
}

// verdicts are the shares by what became of them.
func verdicts(s miner.Shares) map[string]uint64 {
	return map[string]uint64{
		"accepted": s.Accepted, "rejected": s.Rejected, "stale": s.Stale, "invalid": s.Invalid,
		"duplicate": s.Duplicate, "late": s.Late, "lost": s.Lost,
	}
}

// deviceMetrics are those of one device. Their labels uuid, bus and name are
// those of its telemetry.
type deviceMetrics struct {
	hashes, rate, perJoule, shares, working, troubles, actions *prometheus.Desc
}

func newDeviceMetrics() deviceMetrics {
	desc := func(name, help string, more ...string) *prometheus.Desc {
		return prometheus.NewDesc("adit_miner_device_"+name, help, append([]string{"backend", "uuid", "bus", "name"}, more...), nil)
	}
	return deviceMetrics{
		hashes:   desc("hashes_total", "Hashes computed by a card, or by all threads of the processor."),
		rate:     desc("hashrate", "Hashes per second over the last ten seconds."),
		perJoule: desc("hashes_per_joule", "Hashrate for each watt that the card draws; absent where no power is told."),
		shares:   desc("shares_total", "Shares by what became of them.", "result"),
		working:  desc("working", "1 while the watchdog lets the card search, 0 while it is opened, cooled down, retried or dropped."),
		troubles: desc("troubles_total", "What the watchdog saw go wrong, by kind.", "trouble"),
		actions:  desc("watchdog_actions_total", "What the watchdog did about it.", "action"),
	}
}

func (m *deviceMetrics) all() []*prometheus.Desc {
	return []*prometheus.Desc{m.hashes, m.rate, m.perJoule, m.shares, m.working, m.troubles, m.actions}
}

// collect writes the metrics of all devices.
func (m *deviceMetrics) collect(out chan<- prometheus.Metric, s *miner.Snapshot, t *telemetry.Snapshot) {
	for _, d := range devicesOf(s, t) {
		who := func(more ...string) []string { return append([]string{d.backend, d.uuid, d.bus, d.name}, more...) }
		out <- metric(m.hashes, prometheus.CounterValue, float64(d.hashes), who())
		out <- metric(m.rate, prometheus.GaugeValue, d.rate, who())
		if v, ok := d.perJoule(); ok {
			out <- metric(m.perJoule, prometheus.GaugeValue, v, who())
		}
		for result, n := range verdicts(d.shares) {
			out <- metric(m.shares, prometheus.CounterValue, float64(n), who(result))
		}
		if len(d.watches) > 0 {
			m.watched(out, d, who)
		}
	}
}

// watched writes what the watchdog says of a card; counts start at zero, so
// that the first trouble is seen as a rise.
func (m *deviceMetrics) watched(out chan<- prometheus.Metric, d *device, who func(...string) []string) {
	out <- metric(m.working, prometheus.GaugeValue, flag(d.working()), who())
	for _, t := range []watchdog.Trouble{watchdog.Failed, watchdog.Slow, watchdog.Hung, watchdog.Wrong, watchdog.Heat} {
		n := uint64(0)
		for _, w := range d.watches {
			n += w.Troubles[t]
		}
		out <- metric(m.troubles, prometheus.CounterValue, float64(n), who(string(t)))
	}
	for _, a := range []watchdog.Action{watchdog.Restart, watchdog.Reinit, watchdog.Drop, watchdog.Pause, watchdog.Resume} {
		n := uint64(0)
		for _, w := range d.watches {
			n += w.Actions[a]
		}
		out <- metric(m.actions, prometheus.CounterValue, float64(n), who(string(a)))
	}
}
