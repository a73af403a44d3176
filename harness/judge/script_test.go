package judge

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// script writes a trace as a recorder would, on a clock of its own, with
// shares that are really searched for.
type script struct {
	t    *testing.T
	out  bytes.Buffer
	w    *trace.Writer
	now  time.Duration
	conn uint64
	id   int
}

func newScript(t *testing.T, h trace.Header) *script {
	s := &script{t: t, conn: 1}
	var err error
	s.w, err = trace.NewWriter(&s.out, h, trace.WriterOptions{Now: func() time.Duration { return s.now }})
	require.NoError(t, err)
	return s
}

func (s *script) event(ev *trace.Event) *script {
	ev.Conn = s.conn
	require.True(s.t, s.w.Record(ev))
	return s
}

func (s *script) on(conn uint64) *script { s.conn = conn; return s }

func (s *script) wait(d time.Duration) *script { s.now += d; return s }

func (s *script) open() *script {
	return s.event(&trace.Event{Code: trace.CodeOpen, Open: &trace.OpenInfo{Peer: "c"}})
}

func (s *script) closed(by string) *script {
	return s.event(&trace.Event{Code: trace.CodeClose, Close: &trace.CloseInfo{By: by, How: "fin"}})
}

func (s *script) up(format string, args ...any) *script {
	s.now += time.Millisecond
	return s.event(&trace.Event{Code: trace.CodeToPool, Data: fmt.Appendf(nil, format+"\n", args...)})
}

func (s *script) down(format string, args ...any) *script {
	s.now += time.Millisecond
	return s.event(&trace.Event{Code: trace.CodeToMiner, Data: fmt.Appendf(nil, format+"\n", args...)})
}

// answer replies to the last submit of either dialect.
func (s *script) ok() *script {
	return s.down(`{"id":%d,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}`, s.id)
}

func (s *script) refuse(text string) *script {
	return s.down(`{"id":%d,"jsonrpc":"2.0","error":{"code":-1,"message":%q}}`, s.id, text)
}

func (s *script) ckbOK() *script { return s.down(`{"id":%d,"result":true,"error":null}`, s.id) }

func (s *script) ckbRefuse(code int, text string) *script {
	return s.down(`{"id":%d,"result":null,"error":[%d,%q,null]}`, s.id, code, text)
}

// bytes ends the trace.
func (s *script) bytes() []byte {
	require.NoError(s.t, s.w.Close("done"))
	return s.out.Bytes()
}

// judge ends the trace and judges it.
func (s *script) judge(opts Options) *Report { return judgeBytes(s.t, s.bytes(), opts) }

func judgeBytes(t *testing.T, file []byte, opts Options) *Report {
	t.Helper()
	r, err := trace.NewReader(bytes.NewReader(file), trace.Options{})
	require.NoError(t, err)
	opts.Hasher, opts.Workers = cpu.New, 2
	rep, err := Judge(t.Context(), r, opts)
	require.NoError(t, err)
	return rep
}

// cnWork is a CryptoNote job and the means to find shares for it.
type cnWork struct {
	id     string
	blob   []byte
	height int
	diff   uint64
	algo   *hash.Algorithm
}

// parentOf fills a previous-block id.
func parentOf(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func cnJob(t *testing.T, id string, parent, root byte, height int, diff uint64) *cnWork {
	t.Helper()
	algo, err := hash.Lookup("cn/upx2")
	require.NoError(t, err)
	blob := append([]byte{14, 14, 0xf1, 0xba, 0xe6, 0xef, 0x05}, parentOf(parent)...)
	blob = append(blob, 0, 0, 0, 0)
	blob = append(append(blob, bytes.Repeat([]byte{root}, 32)...), 1)
	return &cnWork{id: id, blob: blob, height: height, diff: diff, algo: algo}
}

func (w *cnWork) json() string {
	return fmt.Sprintf(`{"blob":"%x","job_id":"%s","target":"%s","algo":"cn/upx2","height":%d}`,
		w.blob, w.id, chain.TargetHex(w.diff, true), w.height)
}

// find searches from a nonce upwards for one that is, or is not, a share.
func (w *cnWork) find(t *testing.T, from uint32, share bool) (nonce, result string, at uint32) {
	t.Helper()
	target, _, err := chain.ParseTargetHex(chain.TargetHex(w.diff, true))
	require.NoError(t, err)
	h, err := cpu.New(w.algo)
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Close()) }()
	for n := from; ; n++ {
		blob := bytes.Clone(w.blob)
		binary.LittleEndian.PutUint32(blob[39:], n)
		out := make([]hash.Digest, 1)
		require.NoError(t, h.Hash(out, []hash.Input{{Blob: blob}}))
		if w.algo.Meets(&out[0], &target) == share {
			return hex.EncodeToString(blob[39:43]), hex.EncodeToString(out[0][:]), n
		}
	}
}

