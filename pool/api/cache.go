package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// maxCached bounds the answers that are kept of one view.
const maxCached = 1024

// cache keeps the encoded answers of the newest view, so that any number of
// readers cost one encoding.
type cache struct {
	mu      sync.Mutex
	of      *view
	answers map[string]*answer
}

// answer is an encoded answer, or the error that there is instead.
type answer struct {
	once sync.Once
	body []byte
	etag string
	err  error
}

// get finds an answer, or has it made.
func (c *cache) get(v *view, key string, make func() (any, error)) *answer {
	a := c.slot(v, key)
	a.once.Do(func() {
		var value any
		if value, a.err = make(); a.err == nil {
			a.body, a.err = json.Marshal(value)
		}
		sum := sha256.Sum256(a.body)
		a.etag = `"` + hex.EncodeToString(sum[:8]) + `"`
	})
	return a
}

func (c *cache) slot(v *view, key string) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != v || c.answers == nil {
		c.of, c.answers = v, make(map[string]*answer)
	}
	a := c.answers[key]
	if a == nil {
		a = &answer{}
		if len(c.answers) < maxCached {
			c.answers[key] = a
		}
	}
	return a
}

// write sends an answer, or tells a reader that it has it already.
func (a *answer) write(w http.ResponseWriter, r *http.Request) {
	if a.err != nil {
		writeError(w, a.err)
		return
	}
	h := w.Header()
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", "public, max-age=1")
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == a.etag || tag == "*" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(a.body) // a reader who has gone needs no answer
}
