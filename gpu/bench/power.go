package bench

import (
	"sync"
	"time"
)

// powerEvery is how often a device is asked what it draws. Drivers average
// over about as long.
const powerEvery = 250 * time.Millisecond

// power reads a device's power in the background.
type power struct {
	read    func() (float64, bool)
	done    chan struct{}
	running sync.WaitGroup
	sum     float64
	count   int
}

// startPower reads until stop, from the first interval's end on: a device that
// has just begun draws less.
func startPower(read func() (float64, bool)) *power {
	p := &power{read: read, done: make(chan struct{})}
	if read != nil {
		p.running.Go(p.watch)
	}
	return p
}

func (p *power) watch() {
	tick := time.NewTicker(powerEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			if watts, ok := p.read(); ok {
				p.sum += watts
				p.count++
			}
		}
	}
}

// stop returns the mean, nil when there was no reading.
func (p *power) stop() *float64 {
	close(p.done)
	p.running.Wait()
	if p.count == 0 {
		return nil
	}
	return new(p.sum / float64(p.count))
}
