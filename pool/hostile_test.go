package pool

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Lines that almost make sense, thousands of them, in both dialects: nothing
// is accepted, nothing falls over, others go on mining.
func TestHostileLines(t *testing.T) {
	l := startLab(t, nil)
	healthy, ckb := l.login(), l.authorize("wallet", "x")
	zeros := strings.Repeat("0", 64)
	seeds := [][]string{{
		`{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"wallet.w+5","pass":"d=7","agent":"XMRig","rigid":"r","algo":["cn/r"]}}`,
		`{"id":2,"method":"submit","params":{"id":"` + healthy.rpcID + `","job_id":"` + healthy.job.JobID + `","nonce":"00000000","result":"` + zeros + `"}}`,
		`{"id":3,"method":"keepalived","params":{"id":"` + healthy.rpcID + `"}}`,
		`{"id":4,"method":"getjob","params":{"id":"x"}}`,
	}, {
		`{"id":1,"method":"mining.subscribe","params":["agent",null]}`,
		`{"id":2,"method":"mining.authorize","params":["wallet.w","d=7"]}`,
		`{"id":3,"method":"mining.submit","params":["wallet.w","` + ckb.job.id + `","000000000000000000000000"]}`,
		`{"id":4,"method":"mining.suggest_target","params":["` + zeros + `"]}`,
	}}
	rng := rand.New(rand.NewPCG(1, 2))
	for port, lines := range seeds {
		for range 150 {
			nc, err := net.Dial("tcp", l.Addr(port).String())
			require.NoError(t, err)
			for range 20 {
				io.WriteString(nc, mutate(rng, lines[rng.IntN(len(lines))])+"\n") // an error means that the pool has had enough
			}
			if rng.IntN(2) == 0 {
				nc.(*net.TCPConn).SetLinger(0) // leave with a reset
			}
			nc.Close()
		}
	}
	nonce, d := mine(t, healthy.job, 0, 16, 1<<30)
	require.Empty(t, healthy.submit(healthy.job.JobID, nonce, d))
	require.Empty(t, ckb.submit("wallet", ckb.job.id, fmt.Sprintf("%x", ckb.mine(ckb.job, 0, 16, 1<<30))))
	l.eventually("all have gone", func() bool {
		s := l.Stats()
		return s.Ports[0].Connections == 1 && s.Ports[1].Connections == 1
	})
	s := l.Stats()
	require.Equal(t, uint64(2), s.Ports[0].Accepted+s.Ports[1].Accepted)
	require.Len(t, l.totals(), 2)
}

// mutate damages a line in one of many ways.
func mutate(rng *rand.Rand, line string) string {
	b := []byte(line)
	for range rng.IntN(3) {
		i := rng.IntN(len(b))
		switch rng.IntN(6) {
		case 0:
			b[i] = byte(rng.Uint32())
		case 1:
			b = append(b[:i:i], b[i+1:]...)
		case 2:
			b = append(b[:i:i], append([]byte(`{"a":[`), b[i:]...)...)
		case 3:
			b = append(b[:i:i], append([]byte(strings.Repeat("9", rng.IntN(300))), b[i:]...)...)
		case 4:
			b = append(b, b[i:]...)
		case 5:
			b = b[:i+1]
		}
	}
	return string(b)
}

// A node that hangs on a block does not keep the pool from ending.
func TestEndWhileABlockIsOnItsWay(t *testing.T) {
	l := startLab(t, nil)
	xmr := l.coins["xmr"]
	xmr.change(func() { xmr.difficulty, xmr.content, xmr.refuse = 50, 1, errNode })
	l.feeds[0].kick()
	l.eventually("the new difficulty", func() bool { return l.feeds[0].current.Load().Difficulty.Uint64() == 50 })
	c := l.login()
	nonce, d := mine(t, c.job, 0, 50, 1<<30)
	began := time.Now()
	require.Empty(t, c.submit(c.job.JobID, nonce, d), "the share does not wait for the node")
	require.Less(t, time.Since(began), 3*time.Second)
	l.eventually("it is tried again", func() bool { return len(xmr.blocks()) >= 2 })
	l.abandon()
	l.end()
	blocks, err := l.store.Blocks(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "unsure", string(blocks[0].State))
	require.Equal(t, errNode.Error(), blocks[0].Detail)
}
