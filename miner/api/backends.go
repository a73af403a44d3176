package api

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/miner"
)

// processors is the item of /2/backends for the CPU.
type processors struct {
	Type      string     `json:"type"`
	Enabled   bool       `json:"enabled"`
	Algo      *string    `json:"algo"`
	Profile   *string    `json:"profile"`
	Impl      string     `json:"asm"`
	Hugepages [2]int     `json:"hugepages"`
	Memory    int        `json:"memory"` // bytes
	Hashrate  []*float64 `json:"hashrate,omitempty"`
	Threads   []thread   `json:"threads,omitempty"`
}

type thread struct {
	Intensity int        `json:"intensity"` // hashes at once
	Affinity  int        `json:"affinity"`  // -1: not known
	AV        int        `json:"av"`
	Hashrate  []*float64 `json:"hashrate"`
}

// cards is the item of /2/backends for OpenCL or CUDA.
type cards struct {
	Type     string     `json:"type"`
	Enabled  bool       `json:"enabled"`
	Algo     *string    `json:"algo"`
	Profile  *string    `json:"profile"`
	Hashrate []*float64 `json:"hashrate,omitempty"`
	Threads  []card     `json:"threads,omitempty"`
}

// card is one card's worker.
type card struct {
	Index     int        `json:"index"` // among the workers of the back end
	Intensity int        `json:"intensity"`
	Affinity  int        `json:"affinity"`
	Hashrate  []*float64 `json:"hashrate"`
	Name      string     `json:"name"`
	BusID     *string    `json:"bus_id"`
	Memory    *uint64    `json:"global_mem,omitempty"` // bytes
	Health    *health    `json:"health,omitempty"`     // absent without telemetry
}

// health is what a card's sensors tell, in XMRig's units. What a card does not
// tell is absent.
type health struct {
	Temperature *int  `json:"temperature,omitempty"` // degrees Celsius
	Power       *int  `json:"power,omitempty"`       // watts
	Clock       *int  `json:"clock,omitempty"`       // MHz
	MemClock    *int  `json:"mem_clock,omitempty"`   // MHz
	FanSpeed    []int `json:"fan_speed,omitempty"`   // percent
	RPM         []int `json:"rpm,omitempty"`
}

// backends builds /2/backends; rates and threads are absent while idle.
func (h *handler) backends() any {
	s := h.cfg.Engine.Snapshot()
	t := readSensors(h.cfg.Telemetry)
	out := []any{processorsOf(&s)}
	var others []string
	for _, w := range s.Workers {
		if b := w.Info.Backend; b != "" && b != cpu.Backend && !slices.Contains(others, b) {
			others = append(others, b)
		}
	}
	for _, name := range others {
		out = append(out, cardsOf(&s, t, name))
	}
	return out
}

// readSensors is the telemetry, empty without any.
func readSensors(from func() telemetry.Snapshot) *telemetry.Snapshot {
	if from == nil {
		return &telemetry.Snapshot{}
	}
	s := from()
	return &s
}

// idle reports whether nothing is being searched.
func idle(s *miner.Snapshot) bool { return s.Job == nil || s.Paused }

func processorsOf(s *miner.Snapshot) processors {
	b := processors{Type: cpu.Backend, Algo: algoOf(s), Profile: algoOf(s)}
	allocated, total := hugePages(s)
	b.Hugepages = [2]int{allocated, total}
	var m hash.MemoryStatus
	var rates []miner.Rates
	for _, w := range s.Workers {
		if w.Info.Backend != cpu.Backend && w.Info.Backend != "" {
			continue
		}
		b.Enabled = true
		m = m.Add(w.Info.Memory)
		b.Impl = w.Info.Impl
		rates = append(rates, w.Rates)
		b.Threads = append(b.Threads, thread{Intensity: w.Info.Lanes, Affinity: -1, AV: w.Info.Lanes, Hashrate: windows(w.Rates)})
	}
	b.Memory = m.Bytes
	if idle(s) || !b.Enabled {
		b.Threads = nil
		return b
	}
	b.Hashrate = windows(sumRates(rates))
	return b
}

// cardsOf builds the item of one back end.
func cardsOf(s *miner.Snapshot, t *telemetry.Snapshot, name string) cards {
	b := cards{Type: name, Enabled: true, Algo: algoOf(s), Profile: algoOf(s)}
	if idle(s) {
		return b
	}
	var rates []miner.Rates
	for _, w := range s.Workers {
		if w.Info.Backend == name {
			rates = append(rates, w.Rates)
			b.Threads = append(b.Threads, cardOf(len(b.Threads), &w, t))
		}
	}
	b.Hashrate = windows(sumRates(rates))
	return b
}

func cardOf(index int, w *miner.Worker, t *telemetry.Snapshot) card {
	d := identify(w, t)
	c := card{Index: index, Intensity: w.Info.Lanes, Affinity: -1, Hashrate: windows(w.Rates), Name: d.name, BusID: shortBus(d.bus)}
	if total, ok := d.sensor(telemetry.MemoryTotal, ""); ok {
		bytes := uint64(total)
		c.Memory = &bytes
	}
	if d.state != nil && d.state.Fresh() {
		c.Health = healthOf(d)
	}
	return c
}

func healthOf(d *device) *health {
	whole := func(q telemetry.Quantity, part string, factor float64) *int {
		v, ok := d.sensor(q, part)
		if !ok {
			return nil
		}
		n := int(math.Round(v * factor))
		return &n
	}
	h := &health{
		Temperature: whole(telemetry.Temperature, telemetry.Core, 1), Power: whole(telemetry.Power, "", 1),
		Clock: whole(telemetry.Clock, telemetry.Core, 1e-6), MemClock: whole(telemetry.Clock, telemetry.Memory, 1e-6),
	}
	for fan := 0; ; fan++ { // fans are numbered from 0
		part := strconv.Itoa(fan)
		speed, rpm := whole(telemetry.FanSpeed, part, 100), whole(telemetry.FanRPM, part, 1)
		if speed == nil && rpm == nil {
			return h
		}
		if speed != nil {
			h.FanSpeed = append(h.FanSpeed, *speed)
		}
		if rpm != nil {
			h.RPM = append(h.RPM, *rpm)
		}
	}
}

// shortBus is a bus id as XMRig writes it, without the usual domain; null where
// it is not known.
func shortBus(bus string) *string { return orNull(strings.TrimPrefix(bus, "0000:")) }

// sumRates adds rates up; a window is known when it is for all.
func sumRates(all []miner.Rates) miner.Rates {
	known := len(all) > 0
	sum := miner.Rates{Short: miner.Rate{Known: known}, Medium: miner.Rate{Known: known}, Long: miner.Rate{Known: known}}
	add := func(to *miner.Rate, r miner.Rate) {
		to.PerSecond += r.PerSecond
		to.Known = to.Known && r.Known
	}
	for _, r := range all {
		sum.Recent += r.Recent
		add(&sum.Short, r.Short)
		add(&sum.Medium, r.Medium)
		add(&sum.Long, r.Long)
	}
	return sum
}
