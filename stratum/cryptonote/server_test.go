package cryptonote_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// blobHex is the hashing blob of a real template, nonce zero.
const blobHex = "0c0cf1bae6ef052ed0244969f5a7d1dd396310ec90dd58daf3ea793970f0594bb34e403e16915800000000fa9adcad3f2ad7ade80a7d4fbafda0f8b3fbcfcfdc6dd6a4095b07d5a2a4399a01"

const (
	jobObject   = `{"blob":"` + blobHex + `","job_id":"17","target":"b88d0600","algo":"cn/r","height":1806260,"id":"f3c1"}`
	loginResult = `{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"f3c1","job":` + jobObject + `,"extensions":["algo","nicehash","connect","tls","keepalive"],"status":"OK"}}`
	jobLine     = `{"jsonrpc":"2.0","method":"job","params":` + jobObject + `}`
)

var serverLines = []string{
	loginResult,
	jobLine,
	`{"id":1,"result":{"id":"x","job":` + jobObject + `}}`,
	`{"jsonrpc":"2.0","method":"job","params":{"blob":"` + blobHex + `","job_id":"1","target":"cb10c7bab88d0600","seed_hash":"` + strings.Repeat("ab", 32) + `","next_seed_hash":""}}`,
	`{"id":2,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}`,
	`{"id":3,"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}`,
	`{"id":2,"jsonrpc":"2.0","error":{"code":-1,"message":"Low difficulty share"}}`,
	`{"id":2,"error":"text","result":null}`,
	`{"id":2,"error":[23,"low",null],"result":null}`,
	`{"id":null,"method":"client.reconnect","params":["pool.example.org","3333"]}`,
	`{"method":"client.reconnect","params":[]}`,
	`{"id":7,"result":` + jobObject + `}`,
	`{"method":"motd","params":"hello"}`,
}

func wantJob(t *testing.T) *cryptonote.Job {
	return &cryptonote.Job{
		ID: "17", Blob: hexBytes(t, blobHex), Target: []byte{0xb8, 0x8d, 0x06, 0x00},
		Algo: "cn/r", Height: 1806260, RPCID: "f3c1",
	}
}

func parseReply(t *testing.T, line string) *cryptonote.Reply {
	t.Helper()
	m, err := cryptonote.ParseServerMessage([]byte(line))
	require.NoError(t, err)
	require.IsType(t, &cryptonote.Reply{}, m)
	return m.(*cryptonote.Reply)
}

func TestLoginResultBothWays(t *testing.T) {
	want := &cryptonote.LoginResult{
		RPCID: "f3c1", Job: wantJob(t), Status: "OK",
		Extensions: []string{"algo", "nicehash", "connect", "tls", "keepalive"},
	}
	r := parseReply(t, loginResult)
	require.Equal(t, stratum.IntID(1), r.ID)
	got, err := r.Login()
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, loginResult+"\n", string(cryptonote.AppendLoginResult(nil, r.ID, want)))
}

func TestJobBothWays(t *testing.T) {
	m, err := cryptonote.ParseServerMessage([]byte(jobLine))
	require.NoError(t, err)
	require.Equal(t, &cryptonote.JobNotification{wantJob(t)}, m)
	require.Equal(t, jobLine+"\n", string(cryptonote.AppendJob(nil, wantJob(t))))

	r := parseReply(t, string(cryptonote.AppendJobResult(nil, stratum.IntID(7), wantJob(t))))
	j, err := r.Job()
	require.NoError(t, err)
	require.Equal(t, wantJob(t), j)
}

func TestJobKeepsNoPartOfTheLine(t *testing.T) {
	line := []byte(jobLine)
	m, err := cryptonote.ParseServerMessage(line)
	require.NoError(t, err)
	reply := []byte(loginResult)
	r, err := cryptonote.ParseServerMessage(reply)
	require.NoError(t, err)
	clear(line)
	clear(reply)
	require.Equal(t, wantJob(t), m.(*cryptonote.JobNotification).Job)
	_, err = r.(*cryptonote.Reply).Login()
	require.NoError(t, err)
}

func TestSeedHashes(t *testing.T) {
	seed := strings.Repeat("AB", 32)
	line := `{"method":"job","params":{"blob":"` + blobHex + `","job_id":"1","target":"cb10c7bab88d0600","height":null,"seed_hash":"` + seed + `","next_seed_hash":""}}`
	m, err := cryptonote.ParseServerMessage([]byte(line))
	require.NoError(t, err)
	j := m.(*cryptonote.JobNotification).Job
	require.Equal(t, hexBytes(t, seed), j.SeedHash)
	require.Nil(t, j.NextSeedHash)
	require.Len(t, j.Target, 8)
}

