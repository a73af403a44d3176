package cryptonote_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/cryptonote"
)

const (
	loginLine  = `{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4AWALLET.rig+5000","pass":"x","agent":"XMRig/6.26.0 (Linux x86_64)","rigid":"rig01","algo":["cn/0","cn/1","cn/r","rx/0"]}}`
	submitLine = `{"id":2,"jsonrpc":"2.0","method":"submit","params":{"id":"f3c1","job_id":"17","nonce":"d0030040","result":"e1364b8782719d7683e2ccd3d8f724bc59dfa780a9e960e7c0e0046acdb40100","algo":"cn/r"}}`
)

var requestLines = []string{
	loginLine,
	submitLine,
	`{"id":1,"method":"login","params":{"login":"4A"}}`,
	`{"id":1,"method":"login","params":{"login":"4A","pass":null,"algo":null,"mode":"self-select","x":[]}}`,
	`{"id":"abc","method":"login","params":{"login":"4A","algo":"cn/0"}}`,
	strings.Replace(submitLine, "e1364b87", "E1364B87", 1),
	`{"id":3,"jsonrpc":"2.0","method":"keepalived","params":{"id":"f3c1"}}`,
	`{"id":3,"method":"keepalive"}`,
	`{"id":4,"method":"getjob","params":{"id":"f3c1"}}`,
	`{"id":null,"method":"x"}`,
	`{"method":"mining.subscribe","params":["a"]}`,
}

func hexBytes(t *testing.T, s string) []byte {
	t.Helper()
	v, err := stratum.Parse([]byte(`{"h":"`+s+`"}`), stratum.DefaultLimits())
	require.NoError(t, err)
	b, ok := v.Field("h").HexBytes(0, 1000)
	require.True(t, ok)
	return b
}

func TestParseLogin(t *testing.T) {
	req, err := cryptonote.ParseRequest([]byte(loginLine))
	require.NoError(t, err)
	require.Equal(t, &cryptonote.Login{
		ID: stratum.IntID(1), Login: "4AWALLET.rig+5000", Pass: "x",
		Agent: "XMRig/6.26.0 (Linux x86_64)", RigID: "rig01",
		Algos: []string{"cn/0", "cn/1", "cn/r", "rx/0"},
	}, req)
	require.Equal(t, stratum.IntID(1), req.RequestID())
}

func TestParseSubmit(t *testing.T) {
	want := &cryptonote.Submit{
		ID: stratum.IntID(2), RPCID: "f3c1", JobID: "17",
		Nonce: [4]byte{0xd0, 0x03, 0x00, 0x40}, Algo: "cn/r",
	}
	copy(want.Result[:], hexBytes(t, "e1364b8782719d7683e2ccd3d8f724bc59dfa780a9e960e7c0e0046acdb40100"))
	req, err := cryptonote.ParseRequest([]byte(submitLine))
	require.NoError(t, err)
	require.Equal(t, want, req)

	upper := strings.Replace(submitLine, "e1364b87", "E1364B87", 1)
	upper = strings.Replace(upper, "d0030040", "D0030040", 1)
	req, err = cryptonote.ParseRequest([]byte(upper))
	require.NoError(t, err)
	require.Equal(t, want, req)
}

func TestParseOtherRequests(t *testing.T) {
	for in, want := range map[string]cryptonote.Request{
		`{"id":3,"method":"keepalived","params":{"id":"f3"}}`:     &cryptonote.Keepalived{stratum.IntID(3), "f3"},
		`{"id":3,"method":"keepalive"}`:                           &cryptonote.Keepalived{ID: stratum.IntID(3)},
		`{"id":"g","method":"getjob","params":{"id":"f3"}}`:       &cryptonote.GetJob{stratum.StringID("g"), "f3"},
		`{"id":0,"method":"Login","params":{}}`:                   &cryptonote.Unknown{stratum.IntID(0), "Login"},
		`{"method":"eth_submitLogin","params":[1]}`:               &cryptonote.Unknown{Method: "eth_submitLogin"},
		`{"id":1,"method":"login","params":{"login":"4","x":{}}}`: &cryptonote.Login{ID: stratum.IntID(1), Login: "4"},
	} {
		req, err := cryptonote.ParseRequest([]byte(in))
		require.NoError(t, err, in)
		require.Equal(t, want, req)
		require.Equal(t, want.RequestID(), req.RequestID())
	}
}

