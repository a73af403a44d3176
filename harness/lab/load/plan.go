package load

import (
	"math/rand/v2"
	"time"
)

// arrival is a submit to be sent: when, what, on which connection, and where
// its line lies in the connection's text.
type arrival struct {
	at         time.Duration // from the start
	class      Class
	conn       int
	begin, end int
}

// plan draws the arrivals, in order of time.
func plan(c *Config) []arrival {
	rng := rand.New(rand.NewPCG(c.Seed, 1))
	gap := float64(time.Second) / c.Rate
	var out []arrival
	for at := 0.0; ; {
		if c.Paced {
			at += gap
		} else {
			at += gap * rng.ExpFloat64()
		}
		if at >= float64(c.Duration) || len(out) == MaxArrivals {
			return out
		}
		out = append(out, arrival{at: time.Duration(at), class: c.Mix.draw(rng), conn: rng.IntN(c.Conns)})
	}
}
