package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/metrics"
	"github.com/aditmine/adit/pool/reward"
)

// The API of cryptonote-nodejs-pool, whose front ends and the sites that list
// pools ask for these paths and read these fields. It knows one coin: the
// first of the configuration, unless ?coin= names another. What it has and this
// pool has not (e-mail, Telegram, prices) is switched off in "config", as that
// pool would answer.

// classic are its paths that everybody may read.
func (s *Server) classic() map[string]func(*view, *http.Request) (any, error) {
	return map[string]func(*view, *http.Request) (any, error){
		"/stats":                  s.classicStats,
		"/stats_address":          s.classicAddress,
		"/get_payments":           s.classicPayments,
		"/get_blocks":             s.classicBlocks,
		"/get_top10miners":        s.classicTop,
		"/get_top10":              s.classicTop,
		"/get_miner_payout_level": s.classicPayoutLevel,
		"/get_market":             func(*view, *http.Request) (any, error) { return []any{}, nil },
		"/get_apis":               func(*view, *http.Request) (any, error) { return object{}, nil },
		"/block_explorers":        func(*view, *http.Request) (any, error) { return object{}, nil },
	}
}

// classicAdmin are those that want the administrator's token.
func (s *Server) classicAdmin() map[string]func(*view, *http.Request) (any, error) {
	return map[string]func(*view, *http.Request) (any, error){
		"/admin_stats":     s.classicAdminStats,
		"/admin_users":     s.classicAdminUsers,
		"/admin_ports":     s.classicAdminPorts,
		"/miners_hashrate": s.classicHashrates,
	}
}

// classicCoin is the coin that a request is about.
func classicCoin(v *view, r *http.Request) (CoinFigures, error) {
	c, ok := v.coin(r.URL.Query().Get("coin"))
	if !ok {
		return c, failf(http.StatusNotFound, "there is no such coin")
	}
	return c, nil
}

func (s *Server) classicStats(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	return object{
		"health": object{c.Name: object{"daemon": health(c), "wallet": walletHealth(v, c)}},
		"pool":   s.classicPool(v, c), "lastblock": classicLast(v, c),
		"network": object{"difficulty": classicNumber(c.Difficulty), "height": c.Height},
		"config":  s.classicConfig(v, c), "charts": classicCharts(v, c), "miner": object{},
	}, nil
}

func health(c CoinFigures) string {
	for _, n := range c.Nodes {
		if n.OK && n.Synced {
			return "ok"
		}
	}
	return "fail"
}

// walletHealth is "fail" while a payout waits for a person. Nothing else is
// known of the wallet here.
func walletHealth(v *view, c CoinFigures) string {
	for _, p := range v.books.payouts {
		if p.Coin == c.Name && p.State == ledger.PayoutReview && p.Count > 0 {
			return "fail"
		}
	}
	return "ok"
}

// classicNumber writes a decimal as a number.
func classicNumber(decimal string) any { return uint64OrFloat(number(decimal)) }

func uint64OrFloat(f float64) any {
	if f >= 0 && f < 1<<53 {
		return uint64(f)
	}
	return f
}

func (s *Server) classicPool(v *view, c CoinFigures) object {
	b := v.books
	lost := []ledger.BlockState{ledger.BlockOrphaned, ledger.BlockRefused}
	found := []ledger.BlockState{ledger.BlockFound, ledger.BlockAccepted, ledger.BlockUnsure, ledger.BlockUnlocked, ledger.BlockOrphaned}
	payments, paidMiners := 0, 0
	for _, p := range b.payouts {
		if p.Coin == c.Name && p.State != ledger.PayoutReturned {
			payments += p.Count
		}
	}
	for a, m := range b.money {
		if a.coin == c.Name && m.paid > 0 {
			paidMiners++
		}
	}
	solo := s.deps.Figures.Solo(c.Name)
	out := object{
		"stats": object{}, "blocks": s.classicBlockList(v, c.Name, classicList, 0), "payments": classicPaymentList(b.payments, c.Name, "", classicList, 0),
		"totalBlocks": b.blocksOf(c.Name, false, found...), "totalBlocksSolo": b.blocksOf(c.Name, true, found...), "totalOrphans": b.blocksOf(c.Name, false, lost...),
		"totalPayments": payments, "totalMinersPaid": paidMiners,
		"miners": max(0, c.Miners-solo.Miners), "minersSolo": solo.Miners, "workers": max(0, c.Workers-solo.Workers), "workersSolo": solo.Workers,
		"hashrate": uint64OrFloat(max(0, c.Now-solo.Now)), "hashrateSolo": uint64OrFloat(solo.Now), "roundScore": 0, "roundHashes": 0,
		"lastBlockFound": 0, "lastBlockFoundSolo": 0,
	}
	for _, round := range c.Rounds {
		if round.Scheme == string(reward.PPLNS) || round.Scheme == string(reward.PROP) {
			out["roundHashes"], out["roundScore"] = uint64OrFloat(round.Work), uint64OrFloat(round.Work)
		}
	}
	diff, shares := map[bool]float64{}, map[bool]float64{}
	for _, block := range b.blocks {
		if block.Coin != c.Name {
			continue
		}
		alone := block.Scheme == reward.SOLO
		key := map[bool]string{false: "lastBlockFound", true: "lastBlockFoundSolo"}[alone]
		if out[key] == 0 {
			out[key] = strconv.FormatInt(block.Found.UnixMilli(), 10)
		}
		diff[alone] += number(block.Difficulty)
		shares[alone] += b.work[block.Round].Work
	}
	out["totalDiff"], out["totalDiffSolo"] = uint64OrFloat(diff[false]), uint64OrFloat(diff[true])
	out["totalShares"], out["totalSharesSolo"] = uint64OrFloat(shares[false]), uint64OrFloat(shares[true])
	return out
}

