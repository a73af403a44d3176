package ckb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
)

const (
	powHash = "d5a74fba0c0e9e1c6e4dc33ad4a4cdf6ea0b8d4bb7ed0ff62d4dd0eba5be8a66"
	parent  = "10639e0895502b5688a6be8cf69460d76541bfa4821629d86d62ba0aae3f9606"

	subscribeReply = `{"id":1,"result":[null,"00c904bd",12],"error":null}`
	setTargetLine  = `{"id":null,"method":"mining.set_target","params":["` + targetHex + `"]}`
	notifyLine     = `{"id":null,"method":"mining.notify","params":["1611","` + powHash + `",20152836,"` + parent + `",true]}`
)

var serverLines = []string{
	subscribeReply, setTargetLine, notifyLine,
	`{"id":1,"result":["null","000000ab",12],"error":null}`,
	`{"id":1,"result":["s1","019ff8f600000003",8],"error":null}`,
	`{"id":1,"result":[[["mining.set_difficulty","s1"],["mining.notify","s2"]],"00c904bd",12]}`,
	`{"id":2,"result":true,"error":null}`,
	`{"id":102,"result":null,"error":[23,"Low difficulty",null]}`,
	`{"id":102,"result":false,"error":[21,"low difficulty",{"x":1}]}`,
	`{"id":102,"result":null,"error":{"code":101,"message":"no"}}`,
	`{"id":null,"method":"mining.set_difficulty","params":[65536]}`,
	`{"id":null,"method":"mining.set_difficulty","params":[0.25]}`,
	`{"id":null,"method":"mining.set_extranonce","params":["0102",14]}`,
	`{"id":null,"method":"client.reconnect","params":["h",3333,5]}`,
	`{"id":null,"method":"client.show_message","params":["hello"]}`,
	`{"id":9,"method":"client.get_version","params":[]}`,
	`{"method":"mining.ping"}`,
}

func parse(t *testing.T, line string) ckb.ServerMessage {
	t.Helper()
	m, err := ckb.ParseServerMessage([]byte(line))
	require.NoError(t, err, line)
	return m
}

func TestSubscribeResultForms(t *testing.T) {
	for line, want := range map[string]*ckb.SubscribeResult{
		subscribeReply:                   {Nonce1: unhex(t, "00c904bd"), Nonce2Size: 12},
		serverLines[3]:                   {Nonce1: unhex(t, "000000ab"), Nonce2Size: 12},
		serverLines[4]:                   {SessionID: "s1", Nonce1: unhex(t, "019ff8f600000003"), Nonce2Size: 8},
		serverLines[5]:                   {SessionID: "s2", Nonce1: unhex(t, "00c904bd"), Nonce2Size: 12},
		`{"id":1,"result":[null,"",16]}`: {Nonce1: []byte{}, Nonce2Size: 16},
		`{"id":1,"result":[null,"000102030405060708090A0B0C0D0E",1,"more"]}`: {Nonce1: unhex(t, "000102030405060708090a0b0c0d0e"), Nonce2Size: 1},
	} {
		r := parse(t, line).(*ckb.Reply)
		got, err := r.Subscribe()
		require.NoError(t, err, line)
		require.Equal(t, want, got)
		again, err := parse(t, string(ckb.AppendSubscribeResult(nil, r.ID, want))).(*ckb.Reply).Subscribe()
		require.NoError(t, err)
		require.Equal(t, want, again)
	}
	require.Equal(t, subscribeReply+"\n", string(ckb.AppendSubscribeResult(nil, stratum.IntID(1),
		&ckb.SubscribeResult{Nonce1: unhex(t, "00c904bd"), Nonce2Size: 12})))
}

func TestSubscribeResultRefusals(t *testing.T) {
	for result, message := range map[string]string{
		`true`:                   "result must be a list of session, nonce1 and nonce2 size",
		`null`:                   "result must be a list of session, nonce1 and nonce2 size",
		`[]`:                     "nonce1 is missing",
		`[null,5,12]`:            "nonce1 must be hexadecimal digits for 0 to 15 bytes",
		`[null,"0x0001",12]`:     "nonce1 must be hexadecimal digits for 0 to 15 bytes",
		`[null,"00c904bd"]`:      "nonce2 size must be a number that makes 16 with the length of nonce1",
		`[null,"00c904bd",8]`:    "nonce2 size must be a number that makes 16 with the length of nonce1",
		`[null,"00c904bd",-1]`:   "nonce2 size must be a number that makes 16 with the length of nonce1",
		`[null,"00c904bd","12"]`: "nonce2 size must be a number that makes 16 with the length of nonce1",
	} {
		_, err := parse(t, `{"id":1,"result":`+result+`}`).(*ckb.Reply).Subscribe()
		require.EqualError(t, err, message, result)
	}
	_, err := parse(t, serverLines[7]).(*ckb.Reply).Subscribe()
	require.EqualError(t, err, "Low difficulty")
}

