package watchdog

import (
	"maps"
	"time"
)

// State is what a device is doing.
type State uint8

// The states.
const (
	Opening  State = iota // not open yet, or being opened
	Working               // searching, or ready to
	Hot                   // waiting until it has cooled down
	Retrying              // waiting before it is opened anew
	Dropped               // given up for good
)

// String names the state for people and for labels.
func (s State) String() string {
	switch s {
	case Opening:
		return "opening"
	case Working:
		return "working"
	case Hot:
		return "hot"
	case Retrying:
		return "retrying"
	}
	return "dropped"
}

// Trouble is something that a device did wrong.
type Trouble string

// The kinds of trouble.
const (
	Failed Trouble = "error" // opening, preparing or searching failed
	Slow   Trouble = "slow"  // batches took many times what they usually do
	Hung   Trouble = "hang"  // a call of the driver did not return
	Wrong  Trouble = "wrong" // hits that the processor refuses
	Heat   Trouble = "heat"  // reached the temperature to stop at
)

// Action is what the watchdog did about it.
type Action string

// The actions; Restart, Reinit and Drop are the rungs of the ladder.
const (
	Restart Action = "restart" // prepare and search the same nonces again
	Reinit  Action = "reinit"  // close the device and open it anew
	Drop    Action = "drop"    // give the device up
	Pause   Action = "pause"   // wait until it has cooled down
	Resume  Action = "resume"  // and go on
	Warn    Action = "warn"    // only say so
)

// Status is a device's record.
type Status struct {
	State State
	// Bus is the PCI bus id, "" where it is not known.
	Bus string
	// Since is when the state was reached.
	Since time.Time
	// Troubles and Actions count what happened since the start.
	Troubles map[Trouble]uint64
	Actions  map[Action]uint64
	// Last says what the newest trouble was, LastTrouble of which kind; both
	// are "" before the first.
	Last        string
	LastTrouble Trouble
	// Celsius is the temperature at the last look; HasCelsius is false where
	// nothing measures it.
	Celsius    float64
	HasCelsius bool
}

// clone returns a copy that shares no memory.
func (s Status) clone() Status {
	s.Troubles, s.Actions = maps.Clone(s.Troubles), maps.Clone(s.Actions)
	return s
}

// Report tells of one action as it is taken.
type Report struct {
	Device  string // as people know it
	Bus     string // PCI bus id, or ""
	Trouble Trouble
	Action  Action
	Reason  string // what happened, in one line
	Next    string // what is done about it, in words
}

// String is the report as a log line. What drivers say may be long: it comes
// last.
func (r Report) String() string { return r.Device + ": " + r.Next + ": " + r.Reason }