// classicLast is the newest block of the pool that is in the chain.
func classicLast(v *view, c CoinFigures) object {
	for _, b := range v.books.blocks {
		if b.Coin == c.Name && (b.State == ledger.BlockUnlocked || b.State == ledger.BlockAccepted) {
			return object{"difficulty": classicNumber(b.Difficulty), "height": b.Height, "timestamp": b.Found.Unix(), "reward": b.Reward, "hash": b.Hash}
		}
	}
	return object{"difficulty": 0, "height": 0, "timestamp": 0, "reward": 0, "hash": ""}
}

// classicList is how many blocks and payments it lists at a time.
const classicList = 30

func (s *Server) classicConfig(v *view, c CoinFigures) object {
	ports, fee := []object{}, 0.0
	for _, p := range v.figures.Ports {
		if p.Coin != c.Name {
			continue
		}
		if len(ports) == 0 {
			fee = p.Fee
		}
		difficulty := p.Start
		if p.Fixed > 0 {
			difficulty = p.Fixed
		}
		ports = append(ports, object{"port": p.Port, "difficulty": difficulty, "desc": strings.ToUpper(p.Scheme), "ssl": p.TLS == "only"})
	}
	cfg, _ := s.cfg.CoinNamed(c.Name)
	var pay config.Payout // zeros where nobody is paid
	for _, p := range s.cfg.Payouts {
		if p.Coin == c.Name && p.Enabled {
			pay = p
		}
	}
	units := 1.0
	for range c.Decimals {
		units *= 10
	}
	return object{
		"poolHost": s.cfg.API.Host, "ports": ports, "cnAlgorithm": c.Algorithm, "cnVariant": 0, "cnBlobType": 0,
		"hashrateWindow": int(metrics.Short / time.Second), "fee": fee, "soloFee": fee, "networkFee": 0,
		"coin": c.Name, "coinUnits": uint64(units), "coinDecimalPlaces": c.Decimals, "coinDifficultyTarget": int(unitOf(cfg).blockTime / time.Second),
		"symbol": c.Symbol, "depth": c.Confirmations, "finderReward": 0, "donation": object{}, "version": s.deps.Version,
		"paymentsInterval": int(pay.Interval / time.Second), "minPaymentThreshold": pay.Threshold, "maxPaymentThreshold": pay.MaxAmount,
		"transferFee": pay.NetworkFee, "denominationUnit": max(1, pay.Denomination),
		"slushMiningEnabled": false, "weight": 0, "priceSource": "", "priceCurrency": "", "paymentIdSeparator": "",
		"fixedDiffEnabled": true, "fixedDiffSeparator": s.cfg.Login.DifficultySeparator, "sendEmails": false,
		"blocksChartEnabled": false, "blocksChartDays": 0,
		"telegramBotName": "", "telegramBotStats": "", "telegramBotReport": "", "telegramBotNotify": "", "telegramBotBlocks": "",
	}
}

