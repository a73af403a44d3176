package api

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
)

// handler answers requests.
type handler struct{ cfg Config }

// guard checks who asks, and answers what XMRig answers to those it refuses.
func (h *handler) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Access-Control-Allow-Origin", "*")
		head.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		head.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		head.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusOK)
			return
		}
		if status := h.refusal(r); status != 0 {
			fail(w, status)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// refusal is the status of a request that is not answered, 0 for others.
func (h *handler) refusal(r *http.Request) int {
	given := r.Header.Get("Authorization")
	token, bearer := strings.CutPrefix(given, "Bearer ")
	switch {
	case given == "" && h.cfg.Token != "", given != "" && h.cfg.Token == "":
		return http.StatusUnauthorized
	case h.cfg.Token != "" && (!bearer || subtle.ConstantTimeCompare([]byte(token), []byte(h.cfg.Token)) != 1):
		return http.StatusForbidden
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return 0
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		return http.StatusMethodNotAllowed
	case !h.cfg.Control:
		return http.StatusForbidden
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return http.StatusUnsupportedMediaType
	}
	return 0
}

// fail answers with a status and its text.
func fail(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer(w, map[string]any{"status": status, "error": strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))})
}

// answer writes JSON. A client that has gone needs no more.
func answer(w io.Writer, value any) {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "    ")
	_ = enc.Encode(value)
}

// read serves a document that can only be read.
func (h *handler) read(document func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			fail(w, http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		answer(w, document())
	}
}

// settings shows the settings to those who may control the miner. They are
// given on the command line and cannot be replaced.
func (h *handler) settings(w http.ResponseWriter, r *http.Request) {
	if !h.cfg.Control {
		fail(w, http.StatusForbidden)
		return
	}
	h.read(func() any {
		if h.cfg.Settings == nil {
			return struct{}{}
		}
		return h.cfg.Settings
	})(w, r)
}

// JSON-RPC 2.0 error codes.
const (
	rpcParse   = -32700
	rpcInvalid = -32600
	rpcMethod  = -32601
)

// rpcReply is a JSON-RPC answer; the status is always 200.
type rpcReply struct {
	ID      json.RawMessage   `json:"id"`
	Version string            `json:"jsonrpc"`
	Result  map[string]string `json:"result,omitempty"`
	Err     *rpcError         `json:"error,omitempty"`
}

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// rpc pauses, resumes or stops the miner.
func (h *handler) rpc(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		fail(w, http.StatusMethodNotAllowed)
		return
	}
	var req struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
	}
	reply := rpcReply{Version: "2.0", ID: json.RawMessage("null")}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		reply.Err = &rpcError{rpcParse, "parse error"}
	} else {
		if len(req.ID) > 0 {
			reply.ID = req.ID
		}
		reply.Err = h.command(req.Method)
	}
	if reply.Err == nil {
		reply.Result = map[string]string{"status": "OK"}
	}
	w.Header().Set("Content-Type", "application/json")
	answer(w, reply)
}

// command carries out a method.
func (h *handler) command(method string) *rpcError {
	switch {
	case method == "pause":
		h.cfg.Engine.Pause()
	case method == "resume":
		h.cfg.Engine.Resume()
	case method == "stop" && h.cfg.Stop != nil:
		h.cfg.Stop()
	case method == "":
		return &rpcError{rpcInvalid, "invalid request: no method"}
	default:
		return &rpcError{rpcMethod, "method not found"}
	}
	return nil
}
