package api

import "github.com/aditmine/adit/hash"

// backend is an item of /2/backends. adit has the processor's.
type backend struct {
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

// backends builds /2/backends; rates and threads are absent while idle.
func (h *handler) backends() any {
	s := h.cfg.Engine.Snapshot()
	b := backend{Type: "cpu", Enabled: true, Algo: algoOf(&s), Profile: algoOf(&s)}
	allocated, total := hugePages(&s)
	b.Hugepages = [2]int{allocated, total}
	var m hash.MemoryStatus
	for _, w := range s.Workers {
		m = m.Add(w.Info.Memory)
		b.Impl = w.Info.Impl
	}
	b.Memory = m.Bytes
	if s.Job == nil || s.Paused {
		return []backend{b}
	}
	b.Hashrate = windows(s.Rates)
	for _, w := range s.Workers {
		b.Threads = append(b.Threads, thread{Intensity: w.Info.Lanes, Affinity: -1, AV: w.Info.Lanes, Hashrate: windows(w.Rates)})
	}
	return []backend{b}
}
