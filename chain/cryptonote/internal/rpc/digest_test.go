package rpc

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRFC7616Example is the MD5 example of RFC 7616, section 3.9.1.
func TestRFC7616Example(t *testing.T) {
	c := findChallenge([]string{
		`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="x", opaque="y"`,
		`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, ` +
			`nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
	})
	require.NotNil(t, c)
	header := c.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
	require.Contains(t, header, `response="8ca523f5e9506fed4657c9700eebdbec"`)
	require.Contains(t, header, `nc=00000001`)
	require.Contains(t, header, `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
	require.Contains(t, c.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", "x"), `nc=00000002`)
}

func TestParseParams(t *testing.T) {
	require.Equal(t, map[string]string{"a": "1", "b": `x, "y"`, "c": "z"}, parseParams(`a=1, B="x, \"y\"",c=z`))
	for _, broken := range []string{"", "a", "=", `a="`, `a="\`, "a=,,="} {
		parseParams(broken) // ends
	}
	require.Nil(t, findChallenge([]string{"Basic realm=x", "Digest", `Digest qop="auth-int", nonce="n"`, `Digest qop=auth`}))
}

// digestServer asks for a login the way Monero's servers do: a fresh nonce for
// each connection, whose requests must count up by one.
func digestServer(t *testing.T, user, password string) *httptest.Server {
	var mu sync.Mutex
	type session struct {
		nonce string
		count int
	}
	sessions := map[string]*session{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		p := parseParams(rest)
		want := md5Hex(md5Hex(user, "r", password), p["nonce"], p["nc"], p["cnonce"], "auth", md5Hex(r.Method, p["uri"]))
		right := scheme == "Digest" && p["username"] == user && p["response"] == want && p["uri"] == r.URL.RequestURI()
		known := sessions[r.RemoteAddr]
		if right && known != nil && known.nonce == p["nonce"] && fmt.Sprintf("%08x", known.count+1) == p["nc"] {
			known.count++
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"status":"OK"}}`, idOf(body))
			return
		}
		known = &session{nonce: rand.Text()}
		sessions[r.RemoteAddr] = known
		w.Header().Add("WWW-Authenticate", fmt.Sprintf(`Digest qop="auth",algorithm=MD5-sess,realm="r",nonce="no",stale=%t`, right))
		w.Header().Add("WWW-Authenticate", fmt.Sprintf(`Digest qop="auth",algorithm=MD5,realm="r",nonce="%s",stale=%t`, known.nonce, right))
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, "<html>Unauthorized Access</html>")
	}))
	t.Cleanup(s.Close)
	return s
}

// idOf is enough of a parser for the requests of this test.
func idOf(body []byte) string {
	_, rest, _ := strings.Cut(string(body), `"id":`)
	id, _, _ := strings.Cut(rest, ",")
	return id
}

func TestLogin(t *testing.T) {
	s := digestServer(t, "pool", "geheim")
	c, err := New(Config{URL: s.URL, User: "pool", Password: "geheim"}, "monerod", "", nil)
	require.NoError(t, err)
	defer c.Close()
	for range 3 {
		require.NoError(t, c.Call(t.Context(), "get_info", nil, nil))
	}
	c.Close() // the next call is on another connection, with another nonce
	require.NoError(t, c.Call(t.Context(), "get_info", nil, nil))
}

func TestLoginOfManyAtOnce(t *testing.T) {
	s := digestServer(t, "pool", "geheim")
	c, err := New(Config{URL: s.URL, User: "pool", Password: "geheim"}, "monerod", "", nil)
	require.NoError(t, err)
	defer c.Close()
	var wg sync.WaitGroup
	errs := make(chan error, 40)
	for range 2 {
		wg.Go(func() {
			for range 20 {
				errs <- c.Call(t.Context(), "get_info", nil, nil)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func TestRefusedLogin(t *testing.T) {
	s := digestServer(t, "pool", "geheim")
	for _, cfg := range []Config{{}, {User: "pool", Password: "wrong"}, {User: "other", Password: "geheim"}} {
		cfg.URL = s.URL
		c, err := New(cfg, "monerod", "", nil)
		require.NoError(t, err)
		err = c.Call(t.Context(), "get_info", nil, nil)
		require.ErrorIs(t, err, ErrUnauthorized)
		require.ErrorContains(t, err, "get_info of monerod at http://127.0.0.1")
		require.ErrorContains(t, err, "--rpc-login")
		c.Close()
	}
}
