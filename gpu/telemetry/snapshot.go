package telemetry

import "time"

// staleAfter is after how many intervals without a new one a reading is stale.
const staleAfter = 3

// State is a card as a snapshot shows it.
type State struct {
	Reading
	// Stale is set when the driver has not answered for some time: the values
	// are of then, not of now.
	Stale bool `json:"stale"`
}

// Fresh reports whether the values are of now.
func (s *State) Fresh() bool { return !s.Stale && !s.Lost }

// Get looks up a value of now.
func (s *State) Get(q Quantity, part string) (float64, bool) {
	if !s.Fresh() {
		return 0, false
	}
	return s.Values.Get(q, part)
}

// Throttled lists the reasons that hold the clocks back now, but for those
// that are as they should be: being idle, and clocks that somebody set.
func (s *State) Throttled() []string {
	var reasons []string
	if !s.Fresh() {
		return nil
	}
	for _, v := range s.Values {
		if v.Quantity == Throttle && v.Number != 0 && v.Part != ReasonIdle && v.Part != ReasonSetClocks {
			reasons = append(reasons, v.Part)
		}
	}
	return reasons
}

// Reasons to throttle that need nobody's attention.
const (
	ReasonIdle      = "idle"
	ReasonSetClocks = "application_clocks"
)

// Status is how a source fares.
type Status struct {
	Source string `json:"source"`
	// Cards is how many it knows, lost ones included.
	Cards int `json:"cards"`
	// Problem says why it has none, or answers no more; "" when all is well.
	Problem string `json:"problem"`
}

// Snapshot is everything a Sampler knows, at one moment. It shares no memory
// that changes.
type Snapshot struct {
	Time    time.Time `json:"time"`
	Sources []Status  `json:"sources"`
	Cards   []State   `json:"cards"`
}

// Find looks a card up by its PCI bus id, nil for one that is not known.
func (s *Snapshot) Find(bus string) *State {
	for i := range s.Cards {
		if SameBus(s.Cards[i].Bus, bus) {
			return &s.Cards[i]
		}
	}
	return nil
}
