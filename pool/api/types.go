package api

import "time"

// The answers of /api/v1. Their fields, with what the doc tags say, are what
// the OpenAPI document describes.

// Rates are hashrates in hashes a second.
type Rates struct {
	Now      float64 `json:"hashrate" doc:"hashes a second, over the last 10 minutes"`
	Hour     float64 `json:"hashrate_1h" doc:"over the last hour"`
	SixHours float64 `json:"hashrate_6h" doc:"over the last six hours"`
	Day      float64 `json:"hashrate_24h" doc:"over the last 24 hours, or since the pool started"`
}

// PoolFigures is the answer of /api/v1/pool.
type PoolFigures struct {
	At       time.Time     `json:"at" doc:"when this was true"`
	Since    time.Time     `json:"since" doc:"when the pool started"`
	Version  string        `json:"version"`
	Ready    bool          `json:"ready" doc:"every port takes miners"`
	Draining bool          `json:"draining" doc:"the pool is about to end"`
	Host     string        `json:"host" doc:"what miners connect to; empty: the host of this API"`
	Coins    []CoinFigures `json:"coins"`
	Ports    []PortFigures `json:"ports"`
}

// CoinFigures are those of one coin.
type CoinFigures struct {
	Name      string `json:"name" doc:"the operator's name for it"`
	Kind      string `json:"kind" doc:"cryptonote or ckb"`
	Algorithm string `json:"algorithm"`
	Network   string `json:"network"`
	Symbol    string `json:"symbol"`
	Decimals  int    `json:"decimals" doc:"of an amount in the symbol's unit: it is the atomic amount divided by 10 to this power"`
	Rates
	Miners          int            `json:"miners" doc:"logins with an open session"`
	Workers         int            `json:"workers" doc:"open sessions"`
	Height          uint64         `json:"height" doc:"of the block that is being mined"`
	Difficulty      string         `json:"difficulty" doc:"of the network: hashes a block takes, decimal in quotes"`
	NetworkHashrate float64        `json:"network_hashrate" doc:"difficulty over the intended block time"`
	Rounds          []RoundFigures `json:"rounds" doc:"the live ones, by scheme"`
	Blocks          map[string]int `json:"blocks" doc:"how many are in each state"`
	LastBlock       *time.Time     `json:"last_block" doc:"when the pool found its newest block, null before the first"`
	Confirmations   uint64         `json:"confirmations" doc:"blocks that must lie above one of the pool's"`
	PayoutsPaused   bool           `json:"payouts_paused"`
	Paid            Atomic         `json:"paid" doc:"atomic units that have been paid out"`
	Nodes           []NodeFigures  `json:"nodes"`
}

// RoundFigures are those of a live round.
type RoundFigures struct {
	Scheme string  `json:"scheme" doc:"pplns, prop, solo or pps"`
	Shares uint64  `json:"shares"`
	Work   float64 `json:"work" doc:"hashes that its shares prove"`
	Effort float64 `json:"effort" doc:"work over the network's difficulty; 1 is what a block takes on average"`
}

// NodeFigures are those of one node of a coin.
type NodeFigures struct {
	Height uint64 `json:"height"`
	Lag    uint64 `json:"lag" doc:"blocks behind the newest tip"`
	Synced bool   `json:"synced"`
	Used   bool   `json:"used" doc:"the pool's work comes from it"`
	OK     bool   `json:"ok" doc:"it answers"`
}

// PortFigures are those of one stratum port.
type PortFigures struct {
	Port        int               `json:"port"`
	Coin        string            `json:"coin"`
	Algorithm   string            `json:"algorithm"`
	Scheme      string            `json:"scheme" doc:"how shares are paid: pplns, prop, solo or pps"`
	Fee         float64           `json:"fee" doc:"percent"`
	TLS         string            `json:"tls" doc:"off, both or only"`
	Start       uint64            `json:"start" doc:"difficulty of the first job"`
	Min         uint64            `json:"min"`
	Max         uint64            `json:"max" doc:"0: no bound"`
	Fixed       uint64            `json:"fixed" doc:"difficulty that never changes; 0: vardiff"`
	Connections int               `json:"connections"`
	Accepted    uint64            `json:"accepted" doc:"shares since the pool started"`
	Rejected    map[string]uint64 `json:"rejected" doc:"shares, by reason"`
}

