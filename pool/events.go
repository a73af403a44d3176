package pool

import (
	"time"

	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/penalty"
)

// Event is something that happened in the pool: *SessionOpened,
// *SessionClosed, *TemplateChanged, *ShareAccepted, *ShareRejected,
// *BlockFound, *BlockSettled or *Banned.
type Event interface{ poolEvent() }

// SessionOpened: a miner logged in.
type SessionOpened struct {
	Port    string
	Session uint64
	Miner   ledger.Miner
	Agent   string
}

// SessionClosed: a logged-in miner has gone.
type SessionClosed struct {
	Port    string
	Session uint64
	Reason  string
}

// TemplateChanged: the pool mines on another template.
type TemplateChanged struct {
	Coin       string
	Height     uint64
	Parent     string
	Difficulty string // decimal
	NewTip     bool   // not merely a refresh
}

// ShareAccepted: a share is in the ledger, and its miner has been told.
type ShareAccepted struct {
	Session    uint64
	Miner      ledger.Miner
	Difficulty uint64
	Solo       bool          // it is paid for under SOLO
	Latency    time.Duration // from the line's arrival to the answer
}

// ShareRejected: a share does not count.
type ShareRejected struct {
	Session uint64
	Miner   ledger.Miner
	Reason  Reason
}

// BlockFound: a share meets the network's target; it is on its way to the node.
type BlockFound struct {
	Coin   string
	Height uint64
	Hash   string
	Miner  ledger.Miner
}

// BlockSettled: the node has answered, or failed to.
type BlockSettled struct {
	Coin   string
	Height uint64
	Hash   string
	State  ledger.BlockState
	Detail string
}

// Banned: a miner has sent too many bad shares. Bans by hand are not told.
type Banned struct{ Ban penalty.Ban }

func (*Banned) poolEvent()          {}
func (*SessionOpened) poolEvent()   {}
func (*SessionClosed) poolEvent()   {}
func (*TemplateChanged) poolEvent() {}
func (*ShareAccepted) poolEvent()   {}
func (*ShareRejected) poolEvent()   {}
func (*BlockFound) poolEvent()      {}
func (*BlockSettled) poolEvent()    {}
