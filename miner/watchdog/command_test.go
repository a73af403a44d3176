//go:build unix

package watchdog

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandHearsWhatHappened(t *testing.T) {
	var out strings.Builder
	run := Command(`echo "$ADIT_ACTION|$ADIT_DEVICE|$ADIT_BUS|$ADIT_TROUBLE|$ADIT_REASON"; echo oops >&2`, &out)
	require.NoError(t, run(t.Context(), Report{Device: "OpenCL 0 T4", Bus: "0000:01:00.0", Trouble: Hung, Action: Drop, Reason: `it said "no; $HOME"`}))
	require.Equal(t, "drop|OpenCL 0 T4|0000:01:00.0|hang|it said \"no; $HOME\"\noops\n", out.String())
}

func TestCommandThatFails(t *testing.T) {
	var out strings.Builder
	require.EqualError(t, Command("exit 3", &out)(t.Context(), Report{}), `running the watchdog's command "exit 3": exit status 3`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Command("sleep 60", &out)(ctx, Report{}), context.Canceled)
}