// HistoryPoint is one of /api/v1/history.
type HistoryPoint struct {
	At         time.Time `json:"at"`
	Hashrate   float64   `json:"hashrate" doc:"hashes a second"`
	Miners     int       `json:"miners"`
	Workers    int       `json:"workers"`
	Difficulty float64   `json:"difficulty" doc:"of the network"`
}

// Block is one of /api/v1/blocks.
type Block struct {
	ID         int64      `json:"id" doc:"to ask for older ones with before="`
	Coin       string     `json:"coin"`
	Height     uint64     `json:"height"`
	Hash       string     `json:"hash"`
	Scheme     string     `json:"scheme"`
	State      string     `json:"state" doc:"found, accepted, unsure, unlocked, refused or orphaned"`
	Found      time.Time  `json:"found"`
	Difficulty string     `json:"difficulty" doc:"of the network, decimal in quotes"`
	Effort     *float64   `json:"effort" doc:"its round's work over its difficulty, null where that is not known any more"`
	Depth      uint64     `json:"depth" doc:"blocks above it, when last looked"`
	Needed     uint64     `json:"needed" doc:"blocks that must lie above it"`
	Reward     Atomic     `json:"reward" doc:"atomic units; 0 until it is unlocked"`
	Finder     string     `json:"finder" doc:"login, abbreviated"`
	Worker     string     `json:"worker"`
	Settled    *time.Time `json:"settled" doc:"when its state was decided"`
}

// Payment is one of /api/v1/payments: a transaction of the pool's wallet.
type Payment struct {
	ID     int64     `json:"id"`
	Coin   string    `json:"coin"`
	At     time.Time `json:"at"`
	State  string    `json:"state" doc:"created, prepared, sending, sent, review, confirmed or returned"`
	TxHash string    `json:"tx_hash" doc:"empty before the wallet has signed it"`
	Amount Atomic    `json:"amount" doc:"of all payees, or of the login asked for"`
	Fee    Atomic    `json:"fee" doc:"of the network"`
	Payees int       `json:"payees"`
}

// TopMiner is one of /api/v1/top.
type TopMiner struct {
	Coin  string `json:"coin"`
	Login string `json:"login" doc:"abbreviated"`
	Rates
	Workers   int        `json:"workers"`
	LastShare *time.Time `json:"last_share"`
}

// Miner is the answer of /api/v1/miners/{login}.
type Miner struct {
	Coin  string `json:"coin"`
	Login string `json:"login"`
	Rates
	Shares    uint64        `json:"shares" doc:"accepted since the ledger began"`
	Work      float64       `json:"work" doc:"hashes that those prove"`
	Blocks    uint64        `json:"blocks" doc:"found by its shares"`
	LastShare *time.Time    `json:"last_share"`
	Balance   Atomic        `json:"balance" doc:"atomic units that it is owed"`
	InFlight  Atomic        `json:"in_flight" doc:"on their way to it"`
	Paid      Atomic        `json:"paid"`
	Threshold Atomic        `json:"threshold" doc:"its own, from which it is paid; 0: the pool's"`
	Workers   []MinerWorker `json:"workers"`
	Payments  []Payment     `json:"payments"`
	History   []RateAt      `json:"history" doc:"hashrate of the last day, hour by hour, and every five minutes of the last hour"`
}

// MinerWorker is a worker of a Miner.
type MinerWorker struct {
	Worker string `json:"worker" doc:"chosen by the miner: never to be shown as markup"`
	Rig    string `json:"rig" doc:"chosen by the miner"`
	Agent  string `json:"agent" doc:"chosen by the miner"`
	Rates
	Sessions  int        `json:"sessions" doc:"open ones"`
	Shares    uint64     `json:"shares" doc:"accepted since the ledger began"`
	Work      float64    `json:"work"`
	Accepted  uint64     `json:"accepted" doc:"shares since the pool started"`
	Rejected  uint64     `json:"rejected" doc:"since the pool started"`
	LastShare *time.Time `json:"last_share"`
}

// RateAt is the hashrate over a while that ended at a moment.
type RateAt struct {
	At       time.Time `json:"at"`
	Hashrate float64   `json:"hashrate"`
}

// Problem is what every error answers.
type Problem struct {
	Error string `json:"error" doc:"what is wrong and what to do, in a line"`
}
