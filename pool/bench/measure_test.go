//go:build linux && bench

package bench

import (
	"io"
	"time"

	"github.com/stretchr/testify/require"
)

// order has the child do something and waits for its answer.
func (p *process) order(text string) reply {
	p.t.Helper()
	_, err := io.WriteString(p.in, text+"\n")
	require.NoError(p.t, err)
	var r reply
	p.hear(&r)
	require.Empty(p.t, r.Error)
	return r
}

// end asks the child to end and waits for it.
func (p *process) end() {
	p.t.Helper()
	if p.ended {
		return
	}
	p.ended = true
	p.in.Close()
	require.NoError(p.t, p.cmd.Wait())
}

// percentile is that of a sorted list.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(float64(len(sorted))*p), len(sorted)-1)]
}