// submitWith puts raw JSON in place of one member of a good submit.
func submitWith(member, raw string) string {
	params := map[string]string{"id": `"f"`, "job_id": `"1"`, "nonce": `"00000000"`, "result": `"` + strings.Repeat("0", 64) + `"`}
	params[member] = raw
	var parts []string
	for key, value := range params {
		if value != "" {
			parts = append(parts, `"`+key+`":`+value)
		}
	}
	return `{"id":8,"method":"submit","params":{` + strings.Join(parts, ",") + `}}`
}

func TestParseRequestRefusals(t *testing.T) {
	zeros := strings.Repeat("0", 64)
	for _, c := range []struct{ in, field, message string }{
		{submitWith("nonce", ""), "nonce", "Malformed nonce: nonce is missing"},
		{submitWith("nonce", "null"), "nonce", "Malformed nonce: nonce is missing"},
		{submitWith("nonce", "12345678"), "nonce", "Malformed nonce: nonce must be 8 hexadecimal digits"},
		{submitWith("nonce", `""`), "nonce", ""},
		{submitWith("nonce", `"0000000"`), "nonce", ""},
		{submitWith("nonce", `"000000000"`), "nonce", ""},
		{submitWith("nonce", `"0x000000"`), "nonce", ""},
		{submitWith("nonce", `"0x00000000"`), "nonce", ""},
		{submitWith("nonce", `" 0000000"`), "nonce", ""},
		{submitWith("nonce", `"0000000 "`), "nonce", ""},
		{submitWith("nonce", `"-0000001"`), "nonce", ""},
		{submitWith("nonce", `"0000000g"`), "nonce", ""},
		{submitWith("nonce", `"0000\u003000"`), "nonce", ""},
		{submitWith("nonce", `["00000000"]`), "nonce", ""},
		{submitWith("result", ""), "result", "Malformed result: result is missing"},
		{submitWith("result", `"`+zeros[1:]+`"`), "result", "Malformed result: result must be 64 hexadecimal digits"},
		{submitWith("result", `"`+zeros+`00"`), "result", ""},
		{submitWith("result", `"0x`+zeros[2:]+`"`), "result", ""},
		{submitWith("result", `{}`), "result", ""},
		{submitWith("job_id", ""), "job_id", "job_id is missing"},
		{submitWith("job_id", `""`), "job_id", "job_id is missing"},
		{submitWith("job_id", "17"), "job_id", "job_id must be a string"},
		{submitWith("id", "17"), "id", "id must be a string"},
		{submitWith("algo", "1"), "algo", "algo must be a string"},
		{`{"id":8,"method":"submit"}`, "job_id", ""},
		{`{"id":8,"method":"submit","params":[]}`, "job_id", ""},
		{`{"id":8,"method":"login"}`, "login", "Missing login: login is missing"},
		{`{"id":8,"method":"login","params":{"login":""}}`, "login", ""},
		{`{"id":8,"method":"login","params":{"login":5}}`, "login", "Missing login: login must be a string"},
		{`{"id":8,"method":"login","params":{"login":"4","pass":5}}`, "pass", "pass must be a string"},
		{`{"id":8,"method":"login","params":{"login":"4","agent":[]}}`, "agent", ""},
		{`{"id":8,"method":"login","params":{"login":"4","rigid":{}}}`, "rigid", ""},
		{`{"id":8,"method":"login","params":{"login":"4","algo":{}}}`, "algo", "algo must be a list of strings"},
		{`{"id":8,"method":"login","params":{"login":"4","algo":["a",1]}}`, "algo", ""},
		{`{"id":8,"method":"keepalived","params":{"id":1}}`, "id", ""},
		{`{"id":8,"method":"getjob","params":{"id":1}}`, "id", ""},
		{`{"id":8}`, "method", "method is missing"},
		{`{"id":8,"method":1}`, "method", ""},
	} {
		_, err := cryptonote.ParseRequest([]byte(c.in))
		var wire *stratum.Error
		require.ErrorAs(t, err, &wire, c.in)
		require.Equal(t, stratum.IntID(8), wire.ID, c.in)
		require.Equal(t, cryptonote.CodeError, wire.Code)
		require.True(t, wire.Reply)
		require.False(t, wire.Disconnect)
		var field *stratum.FieldError
		require.ErrorAs(t, err, &field)
		require.Equal(t, c.field, field.Field, c.in)
		if c.message != "" {
			require.Equal(t, c.message, wire.Message)
		}
	}
}

