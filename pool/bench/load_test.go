//go:build linux

package bench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// clientsRole is a child that is many miners. It connects them, says so, and
// then does what it is for.
type clientsRole struct {
	Address  string
	Sessions int
	// Tips: wait for one job on every wire and say when each came.
	Tips bool
	// For so long: submit shares, Window of them unanswered in each session.
	For    time.Duration
	Window int
	// Rate, when it is not 0, submits so many shares a second in all, hashed
	// for real beforehand with Algorithm.
	Rate      float64
	Algorithm string
}

// report is what the clients measured.
type report struct {
	Connected int
	Arrivals  []int64         // of the new job, nanoseconds since 1970
	Latencies []time.Duration // of acknowledgements, sorted
	Took      time.Duration
	Refused   int
	Error     string
}

// perAddress is how many connections come from one loopback address.
const perAddress = 10_000

func (r *clientsRole) run() error {
	clients, err := r.connectAll()
	if err != nil {
		say(report{Connected: len(clients), Error: err.Error()})
		return nil
	}
	say(report{Connected: len(clients)})
	switch {
	case r.Tips:
		orders(func(string) any { return tips(clients) })
	case r.Rate > 0:
		say(r.pace(clients))
	case r.For > 0:
		say(r.load(clients))
	}
	orders(func(string) any { return report{} }) // until the parent closes
	return nil
}

// connectAll logs everybody in, some at a time.
func (r *clientsRole) connectAll() ([]*client, error) {
	clients := make([]*client, r.Sessions)
	failed := make(chan error, 1)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for i := range next {
				var err error
				if clients[i], err = connect(r.Address, fmt.Sprint(i), byte(1+i/perAddress), 1024); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for i := range clients {
		next <- i
	}
	close(next)
	wg.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
		return clients, nil
	}
}

// tips waits for a job on every wire.
func tips(clients []*client) report {
	r := report{Arrivals: make([]int64, len(clients))}
	failed := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			_, failed[i] = c.r.ReadSlice('\n')
			r.Arrivals[i] = time.Now().UnixNano()
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		r.Error = err.Error()
	}
	return r
}

// load has every client submit as fast as its window lets it.
func (r *clientsRole) load(clients []*client) report {
	var wg sync.WaitGroup
	parts := make([]report, len(clients))
	began := time.Now()
	for i, c := range clients {
		wg.Go(func() { parts[i] = r.pump(c, began.Add(r.For)) })
	}
	wg.Wait()
	return sum(parts, time.Since(began))
}

// pump keeps a window of shares on their way until the end.
func (r *clientsRole) pump(c *client, end time.Time) (rep report) {
	sent := make([]time.Time, 0, r.Window)
	for {
		for len(sent) < r.Window && time.Now().Before(end) {
			sent = append(sent, time.Now())
			if _, err := c.conn.Write(c.share()); err != nil {
				rep.Error = err.Error()
				return rep
			}
		}
		if len(sent) == 0 {
			return rep
		}
		err := c.answer()
		rep.note(time.Since(sent[0]), err)
		if err != nil && !errors.Is(err, errRefused) {
			return rep
		}
		sent = append(sent[:0], sent[1:]...)
	}
}

// note takes in one answer.
func (r *report) note(latency time.Duration, err error) {
	switch {
	case err == nil:
		r.Latencies = append(r.Latencies, latency)
	case errors.Is(err, errRefused):
		r.Refused++
		r.Error = err.Error()
	default:
		r.Error = err.Error()
	}
}

func sum(parts []report, took time.Duration) report {
	all := report{Took: took, Connected: len(parts)}
	for _, p := range parts {
		all.Latencies = append(all.Latencies, p.Latencies...)
		all.Refused += p.Refused
		if all.Error == "" {
			all.Error = p.Error
		}
	}
	slices.Sort(all.Latencies)
	return all
}

// prepared is a share whose work has been done.
type prepared struct {
	nonce  [4]byte
	digest hash.Digest
}

// pace submits shares that are ready at a rate, with exponential gaps.
func (r *clientsRole) pace(clients []*client) report {
	each := int(r.Rate*r.For.Seconds())/len(clients) + 1
	shares, err := r.prepare(clients, each)
	if err != nil {
		return report{Error: err.Error()}
	}
	var wg sync.WaitGroup
	parts := make([]report, len(clients))
	began := time.Now()
	for i, c := range clients {
		wg.Go(func() {
			gap := float64(len(clients)) / r.Rate * 1e9
			for _, s := range shares[i] {
				time.Sleep(time.Duration(rand.ExpFloat64() * gap))
				at := time.Now()
				if _, err := c.conn.Write(c.submitLine(s.nonce[:], s.digest[:])); err != nil {
					parts[i].Error = err.Error()
					return
				}
				parts[i].note(0, c.answer())
				if n := len(parts[i].Latencies); n > 0 {
					parts[i].Latencies[n-1] = time.Since(at)
				}
			}
		})
	}
	wg.Wait()
	return sum(parts, time.Since(began))
}

// prepare hashes so many shares for each client's job.
func (r *clientsRole) prepare(clients []*client, each int) ([][]prepared, error) {
	a, err := hash.Lookup(r.Algorithm)
	if err != nil {
		return nil, err
	}
	h, err := cpu.New(a)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	all := make([][]prepared, len(clients))
	for i, c := range clients {
		for n := range each {
			s := prepared{nonce: [4]byte{byte(n), byte(n >> 8), 1}}
			copy(c.job.blob[nonceAt:], s.nonce[:])
			var out [1]hash.Digest
			if err := h.Hash(out[:], []hash.Input{{Blob: c.job.blob, Height: c.job.height()}}); err != nil {
				return nil, err
			}
			s.digest = out[0]
			all[i] = append(all[i], s)
		}
	}
	return all, nil
}