func TestJobRefusalsNameTheField(t *testing.T) {
	for _, c := range []struct{ old, replacement, field string }{
		{`"job_id":"17"`, `"job_id":17`, "job_id"},
		{`"job_id":"17"`, `"job_id":""`, "job_id"},
		{`"blob":"0c`, `"blob":"0`, "blob"},
		{`"blob":"` + blobHex, `"blob":"` + blobHex[:84], "blob"},
		{`"blob":"` + blobHex, `"blob":"` + strings.Repeat("00", 408), "blob"},
		{`"blob":"` + blobHex + `"`, `"blob":5`, "blob"},
		{`"target":"b88d0600"`, `"target":"b88d06"`, "target"},
		{`"target":"b88d0600"`, `"target":"b88d060000"`, "target"},
		{`"target":"b88d0600"`, `"target":"0xb88d06"`, "target"},
		{`"target":"b88d0600"`, `"target":1`, "target"},
		{`"target":"b88d0600",`, ``, "target"},
		{`"algo":"cn/r"`, `"algo":1`, "algo"},
		{`"height":1806260`, `"height":"1806260"`, "height"},
		{`"height":1806260`, `"height":-1`, "height"},
		{`"height":1806260`, `"seed_hash":"abcd"`, "seed_hash"},
		{`"height":1806260`, `"next_seed_hash":1`, "next_seed_hash"},
	} {
		line := strings.Replace(jobLine, c.old, c.replacement, 1)
		require.NotEqual(t, jobLine, line)
		_, err := cryptonote.ParseServerMessage([]byte(line))
		var field *stratum.FieldError
		require.ErrorAs(t, err, &field, line)
		require.Equal(t, c.field, field.Field)

		_, err = parseReply(t, strings.Replace(loginResult, c.old, c.replacement, 1)).Login()
		require.ErrorAs(t, err, &field, line)
	}
	for line, name := range map[string]string{
		`{"id":1,"result":{"job":` + jobObject + `}}`:                          "id",
		`{"id":1,"result":{"id":5,"job":` + jobObject + `}}`:                   "id",
		`{"id":1,"result":{"id":"a"}}`:                                         "job",
		`{"id":1,"result":{"id":"a","job":[]}}`:                                "job",
		`{"id":1,"result":{"id":"a","extensions":{},"job":` + jobObject + `}}`: "extensions",
		`{"id":1,"result":{"id":"a","status":1,"job":` + jobObject + `}}`:      "status",
		`{"id":1,"result":"OK"}`:                                               "result",
		`{"id":1}`:                                                             "result",
	} {
		_, err := parseReply(t, line).Login()
		var field *stratum.FieldError
		require.ErrorAs(t, err, &field, line)
		require.Equal(t, name, field.Field, line)
	}
}

func TestReplyForms(t *testing.T) {
	for _, c := range []struct {
		line string
		ok   bool
		err  *stratum.ReplyError
	}{
		{`{"id":2,"error":null,"result":{"status":"OK"}}`, true, nil},
		{`{"id":2,"result":{"status":"OK"}}`, true, nil},
		{`{"id":2,"result":true}`, true, nil},
		{`{"id":2,"result":"OK"}`, true, nil},
		{`{"id":2,"result":false}`, false, nil},
		{`{"id":2,"error":{"code":-1,"message":"Low difficulty share"}}`, false, &stratum.ReplyError{Code: -1, Message: "Low difficulty share"}},
		{`{"id":2,"error":{"code":23,"message":"low"},"result":null}`, false, &stratum.ReplyError{Code: 23, Message: "low"}},
		{`{"id":2,"error":"bad"}`, false, &stratum.ReplyError{Code: -1, Message: "bad"}},
		{`{"id":2,"error":[21,"stale",null]}`, false, &stratum.ReplyError{Code: 21, Message: "stale"}},
		{`{"id":2,"error":{}}`, false, &stratum.ReplyError{Code: -1, Message: "unspecified error"}},
		{`{"id":2,"error":{"code":"101","message":5}}`, false, &stratum.ReplyError{Code: -1, Message: "unspecified error"}},
		{`{"id":2,"error":{"code":99999999999,"message":""}}`, false, &stratum.ReplyError{Code: -1, Message: "unspecified error"}},
		{`{"id":2,"error":true}`, false, &stratum.ReplyError{Code: -1, Message: "unspecified error"}},
	} {
		r := parseReply(t, c.line)
		require.Equal(t, c.ok, r.OK(), c.line)
		require.Equal(t, c.err, r.Err, c.line)
		if c.err != nil {
			_, err := r.Login()
			require.Equal(t, c.err, err)
			_, err = r.Job()
			require.EqualError(t, err, c.err.Message)
		}
	}
	require.Equal(t, "KEEPALIVED", parseReply(t, string(cryptonote.AppendKeepalivedResult(nil, stratum.IntID(1)))).Status())
	require.Equal(t, "", parseReply(t, `{"id":1,"result":true}`).Status())
}

