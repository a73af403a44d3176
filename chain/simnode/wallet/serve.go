package wallet

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/aditmine/adit/chain/simnode"
)

// call is a request.
type call struct {
	ID       json.RawMessage `json:"id"`
	Method   string          `json:"method"`
	Password *string         `json:"password"`
	Params   json.RawMessage `json:"params"`
}

// method answers a call; it runs under the wallet's lock.
type method func(params json.RawMessage) (any, *simnode.RPCError)

// serve answers calls of a set of methods.
func (w *Wallet) serve(methods map[string]method, allowed func(call) *simnode.RPCError) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<22))
		var c call
		if err != nil || json.Unmarshal(body, &c) != nil {
			http.Error(rw, "not a call", http.StatusBadRequest)
			return
		}
		w.mu.Lock()
		w.calls[c.Method]++
		var f Failure
		if w.cfg.Fail != nil {
			f = w.cfg.Fail(c.Method)
		}
		var answer []byte
		if f.Kind == "" || f.Late {
			answer = w.answer(c, methods, allowed)
		}
		w.mu.Unlock()
		if f.Then != nil {
			f.Then()
		}
		if f.Kind != "" {
			w.faults.Fail(rw, r, f.Kind, body)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.Write(answer) //nolint:errcheck // the caller left
	})
}

func (w *Wallet) answer(c call, methods map[string]method, allowed func(call) *simnode.RPCError) []byte {
	reply := map[string]any{"jsonrpc": "2.0", "id": c.ID}
	refused := allowed(c)
	var result any
	if refused == nil {
		if m := methods[c.Method]; m != nil {
			result, refused = m(c.Params)
		} else {
			refused = &simnode.RPCError{Code: -32601, Message: "Method not found"}
		}
	}
	if refused != nil {
		reply["error"] = refused
	} else {
		reply["result"] = result
	}
	var b bytes.Buffer
	json.NewEncoder(&b).Encode(reply) //nolint:errcheck // maps of plain values
	return b.Bytes()
}

// read decodes parameters.
func read[T any](params json.RawMessage) (v T, refused *simnode.RPCError) {
	if err := json.Unmarshal(params, &v); err != nil {
		return v, &simnode.RPCError{Code: -32602, Message: "Invalid params"}
	}
	return v, nil
}
