package watchdog

import (
	"fmt"
	"time"
)

// lookEvery is how often the temperature is read, blindAfter how often nothing
// must come of it at the start before that is worth a warning: sensors need a
// moment, too.
const (
	lookEvery  = time.Second
	blindAfter = 30
)

// tooHot reads the temperature now and then, and reports whether the device has
// to wait. One that was too hot and cannot be measured any more goes on
// waiting.
func (d *Device) tooHot(now time.Time) bool {
	hot := d.Status().State == Hot
	if d.opts.Thermometer == nil || now.Sub(d.looked) < lookEvery && !d.looked.IsZero() {
		return hot
	}
	d.looked = now
	celsius, ok := d.opts.Thermometer.Temperature(d.opts.Bus)
	d.mu.Lock()
	d.status.Celsius, d.status.HasCelsius = celsius, ok
	d.mu.Unlock()
	d.measured = d.measured || ok
	l := d.opts.Limits
	switch {
	case l.StopAt <= 0:
		return false
	case !ok:
		d.blind(l.StopAt)
		return hot
	case !hot && celsius >= l.StopAt:
		d.reach(Hot)
		d.book(Heat, Pause, fmt.Sprintf("%.0f °C, the limit is %.0f", celsius, l.StopAt), fmt.Sprintf("stopped until it is down to %.0f", l.ResumeAt))
		return true
	case hot && celsius <= l.ResumeAt:
		d.reach(Working)
		d.book(Heat, Resume, fmt.Sprintf("down to %.0f °C", celsius), "it goes on")
		return false
	}
	return hot
}

// blind warns once of a limit for a device that was never measured.
func (d *Device) blind(limit float64) {
	if d.unread++; d.unread == blindAfter && !d.measured {
		d.book(Heat, Warn, "nothing measures its temperature", fmt.Sprintf("the limit of %.0f °C has no effect", limit))
	}
}