// cnLogin logs a miner in with a first job.
func (s *script) cnLogin(w *cnWork) *script {
	return s.open().
		up(`{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"W","pass":"x","agent":"t","algo":["cn/upx2"]}}`).
		down(`{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"sess%d","job":%s,"status":"OK"}}`, s.conn, w.json())
}

func (s *script) cnPush(w *cnWork) *script {
	return s.down(`{"jsonrpc":"2.0","method":"job","params":%s}`, w.json())
}

// cnSubmit sends a share under the next id.
func (s *script) cnSubmit(session, job, nonce, result string) *script {
	s.id = max(s.id, 1) + 1
	return s.up(`{"id":%d,"jsonrpc":"2.0","method":"submit","params":{"id":"%s","job_id":"%s","nonce":"%s","result":"%s"}}`,
		s.id, session, job, nonce, result)
}

// ckbWork is a CKB job of a session with nonce1 "a1b2c3d4".
type ckbWork struct {
	id     string
	pow    []byte
	target hash.Target
}

const ckbNonce1 = "a1b2c3d4"

func ckbJob(id string, pow byte, diff uint64) *ckbWork {
	return &ckbWork{id: id, pow: bytes.Repeat([]byte{pow}, 32), target: chain.TargetFromDifficulty(diff)}
}

// find searches for a nonce2 that is, or is not, a share.
func (w *ckbWork) find(t *testing.T, from uint32, share bool) (nonce2 string, at uint32) {
	t.Helper()
	algo, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	h, err := cpu.New(algo)
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Close()) }()
	n1, err := hex.DecodeString(ckbNonce1)
	require.NoError(t, err)
	for n := from; ; n++ {
		blob := append(append(bytes.Clone(w.pow), n1...), make([]byte, 12)...)
		binary.BigEndian.PutUint32(blob[44:], n)
		out := make([]hash.Digest, 1)
		require.NoError(t, h.Hash(out, []hash.Input{{Blob: blob}}))
		if algo.Meets(&out[0], &w.target) == share {
			return hex.EncodeToString(blob[36:]), n
		}
	}
}

func (s *script) ckbLogin() *script {
	return s.open().
		up(`{"id":1,"method":"mining.subscribe","params":["agent/1.0",null]}`).
		down(`{"id":1,"result":[null,"%s",12],"error":null}`, ckbNonce1).
		up(`{"id":2,"method":"mining.authorize","params":["W.rig","x"]}`).
		down(`{"id":2,"result":true,"error":null}`)
}

func (s *script) ckbTarget(w *ckbWork) *script {
	return s.down(`{"id":null,"method":"mining.set_target","params":["%x"]}`, w.target[:])
}

func (s *script) ckbPush(w *ckbWork, height int, parent byte, clean bool) *script {
	return s.down(`{"id":null,"method":"mining.notify","params":["%s","%x",%d,"%x",%v]}`,
		w.id, w.pow, height, parentOf(parent), clean)
}

func (s *script) ckbSubmit(worker, job, nonce2 string) *script {
	s.id = max(s.id, 2) + 1
	return s.up(`{"id":%d,"method":"mining.submit","params":["%s","%s","%s"]}`, s.id, worker, job, nonce2)
}

// flip alters the first hex digit.
func flip(s string) string {
	return strings.Map(func(r rune) rune { return r }, string(s[0]^1)) + s[1:]
}

// cell returns the count of a truth and verdict.
func cell(r *Report, truth Truth, verdict string) int {
	for _, c := range r.Matrix {
		if c.Truth == truth && string(c.Verdict) == verdict {
			return c.Count
		}
	}
	return 0
}
