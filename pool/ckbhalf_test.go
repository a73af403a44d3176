package pool

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
)

// subscribeHalf subscribes as a device that takes half of the nonce only.
func (l *lab) subscribeHalf() *ckbClient {
	l.t.Helper()
	c := &ckbClient{client: l.dial(1)}
	reply, _ := c.call("mining.subscribe", `["godminer/2.0.0",null]`)
	var result []any
	require.NoError(l.t, json.Unmarshal(reply.Result, &result))
	require.EqualValues(l.t, 8, result[2])
	nonce1, err := hex.DecodeString(result[1].(string))
	require.NoError(l.t, err)
	require.Len(l.t, nonce1, 8)
	c.nonce1 = nonce1
	return c
}

// mineHalf finds the n-th nonce2 of eight bytes that is worth at least low.
func (c *ckbClient) mineHalf(n int, low uint64) []byte {
	for i := 0; ; i++ {
		nonce2 := []byte{byte(i >> 8), byte(i), 0, 0, 0, 0, 0, 7}
		d := hash.Target(sha256.Sum256(append(append(append([]byte{}, c.job.powHash...), c.nonce1...), nonce2...)))
		if chain.Uint64(chain.ShareDifficulty(d)) >= low {
			if n--; n < 0 {
				return nonce2
			}
		}
	}
}

func TestDevicesThatTakeHalfOfTheNonce(t *testing.T) {
	l := startLab(t, nil)
	a, b := l.subscribeHalf(), l.subscribeHalf()
	require.NotEqual(t, a.nonce1, b.nonce1)
	for _, c := range []*ckbClient{a, b} {
		_, others := c.call("mining.authorize", `["wallet.k7","x"]`)
		for _, m := range others {
			c.take(m)
		}
		for c.job.id == "" {
			c.take(c.read())
		}
	}
	good, second := hex.EncodeToString(a.mineHalf(0, 16)), hex.EncodeToString(a.mineHalf(1, 16))
	require.Contains(t, a.submit("wallet.k7", a.job.id, good+"00000000"), "nonce2 must be 16 hexadecimal digits")
	require.Contains(t, a.submit("wallet.k7", a.job.id, strings.TrimSuffix(good, "07")), "nonce2 must be 16 hexadecimal digits")
	require.Empty(t, a.submit("wallet.k7", a.job.id, good))
	require.Empty(t, a.submit("wallet.k7", a.job.id, second), "they differ in their first bytes only")
	require.Equal(t, "22 Duplicate share", a.submit("wallet.k7", a.job.id, good))
	require.Equal(t, "21 Job not found", a.submit("wallet.k7", b.job.id, good))
	require.EqualValues(t, 2, l.totals()[0].Shares)
}

func TestSuggestedDifficultyCountsWhereItsUnitIsKnown(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) {
		c.Ports[1].Fixed, c.Ports[1].Start, c.Ports[1].Min = 0, 16, 1
	})
	for _, tc := range []struct {
		agent string
		want  uint64
	}{{"godminer/2", 2 << 32}, {"NBMiner/1", 16}} {
		c := &ckbClient{client: l.dial(1)}
		c.call("mining.subscribe", `["`+tc.agent+`",null]`)
		c.call("mining.authorize", `["wallet","x"]`)
		reply, _ := c.call("mining.suggest_difficulty", `[2]`)
		require.JSONEq(t, "true", string(reply.Result))
		l.eventually("the difficulty", func() bool {
			for _, s := range l.sessionsOf(nil) {
				s.mu.Lock()
				is := s.agent == tc.agent && s.vd != nil && s.vd.Difficulty() == tc.want
				s.mu.Unlock()
				if is {
					return true
				}
			}
			return false
		})
		reply, _ = c.call("mining.suggest_difficulty", `[1e300]`)
		require.JSONEq(t, "true", string(reply.Result), "absurd wishes are heard, no more")
	}
}
