package listen

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// v2 writes a header of version 2.
func v2(command, family byte, body string) string {
	size := binary.BigEndian.AppendUint16(nil, uint16(len(body)))
	return v2Signature + string([]byte{command, family}) + string(size) + body
}

// Lines of version 1 are the examples and worst cases of proxy-protocol.txt,
// section 2.1.
func TestProxyHeader(t *testing.T) {
	ends4 := "\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb"
	ends6, err := hex.DecodeString("20010db8000000000000000000000001" + "20010db8000000000000000000000002" + "dc0401bb")
	require.NoError(t, err)
	for _, tc := range []struct{ name, header, want string }{
		{"v1 TCP4", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324"},
		{"v1 longest TCP4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"},
		{"v1 longest TCP6", "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
		{"v1 unknown", "PROXY UNKNOWN\r\n", ""},
		{"v1 longest unknown", "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", ""},
		{"v1 mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1"},
		{"v2 TCP4", v2(0x21, 0x11, ends4), "192.0.2.1:56324"},
		{"v2 TCP6", v2(0x21, 0x21, string(ends6)), "[2001:db8::1]:56324"},
		{"v2 with values", v2(0x21, 0x11, ends4+"\x04\x00\x01\x00"), "192.0.2.1:56324"},
		{"v2 local", v2(0x20, 0x00, ""), ""},
		{"v2 unspecified", v2(0x21, 0x00, "junk"), ""},
		{"v2 Unix socket", v2(0x21, 0x31, strings.Repeat("x", 216)), ""},
		{"v2 datagram", v2(0x21, 0x12, ends4), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := strings.NewReader(tc.header + `{"id":1}`)
			got, err := readProxyHeader(iotest.OneByteReader(r))
			require.NoError(t, err)
			if tc.want == "" {
				require.False(t, got.IsValid())
			} else {
				require.Equal(t, netip.MustParseAddrPort(tc.want), got)
			}
			require.Equal(t, len(`{"id":1}`), r.Len(), "not a byte of the session is read")
		})
	}
}

func TestBadProxyHeader(t *testing.T) {
	for _, header := range []string{
		"", "PROXY", "{\"id\":1,\"method\":\"login\"}\n", "GET / HTTP/1.1\r\n\r\n",
		"PROXY TCP4 192.168.0.1 192.168.0.11 56324\r\n",
		"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443 1\r\n",
		"PROXY TCP4 192.168.0.1  192.168.0.11 56324 443\r\n",
		"PROXY TCP4 ::1 ::1 56324 443\r\n",
		"PROXY TCP6 192.168.0.1 192.168.0.11 56324 443\r\n",
		"PROXY TCP6 fe80::1%eth0 fe80::2 56324 443\r\n",
		"PROXY TCP4 192.168.0.256 192.168.0.11 56324 443\r\n",
		"PROXY TCP4 192.168.0.1 192.168.0.11 65536 443\r\n",
		"PROXY TCP4 192.168.0.1 192.168.0.11 056 443\r\n",
		"PROXY TCP4 192.168.0.1 192.168.0.11 -1 443\r\n",
		"PROXY UDP4 192.168.0.1 192.168.0.11 1 2\r\n",
		"PROXY tcp4 192.168.0.1 192.168.0.11 1 2\r\n",
		"PROXY TCP4 192.168.0.1 192.168.0.11 1 2\n" + strings.Repeat("x", 200),
		"PROXY UNKNOWN " + strings.Repeat("f", 200) + "\r\n",
		v2(0x11, 0x11, strings.Repeat("x", 12)),
		v2(0x22, 0x11, strings.Repeat("x", 12)),
		v2(0x21, 0x11, strings.Repeat("x", 11)),
		v2(0x21, 0x21, strings.Repeat("x", 35)),
		v2(0x21, 0x11, strings.Repeat("x", maxV2Body+1)),
		v2(0x21, 0x11, strings.Repeat("x", 12))[:20],
		v2Signature,
	} {
		_, err := readProxyHeader(strings.NewReader(header))
		require.ErrorIs(t, err, ErrProxyHeader, "%q", header)
	}
}

func FuzzProxyHeader(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n{"))
	f.Add([]byte("PROXY UNKNOWN\r\n"))
	f.Add([]byte(v2(0x21, 0x11, "\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb")))
	f.Add([]byte(v2(0x20, 0, "")))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		got, err := readProxyHeader(r)
		used := len(data) - r.Len()
		require.LessOrEqual(t, used, v2Prefix+maxV2Body)
		if err != nil {
			require.ErrorIs(t, err, ErrProxyHeader)
			return
		}
		// What was used is a header by itself, and says the same again.
		again, err := readProxyHeader(bytes.NewReader(data[:used]))
		require.NoError(t, err)
		require.Equal(t, got, again)
		if got.IsValid() {
			family := "TCP6"
			if got.Addr().Is4() {
				family = "TCP4"
			}
			line := "PROXY " + family + " " + got.Addr().String() + " " + got.Addr().String() + " " + portText(got) + " 1"
			back, err := parseV1(line)
			require.NoError(t, err)
			require.Equal(t, got, back)
		}
	})
}

func portText(a netip.AddrPort) string {
	s := a.String()
	return s[strings.LastIndexByte(s, ':')+1:]
}
