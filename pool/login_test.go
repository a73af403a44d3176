package pool

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
)

func TestLoginErrors(t *testing.T) {
	l := startLab(t, nil)
	for _, tc := range []struct{ params, want string }{
		{`{"login":"nobody","pass":"x","agent":"a"}`, "Invalid address used for login"},
		{`{"login":"","pass":"x"}`, "Missing login"},
		{`{"pass":"x"}`, "Missing login"},
		{`{"login":7,"pass":"x"}`, "Missing login"},
		{`{"login":"wallet","pass":7}`, "pass must be a string"},
		{`{"login":"wallet","agent":["a"]}`, "agent must be a string"},
		{`null`, "Missing login"},
		{`[]`, "Missing login"},
		{`{"login":"wallet","algo":["rx/none"]}`, "No compatible algorithm"},
		{`{"login":"wallet+1e30"}`, "Invalid difficulty"},
		{`{"login":"wallet+-5"}`, "Invalid difficulty"},
		{`{"login":"wallet+0"}`, "Invalid difficulty"},
		{`{"login":"wallet+5+6"}`, "Invalid difficulty"},
		{`{"login":"wallet","pass":"d=many"}`, "Invalid difficulty"},
	} {
		c := l.dial(0)
		reply, _ := c.call("login", tc.params)
		require.True(t, reply.failed(), tc.params)
		require.Contains(t, reply.text(), tc.want, tc.params)
		require.True(t, len(reply.Result) == 0 || string(reply.Result) == "null")
		reply, _ = c.call("login", `{"login":"wallet","pass":"x"}`)
		require.False(t, reply.failed(), "the connection is still good after %s", tc.params)
	}
}

func TestRequestsWithoutASession(t *testing.T) {
	l := startLab(t, nil)
	c := l.dial(0)
	for _, method := range []string{"submit", "keepalived", "getjob"} {
		reply, _ := c.call(method, `{"id":"x","job_id":"1","nonce":"00000000","result":"`+strings.Repeat("0", 64)+`"}`)
		require.Equal(t, "Unauthenticated", reply.text())
	}
	reply, _ := c.call("mining.subscribe", `["a"]`)
	require.Equal(t, "Invalid method", reply.text())
	for _, id := range []string{`0`, `"abc"`, `-3`, `2147483648`, `1.5`, `null`} {
		c.write(fmt.Sprintf(`{"id":%s,"method":"nonsense","params":{}}`, id))
		require.Equal(t, id, string(c.read().ID), "ids come back as they were")
	}
}

func TestRequestedDifficulty(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		p := &c.Ports[0]
		p.Fixed, p.Start, p.Min, p.Max, p.Interval = 0, 1000, 100, 1_000_000, 100*time.Millisecond
	})
	for _, tc := range []struct {
		login, pass string
		want        uint64
		worker      string
	}{
		{"wallet+5000", "x", 5000, ""},
		{"wallet+1", "x", 100, ""},
		{"wallet+99999999999999999999999999", "x", 1_000_000, ""},
		{"wallet.rig.1+5000", "x", 5000, "rig.1"},
		{"wallet+5000.rig", "x", 5000, "rig"},
		{"wallet", "d=7000", 7000, ""},
		{"wallet", "gpu4,d=7000", 7000, "gpu4"},
		{"wallet", "X", 1000, ""},
		{"wallet.<b>x</b>", "", 1000, "?b?x?/b?"},
	} {
		c := l.loginAs(tc.login, tc.pass)
		require.Equal(t, hex.EncodeToString(wireTarget(tc.want, true)), c.job.Target, "%+v", tc)
		l.eventually("the worker's name", func() bool {
			return l.seen(func(e Event) bool {
				o, ok := e.(*SessionOpened)
				return ok && o.Miner.Worker == tc.worker && o.Miner.Login == "wallet"
			})
		})
	}
	c := l.loginAs("wallet+5000", "x")
	time.Sleep(400 * time.Millisecond)
	_, others := c.call("keepalived", fmt.Sprintf(`{"id":%q}`, c.rpcID))
	require.Empty(t, others, "a difficulty that was asked for does not move")
}

func TestSecondLoginReplacesTheFirst(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	first := *c
	reply, _ := c.call("login", `{"login":"wallet2","pass":"x"}`)
	var result struct {
		ID  string
		Job cnJob
	}
	require.NoError(t, json.Unmarshal(reply.Result, &result))
	require.NotEqual(t, first.rpcID, result.ID)
	nonce, d := mine(t, first.job, 0, 16, 1<<30)
	require.Equal(t, "Unauthenticated", c.submit(first.job.JobID, nonce, d), "the old id earns no more")
	c.rpcID = result.ID
	require.Equal(t, "Invalid job id", c.submit(first.job.JobID, nonce, d))
	nonce, d = mine(t, result.Job, 0, 16, 1<<30)
	require.Empty(t, c.submit(result.Job.JobID, nonce, d))
	require.Equal(t, "wallet2", l.totals()[0].Login)
}

func TestSameNonceAfterReconnect(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	nonce, d := mine(t, c.job, 0, 16, 1<<30)
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	again := l.login()
	require.NotEqual(t, c.job.Blob, again.job.Blob)
	require.NotEmpty(t, again.submit(c.job.JobID, nonce, d))
	require.NotEmpty(t, again.submit(again.job.JobID, nonce, d))
}

func TestGetJobGivesThePresentJob(t *testing.T) {
	l := startLab(t, nil)
	c := l.login()
	for range 5 {
		reply, others := c.call("getjob", fmt.Sprintf(`{"id":%q}`, c.rpcID))
		require.Empty(t, others)
		var job cnJob
		require.NoError(t, json.Unmarshal(reply.Result, &job))
		require.Equal(t, c.job, job)
	}
}
