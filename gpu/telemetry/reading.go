package telemetry

import (
	"encoding/json"
	"strings"
	"time"
)

// Card is which card a reading is of.
type Card struct {
	// Source names the driver's interface: "nvml" or "amdgpu".
	Source string `json:"source"`
	// UUID stays with the card wherever it is plugged in; "" for cards without.
	UUID string `json:"uuid"`
	// Bus is the PCI bus id, such as "0000:01:00.0".
	Bus      string `json:"bus"`
	Name     string `json:"name"`
	Driver   string `json:"driver"`   // the driver's version, "" where not told
	Firmware string `json:"firmware"` // version of the card's own, "" where not told
}

// String names the card as messages do.
func (c *Card) String() string {
	if c.Bus == "" {
		return c.Name
	}
	return c.Name + " at " + c.Bus
}

// Value is one thing that a card tells.
type Value struct {
	Quantity Quantity
	Part     string // "" for quantities without a label
	Number   float64
}

// Values are what a card told, at most one of each quantity and part.
type Values []Value

// Set adds a value. part is "" for quantities without a label.
func (v *Values) Set(q Quantity, part string, number float64) {
	*v = append(*v, Value{q, part, number})
}

// Get looks a value up; it is false for what the card did not tell.
func (v Values) Get(q Quantity, part string) (float64, bool) {
	for _, x := range v {
		if x.Quantity == q && x.Part == part {
			return x.Number, true
		}
	}
	return 0, false
}

// MarshalJSON writes an object with the quantities' names; those of several
// parts are objects themselves.
func (v Values) MarshalJSON() ([]byte, error) {
	out := map[string]any{}
	for _, x := range v {
		info := x.Quantity.Info()
		if info.Label == "" {
			out[info.Name] = x.Number
			continue
		}
		parts, ok := out[info.Name].(map[string]float64)
		if !ok {
			parts = map[string]float64{}
			out[info.Name] = parts
		}
		parts[x.Part] = x.Number
	}
	return json.Marshal(out)
}

// Reading is what one card told at one moment.
type Reading struct {
	Card
	Time time.Time `json:"time"`
	// Lost is set when the driver no longer reaches the card; there are no
	// values then.
	Lost   bool   `json:"lost"`
	Values Values `json:"values"`
}

// SameBus reports whether two PCI bus ids mean one card: "0000:01:00.0" and
// "1:00", in any case. The function after the point does not count, an unknown
// bus ("") is the same as none.
func SameBus(a, b string) bool { return a != "" && b != "" && slot(a) == slot(b) }

// slot is a bus id without its function and leading zeros.
func slot(bus string) string {
	bus, _, _ = strings.Cut(strings.ToLower(bus), ".")
	parts := strings.Split(bus, ":")
	if len(parts) == 2 {
		parts = append([]string{""}, parts...)
	}
	for i := range parts {
		parts[i] = strings.TrimLeft(parts[i], "0")
	}
	return strings.Join(parts, ":")
}
