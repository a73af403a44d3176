package stratumclient

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
	"github.com/aditmine/adit/stratum/ckb"
)

const (
	powHash  = "d5a74fba0c0e9e1c6e4dc33ad4a4cdf6ea0b8d4bb7ed0ff62d4dd0eba5be8a66"
	ckbHello = `{"id":1,"method":"mining.subscribe","params":["adit/test",null]}` + "\n"
	ckbSubOK = `{"id":1,"result":[null,"00c904bd",12],"error":null}`
	ckbAuth  = `{"id":2,"method":"mining.authorize","params":["ckb1user.rig","x"]}` + "\n"
	ckbOK    = `{"id":2,"result":true,"error":null}`
)

func ckbEndpoint(t testing.TB) Endpoint {
	return Endpoint{Host: poolHost, User: "ckb1user.rig", Pass: "x", Algorithm: algorithm(t, "eaglesong")}
}

func newTestNervos(t testing.TB) *nervos {
	e := ckbEndpoint(t)
	return newNervos(identity{pool: poolHost, endpoint: e, agent: "adit/test", algorithms: offer(&e, nil), generation: 7})
}

// ckbTarget is a target of n leading zero bytes, then ones.
func ckbTarget(n int) (t hash.Target) {
	for i := n; i < len(t); i++ {
		t[i] = 0xff
	}
	return t
}

func setTarget(n int) string {
	t := ckbTarget(n)
	return `{"id":null,"method":"mining.set_target","params":["` + hex.EncodeToString(t[:]) + `"]}`
}

func notify(id string, clean bool) string {
	word := map[bool]string{true: "true", false: "false"}[clean]
	return `{"id":null,"method":"mining.notify","params":["` + id + `","` + powHash + `",500,"` + powHash + `",` + word + `]}`
}

// feed gives lines to a protocol and returns all events.
func feed(t testing.TB, p protocol, lines ...string) []Event {
	t.Helper()
	var events []Event
	for _, line := range lines {
		r, err := p.receive([]byte(line))
		require.NoError(t, err, line)
		events = append(events, r.events...)
	}
	return events
}

func jobsOf(events []Event) []*Job {
	var jobs []*Job
	for _, e := range events {
		if j, ok := e.(NewJob); ok {
			jobs = append(jobs, j.Job)
		}
	}
	return jobs
}

// The documented transcript, and its share.
func TestCKBTranscript(t *testing.T) {
	p := newTestNervos(t)
	require.Equal(t, ckbHello, string(p.hello()))
	r, err := p.receive([]byte(ckbSubOK))
	require.NoError(t, err)
	require.Equal(t, ckbAuth, string(r.send))
	require.False(t, p.ready())

	events := feed(t, p, ckbOK, setTarget(2), notify("1611", true))
	require.Equal(t, LoggedIn{Pool: poolHost}, events[0])
	blob, _ := hex.DecodeString(powHash + "00c904bd" + strings.Repeat("00", 12))
	want := &Job{
		ID: "1611", Algorithm: algorithm(t, "eaglesong"), Blob: blob, NonceOffset: 36, NonceSize: 12,
		Height: 500, Target: ckbTarget(2), Difficulty: 65536, Clean: true,
		Pool: poolHost, Generation: 7, algoName: "eaglesong",
	}
	require.Equal(t, []*Job{want}, jobsOf(events))

	nonce2, _ := hex.DecodeString("000000000000000000114026")
	line, id := p.submit(&Share{Job: want, Nonce: nonce2})
	require.Equal(t, `{"id":3,"method":"mining.submit","params":["ckb1user.rig","1611","000000000000000000114026"]}`+"\n", string(line))
	require.EqualValues(t, 3, id)
}

func TestCKBOrderOfTargetJobAndLogin(t *testing.T) {
	login := []string{ckbSubOK, ckbOK}
	for name, lines := range map[string][]string{
		"target first":      {login[0], login[1], setTarget(1), notify("a", false)},
		"job first":         {login[0], login[1], notify("a", false), setTarget(1)},
		"both before login": {login[0], setTarget(1), notify("a", false), login[1]},
		"around the login":  {login[0], notify("a", false), login[1], setTarget(1)},
		"job before all":    {notify("a", false), login[0], login[1], setTarget(1)},
	} {
		jobs := jobsOf(feed(t, newTestNervos(t), lines...))
		require.Len(t, jobs, 1, name)
		require.Equal(t, "a", jobs[0].ID)
		require.True(t, jobs[0].Clean, "the first job of a connection")
		require.Equal(t, 36, jobs[0].NonceOffset, name)
		require.Equal(t, byte(0xc9), jobs[0].Blob[33], name)
	}
}

func TestCKBTargetChanges(t *testing.T) {
	p := newTestNervos(t)
	feed(t, p, ckbSubOK, ckbOK, setTarget(2), notify("a", true))

	harder := jobsOf(feed(t, p, setTarget(3)))
	require.Len(t, harder, 1, "a harder target holds at once")
	require.Equal(t, "a", harder[0].ID)
	require.Equal(t, ckbTarget(3), harder[0].Target)
	require.False(t, harder[0].Clean)

	require.Empty(t, feed(t, p, setTarget(1)), "an easier one waits for the next job")
	next := jobsOf(feed(t, p, notify("b", false)))
	require.Len(t, next, 1)
	require.Equal(t, ckbTarget(1), next[0].Target)
	require.False(t, next[0].Clean)
	require.Empty(t, feed(t, p, setTarget(1)), "nothing new")

	_, err := p.receive([]byte(`{"method":"mining.set_target","params":["` + strings.Repeat("0", 64) + `"]}`))
	require.EqualError(t, err, "the pool set an unusable target: target is zero: no share can meet it")
}

func TestCKBExtranonce(t *testing.T) {
	p := newTestNervos(t)
	feed(t, p, ckbSubOK, ckbOK, setTarget(2), notify("a", true))
	require.Empty(t, feed(t, p, `{"id":null,"method":"mining.set_extranonce","params":["0102030405060708",8]}`))
	old := jobsOf(feed(t, p, setTarget(3)))
	require.Equal(t, 36, old[0].NonceOffset, "the job in hand keeps its nonce1")
	next := jobsOf(feed(t, p, notify("b", false)))
	require.Equal(t, 40, next[0].NonceOffset)
	require.Equal(t, 8, next[0].NonceSize)
	require.Equal(t, []byte{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}, next[0].Blob[32:])

	e := ckbEndpoint(t)
	e.ExtranonceSubscribe = true
	p = newNervos(identity{pool: poolHost, endpoint: e, algorithms: offer(&e, nil)})
	feed(t, p, ckbSubOK)
	r, err := p.receive([]byte(ckbOK))
	require.NoError(t, err)
	require.Equal(t, `{"id":3,"method":"mining.extranonce.subscribe","params":[]}`+"\n", string(r.send))
	r, err = p.receive([]byte(`{"id":3,"result":null,"error":[20,"Unknown method",null]}`))
	require.NoError(t, err, "a pool that does not know it is as good")
	require.Empty(t, r.events)
}

func TestCKBOtherMessages(t *testing.T) {
	p := newTestNervos(t)
	feed(t, p, ckbSubOK, ckbOK)
	r, err := p.receive([]byte(`{"id":9,"method":"client.get_version","params":[]}`))
	require.NoError(t, err)
	require.Equal(t, `{"id":9,"result":"adit/test","error":null}`+"\n", string(r.send))
	require.Equal(t, []Event{Notice{poolHost, "hi?[0m"}}, feed(t, p, `{"method":"client.show_message","params":["hi\u001b[0m"]}`))
	require.Empty(t, feed(t, p, `{"method":"mining.set_difficulty","params":[65536]}`, `{"method":"mining.ping","params":[]}`))
	require.Equal(t, []Event{Notice{poolHost, "slow"}}, feed(t, p, `{"id":null,"error":[20,"slow",null],"result":null}`))
	r, err = p.receive([]byte(`{"method":"client.reconnect","params":["h",99,1]}`))
	require.NoError(t, err)
	require.Equal(t, &redirect{"h", 99}, r.redirect)
	require.Nil(t, p.keepalive())
}

