package stratum

import (
	"fmt"
)

// SyntaxError reports a line that is not one acceptable JSON object. It never
// holds bytes of the line.
type SyntaxError struct {
	Offset  int // in bytes, from the start of the line
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Problem)
}

// FieldError reports a member of a message that is missing or unusable.
type FieldError struct {
	Field   string // the member's name on the wire, such as "nonce"
	Problem string // such as "is missing"
}

func (e *FieldError) Error() string { return e.Field + " " + e.Problem }

// MethodError says in which message of a server something was unusable.
type MethodError struct {
	Method string // such as "mining.notify", empty for a reply
	Err    error  // mostly a *FieldError
}

func (e *MethodError) Error() string {
	if e.Method == "" {
		return "reply: " + e.Err.Error()
	}
	return e.Method + ": " + e.Err.Error()
}

// Unwrap returns what was unusable.
func (e *MethodError) Unwrap() error { return e.Err }

// Error is what to tell the peer about a message that cannot be served, and
// what to do with the connection afterwards.
type Error struct {
	// ID is the request's, absent when it could not be read.
	ID ID
	// Code and Message go on the wire. Message is plain text of our own
	// making: it never repeats bytes of the peer's message.
	Code    int
	Message string
	// Reply says that an error reply is due.
	Reply bool
	// Disconnect says that the connection is of no more use and must be
	// closed, after the reply if one is due.
	Disconnect bool
	// Cause is the reason in more detail, for logs; it may be nil.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause == nil || e.Cause.Error() == e.Message {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }
