package simnode

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is a way in which a node can fail a call.
type Kind string

// The ways to fail.
const (
	FailRefused Kind = "refused" // the connection is closed without an answer
	FailStatus  Kind = "500"     // HTTP status 500 with a text
	FailGarbage Kind = "garbage" // HTTP status 200 with something that is no JSON
	FailHang    Kind = "hang"    // no answer until the caller gives up
	FailRPC     Kind = "rpc"     // the node's internal error, as JSON-RPC
	FailBusy    Kind = "busy"    // the node's "busy", as JSON-RPC
)

// Kinds returns all ways to fail.
func Kinds() []Kind {
	return []Kind{FailRefused, FailStatus, FailGarbage, FailHang, FailRPC, FailBusy}
}

// ParseKind reads the name of a way to fail.
func ParseKind(s string) (Kind, error) {
	if !slices.Contains(Kinds(), Kind(s)) {
		return "", fmt.Errorf("unknown kind %q, known are %s", s, strings.Trim(fmt.Sprint(Kinds()), "[]"))
	}
	return Kind(s), nil
}

// RPCError is the error object of a JSON-RPC answer.
type RPCError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// maxBody bounds the request bodies that Wrap reads.
const maxBody = 16 << 20

// Faults makes calls slow or lets them fail. The zero value lets everything
// through; fill the fields before use. It is safe for concurrent use.
type Faults struct {
	// Internal and Busy are how the node words FailRPC and FailBusy.
	Internal, Busy RPCError

	mu   sync.Mutex
	lag  time.Duration
	next []Kind
}

// SetLag delays every answer from now on by d; 0 ends it.
func (f *Faults) SetLag(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lag = max(d, 0)
}

// FailNext lets the next n calls fail, behind those already doomed.
func (f *Faults) FailNext(n int, kind Kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = append(f.next, slices.Repeat([]Kind{kind}, max(n, 0))...)
}

// Clear lets the doomed calls live and ends the lag.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lag, f.next = 0, nil
}

func (f *Faults) draw() (lag time.Duration, kind Kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.next) > 0 {
		kind, f.next = f.next[0], f.next[1:]
	}
	return f.lag, kind
}

// Wrap applies the faults to the calls of next.
func (f *Faults) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lag, kind := f.draw()
		// Reading the body first lets the server notice a caller that leaves.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "request too long", http.StatusRequestEntityTooLarge)
			return
		}
		if !sleep(r.Context(), lag) {
			dropConnection()
		}
		if kind != "" {
			f.Fail(w, r, kind, body)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// Fail answers a call, whose body has been read, by failing it.
func (f *Faults) Fail(w http.ResponseWriter, r *http.Request, kind Kind, body []byte) {
	switch kind {
	case FailRefused:
		dropConnection()
	case FailStatus:
		http.Error(w, "simulated failure", http.StatusInternalServerError)
	case FailGarbage:
		io.WriteString(w, "<html>simulated garbage {\"result\":") //nolint:errcheck // the caller left
	case FailHang:
		<-r.Context().Done()
		dropConnection()
	case FailRPC:
		writeRPCError(w, body, f.Internal)
	case FailBusy:
		writeRPCError(w, body, f.Busy)
	}
}

// dropConnection ends the call without an answer. This panic is how net/http
// is asked to do so, and goes no further than the server.
func dropConnection() { panic(http.ErrAbortHandler) }

// writeRPCError answers with the id of the call in body.
func writeRPCError(w http.ResponseWriter, body []byte, e RPCError) {
	var call struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(body, &call) != nil || call.ID == nil {
		call.ID = json.RawMessage("null")
	}
	writeJSON(w, http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": call.ID, "error": e})
}

// sleep waits for d and reports whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Actions returns the control endpoints of the faults: lag, fail, clear.
func (f *Faults) Actions() []Action {
	return []Action{
		{Name: "lag", Help: "lag?ms=N: delay every RPC answer by N milliseconds, 0 ends it", Do: f.doLag},
		{Name: "fail", Help: "fail?n=K&kind=KIND: fail the next K calls; kinds: refused 500 garbage hang rpc busy", Do: f.doFail},
		{Name: "clear", Help: "clear: end lag and failures", Do: func(url.Values) (any, error) {
			f.Clear()
			return nil, nil
		}},
	}
}

func (f *Faults) doLag(q url.Values) (any, error) {
	const most = 1 << 31
	ms, err := strconv.ParseUint(q.Get("ms"), 10, 64)
	if err != nil || ms > most {
		return nil, fmt.Errorf("ms=%q is not a number of milliseconds", q.Get("ms"))
	}
	f.SetLag(time.Duration(ms) * time.Millisecond)
	return nil, nil
}

func (f *Faults) doFail(q url.Values) (any, error) {
	n, err := Count(q, "n", 1)
	if err != nil {
		return nil, err
	}
	kind, err := ParseKind(q.Get("kind"))
	if err != nil {
		return nil, err
	}
	f.FailNext(n, kind)
	return nil, nil
}
