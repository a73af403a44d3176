package api

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aditmine/adit/pool/ledger"
)

// Bounds of lists.
const (
	defaultList = 50
	maxList     = 200
	maxHours    = 168
)

var (
	coinParam  = param{name: "coin", doc: "name of a coin; left out, all or the first"}
	limitParam = param{name: "limit", doc: "how many at most, up to 200"}
)

// routes are the paths of /api/v1.
func (s *Server) routes() []route {
	return append([]route{
		{method: "GET", path: "/api/v1/pool", summary: "The pool, its coins and ports", answer: PoolFigures{},
			figures: func(v *view, _ *http.Request) (any, error) { return v.figures, nil }},
		{method: "GET", path: "/api/v1/history", summary: "Points of the charts, every five minutes, oldest first",
			query: []param{coinParam, {name: "hours", doc: "how far back, up to 168; 24 when left out"}}, answer: []HistoryPoint{}, figures: s.getHistory},
		{method: "GET", path: "/api/v1/blocks", summary: "Blocks that the pool found, newest first",
			query: []param{coinParam, limitParam, {name: "before", doc: "only those with a lower id"}}, answer: []Block{}, figures: s.getBlocks},
		{method: "GET", path: "/api/v1/payments", summary: "Payments, newest first", query: []param{coinParam, limitParam}, answer: []Payment{}, figures: s.getPayments},
		{method: "GET", path: "/api/v1/top", summary: "The miners with the highest hashrates", query: []param{coinParam, limitParam}, answer: []TopMiner{}, figures: s.getTop},
		{method: "GET", path: "/api/v1/miners/{login}", summary: "One miner, by its login", query: []param{coinParam}, answer: Miner{}, figures: s.getMiner},
	}, s.adminRoutes()...)
}

// coinAsked is the coin that a request is about; "" is all.
func coinAsked(v *view, r *http.Request) (string, error) {
	name := r.URL.Query().Get("coin")
	if _, ok := v.coin(name); name != "" && !ok {
		return "", failf(http.StatusNotFound, "there is no coin %q: /api/v1/pool lists them", name)
	}
	return name, nil
}

// numberAsked is a number of the query.
func numberAsked(r *http.Request, name string, otherwise, low, high int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, failf(http.StatusBadRequest, "%s must be a whole number from %d to %d", name, low, high)
	}
	return n, nil
}

// listAsked reads what every list has.
func listAsked(v *view, r *http.Request) (coin string, limit int, err error) {
	if coin, err = coinAsked(v, r); err != nil {
		return "", 0, err
	}
	n, err := numberAsked(r, "limit", defaultList, 1, maxList)
	return coin, int(n), err
}

func (s *Server) getHistory(v *view, r *http.Request) (any, error) {
	name, err := coinAsked(v, r)
	if err != nil {
		return nil, err
	}
	hours, err := numberAsked(r, "hours", 24, 1, maxHours)
	if err != nil {
		return nil, err
	}
	coin, _ := v.coin(name)
	list := []HistoryPoint{}
	since := v.figures.At.Add(-time.Duration(hours) * time.Hour)
	for _, p := range v.history {
		if p.Coin == coin.Name && p.At.After(since) {
			list = append(list, HistoryPoint{p.At.UTC(), float64(p.Hashrate), p.Miners, p.Workers, float64(p.Difficulty)})
		}
	}
	return list, nil
}

func (s *Server) getBlocks(v *view, r *http.Request) (any, error) {
	coin, limit, err := listAsked(v, r)
	if err != nil {
		return nil, err
	}
	before, err := numberAsked(r, "before", 0, 0, 1<<62)
	if err != nil {
		return nil, err
	}
	blocks := keep(v.books.blocks, limit, func(b ledger.Block) bool {
		return (coin == "" || b.Coin == coin) && (before == 0 || b.ID < before)
	})
	if len(blocks) < limit && len(v.books.blocks) == keptBlocks { // older than what is at hand
		if blocks, err = s.reader.BlocksBefore(r.Context(), coin, before, limit); err != nil {
			return nil, err
		}
	}
	list := []Block{}
	for _, b := range blocks {
		list = append(list, s.blockOf(b, v.books))
	}
	return list, nil
}

