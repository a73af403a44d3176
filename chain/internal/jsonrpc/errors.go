package jsonrpc

import (
	"encoding/json"
	"fmt"
)

// Error is the error object of an answer: the node understood the request and
// refused it.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error says the node's message and its code.
func (e *Error) Error() string {
	return fmt.Sprintf("%s (code %d)", e.Message, e.Code)
}

// Errorf makes an *Error for a Method to return.
func Errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// TransportError is a request that got no answer: nothing listens there, the
// connection broke, or the deadline passed.
type TransportError struct {
	URL  string
	Hint string // what to check, for a person; may be empty
	Err  error
}

// Error names the address and what to check.
func (e *TransportError) Error() string {
	s := fmt.Sprintf("no answer from %s: %v", e.URL, e.Err)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives the cause, so that errors.Is finds context.Canceled and the
// like.
func (e *TransportError) Unwrap() error { return e.Err }

// ProtocolError is an answer that is not the JSON-RPC asked for: another
// service, a proxy's error page, a wrong id, or an answer over the size limit.
type ProtocolError struct {
	URL    string
	Status int // HTTP status code
	Reason string
}

// Error names the address and what came back.
func (e *ProtocolError) Error() string {
	if e.Status != 0 && e.Status != 200 {
		return fmt.Sprintf("%s answered HTTP %d: %s", e.URL, e.Status, e.Reason)
	}
	return fmt.Sprintf("%s answered %s", e.URL, e.Reason)
}
