package watchdog

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// commandTime is how long a user's command may run.
const commandTime = time.Minute

// Command returns a function that runs a command line of the user's with the
// system's shell. The environment tells what happened: ADIT_DEVICE, ADIT_BUS,
// ADIT_ACTION, ADIT_TROUBLE, ADIT_REASON. What the command prints goes to out.
// It is ended after a minute, or with ctx.
func Command(line string, out io.Writer) func(context.Context, Report) error {
	return func(ctx context.Context, r Report) error {
		ctx, cancel := context.WithTimeout(ctx, commandTime)
		defer cancel()
		shell, flag := "sh", "-c"
		if runtime.GOOS == "windows" {
			shell, flag = "cmd", "/C"
		}
		cmd := exec.CommandContext(ctx, shell, flag, line)
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, time.Second
		cmd.Env = append(os.Environ(),
			"ADIT_DEVICE="+r.Device, "ADIT_BUS="+r.Bus, "ADIT_ACTION="+string(r.Action),
			"ADIT_TROUBLE="+string(r.Trouble), "ADIT_REASON="+r.Reason)
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("running the watchdog's command %q: %w", line, err)
		}
		return nil
	}
}
