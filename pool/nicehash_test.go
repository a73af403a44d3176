package pool

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
)

// mineFixed finds a nonce whose last byte is given, in hex.
func mineFixed(t *testing.T, j cnJob, last string, low uint64) (uint32, hash.Digest) {
	t.Helper()
	a, err := hash.Lookup("cn/r")
	require.NoError(t, err)
	b, err := hex.DecodeString(last)
	require.NoError(t, err)
	for n := uint32(b[0]) << 24; ; n++ {
		if d := cnDigest(t, j, n); chain.Uint64(chain.ShareDifficulty(a.Number(&d))) >= low {
			return n, d
		}
	}
}

func TestNiceHashByte(t *testing.T) {
	l := startLab(t, func(c *config.Config, _ *Deps) { c.Ports[0].NiceHash = true })
	bytes := make(map[string]bool)
	var c *cnClient
	for range 20 {
		c = l.login()
		b := c.job.Blob[84:86] // byte 42
		require.NotEqual(t, "00", b)
		require.False(t, bytes[b], "each session has its own")
		bytes[b] = true
	}
	own := c.job.Blob[84:86]
	nonce, d := mineFixed(t, c.job, own, 16)
	require.Empty(t, c.submit(c.job.JobID, nonce, d))
	other := "01"
	if own == other {
		other = "02"
	}
	nonce, d = mineFixed(t, c.job, other, 16)
	require.Contains(t, c.submit(c.job.JobID, nonce, d), "Invalid nonce")
	l.coins["xmr"].change(func() { l.coins["xmr"].height++ })
	require.Equal(t, own, c.nextJob().Blob[84:86], "it stays with the session")
	require.EqualValues(t, 1, l.Stats().Ports[0].Rejected[BadNonce])
}

func TestNiceHashByAgent(t *testing.T) {
	l := startLab(t, nil)
	login := func(agent string) string {
		c := l.dial(0)
		reply, _ := c.call("login", fmt.Sprintf(`{"login":"wallet","pass":"x","agent":%q}`, agent))
		return string(reply.Result)
	}
	require.Contains(t, login("NiceHash/1.0.0"), `"nicehash"`)
	plain := login("XMRig/6.26.0")
	require.NotContains(t, plain, `"nicehash"`)
	require.NotContains(t, plain, `"tls"`)
	require.NotContains(t, plain, `"connect"`)
	require.Contains(t, plain, `"algo"`)
	require.Contains(t, plain, `"keepalive"`)
}

func TestByteSlots(t *testing.T) {
	var b byteSlots
	seen := make(map[byte]int)
	for range 2 * 255 {
		seen[b.take()]++
	}
	require.Len(t, seen, 255)
	require.Zero(t, seen[0])
	for _, n := range seen {
		require.Equal(t, 2, n, "evenly")
	}
	b.give(77)
	require.EqualValues(t, 77, b.take(), "what is free is used again")
}
