package jsonrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// Method answers one call. params is the raw JSON of the request, nil when it
// had none. A returned *Error goes out as it is; any other error as
// CodeInternal with its text.
type Method func(ctx context.Context, params json.RawMessage) (result any, err error)

// Handler serves methods by name as JSON-RPC 2.0 over HTTP POST, single
// requests and batches, on whatever path it is mounted. It is safe for
// concurrent use when its methods are.
type Handler struct {
	Methods map[string]Method
	// MaxRequest bounds a request body in bytes; 0 means DefaultMaxRequest.
	MaxRequest int64
	// MaxBatch bounds the calls of a batch; 0 refuses batches.
	MaxBatch int
}

// ServeHTTP reads one request or batch and writes the answer with status 200,
// as nodes do even for errors; only what is not a JSON POST gets another
// status.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "used HTTP method is not allowed, POST is required", http.StatusMethodNotAllowed)
		return
	}
	limit := h.MaxRequest
	if limit <= 0 {
		limit = DefaultMaxRequest
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			http.Error(w, "request too long", http.StatusRequestEntityTooLarge)
		}
		return
	}
	out := h.Answer(r.Context(), body)
	if out == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Write(out) //nolint:errcheck // the client hung up; nobody is left to tell
}

// Answer gives the reply to one request body, nil when it held notifications
// only.
func (h *Handler) Answer(ctx context.Context, body []byte) []byte {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '[' {
		return encode(h.one(ctx, body))
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(body, &batch); err != nil {
		return encode(failure(nil, Errorf(CodeParse, "Parse error")))
	}
	if len(batch) == 0 || len(batch) > h.MaxBatch {
		return encode(failure(nil, Errorf(CodeInvalidRequest, "a batch holds 1 to %d calls", h.MaxBatch)))
	}
	var replies []*reply
	for _, b := range batch {
		if r := h.one(ctx, b); r != nil {
			replies = append(replies, r)
		}
	}
	if replies == nil {
		return nil
	}
	return encode(replies)
}

// one answers a single call; nil for a notification.
func (h *Handler) one(ctx context.Context, body []byte) *reply {
	if !json.Valid(body) {
		return failure(nil, Errorf(CodeParse, "Parse error"))
	}
	var call struct {
		ID     json.RawMessage `json:"id"`
		Method *string         `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	if err := json.Unmarshal(body, &call); err != nil || call.Method == nil {
		return failure(call.ID, Errorf(CodeInvalidRequest, "Invalid request"))
	}
	result, err := h.invoke(ctx, *call.Method, call.Params)
	switch {
	case call.ID == nil:
		return nil
	case err != nil:
		return failure(call.ID, asError(err))
	}
	return success(call.ID, result)
}

func (h *Handler) invoke(ctx context.Context, name string, params json.RawMessage) (any, error) {
	method, ok := h.Methods[name]
	if !ok {
		return nil, Errorf(CodeMethodNotFound, "Method not found")
	}
	if bytes.Equal(params, []byte("null")) {
		params = nil
	}
	return method(ctx, params)
}

// Params reads positional parameters into dst, in order. The first need of
// them are required; the others may be missing or null, which leaves their
// destination as it was. Surplus ones are refused. The error is an *Error
// with CodeInvalidParams.
func Params(params json.RawMessage, need int, dst ...any) error {
	var list []json.RawMessage
	if params != nil {
		if err := json.Unmarshal(params, &list); err != nil {
			return Errorf(CodeInvalidParams, "Invalid params: want an array")
		}
	}
	if len(list) < need || len(list) > len(dst) {
		return Errorf(CodeInvalidParams, "Invalid params: %d given, want %d to %d", len(list), need, len(dst))
	}
	for i, raw := range list {
		if i >= need && bytes.Equal(raw, []byte("null")) {
			continue
		}
		if err := json.Unmarshal(raw, dst[i]); err != nil {
			return Errorf(CodeInvalidParams, "Invalid params: parameter %d: %v", i+1, err)
		}
	}
	return nil
}

func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Errorf(CodeInternal, "%v", err)
}

type reply struct {
	Version string          `json:"jsonrpc"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
	ID      json.RawMessage `json:"id"`
}

func success(id json.RawMessage, result any) *reply {
	raw, err := json.Marshal(result)
	if err != nil {
		return failure(id, Errorf(CodeInternal, "encoding the result: %v", err))
	}
	return &reply{Version: "2.0", Result: raw, ID: id}
}

func failure(id json.RawMessage, e *Error) *reply {
	if id == nil {
		id = json.RawMessage("null")
	}
	return &reply{Version: "2.0", Error: e, ID: id}
}

// encode gives nil for a nil *reply. Replies are built of valid JSON, so
// marshalling them cannot fail.
func encode(v any) []byte {
	if r, ok := v.(*reply); ok && r == nil {
		return nil
	}
	out, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"jsonrpc":"2.0","error":{"code":-32603,"message":"Internal error"},"id":null}`)
	}
	return out
}
