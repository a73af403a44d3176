package stratumclient

import (
	"context"
	"crypto/x509"
	"net"
	"time"

	"github.com/aditmine/adit/hash"
)

// Settings are what every connection of a client shares. The zero value of
// each field stands for its default.
type Settings struct {
	// Agent names the program to pools; "adit" by default.
	Agent string
	// Algorithms are all that the miner can mine; an endpoint's own one needs
	// not be among them. A job for any of them is taken.
	Algorithms []*hash.Algorithm
	// Dial opens connections; a net.Dialer's DialContext by default.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Clock is the machine's by default.
	Clock Clock
	// RootCAs vouch for certificates that are not pinned; the machine's by
	// default.
	RootCAs *x509.CertPool
	// AnyHost lets a pool redirect to another host than its own. Whoever can
	// write to an unencrypted connection can then take the miner away.
	AnyHost bool

	ConnectTimeout time.Duration // dialling and TLS; 20 s
	LoginTimeout   time.Duration // from connected to logged in; 20 s
	ReplyTimeout   time.Duration // from a share to its verdict; 30 s
	WriteTimeout   time.Duration // for one line; 15 s
	IdleTimeout    time.Duration // without any line of the pool; 15 min
	KeepaliveEvery time.Duration // since the last line sent; 60 s
	// MaxPending is how many shares may wait for their verdict; 128.
	MaxPending int
}

func (s Settings) withDefaults() Settings {
	if s.Agent == "" {
		s.Agent = "adit"
	}
	if s.Dial == nil {
		s.Dial = (&net.Dialer{KeepAlive: time.Minute}).DialContext
	}
	if s.Clock == nil {
		s.Clock = SystemClock{}
	}
	for _, d := range []struct {
		field    *time.Duration
		standard time.Duration
	}{
		{&s.ConnectTimeout, 20 * time.Second},
		{&s.LoginTimeout, 20 * time.Second},
		{&s.ReplyTimeout, 30 * time.Second},
		{&s.WriteTimeout, 15 * time.Second},
		{&s.IdleTimeout, 15 * time.Minute},
		{&s.KeepaliveEvery, time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.standard
		}
	}
	if s.MaxPending <= 0 {
		s.MaxPending = 128
	}
	return s
}
