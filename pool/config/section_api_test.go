package config

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const api = `
[api]
listen = "127.0.0.1:8080"
token_file = "token"
origins = ["https://pool.example"]
trusted_proxies = ["127.0.0.1"]
host = "pool.example"
per_second = 5
streams = 10
`

func TestAPISection(t *testing.T) {
	c, err := Parse("f", good+api)
	require.NoError(t, err)
	require.Equal(t, API{
		Listen: "127.0.0.1:8080", TokenFile: "token", Origins: []string{"https://pool.example"},
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Host: "pool.example", PerSecond: 5, Streams: 10,
	}, c.API)
	c, err = Parse("f", good)
	require.NoError(t, err)
	require.Empty(t, c.API.Listen, "off unless asked for")
}

func TestAPIMistakes(t *testing.T) {
	for _, tc := range []struct{ was, is, want string }{
		{`listen = "127.0.0.1:8080"`, `listen = "8080"`, `it must be host:port`},
		{`listen = "127.0.0.1:8080"`, `listen = "0.0.0.0:8080"`, `a token must not travel in the clear`},
		{`listen = "127.0.0.1:8080"`, ``, `token_file is of no use without listen`},
		{`token_file = "token"`, `tls = true`, `[tls] names no certificate`},
		{`"https://pool.example"`, `"pool.example"`, `origins has "pool.example"`},
		{`per_second = 5`, `per_second = 0`, `per_second is 0, less than 1`},
	} {
		_, err := Parse("f", good+strings.Replace(api, tc.was, tc.is, 1))
		require.ErrorContains(t, err, tc.want)
	}
}
