package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
)

// TestClassifyReason covers the texts of the pools in the reference.
func TestClassifyReason(t *testing.T) {
	for text, want := range map[string]Reason{
		"Duplicate share1": ReasonDuplicate, "Low difficulty share": ReasonLow, "low-diff": ReasonLow,
		"low difficulty share (42)": ReasonLow, "Block expired": ReasonStale, "Block outdated": ReasonStale,
		"Job not found (=stale)": ReasonStale, "Invalid job id": ReasonJob, "Job not found": ReasonJob,
		"cannot find job with job_id": ReasonJob, "Unauthenticated": ReasonAuth, "Unauthorized worker": ReasonAuth,
		"Your IP is banned": ReasonThrottled, "IP Address currently banned": ReasonThrottled,
		"Throttled down share submission (please increase difficulty)": ReasonThrottled,
		"Rejected share: invalid result":                               ReasonHash, "Invalid share (bad hash)": ReasonHash, "bad hash": ReasonHash,
		"Attack detected": ReasonMalformed, "malformed nonce": ReasonMalformed, "result not hex string": ReasonMalformed,
		"Invalid nonce; is miner not compatible with NiceHash?": ReasonMalformed, "Bad height delta: 4": ReasonStale,
		"no": ReasonOther, "": ReasonOther,
	} {
		require.Equal(t, want, ClassifyReason(-1, text), text)
	}
	require.Equal(t, ReasonDuplicate, ClassifyReason(22, "no"))
	require.Equal(t, ReasonOther, ClassifyReason(21, "no"), "21 means different things")
	require.Equal(t, ReasonLow, ClassifyReason(21, "low difficulty"))
}

// TestLoosest: the difficulty below the loosest one has another compact form.
func TestLoosest(t *testing.T) {
	for _, d := range []uint64{1, 2, 3, 100, 5000, 100001, 500054, 1 << 31, 1<<32 - 1} {
		for _, wide := range []bool{false, true} {
			text := chain.TargetHex(d, wide)
			var raw []byte
			_, err := fmt.Sscanf(text, "%x", &raw)
			require.NoError(t, err)
			loose := loosest(raw)
			exact := chain.TargetFromDifficulty(d)
			require.GreaterOrEqual(t, bytes.Compare(loose[:], exact[:]), 0, "%d %v", d, wide)
			easiest := chain.Uint64(chain.DifficultyFromTarget(loose))
			require.Equal(t, text, chain.TargetHex(easiest, wide))
			if easiest > 1 {
				require.NotEqual(t, text, chain.TargetHex(easiest-1, wide))
			}
		}
	}
}

const cnLoginLine = `{"id":1,"method":"login","params":{"login":"W","pass":"x"}}`

// cnSession logs a CryptoNote connection in with a job.
func cnSession(t *testing.T, nonce string) *Conn {
	t.Helper()
	c := NewConn("auto", nil)
	require.Nil(t, c.ToPool(0, []byte(cnLoginLine+"\r\n")))
	require.Equal(t, trace.ProtoCryptoNote, c.Proto())
	blob := strings.Repeat("07", 39) + nonce + strings.Repeat("ab", 33)
	events := c.ToMiner(1, fmt.Appendf(nil, `{"id":1,"error":null,"result":{"id":"s1","job":{"blob":"%s","job_id":"j1","target":"ffffffff","algo":"cn/0","height":9},"status":"OK"}}`+"\n", blob))
	require.Len(t, events, 2)
	require.True(t, c.Ready())
	require.Equal(t, "s1", c.Session())
	require.Equal(t, "j1", c.Current().ID)
	return c
}

func cnSubmitLine(id int, session, nonce, extra string) []byte {
	return fmt.Appendf(nil, `{"id":%d,"method":"submit","params":{"id":"%s","job_id":"j1","nonce":"%s","result":"%s"%s}}`,
		id, session, nonce, strings.Repeat("0f", 32), extra)
}

