package pool

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
)

// client is a miner over a socket, one line at a time.
type client struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
	id int
}

func (l *lab) dial(i int) *client {
	l.t.Helper()
	nc, err := net.Dial("tcp", l.Addr(i).String())
	require.NoError(l.t, err)
	l.t.Cleanup(func() { nc.Close() })
	return &client{t: l.t, nc: nc, r: bufio.NewReader(nc)}
}

func (c *client) write(line string) {
	c.t.Helper()
	_, err := io.WriteString(c.nc, line+"\n")
	require.NoError(c.t, err)
}

// message is any line of the pool, taken apart.
type message struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  json.RawMessage
}

func (m message) failed() bool { return len(m.Error) > 0 && string(m.Error) != "null" }

// text is the text of an error, in either dialect.
func (m message) text() string {
	var object struct{ Message string }
	if json.Unmarshal(m.Error, &object) == nil && object.Message != "" {
		return object.Message
	}
	var triple []any
	if json.Unmarshal(m.Error, &triple) == nil && len(triple) == 3 {
		return fmt.Sprint(triple[0], " ", triple[1])
	}
	return string(m.Error)
}

func (c *client) read() message {
	c.t.Helper()
	m, err := c.tryRead()
	require.NoError(c.t, err)
	return m
}

func (c *client) tryRead() (m message, err error) {
	c.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	line, err := c.r.ReadBytes('\n')
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(line, &m)
}

// expectClosed reads until the pool has closed the connection.
func (c *client) expectClosed() {
	c.t.Helper()
	for {
		_, err := c.tryRead()
		if errors.Is(err, io.EOF) {
			return
		}
		var timeout net.Error
		require.False(c.t, errors.As(err, &timeout) && timeout.Timeout(), "the connection stays open")
		if err != nil {
			return
		}
	}
}

// call sends a request and returns the answer to it, keeping what else comes.
func (c *client) call(method, params string) (reply message, others []message) {
	c.t.Helper()
	c.id++
	c.write(fmt.Sprintf(`{"id":%d,"jsonrpc":"2.0","method":%q,"params":%s}`, c.id, method, params))
	for {
		m := c.read()
		if string(m.ID) == fmt.Sprint(c.id) {
			return m, others
		}
		others = append(others, m)
	}
}

// cnJob is a CryptoNote job as a miner sees it.
type cnJob struct {
	Blob, Target, Algo, ID string
	JobID                  string `json:"job_id"`
	Height                 uint64
}

// cnClient is a logged-in CryptoNote miner.
type cnClient struct {
	*client
	rpcID string
	job   cnJob
}

func (l *lab) loginAs(login, pass string) *cnClient {
	l.t.Helper()
	return l.loginOver(l.dial(0), login, pass)
}

// loginOver logs in on a connection.
func (l *lab) loginOver(c *client, login, pass string) *cnClient {
	l.t.Helper()
	reply, _ := c.call("login", fmt.Sprintf(`{"login":%q,"pass":%q,"agent":"XMRig/6.26.0","algo":["cn/0","cn/r"]}`, login, pass))
	require.False(l.t, reply.failed(), "login: %s", reply.Error)
	var result struct {
		ID     string
		Job    cnJob
		Status string
	}
	require.NoError(l.t, json.Unmarshal(reply.Result, &result))
	require.Equal(l.t, "OK", result.Status)
	require.NotEmpty(l.t, result.ID)
	return &cnClient{client: c, rpcID: result.ID, job: result.Job}
}

func (l *lab) login() *cnClient { return l.loginAs("wallet", "x") }

// nextJob waits for a job notification.
func (c *cnClient) nextJob() cnJob {
	c.t.Helper()
	for {
		m := c.read()
		if m.Method == "job" {
			require.True(c.t, len(m.ID) == 0 || string(m.ID) == "null")
			require.NoError(c.t, json.Unmarshal(m.Params, &c.job))
			return c.job
		}
	}
}

// cnDigest is the hash of a job's blob with a nonce.
func cnDigest(t *testing.T, j cnJob, nonce uint32) hash.Digest {
	blob, err := hex.DecodeString(j.Blob)
	require.NoError(t, err)
	binary.LittleEndian.PutUint32(blob[39:], nonce)
	return sha256.Sum256(blob)
}

// mine finds the n-th nonce of a job whose difficulty is within [low, high].
func mine(t *testing.T, j cnJob, n int, low, high uint64) (nonce uint32, digest hash.Digest) {
	t.Helper()
	a, err := hash.Lookup("cn/r")
	require.NoError(t, err)
	for nonce := uint32(0); nonce < 1<<24; nonce++ {
		d := cnDigest(t, j, nonce)
		if worth := chain.Uint64(chain.ShareDifficulty(a.Number(&d))); worth >= low && worth <= high {
			if n--; n < 0 {
				return nonce, d
			}
		}
	}
	t.Fatal("no such share")
	return 0, hash.Digest{}
}

func nonceHex(nonce uint32) string {
	return hex.EncodeToString(binary.LittleEndian.AppendUint32(nil, nonce))
}

// submitParams writes the params of a submit.
func (c *cnClient) submitParams(jobID string, nonce uint32, d hash.Digest) string {
	return fmt.Sprintf(`{"id":%q,"job_id":%q,"nonce":%q,"result":%q}`, c.rpcID, jobID, nonceHex(nonce), hex.EncodeToString(d[:]))
}

// submit hands in a share and returns the error text, "" when accepted.
func (c *cnClient) submit(jobID string, nonce uint32, d hash.Digest) string {
	c.t.Helper()
	reply, others := c.call("submit", c.submitParams(jobID, nonce, d))
	for _, m := range others {
		if m.Method == "job" {
			require.NoError(c.t, json.Unmarshal(m.Params, &c.job))
		}
	}
	if reply.failed() {
		return reply.text()
	}
	require.JSONEq(c.t, `{"status":"OK"}`, string(reply.Result))
	return ""
}