func TestNotifyBothWays(t *testing.T) {
	want := &ckb.Notify{JobID: "1611", Height: 20152836, ParentHash: unhex(t, parent), Clean: true}
	copy(want.PowHash[:], unhex(t, powHash))
	line := []byte(notifyLine)
	m, err := ckb.ParseServerMessage(line)
	require.NoError(t, err)
	clear(line)
	require.Equal(t, want, m, "nothing of the line is kept")
	require.Equal(t, notifyLine+"\n", string(ckb.AppendNotify(nil, want)))

	for _, odd := range []string{`null`, `""`, `"0x00"`, `5`, `"target"`} {
		m = parse(t, `{"method":"mining.notify","params":["1611","`+powHash+`",20152836,`+odd+`,false,"extra"]}`)
		require.Nil(t, m.(*ckb.Notify).ParentHash, odd)
		require.False(t, m.(*ckb.Notify).Clean)
	}
}

func TestOtherNotificationsBothWays(t *testing.T) {
	require.Equal(t, &ckb.SetTarget{Target: target(t)}, parse(t, setTargetLine))
	require.Equal(t, setTargetLine+"\n", string(ckb.AppendSetTarget(nil, &ckb.SetTarget{Target: target(t)})))
	for line, want := range map[string]ckb.ServerMessage{
		serverLines[10]: &ckb.SetDifficulty{Difficulty: 65536},
		serverLines[11]: &ckb.SetDifficulty{Difficulty: 0.25},
		serverLines[12]: &ckb.SetExtranonce{Nonce1: []byte{1, 2}, Nonce2Size: 14},
		serverLines[13]: &ckb.Reconnect{Host: "h", Port: 3333},
		serverLines[14]: &ckb.ShowMessage{Text: "hello"},
		serverLines[15]: &ckb.GetVersion{ID: stratum.IntID(9)},
		serverLines[16]: &ckb.Notification{Method: "mining.ping"},
	} {
		require.Equal(t, want, parse(t, line), line)
		if again := encode(want); again != nil {
			require.Equal(t, want, parse(t, string(again)))
		}
	}
	require.Equal(t, `{"id":9,"result":"adit/1","error":null}`+"\n", string(ckb.AppendVersion(nil, stratum.IntID(9), "adit/1")))
}

func TestServerMessageRefusals(t *testing.T) {
	for in, message := range map[string]string{
		`{"method":"mining.set_target"}`:                                      "target is missing",
		`{"method":"mining.set_target","params":["00ff"]}`:                    "target must be 64 hexadecimal digits",
		`{"method":"mining.set_target","params":["0x` + targetHex[2:] + `"]}`: "target must be 64 hexadecimal digits",
		`{"method":"mining.set_target","params":{"t":1}}`:                     "target is missing",
		`{"method":"mining.notify","params":[]}`:                              "job id is missing",
		`{"method":"mining.notify","params":[5]}`:                             "job id must be a string",
		`{"method":"mining.notify","params":["1"]}`:                           "pow_hash is missing",
		`{"method":"mining.notify","params":["1","00"]}`:                      "pow_hash must be 64 hexadecimal digits",
		`{"method":"mining.notify","params":["1","` + powHash + `","5"]}`:     "height must be an integer that is not negative",
		`{"method":"mining.notify","params":["1","` + powHash + `",5,"",1]}`:  "clean_jobs must be true or false",
		`{"method":"mining.notify","params":["1","` + powHash + `",5,""]}`:    "clean_jobs must be true or false",
		`{"method":"mining.set_difficulty","params":[-1]}`:                    "difficulty must be a number above 0",
		`{"method":"mining.set_extranonce","params":["01",14]}`:               "nonce2 size must be a number that makes 16 with the length of nonce1",
		`{"method":"mining.set_extranonce","params":[]}`:                      "nonce1 is missing",
		`{"method":"client.reconnect","params":["h",70000]}`:                  "port must be a number up to 65535",
		`{"method":"client.show_message","params":[5]}`:                       "text must be a string",
	} {
		m, err := ckb.ParseServerMessage([]byte(in))
		require.Nil(t, m, in)
		var method *stratum.MethodError
		require.ErrorAs(t, err, &method, in)
		require.EqualError(t, method.Err, message, in)
		require.EqualError(t, err, method.Method+": "+message)
	}
	_, err := ckb.ParseServerMessage([]byte(`{"id":[],"result":true}`))
	require.EqualError(t, err, "reply: id must be a number, a string or null")
	_, err = ckb.ParseServerMessage([]byte(`nope`))
	var syntax *stratum.SyntaxError
	require.ErrorAs(t, err, &syntax)
}