// keep is the first of a list that match, up to a limit.
func keep[T any](list []T, limit int, match func(T) bool) (kept []T) {
	for _, item := range list {
		if len(kept) == limit {
			break
		}
		if match(item) {
			kept = append(kept, item)
		}
	}
	return kept
}

func (s *Server) getPayments(v *view, r *http.Request) (any, error) {
	coin, limit, err := listAsked(v, r)
	if err != nil {
		return nil, err
	}
	list := []Payment{}
	for _, p := range keep(v.books.payments, limit, func(p ledger.Payout) bool { return coin == "" || p.Coin == coin }) {
		list = append(list, paymentOf(p, ""))
	}
	return list, nil
}

func (s *Server) getTop(v *view, r *http.Request) (any, error) {
	coin, limit, err := listAsked(v, r)
	if err != nil {
		return nil, err
	}
	list := []TopMiner{}
	for _, l := range v.logins {
		if len(list) == limit {
			break
		}
		if (coin == "" || l.Coin == coin) && l.Day > 0 {
			list = append(list, TopMiner{l.Coin, short(l.Login), Rates(l.Rates), l.Workers, moment(l.LastShare)})
		}
	}
	return list, nil
}

// maxLogin bounds the logins that are looked up, in bytes.
const maxLogin = 256

// getMiner looks a login up: on the coin asked for, else where it is known.
func (s *Server) getMiner(v *view, r *http.Request) (any, error) {
	login := r.PathValue("login")
	coin, err := coinAsked(v, r)
	if err != nil {
		return nil, err
	}
	for _, c := range v.figures.Coins {
		if coin != "" && c.Name != coin {
			continue
		}
		m, err := s.miner(r, v, account{c.Name, login})
		if m != nil || err != nil {
			return m, err
		}
	}
	return nil, failf(http.StatusNotFound, "nobody has mined to this address here: check it, or come back after the first share")
}

// miner puts together what is known of a login, nil when that is nothing.
func (s *Server) miner(r *http.Request, v *view, a account) (*Miner, error) {
	if len(a.login) > maxLogin || a.login == "" {
		return nil, nil
	}
	workers, points := s.deps.Figures.WorkersOf(a.coin, a.login)
	done, known := v.books.sums[a]
	if !known && len(workers) == 0 {
		return nil, nil
	}
	money := v.books.money[a]
	m := &Miner{
		Coin: a.coin, Login: a.login, Shares: done.shares, Work: done.work, Blocks: done.blocks, LastShare: moment(done.last),
		Balance: units(money.owed), InFlight: units(money.inflight), Paid: units(money.paid), Threshold: Atomic(v.books.own[a]),
		Workers: []MinerWorker{}, Payments: []Payment{}, History: []RateAt{},
	}
	for _, w := range workers {
		m.add(w, v.books.workers[w.Miner])
	}
	for _, p := range points {
		m.History = append(m.History, RateAt{p.At.UTC(), p.Hashrate})
	}
	payouts, err := s.payoutsOf(r, v, a)
	for _, p := range payouts {
		m.Payments = append(m.Payments, paymentOf(p, a.login))
	}
	return m, err
}

// payoutsOf lists a login's newest payouts. Only one that has ever been paid
// is looked for in the ledger.
func (s *Server) payoutsOf(r *http.Request, v *view, a account) ([]ledger.Payout, error) {
	if m := v.books.money[a]; m.paid == 0 && m.inflight == 0 {
		return nil, nil
	}
	list, err := s.reader.Payouts(r.Context(), ledger.PayoutQuery{Coin: a.coin, Login: a.login, Limit: defaultList})
	if err != nil {
		s.log.Warn("a miner's payments cannot be read", "err", err)
		return nil, err
	}
	return slices.DeleteFunc(list, func(p ledger.Payout) bool { return p.State == ledger.PayoutReturned }), nil
}
