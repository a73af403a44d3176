package watchdog

import (
	"time"

	"github.com/aditmine/adit/hash"
)

// Limits say when a device is in trouble, and how long it is kept. A zero
// field stands for its default.
type Limits struct {
	// Hang is how long a search may take before the device counts as hung. One
	// whose searches usually take longer than a twentieth of that is given
	// twenty times its median. Opening and preparing, where drivers compile,
	// have [OpenFactor] times as long. Default 30 s.
	Hang time.Duration
	// Reinits is how often a device is opened anew within Window before it is
	// dropped. Default 3 within 10 minutes.
	Reinits int
	Window  time.Duration
	// StopAt is the temperature in degrees Celsius at which the device stops,
	// ResumeAt the one at which it goes on. 0 is no limit, and 10 below StopAt.
	StopAt, ResumeAt float64
}

// The defaults of Limits.
const (
	DefaultHang    = 30 * time.Second
	DefaultReinits = 3
	DefaultWindow  = 10 * time.Minute
	DefaultCooling = 10.0
	// OpenFactor is how much longer than a search preparing it may take.
	OpenFactor = 10
)

func (l Limits) withDefaults() Limits {
	if l.Hang <= 0 {
		l.Hang = DefaultHang
	}
	if l.Reinits <= 0 {
		l.Reinits = DefaultReinits
	}
	if l.Window <= 0 {
		l.Window = DefaultWindow
	}
	if l.ResumeAt <= 0 {
		l.ResumeAt = l.StopAt - DefaultCooling
	}
	return l
}

// Thermometer measures devices.
type Thermometer interface {
	// Temperature is that of the core of the device at a PCI bus id, in degrees
	// Celsius. ok is false where it is not known. It must not block.
	Temperature(bus string) (celsius float64, ok bool)
}

// Options say what is guarded, and how.
type Options struct {
	// Name is the device's for people; Bus its PCI bus id, or "".
	Name, Bus string
	// Alias is a name that the searcher's errors may begin with; reports do not
	// repeat it.
	Alias string
	// Info stands for the searcher's own while it is not open.
	Info hash.SearcherInfo
	// Open makes the device's searcher. It runs on the thread that uses the
	// searcher, and may be called again after trouble.
	Open func() (hash.Searcher, error)
	// Unsuited reports whether an error of SetWork only says that the device
	// cannot do this work: no trouble. Nil is never.
	Unsuited func(error) bool
	// Thermometer is nil where there is none.
	Thermometer Thermometer
	Limits      Limits
	// Report is told of every action; nil is nobody. It must not block.
	Report func(Report)
}
