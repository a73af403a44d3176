package ckb_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
)

// The documented transcript, with the nonce2 of its worked example.
const (
	subscribeLine = `{"id":1,"method":"mining.subscribe","params":["agent/1.0",null]}`
	authorizeLine = `{"id":2,"method":"mining.authorize","params":["ckb1qyq.rig","x"]}`
	submitLine    = `{"id":102,"method":"mining.submit","params":["ckb1qyq.rig","1611","000000000000000000114026"]}`
	targetHex     = "0001000000000000000000000000000000000000000000000000000000000000"
)

var requestLines = []string{
	subscribeLine, authorizeLine, submitLine,
	`{"id":1,"method":"mining.subscribe","params":[]}`,
	`{"id":1,"method":"mining.subscribe"}`,
	`{"id":"a","method":"mining.subscribe","params":["godminer/2.0","00c904bd"]}`,
	`{"id":102,"method":"mining.submit","params":["w","1611","00000000000000AB","","5e309a56"]}`,
	`{"id":3,"method":"mining.extranonce.subscribe","params":[]}`,
	`{"id":4,"method":"mining.suggest_difficulty","params":[65536]}`,
	`{"id":4,"method":"mining.suggest_difficulty","params":[0.5e-3]}`,
	`{"id":5,"method":"mining.suggest_target","params":["` + targetHex + `"]}`,
	`{"id":6,"method":"mining.get_transactions","params":[]}`,
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func target(t *testing.T) (b [32]byte) {
	copy(b[:], unhex(t, targetHex))
	return b
}

func TestParseRequests(t *testing.T) {
	id := stratum.IntID
	for in, want := range map[string]ckb.Request{
		subscribeLine:   &ckb.Subscribe{ID: id(1), Agent: "agent/1.0"},
		requestLines[3]: &ckb.Subscribe{ID: id(1)},
		requestLines[4]: &ckb.Subscribe{ID: id(1)},
		requestLines[5]: &ckb.Subscribe{ID: stratum.StringID("a"), Agent: "godminer/2.0", SessionID: "00c904bd"},
		authorizeLine:   &ckb.Authorize{ID: id(2), User: "ckb1qyq.rig", Pass: "x"},
		`{"id":2,"method":"mining.authorize","params":["u"]}`: &ckb.Authorize{ID: id(2), User: "u"},
		submitLine:       &ckb.Submit{ID: id(102), Worker: "ckb1qyq.rig", JobID: "1611", Nonce2: unhex(t, "000000000000000000114026")},
		requestLines[6]:  &ckb.Submit{ID: id(102), Worker: "w", JobID: "1611", Nonce2: unhex(t, "00000000000000ab")},
		requestLines[7]:  &ckb.ExtranonceSubscribe{ID: id(3)},
		requestLines[8]:  &ckb.SuggestDifficulty{ID: id(4), Difficulty: 65536},
		requestLines[9]:  &ckb.SuggestDifficulty{ID: id(4), Difficulty: 0.0005},
		requestLines[10]: &ckb.SuggestTarget{ID: id(5), Target: target(t)},
		requestLines[11]: &ckb.Unknown{ID: id(6), Method: "mining.get_transactions"},
	} {
		req, err := ckb.ParseRequest([]byte(in))
		require.NoError(t, err, in)
		require.Equal(t, want, req, in)
		require.Equal(t, want.RequestID(), req.RequestID())
	}
}

func TestParseRequestRefusals(t *testing.T) {
	submit := func(params string) string { return `{"id":8,"method":"mining.submit","params":` + params + `}` }
	for _, c := range []struct{ in, message string }{
		{submit(`[]`), "worker is missing"},
		{submit(`[5,"1","00"]`), "worker must be a string"},
		{submit(`["","1","00"]`), "worker is missing"},
		{submit(`["w"]`), "job id is missing"},
		{submit(`["w",1,"00"]`), "job id must be a string"},
		{submit(`["w","1"]`), "nonce2 is missing"},
		{submit(`["w","1",null]`), "nonce2 is missing"},
		{submit(`["w","1",""]`), "nonce2 must be hexadecimal digits for 1 to 16 bytes"},
		{submit(`["w","1","0"]`), ""},
		{submit(`["w","1","0x00"]`), ""},
		{submit(`["w","1"," 00"]`), ""},
		{submit(`["w","1","zz"]`), ""},
		{submit(`["w","1",12]`), ""},
		{submit(`["w","1","0000000000000000000000000000000000"]`), ""},
		{submit(`{"worker":"w"}`), "params must be a list"},
		{submit(`"w"`), "params must be a list"},
		{`{"id":8,"method":"mining.submit"}`, "worker is missing"},
		{`{"id":8,"method":"mining.subscribe","params":[5]}`, "agent must be a string"},
		{`{"id":8,"method":"mining.subscribe","params":["a",{}]}`, "session id must be a string"},
		{`{"id":8,"method":"mining.authorize","params":[]}`, "user is missing"},
		{`{"id":8,"method":"mining.authorize","params":["u",1]}`, "password must be a string"},
		{`{"id":8,"method":"mining.suggest_difficulty","params":["5"]}`, "difficulty must be a number above 0"},
		{`{"id":8,"method":"mining.suggest_difficulty","params":[0]}`, ""},
		{`{"id":8,"method":"mining.suggest_difficulty","params":[1e999]}`, ""},
		{`{"id":8,"method":"mining.suggest_difficulty"}`, "difficulty is missing"},
		{`{"id":8,"method":"mining.suggest_target","params":["00"]}`, "target must be 64 hexadecimal digits"},
		{`{"id":8,"result":true}`, "method is missing"},
		{`{"id":8,"method":[]}`, ""},
	} {
		req, err := ckb.ParseRequest([]byte(c.in))
		require.Nil(t, req)
		var wire *stratum.Error
		require.ErrorAs(t, err, &wire, c.in)
		require.Equal(t, stratum.IntID(8), wire.ID)
		require.Equal(t, ckb.CodeOther, wire.Code)
		require.True(t, wire.Reply)
		require.False(t, wire.Disconnect)
		if c.message != "" {
			require.Equal(t, c.message, wire.Message, c.in)
		}
	}
	_, err := ckb.ParseRequest([]byte(`GET / HTTP/1.1`))
	var wire *stratum.Error
	require.ErrorAs(t, err, &wire)
	require.True(t, wire.Disconnect)
	require.Equal(t, "Invalid JSON", wire.Message)
}

// appendRequest encodes what ParseRequest returned.
func appendRequest(req ckb.Request) []byte {
	switch r := req.(type) {
	case *ckb.Subscribe:
		return ckb.AppendSubscribe(nil, r)
	case *ckb.Authorize:
		return ckb.AppendAuthorize(nil, r)
	case *ckb.Submit:
		return ckb.AppendSubmit(nil, r)
	case *ckb.ExtranonceSubscribe:
		return ckb.AppendExtranonceSubscribe(nil, r)
	case *ckb.SuggestDifficulty:
		return ckb.AppendSuggestDifficulty(nil, r)
	case *ckb.SuggestTarget:
		return ckb.AppendSuggestTarget(nil, r)
	}
	return nil
}

// The transcript is written back byte for byte.
func TestRequestsBothWays(t *testing.T) {
	for _, line := range []string{subscribeLine, authorizeLine, submitLine, requestLines[3], requestLines[5], requestLines[7], requestLines[8], requestLines[10]} {
		req, err := ckb.ParseRequest([]byte(line))
		require.NoError(t, err)
		if line == requestLines[3] {
			line = `{"id":1,"method":"mining.subscribe","params":["",null]}`
		}
		require.Equal(t, line+"\n", string(appendRequest(req)))
	}
}

func FuzzRequest(f *testing.F) {
	for _, line := range requestLines {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		req, err := ckb.ParseRequest(line)
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
		got, err := ckb.ParseRequest(again)
		require.NoError(t, err, string(again))
		require.Equal(t, req, got)
	})
}
