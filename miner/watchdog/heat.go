package watchdog

import (
	"fmt"
	"time"
)

// lookEvery is how often the temperature is read.
const lookEvery = time.Second

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
	l := d.opts.Limits
	switch {
	case !ok || l.StopAt <= 0:
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
