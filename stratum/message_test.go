package stratum_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
)

func TestIDComesBackAsItWasSent(t *testing.T) {
	for _, raw := range []string{
		"1", "0", "-1", "-0", "2147483648", "9223372036854775807",
		"9223372036854775808", "1.0", "1e3", `"abc"`, `""`, `"1"`, `"\u0041\n"`, "null",
	} {
		m, err := stratum.ParseMessage([]byte(`{"id":`+raw+`,"method":"x"}`), stratum.DefaultLimits())
		require.NoError(t, err)
		require.Equal(t, raw, m.ID.String())
		require.Equal(t, raw != "null", m.ID.Awaited())
		require.False(t, m.ID.Absent())
	}
	m, err := stratum.ParseMessage([]byte(`{"method":"x"}`), stratum.DefaultLimits())
	require.NoError(t, err)
	require.True(t, m.ID.Absent())
	require.False(t, m.ID.Awaited())
	require.Equal(t, "null", m.ID.String())
}

func TestIDsCompare(t *testing.T) {
	n, ok := stratum.IntID(7).Int()
	require.True(t, ok)
	require.EqualValues(t, 7, n)
	_, ok = stratum.StringID("7").Int()
	require.False(t, ok)
	for id, want := range map[stratum.ID]bool{
		stratum.IntID(7): true, stratum.StringID("7"): true, stratum.StringID(""): false,
		stratum.StringID("x"): false, stratum.NullID(): false, {}: false,
	} {
		n, ok = id.LooseInt()
		require.Equal(t, want, ok, id)
		if ok {
			require.EqualValues(t, 7, n)
		}
	}
	require.NotEqual(t, stratum.IntID(7), stratum.StringID("7"))
	require.NotEqual(t, stratum.NullID(), stratum.ID{})
	require.Equal(t, `"a\"b"`, stratum.StringID(`a"b`).String())
}

func TestParseMessageErrorsNameTheField(t *testing.T) {
	for in, want := range map[string]string{
		`{"id":[1],"method":"x"}`:                             "id must be a number, a string or null",
		`{"id":true,"method":"x"}`:                            "id must be a number, a string or null",
		`{"id":{},"method":"x"}`:                              "id must be a number, a string or null",
		`{"id":"` + strings.Repeat("x", 127) + `"}`:           "id is longer than 128 bytes",
		`{"id":1,"method":5}`:                                 "method must be a string that is not empty",
		`{"id":1,"method":""}`:                                "method must be a string that is not empty",
		`{"id":1` + strings.Repeat("0", 200) + `,"method":5}`: "id is longer than 128 bytes",
	} {
		_, err := stratum.ParseMessage([]byte(in), stratum.DefaultLimits())
		var field *stratum.FieldError
		require.ErrorAs(t, err, &field, in)
		require.EqualError(t, err, want)
	}
	m, err := stratum.ParseMessage([]byte(`{"id":9,"method":5}`), stratum.DefaultLimits())
	require.Error(t, err)
	require.Equal(t, stratum.IntID(9), m.ID, "the id is there to answer to")
}

func TestParseMessageParts(t *testing.T) {
	m, err := stratum.ParseMessage([]byte(`{"\u0069d":1,"result":{"a":[]},"error":null,"x":0,"ID":2}`), stratum.DefaultLimits())
	require.NoError(t, err)
	require.True(t, m.IsReply())
	require.Equal(t, stratum.IntID(1), m.ID)
	require.True(t, m.Error.Missing())
	require.Equal(t, stratum.Absent, m.Params.Kind())
	require.Equal(t, `{"a":[]}`, string(m.Result.Raw()))

	line := []byte(`{"method":"y","params":[1]}`)
	m, err = stratum.ParseMessage(line, stratum.DefaultLimits())
	require.NoError(t, err)
	require.False(t, m.IsReply())
	kept := m.Params.Clone()
	clear(line)
	require.Equal(t, "[1]", string(kept.Raw()))
}

func TestValueConversionsAreExact(t *testing.T) {
	v, err := stratum.Parse([]byte(`{"i":5,"f":5.0,"big":18446744073709551615,"neg":-5,"s":"5","t":true,"h":"00fF","hx":"0x00","odd":"abc","esc":"\u0030\u0030","a":[1,"2"],"huge":1e999}`), stratum.DefaultLimits())
	require.NoError(t, err)
	ok := func(_ any, ok bool) bool { return ok }
	require.True(t, ok(v.Field("i").Int64()))
	require.False(t, ok(v.Field("f").Int64()))
	require.False(t, ok(v.Field("s").Int64()))
	require.False(t, ok(v.Field("big").Int64()))
	require.True(t, ok(v.Field("big").Uint64()))
	require.False(t, ok(v.Field("neg").Uint64()))
	require.False(t, ok(v.Field("s").Uint64()))
	require.True(t, ok(v.Field("f").Float64()))
	require.False(t, ok(v.Field("huge").Float64()))
	require.False(t, ok(v.Field("s").Float64()))
	require.False(t, ok(v.Field("i").Text()))
	require.False(t, ok(v.Field("i").Bool()))
	require.True(t, ok(v.Field("t").Bool()))

	var two [2]byte
	require.True(t, v.Field("h").Hex(two[:]))
	require.Equal(t, [2]byte{0, 0xff}, two)
	for _, bad := range []string{"hx", "odd", "esc", "i", "nothing"} {
		require.False(t, v.Field(bad).Hex(two[:]), bad)
	}
	require.False(t, ok(v.Field("h").HexBytes(3, 4)))
	require.False(t, ok(v.Field("odd").HexBytes(0, 4)))
	require.True(t, ok(v.Field("h").HexBytes(1, 2)))

	var elems [3]stratum.Value
	require.Equal(t, 2, v.Field("a").Fill(elems[:]))
	require.Equal(t, stratum.String, elems[1].Kind())
	require.Equal(t, stratum.Absent, elems[2].Kind())
	require.Zero(t, v.Field("i").Fill(elems[:]))
}

func TestAppendStringIsAlwaysValid(t *testing.T) {
	for in, want := range map[string]string{
		"":                 `""`,
		"plain":            `"plain"`,
		"a\"b\\c":          `"a\"b\\c"`,
		"\x00\x1b[31m\x7f": `"\u0000\u001b[31m\u007f"`,
		"\n\r\t":           `"\n\r\t"`,
		"\xff\xe9":         `"` + "\ufffd\ufffd" + `"`,
		"é😀":               `"é😀"`,
	} {
		got := stratum.AppendString(nil, in)
		require.Equal(t, want, string(got))
		require.True(t, json.Valid(got))
	}
	require.Equal(t, `"00ff"`, string(stratum.AppendHex(nil, []byte{0, 0xff})))
}

func TestPrintable(t *testing.T) {
	require.Equal(t, "Low difficulty share", stratum.Printable("Low difficulty share"))
	require.Equal(t, "?[31mred??", stratum.Printable("\x1b[31mred\r\n"))
	require.Equal(t, "??", stratum.Printable("\xff\u202e"))
	require.Equal(t, 203, len(stratum.Printable(strings.Repeat("x", 5000))))
}

func TestErrorText(t *testing.T) {
	cause := &stratum.FieldError{Field: "nonce", Problem: "is missing"}
	err := &stratum.Error{Message: "Malformed", Cause: cause}
	require.EqualError(t, err, "Malformed: nonce is missing")
	var field *stratum.FieldError
	require.True(t, errors.As(err, &field))
	require.EqualError(t, &stratum.Error{Message: "nonce is missing", Cause: cause}, "nonce is missing")
	require.EqualError(t, &stratum.Error{Message: "x"}, "x")
}
