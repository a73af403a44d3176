package conform

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// hostile is a pool that answers each line it reads with the same bytes, or
// writes without being asked.
type hostile struct {
	reply []byte // $id stands for the id of the request
	flood bool   // write it over and over, whatever comes
	hang  bool   // keep the connection open afterwards

	served sync.WaitGroup
}

// dial opens a connection in memory.
func (h *hostile) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	h.served.Go(func() {
		defer func() { _ = theirs.Close() }()
		if h.flood {
			h.served.Go(func() { _, _ = io.Copy(io.Discard, theirs) }) // it reads, and does not listen
			for {
				if _, err := theirs.Write(h.reply); err != nil {
					return
				}
			}
		}
		h.answer(theirs)
	})
	return ours, nil
}

// answer speaks when spoken to.
func (h *hostile) answer(nc net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		if _, err := nc.Write(bytes.ReplaceAll(h.reply, []byte("$id"), idOf(buf[:n]))); err != nil || !h.hang {
			return
		}
	}
}

// idOf is the id in a request, as JSON.
func idOf(line []byte) []byte {
	if m, err := ParseMessage(bytes.TrimSpace(line)); err == nil && m.ID() != "" {
		return []byte(m.ID())
	}
	return []byte("1")
}

// run carries checks out against the pool, in little time.
func (h *hostile) run(t *testing.T, profile Profile, ids ...string) *Report {
	t.Helper()
	a, err := hash.Lookup("eaglesong") // quick in either dialect
	require.NoError(t, err)
	sel := Selection{Selectors: ids}
	checks, err := sel.Choose(Catalogue(), profile)
	require.NoError(t, err)
	cfg := Config{Target: "pool.test:1", Profile: profile, Login: "nobody", ForeignLogin: "somebody", Algorithm: a, NewHasher: cpu.New,
		Dial: h.dial, Timeout: 20 * time.Millisecond, Effort: 5 * time.Millisecond, TipWait: 5 * time.Millisecond, Jobs: 4}
	r, err := Run(t.Context(), cfg, checks)
	require.NoError(t, err)
	h.served.Wait()
	require.Len(t, r.Results, len(checks), "every check came to an end")
	for _, result := range r.Results {
		require.NotContains(t, result.Reason, "panicked", result.ID)
		said := 0
		for _, line := range result.Wire {
			said += len(line)
		}
		require.Less(t, said, 64<<10, "%s: what a report repeats is bounded", result.ID)
	}
	return r
}

// FuzzHostilePool: whatever a pool says, the checks end with a verdict.
func FuzzHostilePool(f *testing.F) {
	blob := strings.Repeat("10", 76)
	f.Add([]byte(`{"id":$id,"jsonrpc":"2.0","error":null,"result":{"id":"s","job":{"job_id":"1","blob":"`+blob+`","target":"ffffff00","height":5},"status":"OK"}}`+"\n"), true, false)
	f.Add([]byte(`{"id":$id,"error":null,"result":{"status":"OK"}}`+"\n"+`{"method":"job","params":{"job_id":"2","blob":"`+blob+`","target":"ff"}}`+"\n"), true, false)
	f.Add([]byte(`{"id":$id,"result":[null,"aabbccdd",12],"error":null}`+"\n"+`{"method":"mining.set_target","params":["`+strings.Repeat("ff", 32)+`"]}`+
		"\n"+`{"method":"mining.notify","params":["1","`+strings.Repeat("ab", 32)+`",7,"`+strings.Repeat("cd", 32)+`",true]}`+"\n"), true, true)
	f.Add([]byte(`{"id":$id,"result":true,"error":[1,2,[[[[`+"\n"), true, true)
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), false, true)
	f.Add([]byte{0xff, 0xfe, '\n', '{', '}', '\n', '[', ']', '\n'}, true, false)
	f.Add([]byte(nil), false, false)
	f.Fuzz(func(t *testing.T, reply []byte, hang, ckb bool) {
		h := &hostile{reply: reply, hang: hang}
		if ckb {
			h.run(t, CKB, "CKB-SUB-01", "CKB-TGT-01", "CKB-JOB-01", "CKB-SHR-01")
			return
		}
		h.run(t, CN, "CN-LOGIN-01", "CN-JOB-01", "CN-SUB-06", "CN-SUB-20", "CN-METH-01")
	})
}

// TestAPoolThatNeverStops talking keeps no check from ending.
func TestAPoolThatNeverStops(t *testing.T) {
	for name, reply := range map[string]string{
		"endless line": strings.Repeat("x", 32<<10),
		"blank lines":  strings.Repeat("\n", 4<<10),
		"answers":      strings.Repeat(`{"id":1,"result":{"id":"s","status":"OK"},"error":null}`+"\n", 64),
		"long answers": `{"id":1,"result":"` + strings.Repeat("y", 128<<10) + `","error":null}` + "\n",
		"tips":         strings.Repeat(`{"method":"mining.notify","params":["1","`+strings.Repeat("ab", 32)+`",7,"`+strings.Repeat("cd", 32)+`",true]}`+"\n", 64),
	} {
		t.Run(name, func(t *testing.T) {
			h := &hostile{reply: []byte(reply), flood: true}
			h.run(t, CN, "CN-LOGIN-01", "CN-METH-01", "ROB-JSON-05")
			h.run(t, CKB, "CKB-SUB-01", "CKB-SHR-01")
		})
	}
}

// TestWhatIsKeptIsBounded: a connection keeps so many bytes of what a pool
// says, and so many tips, and no more.
func TestWhatIsKeptIsBounded(t *testing.T) {
	cfg := Config{Timeout: time.Second}.withDefaults()
	e := newEnv(t.Context(), &cfg, &Check{ID: "CN-JOB-01"}, nil)
	c := &Conn{log: &e.log, rec: &e.rec, tips: e.tips, replies: map[string][]Answer{}}
	push := func(n int) Line {
		tip := strings.Repeat("0", 100) + itoa(n) + strings.Repeat("z", 100<<10)
		raw := []byte(`{"method":"mining.notify","params":["1","",7,"` + tip + `"]}`)
		m, err := ParseMessage(raw)
		require.NoError(t, err)
		return Line{Raw: raw, Message: m}
	}
	for n := range 100 {
		c.keep(push(n))
	}
	kept := 0
	for _, m := range c.pushes {
		kept += len(m.Raw)
	}
	require.LessOrEqual(t, kept, maxKeptBytes)
	require.Greater(t, kept, maxKeptBytes/2)
	require.Empty(t, e.tips, "no tip is so long")
	for n := range 2 * maxTips {
		e.tips.add(itoa(n))
	}
	require.Len(t, e.tips, maxTips)
}
