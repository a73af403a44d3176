package vardiff

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/wire"
)

func TestResultsAsText(t *testing.T) {
	res, err := Run(t.Context(), &Models()[5], StepTo("step-up", 10), Options{Trials: 50, Seed: 1})
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, res.WriteText(&out))
	require.Contains(t, out.String(), "ewma, step-up: 50 sessions")
	require.Contains(t, out.String(), "credit / work   ")
	require.Contains(t, out.String(), "█")

	out.Reset()
	live := LiveResult{Miners: 2, Rate: 20, Interval: time.Second, Rejected: map[wire.Reason]int{wire.ReasonLow: 3}, Void: []string{"no"}}
	require.NoError(t, live.WriteText(&out))
	for _, want := range []string{"no shares in that time", "REJECTED        3 valid shares as low", "VOID: no"} {
		require.Contains(t, out.String(), want)
	}
}
