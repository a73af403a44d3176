package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rules are what happens to the bytes of one direction. The zero value
// disturbs nothing.
type Rules struct {
	// Latency delays everything; Jitter adds up to as much again, at random,
	// without changing the order.
	Latency time.Duration `json:"latency_ns,omitempty"`
	Jitter  time.Duration `json:"jitter_ns,omitempty"`
	// Bandwidth is in bytes per second; 0 is without limit.
	Bandwidth int `json:"bandwidth,omitempty"`
	// Slice is the most bytes sent in one go; 0 leaves them together.
	Slice int `json:"slice,omitempty"`
	// Cut closes the connection after so many bytes, Reset resets it; 0 never.
	Cut   int64 `json:"cut,omitempty"`
	Reset int64 `json:"reset,omitempty"`
	// Drop takes bytes and does not pass them on, as a dead route does.
	Drop bool `json:"drop,omitempty"`
}

// The most that rules can ask for.
const (
	maxDelay = time.Minute
	maxBytes = 1 << 40
)

// Parse reads "latency=20ms,jitter=5ms,bandwidth=1000,slice=1,cut=4096,drop".
func Parse(s string) (Rules, error) {
	var r Rules
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seen[name] {
			return Rules{}, fmt.Errorf("fault %q is given twice", name)
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return Rules{}, err
		}
	}
	return r, nil
}

func (r *Rules) set(name, value string) (err error) {
	switch name {
	case "latency":
		r.Latency, err = delay(value)
	case "jitter":
		r.Jitter, err = delay(value)
	case "bandwidth":
		r.Bandwidth, err = number[int](value)
	case "slice":
		r.Slice, err = number[int](value)
	case "cut":
		r.Cut, err = number[int64](value)
	case "reset":
		r.Reset, err = number[int64](value)
	case "drop":
		if r.Drop = true; value != "" {
			err = fmt.Errorf("drop takes no value")
		}
	default:
		return fmt.Errorf("unknown fault %q: there are latency, jitter, bandwidth, slice, cut, reset, drop", name)
	}
	if err != nil {
		return fmt.Errorf("fault %s: %w", name, err)
	}
	return nil
}

func delay(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > maxDelay {
		return 0, fmt.Errorf("%q is no time above 0 and up to %v, such as 20ms", s, maxDelay)
	}
	return d, nil
}

func number[N int | int64](s string) (N, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > maxBytes {
		return 0, fmt.Errorf("%q is no number of bytes", s)
	}
	return N(n), nil
}

// String writes rules as Parse reads them; "" for none.
func (r Rules) String() string {
	var parts []string
	add := func(on bool, format string, value any) {
		if on {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	add(r.Latency > 0, "latency=%v", r.Latency)
	add(r.Jitter > 0, "jitter=%v", r.Jitter)
	add(r.Bandwidth > 0, "bandwidth=%d", r.Bandwidth)
	add(r.Slice > 0, "slice=%d", r.Slice)
	add(r.Cut > 0, "cut=%d", r.Cut)
	add(r.Reset > 0, "reset=%d", r.Reset)
	add(r.Drop, "drop%v", "")
	return strings.Join(parts, ",")
}