func TestCKBVerdicts(t *testing.T) {
	for line, want := range map[string]verdict{
		`{"id":7,"result":true,"error":null}`:                        {7, true, ""},
		`{"id":"7","result":true}`:                                   {7, true, ""},
		`{"id":7,"result":null,"error":[23,"Low difficulty",null]}`:  {7, false, "Low difficulty"},
		`{"id":7,"result":false,"error":[21,"low difficulty",null]}`: {7, false, "low difficulty"},
		`{"id":7,"result":false,"error":null}`:                       {7, false, "refused without a reason"},
		`{"id":7,"result":true,"error":[20,"both",null]}`:            {7, false, "both"},
	} {
		p := newTestNervos(t)
		feed(t, p, ckbSubOK, ckbOK)
		r, err := p.receive([]byte(line))
		require.NoError(t, err)
		require.Equal(t, &want, r.verdict, line)
	}
}

func TestCKBLoginFailures(t *testing.T) {
	for _, c := range []struct {
		text  string
		lines []string
	}{
		{"the pool refused the login: no", []string{`{"id":1,"result":null,"error":[20,"no",null]}`}},
		{"the pool refused the login: no", []string{`{"id":null,"result":null,"error":[20,"no",null]}`}},
		{"the pool refused the login: bad user", []string{ckbSubOK, `{"id":2,"result":null,"error":[24,"bad user",null]}`}},
		{"the pool refused the login: refused without a reason", []string{ckbSubOK, `{"id":2,"result":false,"error":null}`}},
		{"the pool's answer to mining.subscribe is unusable: nonce2 size must be a number that makes 16 with the length of nonce1", []string{`{"id":1,"result":[null,"00",12]}`}},
		{"the pool's answer to mining.subscribe is unusable: result must be a list of session, nonce1 and nonce2 size", []string{`{"id":1,"result":true}`}},
		{"the pool sent an unusable job: mining.notify: job id is missing", []string{ckbSubOK, ckbOK, `{"method":"mining.notify","params":[]}`}},
		{"the pool sent an unusable job: mining.set_extranonce: nonce1 is missing", []string{ckbSubOK, ckbOK, `{"method":"mining.set_extranonce"}`}},
	} {
		p := newTestNervos(t)
		last := len(c.lines) - 1
		feed(t, p, c.lines[:last]...)
		_, err := p.receive([]byte(c.lines[last]))
		require.EqualError(t, err, c.text)
	}
	_, err := newTestNervos(t).receive([]byte(`{"method":"client.show_message","params":[5]}`))
	var bad *malformedError
	require.ErrorAs(t, err, &bad)
}

// Every line the client writes is one the pool's parser takes.
func TestCKBWritesWhatPoolsRead(t *testing.T) {
	p := newTestNervos(t)
	req, err := ckb.ParseRequest(p.hello())
	require.NoError(t, err)
	require.Equal(t, &ckb.Subscribe{ID: stratum.IntID(1), Agent: "adit/test"}, req)
}

func FuzzCKB(f *testing.F) {
	f.Add([]byte(ckbSubOK), []byte(setTarget(2)), []byte(notify("a", true)))
	f.Add([]byte(notify("a", false)), []byte(ckbSubOK), []byte(`{"method":"mining.set_extranonce","params":["",16]}`))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		p := newTestNervos(t)
		for _, line := range [][]byte{a, []byte(ckbOK), b, c, []byte(setTarget(3)), []byte(notify("z", false))} {
			r, _ := p.receive(line)
			for _, j := range jobsOf(r.events) {
				require.Equal(t, 48, len(j.Blob))
				require.Equal(t, 48, j.NonceOffset+j.NonceSize)
				p.submit(&Share{Job: j, Nonce: make([]byte, j.NonceSize)})
			}
		}
	})
}
