package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// While no node has given work for long, nobody is given what may be out of
// date; miners go to their other pools.
func TestNoWorkOfLostNodes(t *testing.T) {
	l := startLab(t, nil)
	xmr := l.coins["xmr"]
	var f *feed
	for i := range l.feeds {
		if l.feeds[i].cfg.Name == "xmr" {
			f = l.feeds[i]
		}
	}
	xmr.change(func() { xmr.fail = errNode })
	l.eventually("the node is missed", f.failing.Load)
	l.login() // not for long yet
	f.failedAt.Store(time.Now().Add(-2 * lostAfter).UnixNano())
	c := l.dial(0)
	reply, _ := c.call("login", `{"login":"wallet","pass":"x","agent":"XMRig/6.26.0"}`)
	require.Equal(t, textUnavailable, reply.text())
	xmr.change(func() { xmr.fail = nil })
	l.eventually("it is back", func() bool { return !f.failing.Load() })
	reply, _ = c.call("login", `{"login":"wallet","pass":"x","agent":"XMRig/6.26.0"}`)
	require.False(t, reply.failed())
}
