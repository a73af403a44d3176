package stratumclient

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseEndpoint(t *testing.T) {
	for in, want := range map[string]Endpoint{
		"pool.test:3333":                         {Host: "pool.test:3333"},
		"stratum+tcp://pool.test:3333":           {Host: "pool.test:3333"},
		"STRATUM+TCP://pool.test:3333/":          {Host: "pool.test:3333"},
		"tcp://pool.test:3333":                   {Host: "pool.test:3333"},
		"stratum+ssl://pool.test:443":            {Host: "pool.test:443", TLS: true},
		"stratum+tls://pool.test:443":            {Host: "pool.test:443", TLS: true},
		"ssl://pool.test:443":                    {Host: "pool.test:443", TLS: true},
		"[::1]:3333":                             {Host: "[::1]:3333"},
		"stratum+tcp://user@pool.test:1":         {Host: "pool.test:1", User: "user"},
		"stratum+tcp://user:pass@pool.test:1":    {Host: "pool.test:1", User: "user", Pass: "pass"},
		"4A.rig+5000%3%4B:a@b:c@pool.test:65535": {Host: "pool.test:65535", User: "4A.rig+5000%3%4B", Pass: "a@b:c"},
		"stratum+tcp://ckb.test:3381/#xnsub":     {Host: "ckb.test:3381", ExtranonceSubscribe: true},
	} {
		got, err := ParseEndpoint(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
}

func TestParseEndpointErrors(t *testing.T) {
	for in, text := range map[string]string{
		"":                        "no pool given: write host:port, such as pool.example.org:3333",
		"stratum+tcp://":          "no pool given: write host:port, such as pool.example.org:3333",
		"pool.test":               `missing port in "pool.test": write host:port, such as pool.example.org:3333`,
		"stratum+tcp://pool.test": `missing port in "pool.test": write host:port, such as pool.example.org:3333`,
		"::1:3333":                `too many colons in "::1:3333": write host:port, such as pool.example.org:3333`,
		":3333":                   `missing or bad host in ":3333": write host:port, such as pool.example.org:3333`,
		"pool test:3333":          `missing or bad host in "pool test:3333": write host:port, such as pool.example.org:3333`,
		"pool.test:":              `bad port in "pool.test:": a port is a number from 1 to 65535`,
		"pool.test:0":             `bad port in "pool.test:0": a port is a number from 1 to 65535`,
		"pool.test:65536":         `bad port in "pool.test:65536": a port is a number from 1 to 65535`,
		"pool.test:http":          `bad port in "pool.test:http": a port is a number from 1 to 65535`,
		"http://pool.test:80":     `unknown scheme in "http://pool.test:80": use stratum+tcp:// or stratum+ssl://`,
		"pool.test:3333#nothing":  `unknown option #nothing in "pool.test:3333#nothing": only #xnsub is known`,
	} {
		_, err := ParseEndpoint(in)
		require.EqualError(t, err, text, in)
	}
}

func TestEndpointCheck(t *testing.T) {
	print := strings.Repeat("AB:", 31) + "ab"
	good := cnEndpoint(t, "pool.test:3333")
	require.NoError(t, good.check(nil))
	for text, edit := range map[string]func(*Endpoint){
		"pool pool.test:3333 has no algorithm":                                                     func(e *Endpoint) { e.Algorithm = nil },
		"pool pool.test:3333 has no user: give the wallet address or account to mine for":          func(e *Endpoint) { e.User = "" },
		"pool pool.test:3333 has a certificate fingerprint but no TLS: use stratum+ssl://":         func(e *Endpoint) { e.Fingerprint = print },
		"bad certificate fingerprint for pool pool.test:3333: a SHA-256 has 64 hexadecimal digits": func(e *Endpoint) { e.TLS, e.Fingerprint = true, "abcd" },
		`missing port in "x": write host:port, such as pool.example.org:3333`:                      func(e *Endpoint) { e.Host = "x" },
	} {
		e := good
		edit(&e)
		require.EqualError(t, e.check(nil), text)
	}
	good.TLS, good.Fingerprint = true, print
	require.NoError(t, good.check(nil))
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add("stratum+tcp://user:pass@pool.test:3333/#xnsub")
	f.Add("[::1]:0")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEndpoint(s)
		if err == nil {
			require.NoError(t, checkHost(e.Host))
		}
	})
}
