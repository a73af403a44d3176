package stratumclient

import (
	"errors"
	"fmt"
	"strings"
)

// What can become of a share without the pool's verdict.
var (
	// ErrNotConnected: the connection the share's job came from is gone.
	ErrNotConnected = errors.New("share not sent: the connection its job came from is gone")
	// ErrConnectionLost: the share was sent, then the connection ended.
	ErrConnectionLost = errors.New("connection lost before the pool answered")
	// ErrNoReply: the pool let the share's time run out.
	ErrNoReply = errors.New("the pool did not answer in time")
	// ErrBacklog: too many shares wait for their verdict, or too many verdicts
	// to be read. The share was not sent and no ShareResult will follow.
	ErrBacklog = errors.New("share not sent: too many shares await their result")
)

// ErrUnnamedAlgorithm: a job names no algorithm, and the endpoint has none.
var ErrUnnamedAlgorithm = errors.New("the pool's jobs name no algorithm: say which one it mines")

// LoginError says that a pool refused the login.
type LoginError struct {
	Reason string // the pool's, made printable
}

func (e *LoginError) Error() string { return "the pool refused the login: " + e.Reason }

// CriticalError says that a pool answered with one of the texts that ask for a
// new login, such as "Unauthenticated".
type CriticalError struct {
	Reason string // the pool's, made printable
}

func (e *CriticalError) Error() string { return "the pool ended the session: " + e.Reason }

// AlgorithmError says that a job wants an algorithm this client does not mine.
type AlgorithmError struct {
	Name  string   // as the pool spelled it, made printable
	Mines []string // what the client mines
}

func (e *AlgorithmError) Error() string {
	return fmt.Sprintf("the pool sent a job for algorithm %q, but this miner offers only %s: pick another pool or another algorithm",
		e.Name, strings.Join(e.Mines, ", "))
}

// ReconnectError says that the pool asked to be connected to at Host.
type ReconnectError struct {
	Host string // host:port
}

func (e *ReconnectError) Error() string { return "the pool asks to reconnect to " + e.Host }

// CertificateError says that a pool's certificate is not the one expected.
type CertificateError struct {
	Fingerprint string // SHA-256 of the certificate the pool showed, hex
	Pinned      string // what was asked for; empty without a pin
	Err         error  // why it is not trusted, without a pin
}

func (e *CertificateError) Error() string {
	if e.Pinned != "" {
		return fmt.Sprintf("the pool's certificate has fingerprint %s, not the pinned %s", e.Fingerprint, e.Pinned)
	}
	return fmt.Sprintf("the pool's certificate is not trusted (%v): if it is your pool's, pin its fingerprint %s", e.Err, e.Fingerprint)
}

// Unwrap returns why the certificate is not trusted.
func (e *CertificateError) Unwrap() error { return e.Err }
