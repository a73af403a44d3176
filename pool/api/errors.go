package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// statusError is an error with its HTTP status.
type statusError struct {
	status int
	text   string
}

// Error is what the reader is told.
func (e *statusError) Error() string { return e.text }

func failf(status int, format string, args ...any) error {
	return &statusError{status, fmt.Sprintf(format, args...)}
}

// errStarting: there is no view yet.
var errStarting = failf(http.StatusServiceUnavailable, "the pool is starting: try again in a moment")

// writeError answers an error. What is not meant for strangers stays here.
func writeError(w http.ResponseWriter, err error) {
	var known *statusError
	if !errors.As(err, &known) {
		known = &statusError{http.StatusInternalServerError, "the pool could not answer; its log says why"}
	}
	w.Header().Del("ETag")
	w.Header().Set("Cache-Control", "no-store")
	if known.status == http.StatusServiceUnavailable || known.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, known.status, Problem{known.text})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // a reader who has gone needs no answer
}
