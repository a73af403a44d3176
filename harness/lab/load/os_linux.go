package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// shortSleep sleeps for less than a millisecond. The runtime's timers wait in
// epoll, which counts in whole ones.
func shortSleep(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&ts, nil) // woken early, the caller looks again
}

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
