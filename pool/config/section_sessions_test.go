package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const sessions = `
[tls]
certificate = "pool.crt"
key = "pool.key"

[bans]
bad_shares = 30
percent = 75
window = "5m"
duration = "1h"
never = ["10.0.0.0/8", "2001:db8::7", "192.0.2.77/24"]
`

func TestSessionSections(t *testing.T) {
	text := strings.Replace(good, "interval = \"30s\"", `interval = "30s"
tls = "only"
trusted_proxies = ["127.0.0.1"]
nicehash = true
reconnect = "backup.example:4444"`, 1)
	c, err := Parse("f", text+sessions)
	require.NoError(t, err)
	require.Equal(t, TLS{Certificate: "pool.crt", Key: "pool.key"}, c.TLS)
	require.Equal(t, Bans{BadShares: 30, Percent: 75, Window: 5 * time.Minute, Duration: time.Hour, Never: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::7/128"), netip.MustParsePrefix("192.0.2.0/24")}}, c.Bans)
	port := c.Ports[0]
	require.Equal(t, TLSOnly, port.TLSMode)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, port.Proxies)
	require.True(t, port.NiceHash)
	host, number, err := port.ReconnectTo()
	require.NoError(t, err)
	require.Equal(t, "backup.example", host)
	require.EqualValues(t, 4444, number)
}

func TestSessionMistakes(t *testing.T) {
	for _, tc := range []struct{ was, is, want string }{
		{`key = "pool.key"`, ``, `[tls] needs both certificate and key`},
		{`percent = 75`, `percent = 100`, `percent is 100, more than 99`},
		{`bad_shares = 30`, `bad_shares = 1`, `bad_shares is 1, less than 5`},
		{`"10.0.0.0/8"`, `"10.0.0/8"`, `never has "10.0.0/8", which is no network`},
		{`["10.0.0.0/8", "2001:db8::7", "192.0.2.77/24"]`, `"10.0.0.0/8"`, `never must be a list of texts`},
		{`duration = "1h"`, `off = "yes"`, `off must be true or false, not "yes"`},
	} {
		_, err := Parse("f", good+strings.Replace(sessions, tc.was, tc.is, 1))
		require.ErrorContains(t, err, tc.want)
	}
	for _, tc := range []struct{ line, want string }{
		{`tls = "only"`, `tls is "only", but [tls] names no certificate`},
		{`tls = "yes"`, `tls is "yes"; it may be both, only, off`},
		{`reconnect = "backup.example"`, `it must be host:port`},
		{`reconnect = ":3333"`, `it must be host:port`},
		{`nicehash = 1`, `nicehash must be true or false, not the number 1`},
	} {
		_, err := Parse("f", strings.Replace(good, "interval = \"30s\"", tc.line, 1))
		require.ErrorContains(t, err, tc.want)
	}
	c, err := Parse("f", good)
	require.NoError(t, err)
	c.Bans.Percent = 100
	require.ErrorContains(t, c.Check(), "percent between 1 and 99")
}
