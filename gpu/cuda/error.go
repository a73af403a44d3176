package cuda

import "fmt"

// Error is a failure that the driver told.
type Error struct {
	Code int    // CUresult
	Name string // "CUDA_ERROR_OUT_OF_MEMORY", "" for a code that the driver does not know
	Text string // the driver's own words
	Call string // the function, "cuMemAlloc"
}

func (e *Error) Error() string {
	name := e.Name
	if name == "" {
		name = "CUDA error"
	}
	out := fmt.Sprintf("%s: %s (%d)", e.Call, name, e.Code)
	if e.Text != "" {
		out += ": " + e.Text
	}
	if hint := e.hint(); hint != "" {
		out += "; " + hint
	}
	return out
}

// hint says what to do.
func (e *Error) hint() string {
	switch e.Code {
	case 2: // out of memory
		return "end other programs on the card, or set a lower intensity"
	case 218, 222: // invalid PTX, its version is not supported
		return "a newer NVIDIA driver may help"
	case 701: // out of resources
		return "set a smaller work size"
	case 702: // timeout
		return "the card drives a display: set a lower intensity"
	case 802, 803, 804: // not ready, mismatch with the kernel's part, compatibility
		return "restart the machine, or install NVIDIA's driver again"
	}
	return ""
}
