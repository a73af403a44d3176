package vardiff

import "time"

// Step is a hashrate from a time on, relative to the one whose ideal
// difficulty is 1.
type Step struct {
	At   time.Duration `json:"at_ns"`
	Rate float64       `json:"rate"`
}

// Scenario is what a simulated miner does, and what is measured of it.
// Durations are of virtual time.
type Scenario struct {
	Name string `json:"name"`
	// Start is the first difficulty relative to the ideal one.
	Start float64 `json:"start"`
	// Length is how long a trial is.
	Length time.Duration `json:"length_ns"`
	// Rates are the hashrates, oldest first; none means 1 throughout.
	Rates []Step `json:"rates,omitempty"`
	// From is when measuring begins: the step whose response is asked for, or
	// the end of the warm-up.
	From time.Duration `json:"from_ns,omitempty"`
	// Flight is how long a share, and a job, is on its way; the miner goes on
	// with the old difficulty until the new job arrives.
	Flight time.Duration `json:"flight_ns,omitempty"`
	// Reconnects are when the miner's session begins anew; the pool starts it
	// at the last difficulty when it remembers, else at Start.
	Reconnects []time.Duration `json:"reconnects_ns,omitempty"`
	Remembers  bool            `json:"remembers,omitempty"`
}

// Scaled is the scenario for another share interval than DefaultInterval: it
// lasts for as many intervals.
func (s Scenario) Scaled(interval time.Duration) Scenario {
	scale := func(d time.Duration) time.Duration {
		return time.Duration(float64(d) / float64(DefaultInterval) * float64(interval))
	}
	s.Length, s.From = scale(s.Length), scale(s.From)
	rates, reconnects := s.Rates, s.Reconnects
	s.Rates, s.Reconnects = nil, nil
	for _, step := range rates {
		s.Rates = append(s.Rates, Step{scale(step.At), step.Rate})
	}
	for _, at := range reconnects {
		s.Reconnects = append(s.Reconnects, scale(at))
	}
	return s
}

// rate is the hashrate at a time, and when it changes next (beyond the end of
// the trial: never).
func (s *Scenario) rate(at time.Duration) (rate float64, next time.Duration) {
	rate, next = 1, s.Length+1
	for _, step := range s.Rates {
		if step.At > at {
			return rate, step.At
		}
		rate = step.Rate
	}
	return rate, next
}

// finalRate is the hashrate at the end, which convergence is measured against.
func (s *Scenario) finalRate() float64 {
	rate, _ := s.rate(s.Length)
	return rate
}

// The scenarios of the table. Times are those for an interval of 15 seconds;
// they leave the slowest models time to come to rest.
const (
	settle  = 20 * time.Minute // from the right difficulty to the usual wander
	observe = 90 * time.Minute
)

// Cold starts a session at a multiple of the ideal difficulty.
func Cold(name string, start float64) Scenario {
	return Scenario{Name: name, Start: start, Length: observe}
}

// StepTo changes the hashrate by a factor once the session has settled.
func StepTo(name string, factor float64) Scenario {
	return Scenario{Name: name, Start: 1, Length: settle + observe, From: settle, Rates: []Step{{settle, factor}}}
}

// Steady leaves the hashrate alone.
func Steady() Scenario {
	return Scenario{Name: "steady", Start: 1, Length: settle + observe, From: settle}
}

// Scenarios are those that the laboratory knows by name.
func Scenarios() []Scenario {
	burst := Scenario{Name: "burst", Start: 1, Length: settle + observe, From: settle + 10*time.Second,
		Rates: []Step{{settle, 100}, {settle + 10*time.Second, 1}}}
	pause := Scenario{Name: "pause", Start: 1, Length: settle + observe, From: settle + 30*time.Minute,
		Rates: []Step{{settle, 0}, {settle + 30*time.Minute, 1}}}
	proxy := Scenario{Name: "proxy", Start: 1, Length: settle + observe, From: settle}
	for i := range 18 { // a hundred rigs come and go every five minutes
		at := settle + time.Duration(i)*5*time.Minute
		proxy.Rates = append(proxy.Rates, Step{at, []float64{100, 50}[i%2]})
	}
	reconnect := Scenario{Name: "reconnect", Start: 0.01, Length: observe}
	for at := 5 * time.Minute; at < observe; at += 5 * time.Minute {
		reconnect.Reconnects = append(reconnect.Reconnects, at)
	}
	flight := Steady()
	flight.Name, flight.Flight = "flight", 500*time.Millisecond
	return []Scenario{
		Cold("cold-low", 0.01), Cold("cold-high", 100), StepTo("step-up", 10), StepTo("step-down", 0.1),
		StepTo("double", 2), StepTo("half", 0.5), Steady(), burst, pause, proxy, reconnect, flight,
	}
}
