// Package nvml reads the sensors of NVIDIA cards through the driver's
// management library, which is loaded when it is opened: a machine without the
// driver gets gpu.ErrNoDriver. It only reads; clocks, fans and power limits stay
// as they are.
//
// The binding is github.com/NVIDIA/go-nvml, which needs cgo and Linux; other
// builds have a stub whose Open fails with gpu.ErrNotBuilt. A function that the
// library does not have ends the process when it is called, and so does any
// call before a successful Init. That is why nothing is called before Init, and
// each function only after its symbol was found.
//
// It imports gpu and gpu/telemetry; cmd uses it.
package nvml

// Name is the source's name in telemetry.
const Name = "nvml"
