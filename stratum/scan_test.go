package stratum_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
)

var validObjects = []string{
	`{}`,
	` { } `,
	`{"a":1}`,
	`{"a":-0.5e+10,"b":[1,2,{"c":null}],"d":"x","e":true,"f":false}`,
	`{"a":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t"}`,
	"{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}",
	`{"a":[],"A":{}}`,
	`{ "a" : [ 1 , 2 ] , "b" : { "c" : "d" } }`,
	`{"id":1,"jsonrpc":"2.0","method":"submit","params":{"id":"x","job_id":"1","nonce":"d0030040","result":"00"}}`,
}

var invalidObjects = map[string]string{
	"empty":              ``,
	"number":             `1`,
	"string":             `"x"`,
	"null":               `null`,
	"batch":              `[{"id":1}]`,
	"unclosed":           `{`,
	"unclosed member":    `{"a":1`,
	"no value":           `{"a":}`,
	"no colon":           `{"a" 1}`,
	"no key":             `{1:1}`,
	"trailing comma":     `{"a":1,}`,
	"array comma":        `{"a":[1,]}`,
	"array no comma":     `{"a":[1 2]}`,
	"mismatched":         `{"a":[1}]`,
	"garbage after":      `{} x`,
	"second object":      `{}{}`,
	"leading zero":       `{"a":01}`,
	"bare point":         `{"a":1.}`,
	"bare minus":         `{"a":-}`,
	"empty exponent":     `{"a":1e}`,
	"plus":               `{"a":+1}`,
	"NaN":                `{"a":NaN}`,
	"single quotes":      `{'a':1}`,
	"misspelt":           `{"a":nul}`,
	"run-on literal":     `{"a":truely}`,
	"control character":  "{\"a\":\"\x01\"}",
	"raw tab in string":  "{\"a\":\"\t\"}",
	"unknown escape":     `{"a":"\x41"}`,
	"short u escape":     `{"a":"\u12"}`,
	"signed u escape":    `{"a":"\u+123"}`,
	"lone high":          `{"a":"\ud800"}`,
	"lone low":           `{"a":"\udc00"}`,
	"high and high":      `{"a":"\ud800\ud800"}`,
	"high and letter":    `{"a":"\ud800x12345"}`,
	"overlong UTF-8":     "{\"a\":\"\xc0\xaf\"}",
	"cut UTF-8":          "{\"a\":\"\xe2\x82\"}",
	"encoded surrogate":  "{\"a\":\"\xed\xa0\x80\"}",
	"duplicate":          `{"a":1,"b":2,"a":3}`,
	"duplicate escaped":  `{"id":1,"\u0069d":2}`,
	"duplicate deep":     `{"x":{"a":1,"a":1}}`,
	"byte order mark":    "\xef\xbb\xbf{}",
	"NUL":                "{\x00}",
	"comment":            `{/**/}`,
	"backslash at end":   `{"a":"\`,
	"u escape at end":    `{"a":"\u`,
	"escaped quote only": `{"a":"\"}`,
}

func TestParseAcceptsAndRefuses(t *testing.T) {
	for _, in := range validObjects {
		v, err := stratum.Parse([]byte(in), stratum.DefaultLimits())
		require.NoError(t, err, in)
		require.Equal(t, strings.TrimSpace(in), string(v.Raw()))
	}
	for name, in := range invalidObjects {
		t.Run(name, func(t *testing.T) {
			_, err := stratum.Parse([]byte(in), stratum.DefaultLimits())
			var syntax *stratum.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.LessOrEqual(t, syntax.Offset, len(in))
			require.NotEmpty(t, syntax.Problem)
		})
	}
}

func TestParseLimits(t *testing.T) {
	lim := stratum.Limits{Depth: 3, String: 4, Elements: 2}
	for in, ok := range map[string]bool{
		`{"a":{"b":{}}}`:       true,
		`{"a":{"b":[]}}`:       true,
		`{"a":{"b":{"c":{}}}}`: false,
		`{"a":[[[1]]]}`:        false,
		`{"a":"1234"}`:         true,
		`{"a":"12345"}`:        false,
		`{"12345":1}`:          false,
		members(64):            true,
		members(65):            false,
		`{"a":[1,2]}`:          true,
		`{"a":[1,2,3]}`:        false,
	} {
		_, err := stratum.Parse([]byte(in), lim)
		require.Equal(t, ok, err == nil, "%s: %v", in, err)
	}
}

// members is an object of n members, the last of which holds an object.
func members(n int) string {
	var b strings.Builder
	for i := range n - 2 {
		fmt.Fprintf(&b, `"%d":{},`, i)
	}
	return `{` + b.String() + `"x":{"y":1}}`
}

// Nesting, long numbers and many keys must cost no more than their bytes.
func TestParseHostileSizes(t *testing.T) {
	for name, in := range map[string]string{
		"deep arrays":  `{"a":` + strings.Repeat("[", 1_000_000),
		"deep objects": strings.Repeat(`{"a":`, 200_000),
		"many keys":    `{` + strings.Repeat(`"k":1,`, 100_000) + `"k":1}`,
	} {
		_, err := stratum.Parse([]byte(in), stratum.DefaultLimits())
		require.Error(t, err, name)
	}
	long := `{"a":` + strings.Repeat("9", 1_000_000) + `}`
	v, err := stratum.Parse([]byte(long), stratum.DefaultLimits())
	require.NoError(t, err)
	_, ok := v.Field("a").Int64()
	require.False(t, ok)
}

func TestParseAllocatesNothing(t *testing.T) {
	line := []byte(validObjects[len(validObjects)-1])
	lim := stratum.DefaultLimits()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		v, err := stratum.Parse(line, lim)
		if err != nil || v.Field("params").Field("nonce").Kind() != stratum.String {
			panic("parse")
		}
	}))
}

// FuzzParse holds Parse against encoding/json: whatever we accept it accepts,
// and every member reads the same.
func FuzzParse(f *testing.F) {
	for _, in := range validObjects {
		f.Add([]byte(in))
	}
	for _, in := range invalidObjects {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := stratum.Parse(in, stratum.DefaultLimits())
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(in, &want))
		n := 0
		for key, val := range v.Members() {
			n++
			require.JSONEq(t, string(want[string(key)]), string(val.Raw()))
			compare(t, val)
		}
		require.Len(t, want, n)
	})
}

func compare(t *testing.T, v stratum.Value) {
	t.Helper()
	switch v.Kind() {
	case stratum.String:
		var want string
		require.NoError(t, json.Unmarshal(v.Raw(), &want))
		got, ok := v.Text()
		require.True(t, ok)
		require.Equal(t, want, got)
		requoted := stratum.AppendString(nil, got)
		require.NoError(t, json.Unmarshal(requoted, &want))
		require.Equal(t, got, want)
	case stratum.Array:
		var want []json.RawMessage
		require.NoError(t, json.Unmarshal(v.Raw(), &want))
		i := 0
		for e := range v.Elements() {
			require.Equal(t, string(want[i]), string(e.Raw()))
			compare(t, e)
			i++
		}
		require.Len(t, want, i)
	case stratum.Object:
		for _, member := range v.Members() {
			compare(t, member)
		}
	}
}