func TestReplyEncodingsEchoTheID(t *testing.T) {
	for _, id := range []stratum.ID{stratum.IntID(7), stratum.StringID("abc"), stratum.NullID(), {}} {
		require.Equal(t, `{"id":`+id.String()+`,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}`+"\n",
			string(cryptonote.AppendOK(nil, id)))
		require.Equal(t, `{"id":`+id.String()+`,"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}`+"\n",
			string(cryptonote.AppendKeepalivedResult(nil, id)))
		require.Equal(t, `{"id":`+id.String()+`,"jsonrpc":"2.0","error":{"code":-1,"message":"Low difficulty share"}}`+"\n",
			string(cryptonote.AppendError(nil, id, cryptonote.CodeError, cryptonote.TextLowDifficulty)))
	}
	r := parseReply(t, string(cryptonote.AppendError(nil, stratum.IntID(1), -5, "a \"b\"\n\xff")))
	require.Equal(t, &stratum.ReplyError{Code: -5, Message: "a \"b\"\n\ufffd"}, r.Err)
}

func TestReconnectForms(t *testing.T) {
	for line, want := range map[string]*cryptonote.Reconnect{
		`{"id":null,"method":"client.reconnect","params":["h","3333"]}`: {"h", 3333},
		`{"method":"client.reconnect","params":["h",3333,5]}`:           {"h", 3333},
		`{"method":"client.reconnect","params":[]}`:                     {},
		`{"method":"client.reconnect"}`:                                 {},
		`{"method":"client.reconnect","params":["h"]}`:                  {Host: "h"},
	} {
		m, err := cryptonote.ParseServerMessage([]byte(line))
		require.NoError(t, err)
		require.Equal(t, want, m, line)
		m, err = cryptonote.ParseServerMessage(cryptonote.AppendReconnect(nil, want))
		require.NoError(t, err)
		require.Equal(t, want, m)
	}
	for _, params := range []string{`[1,"2"]`, `["h","x"]`, `["h",65536]`, `["h",-1]`, `["h",[]]`} {
		_, err := cryptonote.ParseServerMessage([]byte(`{"method":"client.reconnect","params":` + params + `}`))
		var field *stratum.FieldError
		require.ErrorAs(t, err, &field, params)
	}
}

func TestServerMessageOddities(t *testing.T) {
	m, err := cryptonote.ParseServerMessage([]byte(`{"id":5,"method":"motd","params":"x"}`))
	require.NoError(t, err)
	require.Equal(t, &cryptonote.Notification{stratum.IntID(5), "motd"}, m)
	_, err = cryptonote.ParseServerMessage([]byte(`<html>`))
	var syntax *stratum.SyntaxError
	require.ErrorAs(t, err, &syntax)
}

func TestIsCritical(t *testing.T) {
	for _, text := range []string{"Unauthenticated", "your ip is banned", "IP Address currently banned for 5 minutes", "INVALID JOB ID 7"} {
		require.True(t, cryptonote.IsCritical(text), text)
	}
	for _, text := range []string{"", "Low difficulty share", "cannot find job with job_id", "unauth", cryptonote.TextUnknownJob} {
		require.False(t, cryptonote.IsCritical(text), text)
	}
}

// The lines a pool writes by the thousand must not allocate.
func TestHotEncodingsAllocateNothing(t *testing.T) {
	job, id := wantJob(t), stratum.IntID(5)
	buf := make([]byte, 0, 4096)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		buf = cryptonote.AppendJob(buf[:0], job)
		buf = cryptonote.AppendOK(buf, id)
		buf = cryptonote.AppendError(buf, id, cryptonote.CodeError, cryptonote.TextDuplicateShare)
		buf = cryptonote.AppendJobResult(buf, id, job)
	}))
}

// encode writes what ParseServerMessage returned in our own form.
func encode(m cryptonote.ServerMessage) []byte {
	switch m := m.(type) {
	case *cryptonote.JobNotification:
		return cryptonote.AppendJob(nil, m.Job)
	case *cryptonote.Reconnect:
		return cryptonote.AppendReconnect(nil, m)
	case *cryptonote.Reply:
		return encodeReply(m)
	}
	return nil
}

func encodeReply(r *cryptonote.Reply) []byte {
	if r.Err != nil {
		return cryptonote.AppendError(nil, r.ID, r.Err.Code, r.Err.Message)
	}
	if l, err := r.Login(); err == nil {
		return cryptonote.AppendLoginResult(nil, r.ID, l)
	}
	if j, err := r.Job(); err == nil {
		return cryptonote.AppendJobResult(nil, r.ID, j)
	}
	return nil
}

func FuzzServerMessage(f *testing.F) {
	for _, line := range serverLines {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := cryptonote.ParseServerMessage(line)
		if err != nil {
			return
		}
		again := encode(m)
		if again == nil {
			return
		}
		got, err := cryptonote.ParseServerMessage(again)
		require.NoError(t, err, string(again))
		require.Equal(t, again, encode(got))
		if _, isReply := m.(*cryptonote.Reply); !isReply {
			require.Equal(t, m, got)
		}
	})
}
