// Package telemetry says how graphics cards fare: temperatures, power, clocks
// and what else their drivers tell. A Source reads the cards of one driver
// (gpu/nvml, gpu/amdgpu); a Sampler asks sources at an interval and keeps the
// newest readings, so that whoever shows them never waits for a driver.
//
// What a card does not tell is absent, never zero.
//
// It imports gpu. gpu/nvml and gpu/amdgpu import it for its types; gpu/telemetry/metrics,
// miner and cmd show what it holds.
package telemetry