func TestReplyForms(t *testing.T) {
	for _, c := range []struct {
		line string
		ok   bool
		err  *stratum.ReplyError
	}{
		{`{"id":2,"result":true,"error":null}`, true, nil},
		{`{"id":2,"result":true}`, true, nil},
		{`{"id":2,"result":[],"error":null}`, true, nil},
		{`{"id":2,"result":false,"error":null}`, false, nil},
		{`{"id":2,"result":null,"error":null}`, false, nil},
		{serverLines[7], false, &stratum.ReplyError{Code: ckb.CodeLowDifficulty, Message: "Low difficulty"}},
		{serverLines[8], false, &stratum.ReplyError{Code: 21, Message: "low difficulty"}},
		{serverLines[9], false, &stratum.ReplyError{Code: 101, Message: "no"}},
		{`{"id":2,"result":true,"error":[20]}`, false, &stratum.ReplyError{Code: 20, Message: "unspecified error"}},
	} {
		r := parse(t, c.line).(*ckb.Reply)
		require.Equal(t, c.ok, r.OK(), c.line)
		require.Equal(t, c.err, r.Err, c.line)
	}
	for _, id := range []stratum.ID{stratum.IntID(7), stratum.StringID("a"), {}} {
		require.Equal(t, `{"id":`+id.String()+`,"result":true,"error":null}`+"\n", string(ckb.AppendResult(nil, id, true)))
		require.Equal(t, `{"id":`+id.String()+`,"result":null,"error":[23,"Low difficulty",null]}`+"\n",
			string(ckb.AppendError(nil, id, ckb.CodeLowDifficulty, ckb.TextLowDifficulty)))
	}
	require.False(t, parse(t, string(ckb.AppendResult(nil, stratum.IntID(1), false))).(*ckb.Reply).OK())
}

func TestHotEncodingsAllocateNothing(t *testing.T) {
	n := parse(t, notifyLine).(*ckb.Notify)
	tgt := &ckb.SetTarget{Target: target(t)}
	id := stratum.IntID(5)
	buf := make([]byte, 0, 4096)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		buf = ckb.AppendNotify(buf[:0], n)
		buf = ckb.AppendSetTarget(buf, tgt)
		buf = ckb.AppendResult(buf, id, true)
		buf = ckb.AppendError(buf, id, ckb.CodeDuplicate, ckb.TextDuplicate)
	}))
}

// encode writes what ParseServerMessage returned in our own form.
func encode(m ckb.ServerMessage) []byte {
	switch m := m.(type) {
	case *ckb.SetTarget:
		return ckb.AppendSetTarget(nil, m)
	case *ckb.Notify:
		return ckb.AppendNotify(nil, m)
	case *ckb.SetDifficulty:
		return ckb.AppendSetDifficulty(nil, m)
	case *ckb.SetExtranonce:
		return ckb.AppendSetExtranonce(nil, m)
	case *ckb.Reconnect:
		return ckb.AppendReconnect(nil, m)
	case *ckb.ShowMessage:
		return ckb.AppendShowMessage(nil, m)
	case *ckb.GetVersion:
		return ckb.AppendGetVersion(nil, m)
	case *ckb.Reply:
		return encodeReply(m)
	}
	return nil
}

func encodeReply(r *ckb.Reply) []byte {
	if r.Err != nil {
		return ckb.AppendError(nil, r.ID, r.Err.Code, r.Err.Message)
	}
	if s, err := r.Subscribe(); err == nil {
		return ckb.AppendSubscribeResult(nil, r.ID, s)
	}
	return ckb.AppendResult(nil, r.ID, r.OK())
}

func FuzzServerMessage(f *testing.F) {
	for _, line := range serverLines {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := ckb.ParseServerMessage(line)
		if err != nil {
			return
		}
		again := encode(m)
		if again == nil {
			return
		}
		got, err := ckb.ParseServerMessage(again)
		require.NoError(t, err, string(again))
		require.Equal(t, again, encode(got))
		if _, isReply := m.(*ckb.Reply); !isReply {
			require.Equal(t, m, got)
		}
	})
}
