//go:build linux

package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/aditmine/adit/pool/ledger/pgtest"
)

// roleVariable tells this test binary, run once more, what it is to be.
const roleVariable = "ADIT_BENCH_ROLE"

// role is what a child process does. One of the two is set.
type role struct {
	Pool    *poolRole
	Clients *clientsRole
}

// postgres is the tests' database server, started when one of them asks for it.
var postgres pgtest.Server

func TestMain(m *testing.M) {
	raiseFileLimit()
	text := os.Getenv(roleVariable)
	if text == "" {
		code := m.Run()
		postgres.Close()
		os.Exit(code)
	}
	if err := play(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// play is a child's life.
func play(text string) error {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return err
	}
	if r.Pool != nil {
		return r.Pool.run()
	}
	return r.Clients.run()
}

// raiseFileLimit lets the process open as many files as it may.
func raiseFileLimit() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) //nolint:errcheck // then there are fewer connections
	}
}

// orders reads a child's orders, a line each, until its parent has gone.
func orders(do func(order string) any) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		say(do(lines.Text()))
	}
}

// say writes one line of JSON to the parent.
func say(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(text, '\n'))
}