func classicCharts(v *view, c CoinFigures) object {
	hashrate, workers, miners, difficulty := [][3]any{}, [][3]any{}, [][3]any{}, [][3]any{}
	day := v.figures.At.Add(-24 * time.Hour)
	for _, p := range v.history {
		if p.Coin != c.Name || p.At.Before(day) {
			continue
		}
		at := p.At.Unix()
		hashrate = append(hashrate, [3]any{at, p.Hashrate, 1})
		workers = append(workers, [3]any{at, p.Workers, 1})
		miners = append(miners, [3]any{at, p.Miners, 1})
		difficulty = append(difficulty, [3]any{at, p.Difficulty, 1})
	}
	return object{"hashrate": hashrate, "workers": workers, "miners": miners, "difficulty": difficulty}
}

// classicBlock is a block as that pool keeps it: fields between colons.
func classicBlock(b ledger.Block, work float64) string {
	scheme := string(b.Scheme)
	if b.Scheme == reward.PPLNS {
		scheme = string(reward.PROP) // it knows no other that is shared
	}
	done := strconv.FormatFloat(work, 'f', 0, 64)
	member := strings.Join([]string{scheme, short(b.Login), strings.TrimPrefix(b.Hash, "0x"), strconv.FormatInt(b.Found.Unix(), 10), b.Difficulty, done}, ":")
	switch b.State {
	case ledger.BlockUnlocked:
		return fmt.Sprintf("%s:0:%d", member, b.Reward)
	case ledger.BlockOrphaned, ledger.BlockRefused:
		return member + ":1"
	}
	return member + ":" + done
}

// classicBlockList lists blocks and their heights in turn, newest first, below
// a height (0: all).
func (s *Server) classicBlockList(v *view, coin string, limit int, below uint64) []string {
	list := []string{}
	for _, b := range keep(v.books.blocks, limit, func(b ledger.Block) bool { return b.Coin == coin && (below == 0 || b.Height < below) }) {
		list = append(list, classicBlock(b, v.books.work[b.Round].Work), strconv.FormatUint(b.Height, 10))
	}
	return list
}

func (s *Server) classicBlocks(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	below, err := numberAsked(r, "height", 0, 0, 1<<62)
	if err != nil {
		return nil, err
	}
	return s.classicBlockList(v, c.Name, classicList, uint64(below)), nil
}

// classicPaymentList lists payments and their times in turn, newest first,
// from before a time (0: all).
func classicPaymentList(payouts []ledger.Payout, coin, login string, limit int, before int64) []string {
	list := []string{}
	for _, p := range payouts {
		at := p.Created.Unix()
		if len(list) >= 2*limit {
			break
		}
		if p.Coin != coin || p.TxHash == "" || p.State == ledger.PayoutReturned || before > 0 && at >= before {
			continue
		}
		one := paymentOf(p, login)
		member := fmt.Sprintf("%s:%d:%d:0", p.TxHash, one.Amount, p.Fee)
		if login == "" {
			member += ":" + strconv.Itoa(one.Payees)
		}
		list = append(list, member, strconv.FormatInt(at, 10))
	}
	return list
}

func (s *Server) classicPayments(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	before, err := numberAsked(r, "time", 0, 0, 1<<62)
	if err != nil {
		return nil, err
	}
	login := r.URL.Query().Get("address")
	payouts := v.books.payments
	if login != "" {
		if payouts, err = s.payoutsOf(r, v, account{c.Name, login}); err != nil {
			return nil, err
		}
	}
	return classicPaymentList(payouts, c.Name, login, classicList, before), nil
}

func (s *Server) classicTop(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, l := range v.logins {
		if len(list) < 10 && l.Coin == c.Name && l.Now > 0 {
			done := v.books.sums[account{c.Name, l.Login}]
			list = append(list, object{"miner": short(l.Login), "hashrate": uint64OrFloat(l.Now), "lastShare": seconds(l.LastShare), "hashes": uint64OrFloat(done.work)})
		}
	}
	return list, nil
}

