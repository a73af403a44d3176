// Package config is the pool's configuration: its types and defaults, reading
// it from TOML with every mistake explained by line, and the commented file
// that a new pool starts from.
//
// It imports hash and chain, for names of algorithms and addresses, and
// pool/reward. Package pool and cmd use it; a Config may also be built in code, from Default.
package config

import (
	"net/netip"
	"runtime"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/reward"
)

// Config is a whole pool: one process with any number of coins and ports.
type Config struct {
	Coins []Coin
	Ports []Port
	// Payouts say how miners are paid, one for each coin that they are paid in.
	Payouts []Payout
	Ledger  Ledger
	Verify  Verify
	Limits  Limits
	Login   Login
	TLS     TLS
	Bans    Bans
	API     API
	Unlock  Unlock
	Log     Log
}

// Kind is the family of node and stratum dialect that a coin belongs to.
type Kind string

// The kinds of coin.
const (
	CryptoNote Kind = "cryptonote" // monerod-like node, XMRig's dialect
	CKB        Kind = "ckb"        // Nervos CKB node, mining.* dialect
)

// Coin is a chain to mine on.
type Coin struct {
	// Name is the operator's name for it, unique; it stands in the ledger.
	Name string
	Kind Kind
	// Algorithm is the canonical name of the proof of work.
	Algorithm string
	// Network is "mainnet", "testnet" or, for Monero, "stagenet"; other
	// CryptoNote coins are given by their name, such as "masari".
	Network string
	// Node is the base URL of the node's RPC. Nodes, when there are several,
	// are those of all, the preferred one first, and Node is not used; see
	// NodeURLs.
	Node  string
	Nodes []string
	// ZMQ are monerod's publishers (--zmq-pub), such as tcp://127.0.0.1:18083.
	// Subscribe are the host:port of CKB nodes' rpc.tcp_listen_address, and
	// NotifyListen is where [block_assembler] notify of theirs posts to. All
	// of them only bring news sooner: nodes are polled as well.
	ZMQ          []string
	Subscribe    []string
	NotifyListen string
	// User and Password log in to the node's RPC, where it wants that.
	User, Password string
	// Address is where block rewards go. A CKB node is told on its own side;
	// there it may be empty, and is compared with the node's when it is not.
	Address string
	// Poll is how often the node's tip is looked at, Refresh how often a new
	// template is asked for while the tip stays.
	Poll, Refresh time.Duration
	// StaleGrace is how long after a new tip shares for the tip before are
	// still accepted.
	StaleGrace time.Duration
}

// Port is a stratum port for one coin.
type Port struct {
	Listen string // host:port
	Coin   string // name of a coin
	// Start, Min and Max steer vardiff. Fixed, when not 0, replaces all three.
	Start, Min, Max, Fixed uint64
	// Interval is the wanted time between a session's shares.
	Interval time.Duration
	// Window is how many shares the work rate is estimated from.
	Window int
	// Scheme is how shares are paid ("" is PPLNS); Fee is what the pool keeps, in basis
	// points.
	Scheme reward.Scheme
	Fee    int
	// TLSMode says whether miners may encrypt ("" is TLSBoth).
	TLSMode string
	// Proxies are the addresses whose PROXY protocol headers are believed, and
	// demanded.
	Proxies []netip.Prefix
	// NiceHash gives every session a fixed last byte of the nonce, which miners
	// that share a connection need. Miners whose agent says NiceHash get it on
	// any port. CryptoNote only.
	NiceHash bool
	// Reconnect, host:port, is where miners are sent when the pool ends.
	Reconnect string
}

// Unlock says when blocks count for good, and how PPLNS divides them.
type Unlock struct {
	// Confirmations is how many blocks must lie above one; 0 means 60 for
	// CryptoNote and 24 for CKB, whose rewards also wait for their epochs.
	Confirmations int
	// Interval is how often the node is asked.
	Interval time.Duration
	// Window is the size of a PPLNS window, in hundredths of the network's
	// difficulty.
	Window int
}

// ConfirmationsOf is how many blocks must lie above one of a kind of coin.
func (u Unlock) ConfirmationsOf(kind Kind) uint64 {
	switch {
	case u.Confirmations > 0:
		return uint64(u.Confirmations)
	case kind == CKB:
		return 24
	}
	return 60
}

// Verify bounds the work of checking shares.
type Verify struct {
	// Threads hash shares, per algorithm; Queue is how many may wait.
	Threads, Queue int
}

// Limits bound what strangers can do to the pool.
type Limits struct {
	MaxLine       int // bytes of one request
	LoginTimeout  time.Duration
	IdleTimeout   time.Duration
	WriteTimeout  time.Duration
	MaxPending    int // bytes that may wait to be read by a miner
	Connections   int // in total
	PerAddress    int // from one IP address
	MalformedRows int // malformed requests in a row that end a session
	InFlight      int // unanswered submits of one session
	// LoginsPerSecond bounds the logins from one IP address, after a burst of
	// PerAddress and ten seconds' worth; 0: no limit.
	LoginsPerSecond int
}

// Login says how the login field is taken apart.
type Login struct {
	WorkerSeparator     string // before a worker name
	DifficultySeparator string // before a fixed difficulty
}

// Log says what is logged, and how.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
}

// Default returns a configuration without coins and ports, everything else
// at its default.
func Default() Config {
	return Config{
		Ledger: Ledger{Path: "adit-pool.db"},
		Verify: Verify{Threads: max(1, runtime.NumCPU()-1), Queue: 4096},
		Limits: Limits{
			MaxLine:       16384,
			LoginTimeout:  10 * time.Second,
			IdleTimeout:   10 * time.Minute,
			WriteTimeout:  10 * time.Second,
			MaxPending:    256 << 10,
			Connections:   100_000,
			PerAddress:    1000,
			MalformedRows: 10,
			InFlight:      256,

			LoginsPerSecond: 20,
		},
		Login:  Login{WorkerSeparator: ".", DifficultySeparator: "+"},
		Bans:   defaultBans(),
		API:    defaultAPI(),
		Unlock: Unlock{Interval: 30 * time.Second, Window: 200},
		Log:    Log{Level: "info", Format: "text"},
	}
}

// DefaultCoin returns the defaults of a coin of a kind.
func DefaultCoin(kind Kind) Coin {
	c := Coin{Kind: kind, Network: "mainnet", Poll: time.Second, Refresh: 20 * time.Second, StaleGrace: 5 * time.Second}
	if kind == CKB {
		c.Algorithm = "eaglesong"
		c.Poll, c.Refresh, c.StaleGrace = 500*time.Millisecond, 5*time.Second, time.Second
	}
	return c
}

// DefaultPort returns the defaults of a port.
func DefaultPort() Port {
	return Port{Start: 1000, Min: 100, Interval: 15 * time.Second, Window: 30, Scheme: reward.PPLNS, TLSMode: TLSBoth}
}

// CoinNamed returns the coin of that name.
func (c *Config) CoinNamed(name string) (Coin, bool) {
	for _, coin := range c.Coins {
		if coin.Name == name {
			return coin, true
		}
	}
	return Coin{}, false
}

// families says which algorithms a kind of coin can have.
func (k Kind) family() hash.Family {
	if k == CKB {
		return hash.Eaglesong
	}
	return hash.CryptoNight
}
