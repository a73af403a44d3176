package api

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// minToken is the fewest characters of an administrator's token.
const minToken = 16

// token is the digest of what an administrator has to know; nil admits nobody.
type token []byte

// readToken reads a token's file; "" is none.
func readToken(file string) (token, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the administrator's token: %w", err)
	}
	text = bytes.TrimSpace(text)
	if len(text) < minToken {
		return nil, fmt.Errorf("the administrator's token in %s has %d characters: it needs at least %d, for instance of `openssl rand -hex 32`", file, len(text), minToken)
	}
	digest := sha256.Sum256(text)
	return digest[:], nil
}

// admits looks at a request's Authorization (RFC 6750). The comparison takes
// the same time whatever was sent.
func (t token) admits(r *http.Request) bool {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if t == nil || !ok || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	digest := sha256.Sum256([]byte(strings.TrimSpace(secret)))
	return subtle.ConstantTimeCompare(digest[:], t) == 1
}
