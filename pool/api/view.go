package api

import (
	"cmp"
	"math/big"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/metrics"
)

// view is everything there is to answer from, as it was at one moment. It does
// not change once it is made.
type view struct {
	figures PoolFigures
	books   *books
	logins  []metrics.Login
	history []ledger.HistoryPoint
}

// coin finds a coin by name; "" is the first.
func (v *view) coin(name string) (CoinFigures, bool) {
	for _, c := range v.figures.Coins {
		if c.Name == name || name == "" {
			return c, true
		}
	}
	return CoinFigures{}, false
}

// figures are the pool's at this moment.
func (s *Server) figures(b *books, logins []metrics.Login) PoolFigures {
	snapshot := s.deps.Pool.Snapshot()
	f := PoolFigures{
		At: snapshot.At.UTC().Truncate(time.Millisecond), Since: snapshot.Since.UTC().Truncate(time.Millisecond), Version: s.deps.Version,
		Ready: snapshot.Ready, Draining: snapshot.Draining, Host: s.cfg.API.Host,
		Coins: []CoinFigures{}, Ports: []PortFigures{},
	}
	hashrates := s.deps.Figures.Coins()
	for _, cfg := range s.cfg.Coins {
		c := pool.CoinStats{Name: cfg.Name, Algorithm: cfg.Algorithm} // where other processes follow its nodes
		for _, followed := range snapshot.Coins {
			if followed.Name == cfg.Name {
				c = followed
			}
		}
		k := s.coinFigures(c, b)
		k.Rates = Rates(hashrates[c.Name])
		for _, l := range logins {
			if l.Coin == c.Name && l.Sessions > 0 {
				k.Miners++
			}
		}
		f.Coins = append(f.Coins, k)
	}
	for i, p := range snapshot.Ports {
		if i < len(s.cfg.Ports) {
			f.Ports = append(f.Ports, portFigures(s.cfg, s.cfg.Ports[i], p))
		}
	}
	return f
}

func (s *Server) coinFigures(c pool.CoinStats, b *books) CoinFigures {
	cfg, _ := s.cfg.CoinNamed(c.Name)
	u := unitOf(cfg)
	difficulty := number(c.Difficulty)
	k := CoinFigures{
		Name: c.Name, Kind: string(cfg.Kind), Algorithm: c.Algorithm, Network: cfg.Network, Symbol: u.symbol, Decimals: u.decimals,
		Workers: c.Sessions, Height: c.Height, Difficulty: cmp.Or(c.Difficulty, "0"), NetworkHashrate: difficulty / u.blockTime.Seconds(),
		Confirmations: s.cfg.Unlock.ConfirmationsOf(cfg.Kind),
		Rounds:        []RoundFigures{}, Blocks: map[string]int{}, Nodes: []NodeFigures{},
	}
	for _, w := range b.live(c.Name) {
		k.Rounds = append(k.Rounds, RoundFigures{string(w.Scheme), w.Shares, w.Work, ratio(w.Work, difficulty)})
	}
	for _, n := range b.counts {
		if n.Coin == c.Name {
			k.Blocks[string(n.State)] += n.Count
		}
	}
	for _, block := range b.blocks {
		if block.Coin == c.Name {
			k.LastBlock = moment(block.Found)
			break
		}
	}
	for _, p := range b.pauses {
		k.PayoutsPaused = k.PayoutsPaused || p.Coin == c.Name
	}
	k.Paid = b.paid[c.Name]
	for _, n := range s.deps.Pool.Nodes(c.Name) {
		k.Nodes = append(k.Nodes, NodeFigures{n.Height, n.Lag, n.Synced, n.Used, n.LastError == "" && !n.Answered.IsZero()})
	}
	return k
}

func portFigures(c config.Config, cfg config.Port, p pool.PortStats) PortFigures {
	coin, _ := c.CoinNamed(cfg.Coin)
	f := PortFigures{
		Coin: cfg.Coin, Algorithm: coin.Algorithm, Scheme: cmp.Or(string(cfg.Scheme), "pplns"), Fee: float64(cfg.Fee) / 100, TLS: config.TLSOff,
		Start: cfg.Start, Min: cfg.Min, Max: cfg.Max, Fixed: cfg.Fixed,
		Connections: p.Connections, Accepted: p.Accepted, Rejected: make(map[string]uint64, len(p.Rejected)),
	}
	if c.TLS.Certificate != "" {
		f.TLS = cmp.Or(cfg.TLSMode, config.TLSBoth)
	}
	if _, text, err := net.SplitHostPort(p.Listen); err == nil {
		f.Port, _ = strconv.Atoi(text)
	}
	for reason, n := range p.Rejected {
		f.Rejected[string(reason)] = n
	}
	return f
}

// blockOf is a block as everybody sees it.
func (s *Server) blockOf(b ledger.Block, books *books) Block {
	cfg, _ := s.cfg.CoinNamed(b.Coin)
	out := Block{
		ID: b.ID, Coin: b.Coin, Height: b.Height, Hash: strings.TrimPrefix(b.Hash, "0x"), Scheme: string(b.Scheme), State: string(b.State),
		Found: b.Found.UTC(), Difficulty: b.Difficulty, Depth: b.Depth, Needed: s.cfg.Unlock.ConfirmationsOf(cfg.Kind),
		Reward: Atomic(b.Reward), Finder: short(b.Login), Worker: b.Worker, Settled: moment(b.Settled),
	}
	if w, ok := books.work[b.Round]; ok && !w.Live {
		effort := ratio(w.Work, number(b.Difficulty))
		out.Effort = &effort
	}
	return out
}

// paymentOf is a payout as everybody sees it; of a login, its part alone.
func paymentOf(p ledger.Payout, login string) Payment {
	out := Payment{ID: p.ID, Coin: p.Coin, At: p.Created.UTC(), State: string(p.State), TxHash: p.TxHash, Fee: Atomic(p.Fee), Payees: len(p.Entries)}
	for _, e := range p.Entries {
		if login == "" || e.Login == login {
			out.Amount += Atomic(e.Sent())
		}
	}
	return out
}

// number reads a decimal that may be larger than 64 bits.
func number(decimal string) float64 {
	n, ok := new(big.Int).SetString(decimal, 10)
	if !ok {
		return 0
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return f
}

// ratio is a over b, 0 where there is no b.
func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