func TestParseRequestHangsUpOnGarbage(t *testing.T) {
	for _, in := range []string{"", "GET / HTTP/1.1", "[]", `{"id":1,"id":1}`, "{\"id\":\"\xff\"}"} {
		_, err := cryptonote.ParseRequest([]byte(in))
		var wire *stratum.Error
		require.True(t, errors.As(err, &wire))
		require.Equal(t, "Invalid JSON", wire.Message)
		require.True(t, wire.Reply)
		require.True(t, wire.Disconnect)
		require.True(t, wire.ID.Absent())
	}
}

func TestRequestEncodings(t *testing.T) {
	id := stratum.IntID(2)
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{cryptonote.AppendLogin(nil, &cryptonote.Login{ID: stratum.IntID(1), Login: "4AWALLET.rig+5000", Pass: "x", Agent: "XMRig/6.26.0 (Linux x86_64)", RigID: "rig01", Algos: []string{"cn/0", "cn/1", "cn/r", "rx/0"}}), loginLine},
		{cryptonote.AppendSubmit(nil, &cryptonote.Submit{ID: id, RPCID: "f", JobID: "1", Nonce: [4]byte{1, 2, 3, 0xff}}), `{"id":2,"jsonrpc":"2.0","method":"submit","params":{"id":"f","job_id":"1","nonce":"010203ff","result":"` + strings.Repeat("0", 64) + `"}}`},
		{cryptonote.AppendKeepalived(nil, &cryptonote.Keepalived{id, "f"}), `{"id":2,"jsonrpc":"2.0","method":"keepalived","params":{"id":"f"}}`},
		{cryptonote.AppendGetJob(nil, &cryptonote.GetJob{id, "f"}), `{"id":2,"jsonrpc":"2.0","method":"getjob","params":{"id":"f"}}`},
	} {
		require.Equal(t, c.want+"\n", string(c.got))
	}
}

// appendRequest encodes what ParseRequest returned.
func appendRequest(req cryptonote.Request) []byte {
	switch r := req.(type) {
	case *cryptonote.Login:
		return cryptonote.AppendLogin(nil, r)
	case *cryptonote.Submit:
		return cryptonote.AppendSubmit(nil, r)
	case *cryptonote.Keepalived:
		return cryptonote.AppendKeepalived(nil, r)
	case *cryptonote.GetJob:
		return cryptonote.AppendGetJob(nil, r)
	}
	return nil
}

func FuzzRequest(f *testing.F) {
	for _, line := range requestLines {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		req, err := cryptonote.ParseRequest(line)
		if err != nil {
			var wire *stratum.Error
			require.ErrorAs(t, err, &wire)
			require.NotEmpty(t, wire.Message)
			return
		}
		again := appendRequest(req)
		if again == nil {
			return // unknown methods are not ours to write
		}
		got, err := cryptonote.ParseRequest(again)
		require.NoError(t, err)
		require.Equal(t, req, got)
		require.Equal(t, again, appendRequest(got))
	})
}
