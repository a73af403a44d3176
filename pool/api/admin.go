package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/penalty"
)

// User is one of /api/v1/admin/users.
type User struct {
	Coin  string `json:"coin"`
	Login string `json:"login"`
	Rates
	Sessions  int        `json:"sessions"`
	Shares    uint64     `json:"shares"`
	Blocks    uint64     `json:"blocks"`
	Balance   Atomic     `json:"balance"`
	InFlight  Atomic     `json:"in_flight"`
	Paid      Atomic     `json:"paid"`
	Threshold Atomic     `json:"threshold" doc:"its own; 0: the pool's"`
	LastShare *time.Time `json:"last_share"`
}

// Ban is one of /api/v1/admin/bans: of an address, of a login at an address,
// or of a login wherever it comes from.
type Ban struct {
	Login   string    `json:"login,omitempty"`
	Address string    `json:"address,omitempty"`
	Reason  string    `json:"reason"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
}

// BanOrder asks for a ban.
type BanOrder struct {
	Login   string `json:"login,omitempty"`
	Address string `json:"address,omitempty" doc:"IP address"`
	Reason  string `json:"reason" doc:"for people; required"`
	Seconds int64  `json:"seconds" doc:"how long it lasts, up to ten years"`
}

// PayoutFigures is the answer of /api/v1/admin/payouts.
type PayoutFigures struct {
	Counts  []PayoutCount `json:"counts"`
	Paused  []PausedCoin  `json:"paused"`
	Payouts []Payout      `json:"payouts" doc:"newest first"`
}

// PayoutCount counts the payouts of a coin in a state.
type PayoutCount struct {
	Coin   string `json:"coin"`
	State  string `json:"state"`
	Count  int    `json:"count"`
	Amount Atomic `json:"amount"`
}

// PausedCoin is a coin whose payouts are paused.
type PausedCoin struct {
	Coin   string    `json:"coin"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Payout is a payment with what only an administrator sees.
type Payout struct {
	Payment
	Attempts int    `json:"attempts" doc:"that have failed in this state"`
	Detail   string `json:"detail" doc:"why the last one did"`
}

// PauseOrder asks for a coin's payouts to be paused, or resumed.
type PauseOrder struct {
	Coin   string `json:"coin"`
	Reason string `json:"reason,omitempty" doc:"required to pause"`
}

// ThresholdOrder sets from what a login is paid.
type ThresholdOrder struct {
	Coin   string `json:"coin"`
	Login  string `json:"login"`
	Amount string `json:"amount" doc:"atomic units, decimal in quotes; 0: the pool's again"`
}

// Done is the answer to an order.
type Done struct {
	Done string `json:"done" doc:"what has been done, in a line"`
}

func (s *Server) adminRoutes() []route {
	return []route{
		{method: "GET", path: "/api/v1/admin/users", summary: "Logins, those with the highest hashrates first", admin: true, act: s.listUsers, answer: []User{},
			query: []param{coinParam, limitParam, {name: "q", doc: "part of the login"}}},
		{method: "PUT", path: "/api/v1/admin/threshold", summary: "Set a login's own payout threshold", admin: true, act: s.setThreshold, body: ThresholdOrder{}, answer: Done{}},
		{method: "GET", path: "/api/v1/admin/bans", summary: "Bans in force", admin: true, act: s.listBans, answer: []Ban{}},
		{method: "POST", path: "/api/v1/admin/bans", summary: "Ban a login, an address, or a login at an address", admin: true, act: s.ban, body: BanOrder{}, answer: Done{}},
		{method: "DELETE", path: "/api/v1/admin/bans", summary: "Lift a ban", admin: true, act: s.unban, answer: Done{},
			query: []param{{name: "login", doc: "of the ban"}, {name: "address", doc: "of the ban"}}},
		{method: "GET", path: "/api/v1/admin/payouts", summary: "Payouts in all their states", admin: true, act: s.listPayouts, answer: PayoutFigures{},
			query: []param{coinParam, limitParam, {name: "state", doc: "only those in this state"}, {name: "login", doc: "only those to this login"}}},
		{method: "POST", path: "/api/v1/admin/payouts/pause", summary: "Let no payout of a coin begin", admin: true, act: s.pausePayouts, body: PauseOrder{}, answer: Done{}},
		{method: "POST", path: "/api/v1/admin/payouts/resume", summary: "Let payouts of a coin begin again", admin: true, act: s.resumePayouts, body: PauseOrder{}, answer: Done{}},
		{method: "POST", path: "/api/v1/admin/drain", summary: "End the pool: answer what is in flight, close all sessions", admin: true, act: s.drain, answer: Done{}},
	}
}

func (s *Server) listUsers(v *view, r *http.Request) (any, error) {
	coin, limit, err := listAsked(v, r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query().Get("q")
	wanted := func(a account) bool {
		return (coin == "" || a.coin == coin) && strings.Contains(a.login, q)
	}
	list, seen := []User{}, make(map[account]bool)
	add := func(u User, a account) {
		if seen[a] || len(list) == limit || !wanted(a) {
			return
		}
		seen[a] = true
		done, money := v.books.sums[a], v.books.money[a]
		u.Coin, u.Login, u.Shares, u.Blocks, u.LastShare = a.coin, a.login, done.shares, done.blocks, moment(done.last)
		u.Balance, u.InFlight, u.Paid, u.Threshold = units(money.owed), units(money.inflight), units(money.paid), Atomic(v.books.own[a])
		list = append(list, u)
	}
	for _, l := range v.logins {
		add(User{Rates: Rates(l.Rates), Sessions: l.Sessions}, account{l.Coin, l.Login})
	}
	for _, a := range v.books.everyone {
		add(User{}, a)
	}
	return list, nil
}

// order reads what an administrator has sent.
func order[T any](r *http.Request) (o T, err error) {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return o, failf(http.StatusBadRequest, "the request's body is not as /api/v1/openapi.json says: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return o, failf(http.StatusBadRequest, "the request's body has more than one value")
	}
	return o, nil
}

func (s *Server) setThreshold(v *view, r *http.Request) (any, error) {
	o, err := order[ThresholdOrder](r)
	if err != nil {
		return nil, err
	}
	amount, err := strconv.ParseUint(o.Amount, 10, 63)
	if err != nil {
		return nil, failf(http.StatusBadRequest, "amount must be a whole number of atomic units, in quotes")
	}
	if _, ok := v.coin(o.Coin); o.Coin == "" || !ok {
		return nil, failf(http.StatusNotFound, "there is no coin %q", o.Coin)
	}
	if _, ok := v.books.sums[account{o.Coin, o.Login}]; !ok {
		return nil, failf(http.StatusNotFound, "nobody has mined %s to this login", o.Coin)
	}
	store, err := s.store()
	if err != nil {
		return nil, err
	}
	if err := store.SetPayoutThreshold(r.Context(), o.Coin, o.Login, amount); err != nil {
		return nil, err
	}
	s.log.Info("an administrator set a payout threshold", "coin", o.Coin, "login", o.Login, "amount", amount)
	if amount == 0 {
		return Done{"the pool's threshold holds for this login again"}, nil
	}
	return Done{"this login is paid from " + o.Amount + " atomic units on"}, nil
}

func (s *Server) store() (ledger.Store, error) {
	if store := s.deps.Pool.Store(); store != nil {
		return store, nil
	}
	return nil, errStarting
}

func (s *Server) listBans(*view, *http.Request) (any, error) {
	list := []Ban{}
	for _, b := range s.deps.Pool.Penalties().Bans() {
		list = append(list, Ban{b.Login, b.Address, b.Reason, b.Since.UTC(), b.Until.UTC()})
	}
	return list, nil
}

// maxBan is the longest ban, in seconds: ten years.
const maxBan = 10 * 365 * 24 * 3600

func (s *Server) ban(_ *view, r *http.Request) (any, error) {
	o, err := order[BanOrder](r)
	if err != nil {
		return nil, err
	}
	key, err := banKey(o.Login, o.Address)
	if err != nil {
		return nil, err
	}
	if o.Seconds < 1 || o.Seconds > maxBan {
		return nil, failf(http.StatusBadRequest, "seconds must be from 1 to %d", maxBan)
	}
	if o.Reason = strings.TrimSpace(o.Reason); o.Reason == "" || len(o.Reason) > 200 {
		return nil, failf(http.StatusBadRequest, "reason must say in up to 200 characters why")
	}
	until := s.deps.Now().Add(time.Duration(o.Seconds) * time.Second)
	s.deps.Pool.Ban(key, o.Reason, until)
	s.log.Info("an administrator banned", "login", key.Login, "address", key.Address, "until", until, "reason", o.Reason)
	return Done{"banned until " + until.UTC().Format(time.RFC3339) + ", from the next login on"}, nil
}

// banKey is what a ban is for, in the form in which sessions are looked up.
func banKey(login, address string) (penalty.Key, error) {
	login, address = strings.TrimSpace(login), strings.TrimSpace(address)
	if login == "" && address == "" {
		return penalty.Key{}, failf(http.StatusBadRequest, "say whom: login, address, or both")
	}
	if len(login) > maxLogin {
		return penalty.Key{}, failf(http.StatusBadRequest, "the login is too long")
	}
	if address != "" {
		a, err := netip.ParseAddr(address)
		if err != nil {
			return penalty.Key{}, failf(http.StatusBadRequest, "address %q is no IP address", address)
		}
		address = a.Unmap().String()
	}
	return penalty.Key{Login: login, Address: address}, nil
}

func (s *Server) unban(_ *view, r *http.Request) (any, error) {
	q := r.URL.Query()
	key, err := banKey(q.Get("login"), q.Get("address"))
	if err != nil {
		return nil, err
	}
	if !s.deps.Pool.Lift(key) {
		return nil, failf(http.StatusNotFound, "there is no such ban: /api/v1/admin/bans lists those in force, and each is lifted by its own login and address")
	}
	s.log.Info("an administrator lifted a ban", "login", key.Login, "address", key.Address)
	return Done{"the ban is lifted"}, nil
}

func (s *Server) listPayouts(v *view, r *http.Request) (any, error) {
	coin, limit, err := listAsked(v, r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	payouts, err := s.reader.Payouts(r.Context(), ledger.PayoutQuery{Coin: coin, Login: q.Get("login"), State: ledger.PayoutState(q.Get("state")), Limit: limit})
	if err != nil {
		return nil, err
	}
	counts, err := s.reader.PayoutCounts(r.Context())
	if err != nil {
		return nil, err
	}
	pauses, err := s.reader.PayoutPauses(r.Context())
	if err != nil {
		return nil, err
	}
	f := PayoutFigures{[]PayoutCount{}, []PausedCoin{}, []Payout{}}
	for _, c := range counts {
		f.Counts = append(f.Counts, PayoutCount{c.Coin, string(c.State), c.Count, Atomic(c.Amount)})
	}
	for _, p := range pauses {
		f.Paused = append(f.Paused, PausedCoin{p.Coin, p.Reason, p.At.UTC()})
	}
	for _, p := range payouts {
		f.Payouts = append(f.Payouts, Payout{paymentOf(p, q.Get("login")), p.Attempts, p.Detail})
	}
	return f, nil
}

// pauseAsked reads a PauseOrder.
func (s *Server) pauseAsked(v *view, r *http.Request) (PauseOrder, ledger.Store, error) {
	o, err := order[PauseOrder](r)
	if err != nil {
		return o, nil, err
	}
	if _, ok := v.coin(o.Coin); o.Coin == "" || !ok {
		return o, nil, failf(http.StatusNotFound, "there is no coin %q", o.Coin)
	}
	store, err := s.store()
	return o, store, err
}

func (s *Server) pausePayouts(v *view, r *http.Request) (any, error) {
	o, store, err := s.pauseAsked(v, r)
	if err != nil {
		return nil, err
	}
	if o.Reason = strings.TrimSpace(o.Reason); o.Reason == "" || len(o.Reason) > 200 {
		return nil, failf(http.StatusBadRequest, "reason must say in up to 200 characters why")
	}
	if err := store.PausePayouts(r.Context(), o.Coin, o.Reason, s.deps.Now()); err != nil {
		return nil, err
	}
	s.log.Info("an administrator paused payouts", "coin", o.Coin, "reason", o.Reason)
	return Done{"no payout of " + o.Coin + " begins any more; those that have begun go on"}, nil
}

func (s *Server) resumePayouts(v *view, r *http.Request) (any, error) {
	o, store, err := s.pauseAsked(v, r)
	if err != nil {
		return nil, err
	}
	if err := store.ResumePayouts(r.Context(), o.Coin); err != nil {
		return nil, err
	}
	s.log.Info("an administrator resumed payouts", "coin", o.Coin)
	return Done{"payouts of " + o.Coin + " begin again"}, nil
}

func (s *Server) drain(*view, *http.Request) (any, error) {
	if s.deps.Drain == nil {
		return nil, failf(http.StatusNotImplemented, "this pool cannot be ended from here")
	}
	s.log.Info("an administrator ends the pool")
	s.deps.Drain()
	return Done{"the pool answers what is in flight and ends"}, nil
}
