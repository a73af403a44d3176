package wallet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"sync"

	"github.com/aditmine/adit/chain/simnode"
)

// Config is what a wallet has. Amounts are atomic units.
type Config struct {
	Address  string // its own
	Funds    uint64
	Fee      uint64 // of every Monero transaction
	Most     int    // payees in one transaction; more is too large
	Password string // that a Walletd wants
	// Fail is asked before each call whether it fails; nil: none does.
	Fail func(method string) Failure
}

// Failure is how a call fails; the zero value is not at all.
type Failure struct {
	Kind simnode.Kind
	Late bool   // it takes effect first
	Then func() // called before the caller sees the failure
}

// Payee is one destination of a transaction.
type Payee struct {
	Address string `json:"address"`
	Amount  uint64 `json:"amount"`
}

// tx is a transaction that was signed.
type tx struct {
	Hash      string  `json:"hash"`
	Payees    []Payee `json:"payees"`
	Fee       uint64  `json:"fee"`
	PaymentID string  `json:"payment_id"`

	left    bool // it was handed out at least once
	pending bool // the network has it, in no block
	height  uint64
	delayed bool // a Walletd keeps it
}

// Wallet is one wallet and its network. It is safe for concurrent use.
type Wallet struct {
	cfg    Config
	faults simnode.Faults

	mu     sync.Mutex
	height uint64
	signed uint64
	txs    map[string]*tx
	locked uint64 // of Funds, until Unlock
	calls  map[string]int
}

// New makes a wallet.
func New(cfg Config) *Wallet {
	return &Wallet{
		cfg: cfg, height: 100, txs: make(map[string]*tx), calls: make(map[string]int),
		faults: simnode.Faults{
			Internal: simnode.RPCError{Code: -1, Message: "internal error"},
			Busy:     simnode.RPCError{Code: -3, Message: "daemon is busy"},
		},
	}
}

// SetFail replaces Config.Fail.
func (w *Wallet) SetFail(fail func(method string) Failure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cfg.Fail = fail
}

// SetMost replaces Config.Most.
func (w *Wallet) SetMost(payees int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cfg.Most = payees
}

// Mine adds blocks; the first takes all that is pending.
func (w *Wallet) Mine(n uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.txs {
		if n > 0 && t.pending {
			t.pending, t.height = false, w.height+1
		}
	}
	w.height += n
}

// Forget lets the network lose what is pending.
func (w *Wallet) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.txs {
		t.pending = false
	}
}

// Restart ends a Walletd and starts it again: what was delayed is gone.
func (w *Wallet) Restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.txs, func(_ string, t *tx) bool { return t.delayed && !t.left })
	for _, t := range w.txs {
		t.delayed = false
	}
}

// Lock keeps some of the wallet's money from being spent.
func (w *Wallet) Lock(amount uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.locked = amount
}

// Received sums what has arrived, by address and payment id where there is one:
// "address" or "address.id". Each transaction counts once.
func (w *Wallet) Received() map[string]uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	sums := make(map[string]uint64)
	for _, t := range w.txs {
		for _, p := range t.Payees {
			key := p.Address
			if t.PaymentID != "" {
				key += "." + t.PaymentID
			}
			if t.height > 0 || t.pending {
				sums[key] += p.Amount
			}
		}
	}
	return sums
}

// Arrived counts the transactions that are in the chain or on their way.
func (w *Wallet) Arrived() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.txs {
		if t.height > 0 || t.pending {
			n++
		}
	}
	return n
}

// Delayed counts the transactions that a Walletd keeps.
func (w *Wallet) Delayed() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.txs {
		if t.delayed {
			n++
		}
	}
	return n
}

// Calls says how often each method was called.
func (w *Wallet) Calls() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.calls)
}

// spent is what has left, fees included, or is promised to delayed ones.
func (w *Wallet) spent() (sum uint64) {
	for _, t := range w.txs {
		if t.height > 0 || t.pending || t.delayed {
			sum += t.total()
		}
	}
	return sum
}

func (t *tx) total() (sum uint64) {
	for _, p := range t.Payees {
		sum += p.Amount
	}
	return sum + t.Fee
}

// has is the wallet's money: all of it, and what can be spent.
func (w *Wallet) has() (total, unlocked uint64) {
	total = w.cfg.Funds - w.spent()
	return total, total - min(total, w.locked)
}

// sign makes a transaction with a hash of its own.
func (w *Wallet) sign(payees []Payee, fee uint64, id string) *tx {
	w.signed++
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("simulated"), w.signed))
	return &tx{Hash: hex.EncodeToString(sum[:]), Payees: slices.Clone(payees), Fee: fee, PaymentID: id}
}

// handOut gives a transaction to the network, which takes it once.
func (w *Wallet) handOut(t *tx) {
	if known := w.txs[t.Hash]; known != nil {
		t = known
	}
	w.txs[t.Hash] = t
	t.left, t.delayed = true, false
	t.pending = t.height == 0
}
