package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

const harnessLong = `Record what miners and a pool say to each other, judge the pool's verdicts
from the recording, play a recording against a live pool, and run conformance
checks (docs/conformance.md) against it.

Recordings are mtrace files (docs/trace-format.md): text, one event a line,
optionally compressed. Both stratum dialects are understood.`

func newHarnessCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "harness",
		Short: "Test a pool: record, judge and replay sessions, run conformance checks",
		Long:  harnessLong,
		Example: `  adit harness record --listen 127.0.0.1:4444 --upstream 127.0.0.1:3333 -o session.mtrace.gz
  adit harness judge session.mtrace.gz
  adit harness replay session.mtrace.gz --target 127.0.0.1:3333 --user WALLET
  adit harness run smoke --target 127.0.0.1:3333 --profile cn --algo cn/upx2`,
	}
	cmd.AddCommand(newHarnessRunCmd(), newHarnessListCmd(), newHarnessExplainCmd(), newHarnessReportCmd(), newHarnessCompareCmd(),
		newHarnessRecordCmd(), newHarnessJudgeCmd(), newHarnessReplayCmd(), newHarnessServeCmd(), newHarnessTraceCmd())
	cmd.AddCommand(newHarnessLoadCmd(), newHarnessLatencyCmd(), newHarnessVardiffCmd(), newHarnessBankCmd())
	return cmd
}

// stratumAddress reads "host:port" with an optional stratum+tcp:// in front.
func stratumAddress(flag, value string) (string, error) {
	if value == "" {
		return "", usagef("%s is required: give host:port", flag)
	}
	scheme, rest, found := strings.Cut(value, "://")
	switch {
	case !found:
		rest = value
	case scheme != "stratum+tcp" && scheme != "tcp":
		return "", usagef("%s %s: only plain TCP can be recorded and replayed, not %s", flag, value, scheme)
	}
	_, port, err := net.SplitHostPort(rest)
	if err != nil {
		return "", usagef("%s %s: give host:port", flag, value)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && flag != "--listen" {
		return "", usagef("%s %s: %q is not a port", flag, value, port)
	}
	return rest, nil
}

// plural is "1 line", "2 lines".
func plural[N ~int | ~int64 | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
