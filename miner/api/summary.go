package api

import (
	"math"
	"math/big"
	"net"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
)

// The documents below have XMRig's names and shapes. What adit does not
// measure is absent or null, never made up.

// summary is /2/summary, or with version 1 /1/summary.
type summary struct {
	ID          string     `json:"id"`
	WorkerID    string     `json:"worker_id"`
	Uptime      int64      `json:"uptime"` // seconds
	Restricted  bool       `json:"restricted"`
	Resources   resources  `json:"resources"`
	Features    []string   `json:"features"`
	Results     results    `json:"results"`
	Algo        *string    `json:"algo"`
	Connection  connection `json:"connection"`
	Version     string     `json:"version"`
	Kind        string     `json:"kind"`
	Agent       string     `json:"ua"`
	CPU         processor  `json:"cpu"`
	DonateLevel int        `json:"donate_level"`
	Paused      bool       `json:"paused"`
	Algorithms  []string   `json:"algorithms"`
	Hashrate    hashrate   `json:"hashrate"`
	Hugepages   any        `json:"hugepages"` // [allocated, total], in version 1 a boolean
}

type resources struct {
	Memory struct {
		Free     uint64 `json:"free"`
		Total    uint64 `json:"total"`
		Resident uint64 `json:"resident_set_memory"`
	} `json:"memory"`
	Load        [3]float64 `json:"load_average"`
	Concurrency int        `json:"hardware_concurrency"`
}

type results struct {
	Diff        uint64    `json:"diff_current"`
	SharesGood  uint64    `json:"shares_good"`
	SharesTotal uint64    `json:"shares_total"`
	AvgTime     int64     `json:"avg_time"`    // seconds between accepted shares
	AvgTimeMS   int64     `json:"avg_time_ms"` // the same
	HashesTotal uint64    `json:"hashes_total"`
	Best        []uint64  `json:"best"`
	ErrorLog    *[]string `json:"error_log,omitempty"`
}

type connection struct {
	Pool           string    `json:"pool"`
	IP             string    `json:"ip"`
	Uptime         int64     `json:"uptime"`
	UptimeMS       int64     `json:"uptime_ms"`
	Ping           int64     `json:"ping"` // ms
	Failures       uint64    `json:"failures"`
	TLS            *string   `json:"tls"`
	TLSFingerprint *string   `json:"tls-fingerprint"`
	Algo           *string   `json:"algo"`
	Diff           uint64    `json:"diff"`
	Accepted       uint64    `json:"accepted"`
	Rejected       uint64    `json:"rejected"`
	AvgTime        int64     `json:"avg_time"`
	AvgTimeMS      int64     `json:"avg_time_ms"`
	HashesTotal    uint64    `json:"hashes_total"`
	ErrorLog       *[]string `json:"error_log,omitempty"`
}

type processor struct {
	Brand   string `json:"brand"`
	Threads int    `json:"threads"`
	Backend string `json:"backend"`
}

type hashrate struct {
	Total   []*float64   `json:"total"` // 10 s, 60 s, 15 min; null until covered
	Highest *float64     `json:"highest"`
	Threads [][]*float64 `json:"threads,omitempty"`
}

// summary builds the document.
func (h *handler) summary(version int) summary {
	s := h.cfg.Engine.Snapshot()
	out := summary{
		ID: h.cfg.ID, WorkerID: h.cfg.WorkerID, Uptime: int64(s.Uptime().Seconds()), Restricted: !h.cfg.Control,
		Resources: h.resources(), Features: []string{"api", "http", "tls"},
		Results: resultsOf(&s), Algo: algoOf(&s), Connection: connectionOf(&s),
		Version: h.cfg.Version, Kind: "miner", Agent: h.cfg.Agent,
		CPU:    processor{Brand: h.cfg.CPU, Threads: h.cfg.Threads, Backend: "adit"},
		Paused: s.Paused, Algorithms: []string{},
		Hashrate: hashrate{Total: windows(s.Rates), Highest: rate(s.MaxRate, s.MaxRate > 0)},
	}
	for _, a := range h.cfg.Algorithms {
		out.Algorithms = append(out.Algorithms, a.Name)
	}
	allocated, total := hugePages(&s)
	out.Hugepages = [2]int{allocated, total}
	if version == 1 {
		out.Hugepages = total > 0 && allocated == total
		out.Results.ErrorLog, out.Connection.ErrorLog = &[]string{}, &[]string{}
		for _, w := range s.Workers {
			out.Hashrate.Threads = append(out.Hashrate.Threads, windows(w.Rates))
		}
	}
	return out
}