func TestCryptoNoteSubmit(t *testing.T) {
	c := cnSession(t, "00000000")
	s := c.ToPool(2, cnSubmitLine(2, "s1", "01020304", "")).(*Submit)
	require.NoError(t, s.Malformed)
	require.False(t, s.Unauthorized)
	require.Equal(t, []byte{1, 2, 3, 4}, s.Job.Message(s.Nonce)[39:43])
	require.Equal(t, hash.Digest(bytes.Repeat([]byte{15}, 32)), *s.Claimed)

	other := c.ToPool(3, cnSubmitLine(3, "s2", "01020304", `,"algo":"cn/1"`)).(*Submit)
	require.True(t, other.Unauthorized)
	require.ErrorContains(t, other.Malformed, "algorithm")
	alias := c.ToPool(3, cnSubmitLine(4, "", "01020304", `,"algo":"cryptonight/0"`)).(*Submit)
	require.NoError(t, alias.Malformed)
	require.False(t, alias.Unauthorized)
	require.Error(t, c.ToPool(3, cnSubmitLine(5, "s1", "0102", "")).(*Submit).Malformed)
	noID := bytes.Replace(cnSubmitLine(6, "s1", "01020304", ""), []byte(`"id":6,`), nil, 1)
	require.ErrorIs(t, c.ToPool(3, noID).(*Submit).Malformed, errNoID)

	// Answers come in any order and find their share by id.
	r := c.ToMiner(9, []byte(`{"id":3,"error":{"code":-1,"message":"Unauthenticated"}}`))[0].(*Result)
	require.Same(t, other, r.Submit)
	require.Equal(t, Rejected, r.Verdict)
	require.Equal(t, ReasonAuth, r.Reason)
	r = c.ToMiner(9, []byte(`{"id":2,"result":{"status":"OK"}}`))[0].(*Result)
	require.Same(t, s, r.Submit)
	require.Equal(t, Accepted, r.Verdict)
	require.Empty(t, c.ToMiner(9, []byte(`{"id":2,"result":{"status":"OK"}}`)), "answered once")
}

func TestNiceHashByteIsFixed(t *testing.T) {
	c := cnSession(t, "0000007b")
	require.Equal(t, 3, c.Current().NonceSize)
	require.NoError(t, c.ToPool(2, cnSubmitLine(2, "s1", "0102037b", "")).(*Submit).Malformed)
	require.ErrorContains(t, c.ToPool(2, cnSubmitLine(3, "s1", "01020304", "")).(*Submit).Malformed, "7b")
}

func TestCKBSession(t *testing.T) {
	c := NewConn("", nil)
	c.ToPool(0, []byte(`{"id":1,"method":"mining.subscribe","params":["a",null]}`))
	c.ToMiner(1, []byte(`{"id":1,"result":[null,"00c904bd",12],"error":null}`))
	c.ToPool(2, []byte(`{"id":2,"method":"mining.authorize","params":["W.r","x"]}`))
	notify := func(id string, clean bool) []byte {
		return fmt.Appendf(nil, `{"id":null,"method":"mining.notify","params":["%s","%s",7,"%s",%v]}`,
			id, "d5a74fba"+strings.Repeat("00", 28), strings.Repeat("11", 32), clean)
	}
	job := c.ToMiner(3, notify("a", true))[0].(*JobIssued).Job
	require.True(t, job.Unsure, "no target is in force yet")
	early := c.ToPool(4, []byte(`{"id":3,"method":"mining.submit","params":["W.r","a","000000000000000000114026"]}`)).(*Submit)
	require.True(t, early.Unsure)

	require.IsType(t, &Ready{}, c.ToMiner(5, []byte(`{"id":2,"result":true,"error":null}`))[0])
	c.ToMiner(6, []byte(`{"id":null,"method":"mining.set_target","params":["00ff`+strings.Repeat("0", 60)+`"]}`))
	c.ToMiner(7, notify("b", false))
	s := c.ToPool(8, []byte(`{"id":4,"method":"mining.submit","params":["W.r","b","000000000000000000114026"]}`)).(*Submit)
	require.NoError(t, s.Malformed)
	require.False(t, s.Unsure)
	msg := s.Job.Message(s.Nonce)
	require.Equal(t, "00c904bd000000000000000000114026", fmt.Sprintf("%x", msg[32:]))
	require.EqualValues(t, 257, s.Job.Difficulty)

	c.ToMiner(9, []byte(`{"id":null,"method":"mining.set_extranonce","params":["0102030405060708",8]}`))
	s = c.ToPool(10, []byte(`{"id":5,"method":"mining.submit","params":["W.r","b","000000000000000000114026"]}`)).(*Submit)
	require.NoError(t, s.Malformed, "the old job keeps its extranonce")
	c.ToMiner(11, notify("c", true))
	require.Equal(t, 8, c.Current().NonceSize)
	s = c.ToPool(12, []byte(`{"id":6,"method":"mining.submit","params":["W.r","b","000000000000000000114026"]}`)).(*Submit)
	require.True(t, s.Superseded)
	s = c.ToPool(13, []byte(`{"id":7,"method":"mining.submit","params":["W.r","c","000000000000000000114026"]}`)).(*Submit)
	require.ErrorContains(t, s.Malformed, "12 bytes, 8")
}

