package conform

import (
	"context"
	"time"
)

// Control starts and stops the pool under test.
type Control interface {
	// Start starts the pool and returns when its port is open.
	Start(ctx context.Context) error
	// Launch starts the pool without waiting for its port.
	Launch(ctx context.Context) error
	// Stop ends it in an orderly way, and Kill at once; both return when it is
	// gone.
	Stop(ctx context.Context) error
	Kill(ctx context.Context) error
}

// Clock moves the pool's clock, where an adapter can.
type Clock interface {
	// Shift moves it by d, which may be below 0, from where it is. It returns
	// when the pool goes by the new time.
	Shift(ctx context.Context, d time.Duration) error
}

// Ledger reads what the pool has credited.
type Ledger interface {
	Credits(ctx context.Context) ([]Credit, error)
}

// Credit is what the ledger holds for one account, or one worker of it.
type Credit struct {
	Account string
	Worker  string
	Shares  uint64
	Work    float64 // sum of the difficulties, in hashes
	// Hashrate is what the pool shows, in hashes per second; 0 where it shows
	// none.
	Hashrate float64
}

// Declared is what a pool's operator says of it. Checks that need what is not
// declared are skipped.
type Declared struct {
	// TLS, Proxy and Fixed are ports beside the target: one with TLS, one where
	// a PROXY protocol header is required, one whose difficulty never changes.
	TLS, Proxy, Fixed string
	// MinDifficulty and MaxDifficulty are the bounds of the target's port.
	MinDifficulty, MaxDifficulty uint64
	// LoginTimeout and IdleTimeout are when a silent connection is closed,
	// before and after its login; Refresh is when work of the same height is
	// renewed at the latest.
	LoginTimeout, IdleTimeout, Refresh time.Duration
	// WorkerSeparator and DifficultySeparator stand in the login before a
	// worker's name and a requested difficulty.
	WorkerSeparator, DifficultySeparator string
	// API are the ports of its HTTP interfaces, which have been opened on purpose.
	API []string
	// BanTime is how long an automatic ban lasts, BanScope whom it holds for.
	BanTime  time.Duration
	BanScope BanScope
	// PerAddress is how many connections an address may have.
	PerAddress int
	// ShareInterval is the time between a miner's shares that vardiff aims at.
	ShareInterval time.Duration
	// Vardiff is a port whose difficulty follows at ShareInterval, for checks
	// that wait for it; empty means the target. Poll is how often the pool asks
	// its node at the latest, HashrateWindow what time the hashrate that it shows
	// is an average over.
	Vardiff              string
	Poll, HashrateWindow time.Duration
	// NiceHashAgent is an agent that gets NiceHash mode by its name.
	NiceHashAgent string
	// AddressForms are the forms of CKB addresses that it takes: AddressFull,
	// AddressShort, AddressDeprecated.
	AddressForms []string
	// Unclaimed are checks that the pool does not claim to meet, with reasons.
	Unclaimed map[string]string
}

// BanScope says whom an automatic ban holds for.
type BanScope string

// The scopes.
const (
	BanAddress BanScope = "address" // everybody at the client's address
	BanLogin   BanScope = "login"   // the login, at the client's address
)

// Forms of CKB addresses (RFC 0021).
const (
	AddressFull       = "full"       // bech32m
	AddressShort      = "short"      // bech32, a well-known lock by number
	AddressDeprecated = "deprecated" // bech32, full code hash without hash type
)