func (h *handler) resources() resources {
	r := resources{Concurrency: h.cfg.Threads}
	if h.cfg.System == nil {
		return r
	}
	sys := h.cfg.System()
	r.Memory.Free, r.Memory.Total, r.Memory.Resident = sys.MemoryFree, sys.MemoryTotal, sys.Resident
	r.Load = sys.Load
	return r
}

func resultsOf(s *miner.Snapshot) results {
	out := results{SharesGood: s.Shares.Accepted, SharesTotal: s.Shares.Judged(), HashesTotal: s.Hashes, Best: make([]uint64, 10)}
	out.Diff = difficulty(s)
	between := perShare(s)
	out.AvgTime, out.AvgTimeMS = int64(between.Seconds()), between.Milliseconds()
	for i, b := range s.Best[:min(len(s.Best), len(out.Best))] {
		out.Best[i] = clamp(b)
	}
	return out
}

func connectionOf(s *miner.Snapshot) connection {
	out := connection{Pool: s.Pool.Host, Failures: s.Pool.Failures, Algo: algoOf(s), Diff: difficulty(s),
		Accepted: s.Shares.Accepted, Rejected: s.Shares.Rejected + s.Shares.Stale, HashesTotal: s.Hashes,
		Ping: s.Latency.Milliseconds(), IP: hostOf(s.Pool.Remote), TLS: orNull(s.Pool.TLS), TLSFingerprint: orNull(s.Pool.Fingerprint)}
	if s.Pool.State == miner.PoolReady {
		up := s.Time.Sub(s.Pool.Since)
		out.Uptime, out.UptimeMS = int64(up.Seconds()), up.Milliseconds()
	}
	between := perShare(s)
	out.AvgTime, out.AvgTimeMS = int64(between.Seconds()), between.Milliseconds()
	return out
}

// perShare is the mean time between accepted shares, 0 before the first.
func perShare(s *miner.Snapshot) time.Duration {
	if s.Shares.Accepted == 0 {
		return 0
	}
	return s.Uptime() / time.Duration(min(s.Shares.Accepted, math.MaxInt64))
}

// difficulty is the job's, 0 without one.
func difficulty(s *miner.Snapshot) uint64 {
	if s.Job == nil {
		return 0
	}
	return s.Job.Difficulty
}

// algoOf names the algorithm in use, null before the first job of a miner
// that leaves it to the pool.
func algoOf(s *miner.Snapshot) *string {
	if s.Algorithm == nil {
		return nil
	}
	return &s.Algorithm.Name
}

// windows are the three rates; one whose window is not covered yet is null.
func windows(r miner.Rates) []*float64 {
	out := make([]*float64, 3)
	for i, w := range []miner.Rate{r.Short, r.Medium, r.Long} {
		out[i] = rate(w.PerSecond, w.Known)
	}
	return out
}

// rate rounds down to two decimals.
func rate(v float64, known bool) *float64 {
	if !known {
		return nil
	}
	v = math.Floor(v*100) / 100
	return &v
}

// hugePages counts pages of 2 MiB: those the scratchpads have, and those they
// would fill.
func hugePages(s *miner.Snapshot) (allocated, total int) {
	var m hash.MemoryStatus
	for _, w := range s.Workers {
		m = m.Add(w.Info.Memory)
	}
	const page = 2 << 20
	if m.Bytes == 0 {
		return 0, 0
	}
	total = (m.Bytes + page - 1) / page
	return int(int64(total) * int64(m.Huge) / int64(m.Bytes)), total
}

// hostOf drops the port of an address.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

func clamp(v *big.Int) uint64 {
	if !v.IsUint64() {
		return math.MaxUint64
	}
	return v.Uint64()
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