func (s *Server) classicAddress(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	m, err := s.miner(r, v, account{c.Name, r.URL.Query().Get("address")})
	if err != nil {
		return nil, err
	}
	if m == nil {
		return object{"error": "Not found"}, nil
	}
	payouts, err := s.payoutsOf(r, v, account{c.Name, m.Login})
	if err != nil {
		return nil, err
	}
	history, workers := [][3]any{}, []object{}
	for _, p := range m.History {
		history = append(history, [3]any{p.At.Unix(), uint64OrFloat(p.Hashrate), 1})
	}
	for _, w := range m.Workers {
		workers = append(workers, classicRates(object{"name": w.Worker, "lastShare": classicMoment(w.LastShare), "hashes": uint64OrFloat(w.Work)}, w.Rates))
	}
	return object{
		"stats": classicRates(object{
			"hashes": strconv.FormatFloat(m.Work, 'f', 0, 64), "lastShare": strconv.FormatInt(classicMoment(m.LastShare), 10),
			"balance": strconv.FormatUint(uint64(m.Balance), 10), "paid": strconv.FormatUint(uint64(m.Paid), 10), "minPayoutLevel": uint64(m.Threshold),
			"roundScore": 0, "roundHashes": 0,
		}, m.Rates),
		"payments": classicPaymentList(payouts, c.Name, m.Login, classicList, 0),
		"charts":   object{"hashrate": history, "payments": []any{}},
		"workers":  workers,
	}, nil
}

// classicRates adds hashrates.
func classicRates(o object, r Rates) object {
	o["hashrate"], o["hashrate_1h"] = uint64OrFloat(r.Now), uint64OrFloat(r.Hour)
	o["hashrate_6h"], o["hashrate_24h"] = uint64OrFloat(r.SixHours), uint64OrFloat(r.Day)
	return o
}

func classicMoment(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Unix()
}

func (s *Server) classicPayoutLevel(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	a := account{c.Name, r.URL.Query().Get("address")}
	if _, known := v.books.sums[a]; !known {
		return object{"status": "Unable to get the current minimum payout level from database"}, nil
	}
	return object{"status": "done", "level": v.books.own[a]}, nil
}

func (s *Server) classicAdminStats(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	var owed, paid int64
	for a, m := range v.books.money {
		if a.coin == c.Name {
			owed += m.owed + m.inflight
			paid += m.paid
		}
	}
	return object{
		"totalOwed": owed, "totalPaid": paid, "totalRevenue": v.books.fees[c.Name], "totalWorkers": c.Workers,
		"blocksOrphaned": c.Blocks["orphaned"], "blocksUnlocked": v.books.blocksOf(c.Name, false, ledger.BlockUnlocked),
		"blocksUnlockedSolo": v.books.blocksOf(c.Name, true, ledger.BlockUnlocked),
	}, nil
}

func (s *Server) classicAdminUsers(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	users := object{}
	for _, l := range v.logins {
		if l.Coin == c.Name && len(users) < maxWorkers {
			a := account{c.Name, l.Login}
			done, money := v.books.sums[a], v.books.money[a]
			users[l.Login] = object{
				"pending": money.owed, "paid": money.paid, "lastShare": seconds(done.last), "hashes": uint64OrFloat(done.work),
				"hashrate": uint64OrFloat(l.Now), "childWallet": "", "roundScore": 0, "roundHashes": 0,
			}
		}
	}
	return users, nil
}

func (s *Server) classicAdminPorts(v *view, _ *http.Request) (any, error) {
	ports := object{}
	for _, p := range v.figures.Ports {
		number := strconv.Itoa(p.Port)
		ports[number] = object{"port": number, "users": p.Connections}
	}
	return ports, nil
}

func (s *Server) classicHashrates(v *view, r *http.Request) (any, error) {
	c, err := classicCoin(v, r)
	if err != nil {
		return nil, err
	}
	rates := object{}
	for _, l := range v.logins {
		if l.Coin == c.Name && l.Now > 0 && len(rates) < maxWorkers {
			rates[l.Login] = uint64OrFloat(l.Now)
		}
	}
	return object{"minersHashrate": rates}, nil
}

// serveLiveStats is /stats for those who wait for news: it answers when there
// are new figures.
func (s *Server) serveLiveStats(w http.ResponseWriter, r *http.Request) {
	news := s.hub.join(s.client(r))
	if news == nil {
		writeError(w, failf(http.StatusServiceUnavailable, "too many wait for figures already: ask /stats now and then instead"))
		return
	}
	defer s.hub.leave(news)
	for range 2 { // the first are those of now
		select {
		case <-r.Context().Done():
			return
		case <-news:
		}
	}
	s.serveRoute(route{figures: s.classicStats}).ServeHTTP(w, r)
}

// ledgerFigures are what /metrics shows of the ledger.
func (s *Server) ledgerFigures() metrics.LedgerCounts {
	v := s.view.Load()
	if v == nil {
		return metrics.LedgerCounts{}
	}
	return metrics.LedgerCounts{Blocks: v.books.counts, Payouts: v.books.payouts, Read: v.books.at}
}
