package telemetry

// Quantity is what a sensor tells, in the unit that its Info names.
type Quantity uint8

// The quantities. Those whose Info has a Label are told for several parts of a
// card, such as Core and Memory.
const (
	Temperature Quantity = iota
	TemperatureLimit
	FanSpeed
	FanRPM
	Power
	PowerLimit
	PowerDefaultLimit
	Energy
	Clock
	Utilization
	MemoryUsed
	MemoryTotal
	Throttle
	PerformanceState
	LinkGeneration
	LinkGenerationMax
	LinkWidth
	LinkWidthMax
	LinkRate
	LinkReplays
	ECCEnabled
	ECCErrors
)

// Parts of a card that quantities are told for.
const (
	Core     = "core"
	Memory   = "memory"
	Junction = "junction" // the hottest spot of the chip
)

// Info describes a quantity.
type Info struct {
	// Name ends in the unit, in Prometheus's manner: "temperature_celsius".
	Name string
	// Label says what parts are: "sensor"; "" where a card has one value.
	Label string
	// Help is what the value means.
	Help string
	// Counter marks what only grows while the driver stays loaded.
	Counter bool
}

var infos = [...]Info{
	Temperature:       {Name: "temperature_celsius", Label: "sensor", Help: "Temperature: of the core, of its hottest spot (junction), of the memory."},
	TemperatureLimit:  {Name: "temperature_limit_celsius", Label: "limit", Help: "Temperature of the core at which the card slows down or shuts down by itself."},
	FanSpeed:          {Name: "fan_speed_ratio", Label: "fan", Help: "Fan speed that the card asks for, of its fastest; drivers allow more than 1."},
	FanRPM:            {Name: "fan_rpm", Label: "fan", Help: "Fan speed in revolutions per minute."},
	Power:             {Name: "power_watts", Help: "Power drawn by the whole card, as its driver averages it."},
	PowerLimit:        {Name: "power_limit_watts", Help: "Power that the card is held to now."},
	PowerDefaultLimit: {Name: "power_default_limit_watts", Help: "Power limit that the card starts with."},
	Energy:            {Name: "energy_joules_total", Help: "Energy drawn since the driver was loaded.", Counter: true},
	Clock:             {Name: "clock_hertz", Label: "domain", Help: "Clock rate of the core (graphics or shader clock) and of the memory."},
	Utilization:       {Name: "utilization_ratio", Label: "unit", Help: "Part of the time in which the core, or the memory's controller, was busy."},
	MemoryUsed:        {Name: "memory_used_bytes", Help: "Memory of the card in use."},
	MemoryTotal:       {Name: "memory_total_bytes", Help: "Memory of the card."},
	Throttle:          {Name: "throttle_active", Label: "reason", Help: "1 while this reason keeps the clocks below what was asked for."},
	PerformanceState:  {Name: "performance_state", Help: "Performance state: 0 is the fastest, 15 the slowest."},
	LinkGeneration:    {Name: "pcie_link_generation", Help: "PCI Express generation of the link now; idle cards lower it."},
	LinkGenerationMax: {Name: "pcie_link_generation_max", Help: "PCI Express generation that the link can have."},
	LinkWidth:         {Name: "pcie_link_width_lanes", Help: "PCI Express lanes of the link now."},
	LinkWidthMax:      {Name: "pcie_link_width_max_lanes", Help: "PCI Express lanes that the link can have."},
	LinkRate:          {Name: "pcie_throughput_bytes_per_second", Label: "direction", Help: "Bytes per second over PCI Express, seen from the card, in a short moment."},
	LinkReplays:       {Name: "pcie_replays_total", Help: "PCI Express packets that had to be sent again: a bad riser or slot.", Counter: true},
	ECCEnabled:        {Name: "ecc_enabled", Help: "1 when the memory's errors are corrected."},
	ECCErrors:         {Name: "ecc_errors_total", Label: "kind", Help: "Memory errors over the card's life, corrected and uncorrected.", Counter: true},
}

// Info describes the quantity.
func (q Quantity) Info() Info { return infos[q] }

// Quantities lists all there are.
func Quantities() []Quantity {
	all := make([]Quantity, len(infos))
	for i := range all {
		all[i] = Quantity(i)
	}
	return all
}
