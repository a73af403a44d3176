package proxyproto

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// TestKnownHeaders has the examples of the specification and hand-made ones.
func TestKnownHeaders(t *testing.T) {
	sig := "0d0a0d0a000d0a515549540a"
	for name, c := range map[string]struct {
		wire string
		want Header
	}{
		"v1 tcp4":    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", Header{1, addrPort("255.255.255.255:65535"), addrPort("255.255.255.255:65535")}},
		"v1 tcp6":    {"PROXY TCP6 2001:db8::1 ::1 1 0\r\n", Header{1, addrPort("[2001:db8::1]:1"), addrPort("[::1]:0")}},
		"v1 unknown": {"PROXY UNKNOWN\r\n", Header{Version: 1}},
		"v1 unknown with addresses": {
			"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", Header{Version: 1}},
		"v2 tcp4": {unhex(sig + "2111000cc0000201c6336401d4310d05"),
			Header{2, addrPort("192.0.2.1:54321"), addrPort("198.51.100.1:3333")}},
		"v2 tcp4 with extensions": {unhex(sig + "21110010c0000201c6336401d4310d0504000100"),
			Header{2, addrPort("192.0.2.1:54321"), addrPort("198.51.100.1:3333")}},
		"v2 tcp6": {unhex(sig + "21210024" + strings.Repeat("20", 16) + strings.Repeat("30", 16) + "00010002"),
			Header{2, addrPort("[2020:2020:2020:2020:2020:2020:2020:2020]:1"), addrPort("[3030:3030:3030:3030:3030:3030:3030:3030]:2")}},
		"v2 local":  {unhex(sig + "20000000"), Header{Version: 2}},
		"v2 unspec": {unhex(sig + "2100000301020304"[:14]), Header{Version: 2}},
		"v2 unix":   {unhex(sig + "213100d8" + strings.Repeat("00", 216)), Header{Version: 2}},
	} {
		in := iotest.OneByteReader(strings.NewReader(c.wire + "behind"))
		got, err := Read(in)
		require.NoError(t, err, name)
		require.Equal(t, &c.want, got, name)
		rest, err := io.ReadAll(in)
		require.NoError(t, err)
		require.Equal(t, "behind", string(rest), "%s: what follows must not be taken", name)
		require.Equal(t, c.want.Source.IsValid(), got.Known())
	}
}

func unhex(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestRefusedHeaders(t *testing.T) {
	sig := "0d0a0d0a000d0a515549540a"
	for wire, want := range map[string]string{
		"":                                                  "EOF",
		"PROX":                                              "unexpected EOF",
		`{"id":1,"method":"login"}` + "\n":                  "no PROXY protocol header",
		"GET / HTTP/1.1\r\n":                                "no PROXY protocol header",
		"\r\n\r\n\x00\rxxxxxxxxxx":                          "no PROXY protocol header",
		"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n":                  "want PROXY TCP4|TCP6",
		"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n":               "want PROXY TCP4|TCP6",
		"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n":                "want PROXY TCP4|TCP6",
		"PROXY TCP4 1.2.3.4 ::1 1 2\r\n":                    `"::1" is no TCP4 address`,
		"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n":               "is no TCP6 address",
		"PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n":                  "is no TCP4 address",
		"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n":            `"65536" is no port`,
		"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n":               `"01" is no port`,
		"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n":                  "unexpected EOF",
		"PROXY " + strings.Repeat("x", 200):                 "longer than 107 bytes",
		unhex(sig+"3111000c") + "123456789012":              "version and command 0x31",
		unhex(sig+"2111000b") + "12345678901":               "12 are needed",
		unhex(sig+"2111000c") + "1234":                      "unexpected EOF",
		unhex(sig+"2111ffff") + strings.Repeat("x", 0xffff): "at most 4096",
	} {
		_, err := Read(strings.NewReader(wire))
		require.ErrorContains(t, err, want, "%q", wire)
	}
	_, err := Read(strings.NewReader("hello pool"))
	require.ErrorIs(t, err, ErrNoHeader)
}

func TestAppendIsRead(t *testing.T) {
	for _, version := range []int{1, 2} {
		for _, h := range []Header{
			{version, addrPort("192.0.2.7:1"), addrPort("10.0.0.1:3333")},
			{version, addrPort("[2001:db8::7]:65535"), addrPort("[::1]:3333")},
			{Version: version},
		} {
			wire, err := h.Append([]byte("x"))
			require.NoError(t, err)
			got, err := Read(bytes.NewReader(wire[1:]))
			require.NoError(t, err)
			require.Equal(t, &h, got)
		}
	}
	mapped := Header{1, addrPort("[::ffff:192.0.2.7]:1"), addrPort("10.0.0.1:3333")}
	wire, err := mapped.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "PROXY TCP4 192.0.2.7 10.0.0.1 1 3333\r\n", string(wire))
	mixed := Header{1, addrPort("[2001:db8::7]:1"), addrPort("10.0.0.1:3333")}
	wire, err = mixed.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "PROXY UNKNOWN\r\n", string(wire))
	_, err = (&Header{Version: 3}).Append(nil)
	require.Error(t, err)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"))
	f.Add([]byte("PROXY UNKNOWN x\r\n"))
	f.Add([]byte(unhex("0d0a0d0a000d0a515549540a2111000cc0000201c6336401d4310d05")))
	f.Fuzz(func(t *testing.T, wire []byte) {
		h, err := Read(bytes.NewReader(wire))
		if err != nil {
			return
		}
		again, err := h.Append(nil)
		require.NoError(t, err)
		got, err := Read(bytes.NewReader(again))
		require.NoError(t, err)
		if _, _, family := h.addresses(); family != familyUnknown {
			require.Equal(t, plain(h.Source), got.Source)
			require.Equal(t, plain(h.Destination), got.Destination)
		}
	})
}
