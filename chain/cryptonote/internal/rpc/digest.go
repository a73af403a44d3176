package rpc

import (
	"crypto/md5" //nolint:gosec // what the servers ask for; RFC 7616 keeps it for them
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// ErrUnauthorized says that the server wants another user name or password.
var ErrUnauthorized = errors.New("user name or password refused: give those of the server's --rpc-login")

// digestTransport logs in by HTTP digest (RFC 7616) as monerod and
// monero-wallet-rpc do it: algorithm MD5, quality of protection "auth", and a
// nonce that lives as long as its connection.
type digestTransport struct {
	inner          http.RoundTripper
	user, password string
	rand           io.Reader

	current atomic.Pointer[challenge] // the last that worked, nil before
}

// challenge is what a server sent in WWW-Authenticate.
type challenge struct {
	realm, nonce, opaque string
	stale                bool          // the login was right, its nonce too old
	count                atomic.Uint32 // requests that used the nonce
}

// maxLogins bounds how often one request is sent again because another one
// took the connection that its challenge belongs to.
const maxLogins = 5

// CloseIdleConnections lets http.Client pass its call on.
func (t *digestTransport) CloseIdleConnections() {
	if c, ok := t.inner.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip sends r, and again with a new challenge when the server wants
// one. The error for refused credentials is ErrUnauthorized.
func (t *digestTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	c := t.current.Load()
	for login := 0; ; login++ {
		resp, err := t.send(r, c)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusUnauthorized {
			t.current.Store(c)
			return resp, nil
		}
		// The connection is used again only once the answer has been read.
		io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) //nolint:errcheck // only to drain it
		resp.Body.Close()
		c = findChallenge(resp.Header.Values("WWW-Authenticate"))
		refused := login > 0 && c != nil && !c.stale
		if t.user == "" || c == nil || refused || login == maxLogins {
			return nil, ErrUnauthorized
		}
	}
}

// send sends a copy of r, with an answer to c unless that is nil.
func (t *digestTransport) send(r *http.Request, c *challenge) (*http.Response, error) {
	out := r.Clone(r.Context())
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = body
	}
	if c != nil {
		random := make([]byte, 16)
		if _, err := io.ReadFull(t.rand, random); err != nil {
			return nil, fmt.Errorf("drawing a nonce: %w", err)
		}
		out.Header.Set("Authorization",
			c.answer(t.user, t.password, r.Method, r.URL.RequestURI(), hex.EncodeToString(random)))
	}
	return t.inner.RoundTrip(out)
}

// answer computes the value of the Authorization header, RFC 7616 section 3.4.
func (c *challenge) answer(user, password, method, uri, cnonce string) string {
	count := fmt.Sprintf("%08x", c.count.Add(1))
	ha1 := md5Hex(user, c.realm, password)
	ha2 := md5Hex(method, uri)
	response := md5Hex(ha1, c.nonce, count, cnonce, "auth", ha2)
	header := fmt.Sprintf(`Digest username=%s, realm=%s, nonce=%s, uri=%s, algorithm=MD5, qop=auth, nc=%s, cnonce=%s, response="%s"`,
		quote(user), quote(c.realm), quote(c.nonce), quote(uri), count, quote(cnonce), response)
	if c.opaque != "" {
		header += ", opaque=" + quote(c.opaque)
	}
	return header
}

func md5Hex(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":"))) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// findChallenge picks the digest challenge with MD5 and "auth" from the
// WWW-Authenticate headers, nil when there is none; servers send one header
// for each algorithm.
func findChallenge(headers []string) *challenge {
	for _, h := range headers {
		scheme, params, _ := strings.Cut(strings.TrimSpace(h), " ")
		if !strings.EqualFold(scheme, "Digest") {
			continue
		}
		p := parseParams(params)
		if algo := p["algorithm"]; algo != "" && !strings.EqualFold(algo, "MD5") {
			continue
		}
		if p["nonce"] == "" || !offersAuth(p["qop"]) {
			continue
		}
		return &challenge{realm: p["realm"], nonce: p["nonce"], opaque: p["opaque"],
			stale: strings.EqualFold(p["stale"], "true")}
	}
	return nil
}

func offersAuth(qop string) bool {
	for _, q := range strings.Split(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(q), "auth") {
			return true
		}
	}
	return false
}

// parseParams reads name=value and name="quoted value" pairs between commas.
func parseParams(s string) map[string]string {
	params := map[string]string{}
	for {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return params
		}
		var value string
		value, s = cutValue(strings.TrimLeft(rest, " \t"))
		params[strings.ToLower(strings.Trim(name, " \t,"))] = value
	}
}

// cutValue takes one value, quoted or not, from the start of s.
func cutValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ",")
		return strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
