package stratumclient

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// blobHex is the hashing blob of a real template, nonce zero.
const blobHex = "0c0cf1bae6ef052ed0244969f5a7d1dd396310ec90dd58daf3ea793970f0594bb34e403e16915800000000fa9adcad3f2ad7ade80a7d4fbafda0f8b3fbcfcfdc6dd6a4095b07d5a2a4399a01"

const poolHost = "pool.test:3333"

func algorithm(t testing.TB, name string) *hash.Algorithm {
	t.Helper()
	a, err := hash.Lookup(name)
	require.NoError(t, err)
	return a
}

func cnIdentity(t testing.TB, name string) identity {
	e := Endpoint{Host: poolHost, User: "4AWALLET", Pass: "x", RigID: "rig1", Algorithm: algorithm(t, name)}
	all := []*hash.Algorithm{algorithm(t, "cn/0"), algorithm(t, "cn/r"), algorithm(t, "cn-pico"), algorithm(t, "eaglesong")}
	return identity{pool: poolHost, endpoint: e, agent: "adit/test", algorithms: offer(&e, all), generation: 7}
}

// jobJSON is a job with the given members replaced or added; "" removes.
func jobJSON(changes ...string) string {
	fields := []string{"blob", `"` + blobHex + `"`, "job_id", `"j1"`, "target", `"b88d0600"`, "algo", `"cn/0"`, "height", "100"}
	for i := 0; i < len(changes); i += 2 {
		found := false
		for k := 0; k < len(fields); k += 2 {
			if fields[k] == changes[i] {
				fields[k+1], found = changes[i+1], true
			}
		}
		if !found {
			fields = append(fields, changes[i:i+2]...)
		}
	}
	var members []string
	for k := 0; k < len(fields); k += 2 {
		if fields[k+1] != "" {
			members = append(members, `"`+fields[k]+`":`+fields[k+1])
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func loginReply(job string, extensions ...string) string {
	list := ""
	if len(extensions) > 0 {
		list = `,"extensions":["` + strings.Join(extensions, `","`) + `"]`
	}
	return `{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"sess","job":` + job + list + `,"status":"OK"}}`
}

func jobLine(job string) string { return `{"jsonrpc":"2.0","method":"job","params":` + job + `}` }

// loggedIn is a protocol after a login with that job and those extensions.
func loggedIn(t testing.TB, name, job string, extensions ...string) (*cryptoNote, *Job) {
	t.Helper()
	p := newCryptoNote(cnIdentity(t, name))
	r, err := p.receive([]byte(loginReply(job, extensions...)))
	require.NoError(t, err)
	require.True(t, p.ready())
	require.Len(t, r.events, 2)
	require.Equal(t, LoggedIn{Pool: poolHost, Extensions: extensions}, r.events[0])
	return p, r.events[1].(NewJob).Job
}

func receiveJob(t testing.TB, p protocol, line string) *Job {
	t.Helper()
	r, err := p.receive([]byte(line))
	require.NoError(t, err)
	require.Len(t, r.events, 1)
	return r.events[0].(NewJob).Job
}

func TestCryptoNoteHello(t *testing.T) {
	req, err := cryptonote.ParseRequest(newCryptoNote(cnIdentity(t, "cn/r")).hello())
	require.NoError(t, err)
	require.Equal(t, &cryptonote.Login{
		ID: stratum.IntID(1), Login: "4AWALLET", Pass: "x", Agent: "adit/test", RigID: "rig1",
		Algos: []string{"cn/r", "cn/0", "cn-pico"},
	}, req, "the configured algorithm comes first, other dialects' are left out")
}

func TestCryptoNoteJob(t *testing.T) {
	_, job := loggedIn(t, "cn/r", jobJSON())
	blob, _ := hex.DecodeString(blobHex)
	target, err := chain.TargetFromCompact4(0x00068db8)
	require.NoError(t, err)
	require.Equal(t, &Job{
		ID: "j1", Algorithm: algorithm(t, "cn/0"), Blob: blob, NonceOffset: 39, NonceSize: 4,
		Height: 100, Target: target, Difficulty: 10000, Clean: true,
		Pool: poolHost, Generation: 7, algoName: "cn/0",
	}, job)
}

func TestCryptoNoteTargets(t *testing.T) {
	for field, difficulty := range map[string]uint64{
		"b88d0600": 10000, "cb10c7bab88d0600": 10000, "ffffffff": 1,
		"84f2e70800000000": 123456789294, // made for 123456789012, which is lost in rounding
	} {
		_, job := loggedIn(t, "cn/0", jobJSON("target", `"`+field+`"`))
		require.Equal(t, difficulty, job.Difficulty, field)
		want, _, err := chain.ParseTargetHex(field)
		require.NoError(t, err)
		require.Equal(t, want, job.Target)
	}
}

func TestCryptoNoteJobAlgorithm(t *testing.T) {
	_, job := loggedIn(t, "cn/r", jobJSON("algo", ""))
	require.Equal(t, "cn/r", job.Algorithm.Name, "a job without one is for the configured algorithm")
	_, job = loggedIn(t, "cn/r", jobJSON("algo", `"CN/0"`))
	require.Equal(t, "cn/0", job.Algorithm.Name)

	for _, name := range []string{"rx/0", "cn/2", "eaglesong", "\\u001b[2J"} {
		p := newCryptoNote(cnIdentity(t, "cn/r"))
		_, err := p.receive([]byte(loginReply(jobJSON("algo", `"`+name+`"`))))
		var unknown *AlgorithmError
		require.ErrorAs(t, err, &unknown, name)
		require.Equal(t, []string{"cn/r", "cn/0", "cn-pico"}, unknown.Mines)
		require.NotContains(t, err.Error(), "\x1b")
	}
}

func TestCryptoNoteNiceHash(t *testing.T) {
	withNonce := func(nonce string) string {
		return jobJSON("blob", `"`+blobHex[:78]+nonce+blobHex[86:]+`"`)
	}
	for _, c := range []struct {
		nonce      string
		extensions []string
		size       int
		sent       string
	}{
		{"00000000", nil, 4, "01020304"},
		{"000000ab", nil, 3, "010203ab"},
		{"01000000", nil, 3, "01020300"},
		{"00000000", []string{"nicehash"}, 3, "01020300"},
	} {
		p, job := loggedIn(t, "cn/0", withNonce(c.nonce), c.extensions...)
		require.Equal(t, c.size, job.NonceSize, c)
		require.Equal(t, 39, job.NonceOffset)
		line, _ := p.submit(&Share{Job: job, Nonce: []byte{1, 2, 3, 4}[:c.size]})
		require.Contains(t, string(line), `"nonce":"`+c.sent+`"`)
	}
}

func TestCryptoNoteSubmit(t *testing.T) {
	p, job := loggedIn(t, "cn/0", jobJSON("algo", `"cryptonight/0"`))
	share := &Share{Job: job, Nonce: []byte{0xd0, 3, 0, 0x40}, Digest: hash.Digest{31: 0xff}}
	line, id := p.submit(share)
	require.EqualValues(t, 2, id, "the login was 1")
	req, err := cryptonote.ParseRequest(line)
	require.NoError(t, err)
	require.Equal(t, &cryptonote.Submit{
		ID: stratum.IntID(2), RPCID: "sess", JobID: "j1",
		Nonce: [4]byte{0xd0, 3, 0, 0x40}, Result: [32]byte{31: 0xff},
	}, req, "no algo unless the pool announced it")

	p, job = loggedIn(t, "cn/0", jobJSON("algo", `"cryptonight/0"`), "algo")
	share.Job = job
	line, _ = p.submit(share)
	require.Contains(t, string(line), `"algo":"cryptonight/0"`, "spelled as the pool spelled it")

	p, job = loggedIn(t, "cn/0", jobJSON("algo", ""), "algo")
	share.Job = job
	line, _ = p.submit(share)
	require.Contains(t, string(line), `"algo":"cn/0"`)
}

func TestCryptoNoteVerdicts(t *testing.T) {
	for line, want := range map[string]verdict{
		`{"id":5,"error":null,"result":{"status":"OK"}}`:                {5, true, ""},
		`{"id":"5","result":{"status":"OK"}}`:                           {5, true, ""},
		`{"id":5,"error":{"code":-1,"message":"Low difficulty share"}}`: {5, false, "Low difficulty share"},
		`{"id":5,"error":{"code":-1,"message":"\u001b[2Jx"}}`:           {5, false, "?[2Jx"},
		`{"id":5,"result":false}`:                                       {5, false, "refused without a reason"},
	} {
		p, _ := loggedIn(t, "cn/0", jobJSON())
		r, err := p.receive([]byte(line))
		require.NoError(t, err, line)
		require.Equal(t, &want, r.verdict, line)
		require.Empty(t, r.events)
	}
	p, _ := loggedIn(t, "cn/0", jobJSON())
	r, err := p.receive([]byte(`{"id":null,"error":{"code":-1,"message":"slow down"}}`))
	require.NoError(t, err)
	require.Nil(t, r.verdict)
	require.Equal(t, []Event{Notice{poolHost, "slow down"}}, r.events)
}

func TestCryptoNoteCriticalErrors(t *testing.T) {
	for _, text := range []string{"Unauthenticated", "your IP is banned", "IP Address currently banned", "invalid job id 5"} {
		p, _ := loggedIn(t, "cn/0", jobJSON())
		r, err := p.receive([]byte(`{"id":5,"error":{"code":-1,"message":"` + text + `"}}`))
		var critical *CriticalError
		require.ErrorAs(t, err, &critical)
		require.Equal(t, text, critical.Reason)
		require.Equal(t, &verdict{5, false, text}, r.verdict, "the share is settled all the same")
	}
}

func TestCryptoNoteLoginFailures(t *testing.T) {
	for line, text := range map[string]string{
		`{"id":1,"error":{"code":-1,"message":"Invalid address"}}`: "the pool refused the login: Invalid address",
		`{"id":null,"error":{"code":-1,"message":"Invalid JSON"}}`: "the pool refused the login: Invalid JSON",
		`{"id":1,"result":null}`:                                   "the pool's answer to the login is unusable: result must be an object",
		`{"id":1,"result":{"job":` + jobJSON() + `}}`:              "the pool's answer to the login is unusable: id is missing",
		loginReply(jobJSON("blob", `"00"`)):                        "the pool's answer to the login is unusable: blob must be hexadecimal digits for 43 to 407 bytes",
		loginReply(jobJSON("target", `"00000000"`)):                "the pool sent an unusable job: target is zero: no share can meet it",
		loginReply(jobJSON("algo", `"cn/r"`, "height", "")):        "the pool sent an unusable job: cn/r needs the block height",
		loginReply(jobJSON("target", `"0000000000000000"`)):        "the pool sent an unusable job: target is zero: no share can meet it",
	} {
		p := newCryptoNote(cnIdentity(t, "cn/r"))
		_, err := p.receive([]byte(line))
		require.EqualError(t, err, text, line)
		var bad *malformedError
		require.NotErrorAs(t, err, &bad)
	}
}

func TestCryptoNoteUnusableLines(t *testing.T) {
	p, _ := loggedIn(t, "cn/0", jobJSON())
	for _, line := range []string{`garbage`, `{"id":[],"result":1}`, `{"method":"client.reconnect","params":[1]}`} {
		_, err := p.receive([]byte(line))
		var bad *malformedError
		require.ErrorAs(t, err, &bad, line)
	}
	_, err := p.receive([]byte(jobLine(jobJSON("target", `"zz"`))))
	require.EqualError(t, err, "the pool sent an unusable job: job: target must be 8 or 16 hexadecimal digits")
}

func TestCryptoNoteOddMessages(t *testing.T) {
	p := newCryptoNote(cnIdentity(t, "cn/0"))
	r, err := p.receive([]byte(jobLine(jobJSON())))
	require.NoError(t, err)
	require.Empty(t, r.events, "a job before the login is nobody's")
	r, err = p.receive([]byte(`{"method":"motd","params":["hi"]}`))
	require.NoError(t, err)
	require.Equal(t, reaction{}, r)
	r, err = p.receive([]byte(`{"id":null,"method":"client.reconnect","params":["h","99"]}`))
	require.NoError(t, err)
	require.Equal(t, &redirect{"h", 99}, r.redirect)
}

func TestCryptoNoteClean(t *testing.T) {
	p, first := loggedIn(t, "cn/0", jobJSON())
	require.True(t, first.Clean)
	same := receiveJob(t, p, jobLine(jobJSON("job_id", `"j2"`, "target", `"711b0d00"`)))
	require.False(t, same.Clean, "same block, other difficulty")
	require.Equal(t, first.Blob, same.Blob)
	require.True(t, receiveJob(t, p, jobLine(jobJSON("height", "101"))).Clean)
	sideways := blobHex[:14] + "ff" + blobHex[16:]
	require.True(t, receiveJob(t, p, jobLine(jobJSON("height", "101", "blob", `"`+sideways+`"`))).Clean, "a reorganisation")
}

func TestCryptoNoteKeepalive(t *testing.T) {
	p, _ := loggedIn(t, "cn/0", jobJSON())
	require.Nil(t, p.keepalive())
	p, _ = loggedIn(t, "cn/0", jobJSON(), "keepalive")
	require.Equal(t, `{"id":2,"jsonrpc":"2.0","method":"keepalived","params":{"id":"sess"}}`+"\n", string(p.keepalive()))
	id := cnIdentity(t, "cn/0")
	id.endpoint.Keepalive = true
	require.NotNil(t, newCryptoNote(id).keepalive())
}

func FuzzCryptoNote(f *testing.F) {
	f.Add([]byte(loginReply(jobJSON(), "algo", "nicehash")), []byte(jobLine(jobJSON())))
	f.Add([]byte(`{"id":1,"error":{}}`), []byte(`{"id":2,"result":true}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		p := newCryptoNote(cnIdentity(t, "cn/0"))
		for _, line := range [][]byte{first, second} {
			r, _ := p.receive(line)
			for _, e := range r.events {
				if job, ok := e.(NewJob); ok {
					p.submit(&Share{Job: job.Job, Nonce: make([]byte, job.Job.NonceSize)})
				}
			}
		}
	})
}

// TestAlgorithmLeftToThePool: the login offers all, the job decides, and one
// that names none is refused with what to do.
func TestAlgorithmLeftToThePool(t *testing.T) {
	e := cnEndpoint(t, poolHost)
	e.Algorithm = nil
	all := []*hash.Algorithm{algorithm(t, "cn/r"), algorithm(t, "cn/upx2"), algorithm(t, "eaglesong")}
	require.NoError(t, e.check(all))
	require.ErrorContains(t, e.check(all[2:]), "has no algorithm")
	p := newCryptoNote(identity{pool: poolHost, endpoint: e, agent: "adit/test", algorithms: offer(&e, all)})
	require.Contains(t, string(p.hello()), `"algo":["cn/r","cn/upx2"]`)
	events := feed(t, p, `{"id":1,"result":{"id":"s","status":"OK","job":`+jobJSON("algo", `"cn/upx2"`)+`}}`)
	require.Equal(t, "cn/upx2", jobsOf(events)[0].Algorithm.Name)
	_, err := p.receive([]byte(jobLine(jobJSON("algo", `""`))))
	require.ErrorIs(t, err, ErrUnnamedAlgorithm)
	_, err = p.receive([]byte(jobLine(jobJSON("algo", `"eaglesong"`))))
	var unknown *AlgorithmError
	require.ErrorAs(t, err, &unknown)
}
