package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
)

// The dialects, by the names that traces give them.
const (
	CryptoNote = trace.ProtoCryptoNote
	CKB        = trace.ProtoCKB
)

// Dialer opens connections, as net.Dialer's DialContext does.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Target is the pool under test and how to log in to it.
type Target struct {
	// Address is host:port, Proto CryptoNote or CKB.
	Address, Proto string
	Login, Pass    string
	Agent          string
	// Algorithm serves CryptoNote jobs that do not name one; it may be nil.
	Algorithm *hash.Algorithm
	// Dial opens connections; nil stands for the network.
	Dial Dialer
	// Timeout is how long a login, or any answer, may take (0: 10 s).
	Timeout time.Duration
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
}

// DefaultTimeout is how long an answer may take.
const DefaultTimeout = 10 * time.Second

// WithDefaults fills in what was left out, or says what must not be.
func (t Target) WithDefaults() (Target, error) {
	switch {
	case t.Address == "":
		return t, errors.New("a session needs the pool's address")
	case t.Proto != CryptoNote && t.Proto != CKB:
		return t, fmt.Errorf("dialect %q: it is %q or %q", t.Proto, CryptoNote, CKB)
	case t.Login == "":
		return t, errors.New("a session needs a login")
	}
	if t.Dial == nil {
		t.Dial = new(net.Dialer).DialContext
	}
	if t.Timeout <= 0 {
		t.Timeout = DefaultTimeout
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.Agent == "" {
		t.Agent = "adit-harness/1"
	}
	return t, nil
}
