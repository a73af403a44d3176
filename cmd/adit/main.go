// Command adit is a proof-of-work miner, a reference mining pool and a
// conformance harness for pools, in one binary.
//
// This package holds the command line only: one file per command, each turning
// flags into a call of the package that does the work. It may import
// everything; nothing imports it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses. Commands with finer ones say so in their help.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns the process's exit status. The
// first SIGINT or SIGTERM cancels the command's context, so that it can report
// what it knows and leave; a second one ends the process at once.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRootCmd()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return exitStatus(ctx, root.ExecuteContext(ctx), stderr)
}

// exitStatus prints err as one line, unless it only says that the user asked
// for the end, and maps it to an exit status.
func exitStatus(ctx context.Context, err error, stderr io.Writer) int {
	var coded *exitError
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &coded):
		if coded.err != nil {
			fmt.Fprintf(stderr, "adit: %v\n", coded.err)
		}
		return coded.status
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "adit: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "adit: %v\n", err)
	return exitFailure
}

// usageError marks a mistake on the command line.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

// usagef reports a mistake on the command line: exit status 2.
func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// exitError ends the process with a given status. With a nil err nothing more
// is printed: the command has said what there was to say.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }
