package stratum_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
)

// field parses {"v": raw} and returns v; "" leaves it out.
func field(t *testing.T, raw string) stratum.Value {
	t.Helper()
	if raw == "" {
		return stratum.Value{}
	}
	v, err := stratum.Parse([]byte(`{"v":`+raw+`}`), stratum.DefaultLimits())
	require.NoError(t, err)
	return v.Field("v")
}

// problem is what a *FieldError for the field "v" says, or "".
func problem(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var f *stratum.FieldError
	require.ErrorAs(t, err, &f)
	require.Equal(t, "v", f.Field)
	return f.Problem
}

func TestTextFields(t *testing.T) {
	for _, c := range []struct{ raw, want, required, optional string }{
		{`"x"`, "x", "", ""},
		{`""`, "", "is missing", ""},
		{``, "", "is missing", ""},
		{`null`, "", "is missing", ""},
		{`5`, "", "must be a string", "must be a string"},
		{`["x"]`, "", "must be a string", "must be a string"},
	} {
		got, err := stratum.RequiredText(field(t, c.raw), "v")
		require.Equal(t, c.required, problem(t, err), c.raw)
		require.Equal(t, c.want, got)
		got, err = stratum.OptionalText(field(t, c.raw), "v")
		require.Equal(t, c.optional, problem(t, err), c.raw)
		require.Equal(t, c.want, got)
	}
}

func TestOptionalCount(t *testing.T) {
	const bad = "must be an integer that is not negative"
	for raw, want := range map[string]struct {
		n       uint64
		problem string
	}{
		`7`: {7, ""}, `18446744073709551615`: {1<<64 - 1, ""}, ``: {}, `null`: {},
		`-1`: {0, bad}, `1.0`: {0, bad}, `"7"`: {0, bad}, `18446744073709551616`: {0, bad},
	} {
		n, err := stratum.OptionalCount(field(t, raw), "v")
		require.Equal(t, want.problem, problem(t, err), raw)
		require.Equal(t, want.n, n)
	}
}

func TestHexFields(t *testing.T) {
	for raw, want := range map[string]string{
		`"00aB"`: "", `null`: "is missing", ``: "is missing",
		`"00a"`: "must be 4 hexadecimal digits", `"00ab00"`: "must be 4 hexadecimal digits",
		`"0x00"`: "must be 4 hexadecimal digits", `171`: "must be 4 hexadecimal digits",
	} {
		var two [2]byte
		err := stratum.FixedHex(field(t, raw), "v", two[:])
		require.Equal(t, want, problem(t, err), raw)
		if err == nil {
			require.Equal(t, [2]byte{0, 0xab}, two)
		}
	}
	for raw, want := range map[string]string{
		`"00"`: "", `"000102"`: "", `null`: "is missing",
		`""`: "must be hexadecimal digits for 1 to 3 bytes", `"00010203"`: "must be hexadecimal digits for 1 to 3 bytes",
	} {
		b, err := stratum.RangeHex(field(t, raw), "v", 1, 3)
		require.Equal(t, want, problem(t, err), raw)
		require.Equal(t, err == nil, len(b) > 0)
	}
}

func TestHostPort(t *testing.T) {
	for raw, want := range map[string]struct {
		host string
		port uint16
		ok   bool
	}{
		`["h","3333"]`: {"h", 3333, true}, `["h",3333,5]`: {"h", 3333, true}, `["h"]`: {"h", 0, true},
		`[null,"1"]`: {"", 1, true}, `["h",null]`: {"h", 0, true}, `["h",""]`: {"h", 0, true},
		`[]`: {"", 0, true}, ``: {"", 0, true}, `{}`: {"", 0, true},
		`[1]`: {}, `["h",65536]`: {}, `["h","-1"]`: {}, `["h",{}]`: {}, `["h","x"]`: {}, `["h",true]`: {},
	} {
		host, port, err := stratum.HostPort(field(t, raw))
		require.Equal(t, want.ok, err == nil, "%s: %v", raw, err)
		require.Equal(t, want.host, host, raw)
		require.Equal(t, want.port, port, raw)
	}
}

func TestParseReplyError(t *testing.T) {
	for raw, want := range map[string]*stratum.ReplyError{
		``: nil, `null`: nil,
		`{"code":-1,"message":"low"}`:      {Code: -1, Message: "low"},
		`{"message":"low"}`:                {Code: 9, Message: "low"},
		`{"code":"101","message":"low"}`:   {Code: 9, Message: "low"},
		`{"code":4294967296,"message":""}`: {Code: 9, Message: "unspecified error"},
		`[23,"low",null]`:                  {Code: 23, Message: "low"},
		`[]`:                               {Code: 9, Message: "unspecified error"},
		`"low"`:                            {Code: 9, Message: "low"},
		`false`:                            {Code: 9, Message: "unspecified error"},
		`5`:                                {Code: 9, Message: "unspecified error"},
	} {
		require.Equal(t, want, stratum.ParseReplyError(field(t, raw), 9), raw)
	}
	require.EqualError(t, &stratum.ReplyError{Message: "low"}, "low")
}

func TestErrorTexts(t *testing.T) {
	syntax := &stratum.SyntaxError{Offset: 3, Problem: "a key is missing"}
	require.EqualError(t, syntax, "invalid JSON at byte 3: a key is missing")
	inner := stratum.MissingField("v")
	require.EqualError(t, &stratum.MethodError{Method: "job", Err: inner}, "job: v is missing")
	reply := &stratum.MethodError{Err: inner}
	require.EqualError(t, reply, "reply: v is missing")
	require.ErrorIs(t, reply, inner)
}
