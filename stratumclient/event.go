package stratumclient

import "time"

// Event is something that happened: Connected, LoggedIn, NewJob, ShareResult,
// Notice or Disconnected. Texts in events that a pool wrote are made printable.
type Event interface{ event() }

// Connected says that a pool was reached; a login follows. When it comes
// without a Disconnected before it, the client has moved to a better pool of
// the list: the work of the former one is obsolete, but verdicts on shares
// that were sent to it may still come.
type Connected struct {
	Pool   string // host:port as configured, or as the pool redirected
	Remote string // the address behind it
	// TLS is the protocol version, empty on a plain connection.
	TLS string
	// Fingerprint is the SHA-256 of the pool's certificate in hex, with TLS.
	Fingerprint string
}

// LoggedIn says that the pool accepted the login.
type LoggedIn struct {
	Pool string
	// Extensions are what a CryptoNote pool announced.
	Extensions []string
}

// NewJob carries new work.
type NewJob struct{ Job *Job }

// ShareResult says what became of a share.
type ShareResult struct {
	Share    Share
	Accepted bool
	// Reason says why it was not accepted.
	Reason string
	// Latency is the time from sending to the pool's answer; 0 without one.
	Latency time.Duration
	// Err is set when the pool gave no verdict: ErrNotConnected,
	// ErrConnectionLost, ErrNoReply, or what is wrong with the share itself.
	Err error
}

// Notice is a message for people: a text from the pool, or something odd that
// the pool did.
type Notice struct{ Pool, Text string }

// Disconnected says that a pool could not be reached or used, or that its
// connection ended. There is no work until the next NewJob.
type Disconnected struct {
	Pool string
	Err  error
	// Retry is the time until this pool is tried again; others on the list are
	// tried before.
	Retry time.Duration
}

func (Connected) event()    {}
func (LoggedIn) event()     {}
func (NewJob) event()       {}
func (ShareResult) event()  {}
func (Notice) event()       {}
func (Disconnected) event() {}