func TestMemoryIsBounded(t *testing.T) {
	c := cnSession(t, "00000000")
	blob := strings.Repeat("07", 76)
	for i := range maxJobs + 10 {
		c.ToMiner(time.Duration(i), fmt.Appendf(nil, `{"method":"job","params":{"blob":"%s","job_id":"n%d","target":"ffffffff"}}`, blob, i))
	}
	require.LessOrEqual(t, len(c.jobs), maxJobs)
	require.True(t, c.ToPool(1, cnSubmitLine(1, "s1", "01020304", "")).(*Submit).Unsure, "its job may be forgotten")
	for i := range maxPending + 10 {
		c.ToPool(1, fmt.Appendf(nil, `{"id":%d,"method":"keepalived","params":{}}`, i+10))
	}
	require.LessOrEqual(t, c.waiting, maxPending)
}

// TestUnreadableJobs: a share for a job that could not be read is nobody's
// fault.
func TestUnreadableJobs(t *testing.T) {
	for _, line := range []string{
		`{"method":"job","params":{"blob":"00","job_id":"j1","target":"ffffffff"}}`,
		`{"method":"job","method":"job"}`,
		`not json`,
	} {
		c := cnSession(t, "00000000")
		c.ToMiner(1, []byte(line))
		unknown := bytes.Replace(cnSubmitLine(2, "s1", "01020304", ""), []byte("j1"), []byte("jx"), 1)
		require.True(t, c.ToPool(2, unknown).(*Submit).Unsure, line)
		require.False(t, c.ToPool(2, cnSubmitLine(3, "s1", "01020304", "")).(*Submit).Unsure, line)
	}
	c := NewConn("", nil)
	c.ToPool(0, []byte(cnLoginLine))
	require.Len(t, c.ToMiner(1, []byte(`{"id":1,"result":{"id":"s1","status":"OK"}}`)), 1)
	require.True(t, c.Ready())
	s := c.ToPool(2, cnSubmitLine(2, "s1", "01020304", "")).(*Submit)
	require.True(t, s.Unsure)
	require.False(t, s.Unauthorized)
}

func TestLostForgetsWhatItCannotKnow(t *testing.T) {
	c := cnSession(t, "00000000")
	c.Lost()
	s := c.ToPool(2, bytes.Replace(cnSubmitLine(2, "s9", "01020304", ""), []byte("j1"), []byte("jx"), 1)).(*Submit)
	require.True(t, s.Unsure)
	require.False(t, s.Unauthorized)
}

func FuzzConn(f *testing.F) {
	f.Add([]byte(cnLoginLine), []byte(`{"id":1,"result":{"id":"s","job":{"blob":"`+strings.Repeat("00", 76)+`","job_id":"1","target":"01000000"}}}`))
	f.Add([]byte(`{"id":1,"method":"mining.subscribe","params":[]}`), []byte(`{"id":1,"result":[null,"aabb",14]}`))
	f.Add(cnSubmitLine(2, "s1", "01020304", ""), []byte(`{"id":2,"error":[1,"x"]}`))
	f.Fuzz(func(t *testing.T, up, down []byte) {
		for _, proto := range []string{"", trace.ProtoCryptoNote, trace.ProtoCKB} {
			c := NewConn(proto, nil)
			for range 2 {
				for i, line := range bytes.Split(up, []byte("\n")) {
					if s, ok := c.ToPool(time.Duration(i), line).(*Submit); ok && s.Job != nil && s.Malformed == nil {
						s.Job.Message(s.Nonce)
					}
				}
				for i, line := range bytes.Split(down, []byte("\n")) {
					c.ToMiner(time.Duration(i), line)
				}
			}
		}
	})
}
