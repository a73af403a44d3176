package miner

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestPinThread(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with the goroutine
		var allowed unix.CPUSet
		if !noError(t, unix.SchedGetaffinity(0, &allowed)) {
			return
		}
		cpu := 0
		for !allowed.IsSet(cpu) {
			cpu++
		}
		if !noError(t, PinThread(cpu)) {
			return
		}
		var now unix.CPUSet
		if noError(t, unix.SchedGetaffinity(0, &now)) && (now.Count() != 1 || !now.IsSet(cpu)) {
			t.Errorf("the thread runs on %d processors", now.Count())
		}
	}()
	<-done
	require.ErrorContains(t, PinThread(1<<20), "processor 1048576: out of range")
	require.ErrorContains(t, PinThread(1023), "processor 1023")
}

// noError is require.NoError for a goroutine other than the test's.
func noError(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}
